"""The nightly self-test finds in the first night what breaks, tells it once, and is silent where all is well."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from devices.contracts.device import Action, Fault, State, Status
from kiosk.health import findings
from kiosk.health.night_checks.devices import BATTERY, GRACE
from kiosk.services.loader import load_builtin
from kiosk.services.model import Effective
from kiosk.sync.clock import Trust
from tests.unit.night_room import MB, PLACE, Room

NIGHTS = 30
PACKS = load_builtin(PLACE)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "journal", {name: PACKS[name] for name in ("elder_card", "pension_verification")})
    yield made
    made.close()


def broken(room: Room, subject: str, test: str, code: str) -> None:
    loop = next(each for each in room.loops if (each.subject, each.test) == (subject, test))
    loop.outcome, loop.code = "failed", code


def clock_wrong(room: Room) -> None:
    room.trust, room.offset = Trust.WRONG, timedelta(hours=3)
    room.wall -= timedelta(hours=3)  # what the machine shows; the night is found all the same


def pack_ends(room: Room) -> None:
    until = (room.now().date() + timedelta(days=12)).isoformat()
    room.packs = {**room.packs, "elder_card": replace(room.packs["elder_card"], effective=Effective("", until))}


PLANTED: dict[str, tuple[Callable[[Room], None], tuple[str, str, str]]] = {
    "paper out": (
        lambda room: room.is_(
            "receipt_printer", Status(State.USER_ERROR, (Fault("media-empty", Action.REPLENISH, "no paper"),))
        ),
        ("receipt_printer", "paper-out", "now"),
    ),
    "paper near its end": (
        lambda room: room.is_(
            "receipt_printer", Status(State.ONLINE, (Fault("media-low", Action.REPLENISH, blocking=False),))
        ),
        ("receipt_printer", "paper-low", "soon"),
    ),
    "streaked print": (
        lambda room: broken(room, "page_printer", "streaks", "streaks-found"),
        ("page_printer", "streaks-found", "now"),
    ),
    "dirty glass": (
        lambda room: broken(room, "document_camera", "glass", "glass-dirty"),
        ("document_camera", "glass-dirty", "now"),
    ),
    "camera covered": (
        lambda room: broken(room, "camera", "covered", "camera-covered"),
        ("camera", "camera-covered", "now"),
    ),
    "speaker path dead": (lambda room: broken(room, "sound", "heard", "not-heard"), ("sound", "not-heard", "now")),
    "clock wrong": (clock_wrong, ("clock", "clock-wrong", "now")),
    "queue stuck": (
        lambda room: setattr(
            room, "counts", replace(room.counts, queued=4, oldest_unsent_at=room.wall - timedelta(hours=9))
        ),
        ("queue", "queue-stuck", "now"),
    ),
    "certificate near its end": (
        lambda room: setattr(room, "certificate", room.wall + timedelta(days=9, hours=1)),
        ("network", "certificate-ends", "soon"),
    ),
    "pack near its end": (pack_ends, ("packs", "packs-end", "soon")),
    "disk near full": (lambda room: setattr(room, "free", 300 * MB), ("disk", "disk-low", "soon")),
    "an actor that restarts too often": (
        lambda room: setattr(room, "restless", (("camera", 9),)),
        ("actors", "actor-restless", "soon"),
    ),
    "the synthetic case": (lambda room: broken(room, "chain", "case", "chain-slow"), ("chain", "chain-slow", "now")),
    "sending hangs": (lambda room: setattr(room, "hangs", True), ("queue", "queue-hangs", "now")),
    "supply": (
        lambda room: room.forecast.update({"receipt_printer.paper": 1}),
        ("receipt_printer", "paper-ends", "soon"),
    ),
    "heat": (lambda room: setattr(room, "temperature", 93.0), ("power", "hot", "soon")),
    "battery": (
        lambda room: room.is_(
            "ups", Status(State.ONLINE, (Fault("battery-replace", Action.REPLENISH, blocking=False),))
        ),
        ("ups", "battery-weak", "soon"),
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found_the_first_night_and_told_once(room: Room, what: str) -> None:
    plant, expected = PLANTED[what]
    assert room.tonight() == ()
    plant(room)
    (found,) = room.tonight()
    assert (found.subject, found.code, findings.severity(found)) == expected
    assert room.tonight() == ()  # it lasts, and is not told anew
    standing = findings.standing(room.journal.latest_proofs())
    assert [each.code for each in standing] == [found.code]
    (told,) = findings.told(room.journal.latest_proofs()).values()
    assert told.startswith(f"{expected[2]} {expected[0]} {expected[1]}")
    assert len(room.events("night.found")) == 1


def test_a_healthy_terminal_is_silent_for_thirty_nights(room: Room) -> None:
    rng = random.Random(7)
    for _ in range(NIGHTS):
        room.noise(rng)
        assert room.tonight() == ()
    assert room.events("night.found") == []
    assert len(room.events("night.ended")) == NIGHTS
    assert room.paused > 0  # some device was opening again, and was waited for
    assert not findings.standing(room.journal.latest_proofs())
    assert all(loop.runs == NIGHTS for loop in room.loops)


def test_what_was_mended_and_breaks_again_is_a_new_spell(room: Room) -> None:
    room.free = 300 * MB
    assert len(room.tonight()) == 1
    room.free = 20_000 * MB
    assert room.tonight() == ()
    assert findings.told(room.journal.latest_proofs()) == {}
    room.free = 300 * MB
    assert len(room.tonight()) == 1


def test_worse_is_told_again(room: Room) -> None:
    room.free = 300 * MB
    assert [each.code for each in room.tonight()] == ["disk-low"]
    room.free = 100 * MB
    (full,) = room.tonight()
    assert (full.code, full.values) == ("disk-full", ("100", "256"))


def test_a_disk_that_fills_is_told_before_it_is_low(room: Room) -> None:
    told = []
    for night in range(14):
        room.free = (6_000 - 450 * night) * MB
        told += room.tonight()
        if told:
            break
    assert [each.code for each in told] == ["disk-fills"]
    assert room.free > 3_000 * MB
    assert 5 <= int(told[0].values[1]) <= 7


def test_a_clock_that_nobody_can_right_is_found_too(room: Room) -> None:
    room.trust, room.wall = Trust.WRONG, room.wall.replace(year=1970)
    assert not room.night.due()  # just started: whoever starts it may be setting the clock
    room.running += 4_000
    assert room.night.due()
    assert [each.code for each in room.night.test()] == ["clock-impossible"]
    assert not room.night.due()
    room.running += 86_400
    assert room.night.due()


def test_a_wrong_clock_counts_no_days(room: Room) -> None:
    clock_wrong(room)
    room.counts = replace(room.counts, queued=1, oldest_unsent_at=room.wall - timedelta(days=300))
    room.certificate = room.wall - timedelta(days=9)
    assert [each.code for each in room.night.test()] == ["clock-wrong"]


def test_a_device_that_does_not_come_back_is_waited_for_and_then_told(room: Room) -> None:
    room.is_("id_reader", Status(State.OFFLINE, (Fault("no-answer", Action.RESET),)))
    (found,) = room.tonight()
    assert (found.subject, found.code, found.values) == ("id_reader", "device-fault", ("id_reader", "no-answer"))
    assert room.paused == GRACE


def test_a_device_that_somebody_has_proven_since_is_no_finding_any_more(room: Room) -> None:
    room.is_("id_reader", Status(State.HARDWARE_ERROR))
    room.tonight()
    assert len(findings.standing(room.journal.latest_proofs())) == 1
    proven = replace(room.journal.latest_proofs()[0], subject="id_reader", test="external", outcome="passed",
                     code="read", by="T-1", at=room.now())  # fmt: skip
    room.journal.note_proof(proven)
    assert findings.standing(room.journal.latest_proofs()) == ()


def test_whatever_can_be_found_has_words(room: Room) -> None:
    """In both languages, with what to do."""
    import json
    import re

    codes: set[str] = set()
    for file in (*Path("kiosk/health/night_checks").glob("*.py"), *Path("kiosk/health").glob("[nc][ih]*.py")):
        text = file.read_text("utf-8")
        codes |= set(
            re.findall(
                r'"((?:chain|night|clock|queue|certificate|keys|packs|calendar|paper|disk|actors?|battery|mains|device)-[a-z-]+|hot|cool)"',
                text,
            )
        )
    codes -= set(BATTERY)  # faults, told as what becomes of them
    assert len(codes) > 40
    for language in ("zh_CN", "en"):
        words = json.loads(Path(f"ui/i18n/maintenance/proof.{language}.json").read_text("utf-8"))
        assert {code for code in codes if not words.get(f"maint.proof.{code}")} == set()
