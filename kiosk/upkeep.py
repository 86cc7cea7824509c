"""Keeping a terminal well: what counts, listens and is let in behind the public's back, joined to its parts here.

Its rooms (kiosk/maintenance) are made when the first member of staff is let in: nobody else pays for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kiosk.domain.beijing import beijing_now
from kiosk.health.rounds import Job
from kiosk.journal.errors import JournalError
from kiosk.maintenance.counting import EVERY, SupplyCounter
from kiosk.trial import TrialWatch
from kiosk.visit.events import MaintenanceLeft, MaintenanceLocked

if TYPE_CHECKING:
    from kiosk.access.roles import Role
    from kiosk.counter.actors import Actor
    from kiosk.domain.papers import PaperContent
    from kiosk.health.loops import Loop
    from kiosk.journal.journal import Journal
    from kiosk.maintenance.desk import MaintenanceDesk
    from kiosk.maintenance.house import House
    from kiosk.maintenance.since import Since
    from kiosk.trial import Standing
    from kiosk.visit.events import Event

_log = logging.getLogger("kiosk.upkeep")
Speak = Callable[[str, Sequence[Any]], str]


@dataclass(frozen=True, slots=True)
class Means:
    """What a terminal gives to be kept well by. ``house`` is asked for once, when somebody is let in."""

    journal: Journal
    actors: Mapping[str, Actor]
    since: Since
    house: Callable[[], House]
    loops: Callable[[], tuple[Loop, ...]]
    marked: Callable[[PaperContent], PaperContent]
    post: Callable[[Event], None]
    crashed: Callable[[BaseException], None]
    trial: Standing
    restart: Callable[[], bool]  # between two visits; whether it can
    speak: Speak | None


class Upkeep:
    """``begin`` and ``end`` come from the counter: somebody was let in, or has to go."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._supplies = SupplyCounter(means.actors, means.journal, lambda: beijing_now().date())
        self._desk: MaintenanceDesk | None = None

    @property
    def desk(self) -> MaintenanceDesk | None:
        """What the window shows; None while nobody was let in."""
        return self._desk

    def jobs(self) -> tuple[Job, ...]:
        trial = self._means.trial.trial
        watched = () if trial is None else (TrialWatch(trial, self._means.restart).job(),)
        return (Job(self._count, EVERY), *watched)

    def begin(self, role: Role, who: str) -> None:
        """Called before the window turns to maintenance. The rooms are made the first time: a fifth of a second."""
        from kiosk.maintenance.room import Session

        if self._desk is None:
            self._desk = self._made()
            self._desk.start()
        self._desk.begin(Session(role, who))

    def end(self, reason: str) -> None:
        if self._desk is not None:
            self._desk.end(reason)

    def stop(self) -> None:
        """Before the devices stop."""
        if self._desk is not None:
            self._desk.stop()
        self._count()

    def _count(self) -> None:
        try:
            self._supplies.count()
        except JournalError as error:  # a full disk: what was used is counted the next time
            _log.error("what was used up could not be noted: %s", error.code)

    def _made(self) -> MaintenanceDesk:
        from kiosk.maintenance.assembly import Parts, desk

        means = self._means
        parts = Parts(
            since=means.since, supplies=self._supplies, loops=means.loops(), trial=means.trial, speak=means.speak,
            marked=means.marked, doctor=self._examined,
        )  # fmt: skip
        return desk(
            means.house(), parts,
            left=lambda reason: means.post(MaintenanceLeft(reason)),
            locked=lambda: means.post(MaintenanceLocked()),
            crashed=means.crashed,
        )  # fmt: skip

    def _examined(self) -> list[Any]:
        from kiosk.doctor import of_terminal

        return of_terminal(self._means.house().profile)
