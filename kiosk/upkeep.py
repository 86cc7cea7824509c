"""Keeping a terminal well, behind the public's back: what a timer looks at, the night's test, staff who were let in.

The rooms of maintenance (kiosk/maintenance) are made when the first member of staff is let in: nobody else pays for
them.
"""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from kiosk import nightly
from kiosk.domain.beijing import beijing_now
from kiosk.domain.workdays import calendar_of
from kiosk.health.calendar import CalendarWatch
from kiosk.health.planned import Planned
from kiosk.health.rounds import Job, Rounds
from kiosk.health.supervisor import Supervisor
from kiosk.health.tidying import tidying
from kiosk.housekeeping import Housekeeping
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.maintenance.counting import EVERY, SupplyCounter
from kiosk.trial import TrialWatch

if TYPE_CHECKING:
    from kiosk.access.roles import Role
    from kiosk.health.rounds import Work
    from kiosk.maintenance.desk import MaintenanceDesk
    from kiosk.parts import Parts

_log = logging.getLogger("kiosk.upkeep")


class Upkeep:
    """``begin`` and ``end`` come from the counter, in the core's thread: somebody was let in, or has to go."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        profile, journal = parts.profile, parts.journal
        self.supervisor = Supervisor(partial(begun_anew, parts), journal)
        self._supplies = SupplyCounter(parts.actors(), journal, _today)
        self._night = nightly.of_terminal(
            parts, restless=self.supervisor.restless, free=self._free, forecast=self._forecast
        )
        self._desk: MaintenanceDesk | None = None
        self._house = Housekeeping(
            journal,
            parts.sync,
            quiet=parts.nobody_here,
            trust=lambda: parts.client.time.trust,
            now=beijing_now,
            changed=parts.changed,
            keep=timedelta(days=profile.retention_days),
            least_free=profile.least_free_mb << 20,
        )
        self._rounds = Rounds(self._jobs(), parts.crashed)

    def start(self) -> None:
        self._house.look_for_room()  # before the first visit
        self._rounds.start()

    def stop(self) -> None:
        """Before the devices stop, and when the core has. Bounded, whatever hangs in a device."""
        self._rounds.stop()
        with contextlib.suppress(JournalError):  # the end goes on
            self._night.stop()
        if self._desk is not None:
            self._desk.stop()
        with contextlib.suppress(JournalError):
            self._count()

    @property
    def room(self) -> bool:
        """Whether a visit that begins now can commit: there is room on the disk."""
        return self._house.room

    def hurry(self, work: Work) -> None:
        """This job of the rounds is due now. From any thread."""
        self._rounds.hurry(work)

    # -- staff

    @property
    def desk(self) -> MaintenanceDesk | None:
        """What the window shows; None while nobody was let in."""
        return self._desk

    def begin(self, role: Role, who: str) -> None:
        """Called before the window turns to maintenance. The rooms are made the first time: a fifth of a second."""
        from kiosk.maintenance import assembly
        from kiosk.maintenance.room import Session

        if self._desk is None:
            self._desk = assembly.desk(self._parts, self._supplies)
            self._desk.start()
        self._desk.begin(Session(role, who))

    def end(self, reason: str) -> None:
        if self._desk is not None:
            self._desk.end(reason)

    # -- the rounds

    def _jobs(self) -> tuple[Job, ...]:
        parts = self._parts
        profile, journal, afar = parts.profile, parts.journal, parts.afar
        calendar = CalendarWatch(
            journal, partial(calendar_of, profile.calendar), beijing_now, believed=parts.believed
        )  # fmt: skip
        plan = Planned(
            profile.night, journal, restart=afar.restart, idle=self._idle, now=beijing_now, believed=parts.believed
        )
        trial = parts.trial.trial
        return (
            *self._house.jobs(),
            *afar.jobs(),
            calendar.job(),
            self.supervisor.job(),
            plan.job(),
            tidying(parts.nobody_here),
            Job(self._count, EVERY, due=time.monotonic() + EVERY),  # devices that still open are not waited for
            *(() if trial is None else (TrialWatch(trial, afar.restart).job(),)),
            self._night.job(),
        )

    def _count(self) -> None:
        """What was used up since the last look."""
        try:
            self._supplies.count()
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            _log.error("what was used up could not be noted: %s", error.code)  # a full disk: the next time

    def _forecast(self) -> dict[str, int]:
        """Days until each supply runs out."""
        from kiosk.maintenance import stock

        known = {supply.name: supply for supply in self._parts.journal.supplies()}
        return stock.days_left(known, self._parts.manager, _today())

    def _free(self) -> bool:
        """Whether the night's test may work: nobody is here, nobody works here, and the battery is not low."""
        return self._parts.nobody_here() and not self._parts.runner.power_low

    def _idle(self) -> bool:
        return self._parts.nobody_here() and not self._night.busy


def begun_anew(parts: Parts) -> dict[str, int]:
    """How often each device came back and each child had to be begun anew, since this start."""
    counts = {name: parts.manager[name].returns for name in parts.manager}
    children = {"documents": parts.documents, "voice": parts.speaking, "page_reader": parts.reader}
    return counts | {name: child.failures for name, child in children.items() if child is not None}


def _today() -> date:
    return beijing_now().date()
