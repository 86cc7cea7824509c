"""A bundle on a terminal is made of the packs that are in use there; what does not fit together is not offered."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from kiosk import __version__
from kiosk.domain.place import Place
from kiosk.services import signing
from kiosk.services.model import ServicePack
from kiosk.sync import taking
from kiosk.sync.artefacts import ArtefactFolder

BUNDLE, CATERING = "open_small_restaurant", "small_catering_filing"
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000")
InUse = Callable[..., taking.InUse]


def text_of(name: str, *edits: tuple[str, str]) -> str:
    text = (files("kiosk.services") / "builtin" / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def in_use(tmp_path: Path) -> InUse:
    """What a terminal uses that has taken these texts, by name and version."""
    key = signing.make_key(tmp_path / "publishing.key")

    def found(**texts: tuple[str, str]) -> taking.InUse:
        folder, made = ArtefactFolder(tmp_path / taking.FOLDER), []
        for name, (version, text) in texts.items():
            artefact = signing.sign_artefact("pack", name, version, text.encode(), key)
            folder.put(artefact.sha256, text.encode())
            made.append(taking.Used(artefact, "all", 7, __version__))
        folder.put(taking.USED, msgspec.json.encode(made))
        return taking.in_use(tmp_path, [key.public], PLACE)

    return found


NUMBER = ('version: "1.0.0"\n# 实施编码 of', 'version: "1.5.0"\n# 实施编码 of')


def titles(pack: ServicePack) -> list[str]:
    return [question.title.zh for question in pack.questions]


def test_what_comes_with_the_program_fits_together(in_use: InUse) -> None:
    found = in_use()
    assert found.troubles == {}
    assert "店里有多大？" in titles(found.packs[BUNDLE])
    assert "大同市平城区" in found.packs[BUNDLE].derived[0].template, "bound to the place"


def test_a_new_version_of_an_item_is_in_the_form_without_a_new_bundle(in_use: InUse) -> None:
    newer = text_of(CATERING, ('version: "1.0.0"', 'version: "1.1.0"'), ("店里有多大？", "厅堂有多大？"))
    found = in_use(small_catering_filing=("1.1.0", newer))
    assert found.troubles == {}
    assert "厅堂有多大？" in titles(found.packs[BUNDLE])
    assert found.packs[BUNDLE].bundle is not None
    assert [item.whole.version for item in found.packs[BUNDLE].bundle.items if item.pack_id == CATERING] == ["1.1.0"]


def test_items_that_ask_otherwise_keep_the_bundle_off_the_home_page_and_nothing_else(in_use: InUse) -> None:
    other = text_of(CATERING, ('version: "1.0.0"', 'version: "1.1.0"'), ('"1[3-9][0-9]{9}"', '"1[3-8][0-9]{9}"'))
    found = in_use(small_catering_filing=("1.1.0", other))
    assert BUNDLE not in found.packs
    assert found.packs[CATERING].version == "1.1.0"
    assert found.troubles == {BUNDLE: "items-unfit"}


def test_a_published_bundle_that_does_not_fit_leaves_the_one_of_the_program(in_use: InUse) -> None:
    newer = text_of(
        BUNDLE,
        NUMBER,
        ('least: "1.2.0"', 'least: "7.0.0"'),
    )
    found = in_use(open_small_restaurant=("1.5.0", newer))
    assert found.packs[BUNDLE].version == "1.0.0"
    assert found.troubles == {BUNDLE: "items-unfit"}
    assert BUNDLE not in found.origins


def test_a_published_bundle_is_checked_in_shape_before_it_is_taken(tmp_path: Path) -> None:
    key = signing.make_key(tmp_path / "publishing.key")
    for text, reason in (
        (text_of(BUNDLE, NUMBER), ""),
        (text_of(BUNDLE, NUMBER, ("kind: bundle", "kind: bunch")),
         "pack-invalid"),
        (text_of(BUNDLE, ("minutes: 8", "minutes: 9")), "version-taken"),
    ):  # fmt: skip
        file = tmp_path / "bundle.yaml"
        file.write_text(text, encoding="utf-8")
        version = "1.0.0" if reason == "version-taken" else "1.5.0"
        artefact = signing.sign_artefact("pack", BUNDLE, version, text.encode(), key)
        assert taking.check(artefact, text.encode(), file) == reason
