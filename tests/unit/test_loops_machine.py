"""Disk and clock asked by hand: with the same findings as the night's, so that a repair is proven at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.health.loops_machine import ClockTime, DiskRoom
from kiosk.health.machine import DISK_LOW, low
from kiosk.sync.clock import Reading, Trust

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=CHINA)
MB = 1 << 20


@pytest.mark.parametrize(
    ("free", "outcome", "code", "values"),
    [
        (255 * MB, "failed", "disk-full", ("255", "256")),
        (900 * MB, "failed", "disk-low", ("900", "256")),
        (DISK_LOW, "passed", "disk-room", ("1024",)),
    ],
)
def test_the_room_on_the_disk(free: int, outcome: str, code: str, values: tuple[str, ...]) -> None:
    proof = DiskRoom(lambda: free, 256 * MB, lambda: NOW).run()
    assert (proof.subject, proof.test, proof.at, proof.by) == ("disk", "room", NOW, "")
    assert (proof.outcome, proof.code, proof.values) == (outcome, code, values)


def test_a_disk_that_cannot_be_asked_is_never_well() -> None:
    def gone() -> int:
        raise OSError

    proof = DiskRoom(gone, 256 * MB, lambda: NOW).run()
    assert (proof.outcome, proof.code) == ("unsure", "disk-silent")


def test_a_profile_that_wants_much_room_is_told_early() -> None:
    assert low(2000 * MB) == 4000 * MB
    assert low(MB) == DISK_LOW


@pytest.mark.parametrize(
    ("trust", "offset", "outcome", "code", "values"),
    [
        (Trust.CONFIRMED, timedelta(seconds=-2), "passed", "clock-right", ("2",)),
        (Trust.PLAUSIBLE, timedelta(), "passed", "clock-plausible", ()),
        (Trust.WRONG, timedelta(minutes=-40, seconds=-5), "failed", "clock-wrong", ("40",)),
        (Trust.WRONG, timedelta(), "failed", "clock-impossible", ()),
    ],
)
def test_the_clock(trust: Trust, offset: timedelta, outcome: str, code: str, values: tuple[str, ...]) -> None:
    proof = ClockTime(lambda: Reading(NOW, 1.0, "boot", trust, offset), lambda: NOW).run()
    assert (proof.subject, proof.test, proof.at) == ("clock", "time", NOW)
    assert (proof.outcome, proof.code, proof.values) == (outcome, code, values)
