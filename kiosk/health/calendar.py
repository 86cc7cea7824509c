"""The calendar of working days: how far it reaches, told by the doctor, and by the audit log before it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from kiosk.domain.beijing import CHINA
from kiosk.domain.workdays import WARN_DAYS, Calendar, CalendarEnded
from kiosk.health.readiness import Check, attention, good
from kiosk.health.rounds import Job

_log = logging.getLogger("kiosk.health.calendar")
LOOK_SECONDS = 3600.0
FIRST_SECONDS = 60.0  # after the start: its table is not read before the first frame


class AuditLog(Protocol):
    """The part of the journal used here."""

    def audit(self, event: str, /, **details: str | int) -> None: ...


def examine(calendar: Calendar, today: date) -> Check:
    """``ok`` for longer than WARN_DAYS, then attention: dates are told as counts of working days, never guessed."""
    left = calendar.days_left(today)
    known = f"working days are known until {calendar.until}; entries of this place: {calendar.local}"
    if left > WARN_DAYS:
        return good("calendar", known)
    words = f"{known}; {left} days left" if left >= 0 else f"{known}; it has ENDED"
    told = "; periods that end later are told in working days, without a date"
    return attention("calendar", words + told, CalendarEnded(calendar.until).advice)


class CalendarWatch:
    """A job for kiosk.health.rounds. Tells once that the calendar ends soon, and once that it has ended.

    ``believed``: whether the machine's clock may be.
    """

    def __init__(
        self,
        log: AuditLog,
        calendar: Callable[[], Calendar],
        now: Callable[[], datetime],
        believed: Callable[[], bool],
    ) -> None:
        self._log, self._calendar, self._now, self._believed = log, calendar, now, believed
        self._told: set[bool] = set()  # by whether it has ended

    def job(self) -> Job:
        return Job(self.look, LOOK_SECONDS, time.monotonic() + FIRST_SECONDS)

    def look(self) -> None:
        calendar = self._calendar()
        left = calendar.days_left(self._now().astimezone(CHINA).date())
        if left > WARN_DAYS or not self._believed() or (left < 0) in self._told:
            return
        self._told.add(left < 0)
        _log.warning("%s. %s", CalendarEnded(calendar.until), CalendarEnded(calendar.until).advice)
        self._log.audit("calendar.ends", until=calendar.until.isoformat(), days=left)
