"""A pack's own words for a voice (`speech`): they stand in its texts, can be said, and go with its pages."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk.domain.text import Text
from kiosk.services.check import check_pack
from kiosk.services.loader import builtin, load_builtin, load_pack
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import World

COMPLAINT = (files("kiosk.services") / "builtin" / "complaint.yaml").read_text(encoding="utf-8")
ROW = '{ written: "110", zh: "幺幺零", en: "one one zero" }'


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('{ written: "114", zh: "幺幺四", en: "one one four" }', "stands in no text of this pack"),
        ('{ written: "110", zh: "110", en: "one one zero" }', "holds what no voice says"),
        ('{ written: "110", zh: "幺幺零", en: "one (one) zero" }', "holds what no voice says"),
        ('{ written: "110", zh: "幺幺零" }', "en"),
    ],
)
def test_what_no_voice_says_and_what_is_written_nowhere_is_told(tmp_path: Path, row: str, told: str) -> None:
    assert ROW in COMPLAINT
    file = tmp_path / "complaint.yaml"
    file.write_text(COMPLAINT.replace(ROW, row), encoding="utf-8")
    (problem,) = check_pack(file)
    assert told in str(problem)
    assert str(problem.line) in str(problem)


def test_it_is_loaded_and_a_bundle_has_what_its_items_have(tmp_path: Path) -> None:
    file = tmp_path / "complaint.yaml"
    file.write_text(COMPLAINT, encoding="utf-8")
    first = load_pack(file).speech[0]
    assert (first.written, first.said) == ("110", Text("幺幺零", "one one zero"))
    own = builtin("individual_business").speech
    assert own
    assert set(own) <= set(load_builtin()["open_small_restaurant"].speech)


def test_the_snapshot_brings_them_along_in_the_language_of_the_page() -> None:
    world = World()
    pack = world.visit.machine.packs["complaint"]
    asked = replace(world.visit, state=State.GUIDE, service=pack, language="en")
    assert dict(screen_of(asked, 1, world.now).says)["119"] == "one one nine"
    assert screen_of(replace(asked, state=State.HOME, service=None), 1, world.now).says == ()
