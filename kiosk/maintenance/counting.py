"""Counts what is used up, from the devices' own statistics, and notes it in the journal by the day.

The devices' counts are taken, not the print desk's outcomes: they know test prints and prints of maintenance too, and
how long a receipt was. A driver counts from its start, which is the process's: what is more than at the last look was
used since. What a process printed after its last look before it was killed is not counted: minutes at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from devices.contracts.device import DeviceError
from kiosk.health.asking import asked
from kiosk.maintenance import stock

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.counter.actors import Actor

EVERY = 300.0  # seconds between two looks
SECONDS = 2.0  # that a device is waited for: whoever is busy is asked the next time, and the rounds go on


class Noted(Protocol):
    """The journal."""

    def note_used(self, supply: str, amount: int) -> None: ...

    def note_level(self, supply: str, level: int) -> None: ...


def _statistics(device: Any, deadline: Deadline) -> Mapping[str, int]:
    return dict(device.statistics())


class SupplyCounter:
    """``count`` blocks: on a worker's thread, every ``EVERY`` seconds, and once more in the end."""

    def __init__(self, actors: Mapping[str, Actor], noted: Noted, today: Callable[[], date]) -> None:
        self._actors, self._noted, self._today = actors, noted, today
        self._turn = threading.Lock()  # the timer and the page of supplies come at their own times
        self._seen: dict[tuple[str, str], int] = {}
        self._levels: dict[str, tuple[date, int]] = {}

    def count(self) -> None:
        """One look at every device. One that does not answer is looked at the next time. Raises JournalError."""
        with self._turn:
            self._count()

    def _count(self) -> None:
        for kind, actor in self._actors.items():
            mine = [each for each in stock.kinds().values() if each.kind == kind]
            counted = [each for each in mine if each.counter]
            if counted:
                try:
                    told = asked(actor, _statistics, SECONDS)
                except DeviceError:
                    told = {}
                for each in counted:
                    self._used(each, told)
            for each in mine:
                if each.level:
                    self._level(each, actor.status.details)

    def _used(self, kind: stock.Kind, told: Mapping[str, int]) -> None:
        now = told.get(kind.counter)
        if now is None:  # this driver does not count it, or has had nothing to count yet
            return
        key = (kind.kind, kind.counter + str(kind.per))
        before = self._seen.get(key, 0)
        if now < before:  # made anew
            before = 0
        amount = now // kind.per - before // kind.per
        if amount:
            self._noted.note_used(kind.name, amount)
        self._seen[key] = now

    def _level(self, kind: stock.Kind, details: Mapping[str, str]) -> None:
        levels = [int(word) for key, word in details.items() if key.startswith(kind.level) and word.isdecimal()]
        fitting = [level for level in levels if level <= 100]  # -1, -2, -3: the printer does not know (RFC 3805)
        if not fitting:
            return
        level = (self._today(), min(fitting))
        if self._levels.get(kind.name) != level:
            self._noted.note_level(kind.name, level[1])
            self._levels[kind.name] = level
