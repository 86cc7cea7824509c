"""Room ``software``: versions, where each comes from and since when; nothing is rolled back here, and it says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kiosk import __version__
from kiosk.journal.inspecting import LogRow
from kiosk.journal.journal import Journal
from kiosk.maintenance.software import STARTS, SoftwareRoom, _first_of
from kiosk.policy import Policy
from kiosk.services import signing
from kiosk.services.loader import builtin
from kiosk.services.signing import PublishingKey
from kiosk.sync import manifest, taking
from tests.unit.maintenance.room_world import NOW, TABLE, Walker, house, opened, same_keys, shown

PACK = "elder_card"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def key(tmp_path: Path) -> PublishingKey:
    return signing.make_key(tmp_path / "publishing.key")


@pytest.fixture
def walk(tmp_path: Path, journal: Journal) -> Walker:
    kicks: list[int] = []
    made = Walker(
        SoftwareRoom(house(tmp_path, journal, packs=lambda: {PACK: builtin(PACK)}, kick=lambda: kicks.append(1)))
    )
    made.kicks = kicks  # type: ignore[attr-defined]
    return made


def detail(walk: Walker, key: str) -> str:
    return shown(walk.row(key).detail)


def test_program_python_and_packs_that_come_with_it(walk, journal) -> None:
    journal.audit("terminal.started", version="0.0.1")
    journal.audit("terminal.started", version=__version__)
    walk.open("software")
    assert detail(walk, "program") == f"{__version__}，从 2026-11-27 14:30 起"
    assert detail(walk, f"pack-{PACK}") == f"{builtin(PACK).version}，随程序安装"
    assert detail(walk, "list") == "没有设发布方，只用随程序安装的"
    assert "发布方" in shown(walk.page.lead)
    assert [button.name for button in walk.page.buttons] == ["updates"]


def test_a_published_pack_says_for_whom_by_which_list_and_since_when(walk, journal, key) -> None:
    pack = builtin(PACK)
    artefact = signing.sign_artefact("pack", PACK, pack.version, b"text", key)
    found = taking.InUse({PACK: pack}, {PACK: taking.Used(artefact, "area.140213", 7, __version__)},
                         Policy("2026-06", {"closed": ""}), "all 3")  # fmt: skip
    walk.room._house.afar.found = found
    journal.audit("artefact.taken", kind="pack", name=PACK, version=pack.version, hash="0" * 64)
    walk.open("software")
    assert detail(walk, f"pack-{PACK}") == f"{pack.version}，从 2026-11-27 14:30 起，发布给 area.140213，清单 7"
    assert detail(walk, "policy") == "2026-06，来自 all 3"


def test_what_is_published_and_not_in_use_is_told_with_what_serves_instead(walk, journal) -> None:
    walk.room._house.afar.found = taking.InUse({}, {}, troubles={PACK: "damaged"})
    refusal = taking.Refusal("1" * 64, PACK, "9.0.0", "pack-invalid", __version__)
    journal.set_meta(taking.REFUSED, msgspec.json.encode([refusal]).decode())
    page = walk.open("software")
    assert page.tone == "attention"
    assert detail(walk, f"trouble-{PACK}") == "文件损坏；用随程序安装的版本代替"
    assert detail(walk, "refused-111111111111") == "9.0.0 没有用上：事项包检查没有通过"


def test_a_refused_list_is_told(tmp_path, journal, key) -> None:
    from kiosk.profile import parse

    profile = parse({**TABLE, "publishing": {"keys": [signing.wire.b64(key.public)]}}, tmp_path)
    journal.set_meta(manifest.TROUBLE, msgspec.json.encode(manifest.Trouble("rolled-back", 3)).decode())
    walk = Walker(SoftwareRoom(house(tmp_path, journal, profile=profile)))
    walk.open("software")
    assert "rolled-back" in detail(walk, "list")
    journal.set_meta(manifest.TROUBLE, "")
    walk.open("software")
    assert detail(walk, "list") == "有效，列出 0 项"


def test_updates_are_asked_for_now(walk) -> None:
    walk.open("software")
    walk.touch(walk.button("updates"))
    assert walk.kicks == [1]
    assert walk.page.notice is not None


def start(number: int, version: str) -> LogRow:
    return LogRow(number, NOW - timedelta(days=number), "terminal.started", "", {"version": version})


def test_since_when_a_version_runs_is_not_guessed() -> None:
    rows = tuple(start(number, "2") for number in range(3))
    assert _first_of("2", (*rows, start(9, "1"))) == rows[-1].at
    assert _first_of("2", rows) == rows[-1].at  # the chain begins there
    assert _first_of("2", tuple(start(number, "2") for number in range(STARTS))) is None
    assert _first_of("2", (start(0, "1"), *rows)) is None


def test_the_words_are_there_in_both_languages() -> None:
    keys = same_keys("software")
    reasons = (
        "pack-invalid",
        "policy-invalid",
        "other-version",
        "version-taken",
        "wrong-hash",
        "damaged",
        "unknown-key",
        "items-unfit",
    )
    assert {f"maint.software.reason.{reason}" for reason in reasons} <= keys
