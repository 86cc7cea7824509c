"""What time it is, and whether this machine's clock may be believed.

The wall clock of a machine in the street is 1970 after its battery has died and anything after a wrong hand; so four
things are kept together: the wall clock, the clock that only runs (since the machine's start, sleep included), the id
of that start, and what the backend last said, signed. From these follows the trust that a case is committed with. The
wall clock is neither set nor replaced here: papers bear what the machine shows, cases say how far it may be believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

import msgspec

KEY = "sync.clock"  # in the journal's meta table
TOLERANCE = timedelta(seconds=60)  # papers bear the minute
KEPT_ANEW = timedelta(hours=12)  # an anchor is written again after that, or when it says something else
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # this program is not older
LONGEST_LIFE = timedelta(days=3653)  # without a word of the backend's no clock is believed for longer
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Trust(Enum):
    CONFIRMED = "confirmed"  # the backend said so since the machine started, and the clock has not jumped since
    PLAUSIBLE = "plausible"  # nobody has said so, and nothing speaks against it
    WRONG = "wrong"  # it cannot be right


@dataclass(frozen=True, slots=True)
class Anchor:
    """The backend's signed time, and what the running clock showed in which life of this machine."""

    said: datetime
    running: float
    boot_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything. ``offset``: how far the true time is ahead of ``wall``, as far as is known."""

    wall: datetime
    running: float
    boot_id: str
    trust: Trust
    offset: timedelta


class Meta(Protocol):
    """The part of the journal used here."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


def running_clock() -> float:
    """Seconds since the machine started, those asleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def this_boot() -> str:
    """The id of this start of the machine; "" where the system has none."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class Clock:
    """Thread-safe for readers: one thread hears, any may look."""

    def __init__(
        self,
        meta: Meta,
        wall: Callable[[], datetime],
        running: Callable[[], float] = running_clock,
        boot_id: str | None = None,
    ) -> None:
        self._meta, self._wall, self._running = meta, wall, running
        self._boot = this_boot() if boot_id is None else boot_id
        self._kept = anchor_of(meta)
        self._anchor = self._kept

    def heard(self, offset: timedelta) -> None:
        """The backend has just told its time, signed: it is ``offset`` ahead of the wall clock."""
        self._anchor = Anchor(self._wall() + offset, self._running(), self._boot)
        if self._kept is None or self._differs(self._kept, self._anchor):
            self._meta.set_meta(KEY, msgspec.json.encode(self._anchor).decode())
            self._kept = self._anchor

    def look(self) -> Reading:
        wall, running, anchor = self._wall(), self._running(), self._anchor
        if anchor is not None and anchor.boot_id == self._boot and self._boot and running >= anchor.running:
            offset = anchor.said + timedelta(seconds=running - anchor.running) - wall
            trust = Trust.CONFIRMED if abs(offset) <= TOLERANCE else Trust.WRONG
        else:
            offset, trust = timedelta(), judge(wall, anchor)
        return Reading(wall, running, self._boot, trust, offset)

    @property
    def trust(self) -> Trust:
        return self.look().trust

    @staticmethod
    def _differs(kept: Anchor, now: Anchor) -> bool:
        passed = timedelta(seconds=now.running - kept.running)
        if kept.boot_id != now.boot_id or passed >= KEPT_ANEW:
            return True
        return abs(kept.said + passed - now.said) > TOLERANCE / 2


def judge(wall: datetime, anchor: Anchor | None) -> Trust:
    """What can be said of a clock that nobody has confirmed since the machine started."""
    known = EARLIEST if anchor is None else max(EARLIEST, anchor.said - TOLERANCE)
    return Trust.PLAUSIBLE if known <= wall <= known + LONGEST_LIFE else Trust.WRONG


def anchor_of(meta: Meta) -> Anchor | None:
    """What was last kept, None where nothing was or it cannot be read."""
    found = meta.meta(KEY)
    if not found:
        return None
    try:
        anchor = msgspec.json.decode(found, type=Anchor)
    except msgspec.MsgspecError:
        return None
    return anchor if anchor.said.tzinfo is not None else None
