"""What the machine can be asked by hand, as the night asks it: is there room on the disk, is the clock to be believed.

So that whoever has made room, or set the clock, proves it at once, and the night's finding ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from kiosk.health.night_checks.line import clock_now
from kiosk.health.night_checks.room import room_now
from kiosk.health.proofs import Proof

if TYPE_CHECKING:
    from kiosk.health.loops import Loop
    from kiosk.journal.journal import Journal
    from kiosk.sync.clock import Reading


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """``free``: bytes on the journal's disk, the reserve apart; ``least``: with less no visit begins."""

    free: Callable[[], int]
    least: int
    now: Callable[[], datetime]
    subject: ClassVar[str] = "disk"
    test: ClassVar[str] = "room"

    def run(self) -> Proof:
        try:
            outcome, code, values = room_now(self.free(), self.least)
        except OSError:
            outcome, code, values = "unsure", "disk-silent", ()
        return Proof(self.now(), self.subject, self.test, outcome, code, values)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """``reading``: kiosk.sync.clock."""

    reading: Callable[[], Reading]
    now: Callable[[], datetime]
    subject: ClassVar[str] = "clock"
    test: ClassVar[str] = "time"

    def run(self) -> Proof:
        outcome, code, values = clock_now(self.reading())
        return Proof(self.now(), self.subject, self.test, outcome, code, values)


def of_machine(
    journal: Journal, least_free: int, reading: Callable[[], Reading], now: Callable[[], datetime]
) -> tuple[Loop, ...]:
    """``least_free``: bytes with less than which no visit begins."""
    return DiskRoom(lambda: journal.room(least_free, make=False).free, least_free, now), ClockTime(reading, now)
