"""What a terminal does when nobody is there: erase what has had its time, see that there is room, watch sync and clock.

Nothing here happens in a visit but looking. Days are counted by a clock that the backend has confirmed; with a wrong
one nothing is erased.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from kiosk.health.rounds import Job
from kiosk.journal.errors import JournalError
from kiosk.journal.reserve import Room
from kiosk.sync.clock import Trust

if TYPE_CHECKING:
    from kiosk.journal.journal import Journal

_log = logging.getLogger("kiosk.housekeeping")
SYNC_SECONDS, ROOM_SECONDS, CLOCK_SECONDS, LOOK_SECONDS = 15.0, 10.0, 5.0, 60.0
STEP_SECONDS = 1.0  # between two items that are erased: the log is folded back meanwhile
EXPIRY = timedelta(hours=1)
MB = 1 << 20
AUDIT_ROW = 1 << 20  # bytes: with less free, a row more may be the one that does not fit


class Sending(Protocol):
    """The sync thread, as far as it is watched."""

    @property
    def hangs(self) -> bool: ...

    @property
    def age(self) -> float: ...


class Housekeeping:
    """``quiet``: nobody is here. ``trust``: how far the clock may be believed. ``changed``: abilities are other now."""

    def __init__(
        self,
        journal: Journal,
        sending: Sending,
        *,
        quiet: Callable[[], bool],
        trust: Callable[[], Trust],
        now: Callable[[], datetime],
        changed: Callable[[], None],
        keep: timedelta,
        least_free: int,
    ) -> None:
        self._journal, self._sending, self._quiet, self._trust, self._now = journal, sending, quiet, trust, now
        self._changed, self._keep, self._least = changed, keep, least_free
        self._hang_told = False
        self._expired_at: datetime | None = None
        self._room = True
        self._clock_wrong = False
        if journal.meta(HANGS):
            journal.set_meta(HANGS, "")  # of a life that has ended

    def jobs(self) -> tuple[Job, ...]:
        return (
            Job(self.watch_sync, SYNC_SECONDS), Job(self.look_for_room, ROOM_SECONDS),
            Job(self.watch_clock, CLOCK_SECONDS), Job(self.erase, LOOK_SECONDS),
        )  # fmt: skip

    @property
    def room(self) -> bool:
        """Whether a visit that begins now can commit."""
        return self._room

    def watch_sync(self) -> None:
        """Told once: first in the program's log, because where the disk hangs the journal does not take it either."""
        if self._sending.hangs == self._hang_told:
            return
        self._hang_told = not self._hang_told
        if self._hang_told:
            age = self._sending.age
            _log.error("sync hangs: nothing has moved for %.0f s. Cases are safe here; restart.", age)
            self._journal.audit("sync.hangs", seconds=round(age))
            self._journal.set_meta(HANGS, self._now().isoformat())
        else:
            _log.warning("sync moves again")
            self._journal.audit("sync.moves")
            self._journal.set_meta(HANGS, "")
        self._changed()

    def watch_clock(self) -> None:
        """It may be set, or jump, at any time; the sync would tell of it only with its next exchange."""
        wrong = self._trust() is Trust.WRONG
        if wrong != self._clock_wrong:
            self._clock_wrong = wrong
            self._changed()

    def look_for_room(self) -> None:
        """Where the reserve is gone it is put back as soon as it fits and nobody is here."""
        try:
            found = self._journal.room(self._least, make=self._quiet())
        except OSError as error:
            _log.error("the disk cannot be asked for its room: %s", error.strerror)
            found = Room(0, reserve=False, enough=False)
        if found.enough == self._room:
            return
        self._room, mb = found.enough, found.free // MB
        if found.enough:
            _log.warning("there is room for whole visits again: %d MB free", mb)
            self._journal.audit("room.back", mb=mb)
        else:
            state = "stands" if found.reserve else "is gone"
            _log.error("no visit is begun: %d MB free, the reserve %s. Free space on the journal's disk.", mb, state)
            self._note_no_room(mb, found)
        self._changed()

    def _note_no_room(self, mb: int, found: Room) -> None:
        """Not out of the reserve, which is for the visit that may be under way."""
        if found.free < AUDIT_ROW:
            return
        try:
            self._journal.audit("room.gone", mb=mb, reserve=int(found.reserve))
        except JournalError as error:
            if error.code != "journal-full":  # the program's log has said it
                raise

    def erase(self) -> float | None:
        """One small step; the next follows soon while there is more."""
        trust = self._trust()
        if not self._quiet() or trust is Trust.WRONG:
            return None
        now = self._now()
        if self._expired_at is None or not timedelta() <= now - self._expired_at < EXPIRY:
            self._expired_at = now
            self._journal.forget_expired()
        if trust is Trust.CONFIRMED and self._journal.erase_next(now - self._keep):
            return STEP_SECONDS
        return None


HANGS = "sync.hangs"
"""Under this key of meta stands since when sending hangs (ISO 8601), for `kiosk doctor`; empty while it moves."""
