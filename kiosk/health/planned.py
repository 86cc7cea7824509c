"""The planned restart: after days of work, or when memory has grown over a limit; at night, with nobody there.

It is taken by `Afar.restart`, which waits for the moment between two visits itself. It is asked for in the quiet hours
of [night] alone, not with a clock that is wrong, not in maintenance, and once a night at the most.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kiosk.health.rounds import Job

if TYPE_CHECKING:
    from kiosk.profile import NightProfile

_log = logging.getLogger("kiosk.planned")
LOOK_SECONDS = 60.0
DAY, HOUR = 86_400.0, 3600.0
MEMORY_LIMIT = 700 << 20  # bytes of all processes at night, when nothing is read and no paper drawn; about 250 MB usual
LEAST_HOURS = 20.0  # of work before memory counts: one restart a night does what it can
MEGABYTE = 1 << 20
PROC = Path("/proc")


class Log(Protocol):
    """The audit log."""

    def audit(self, event: str, /, *, reason: str, hours: int, mb: int) -> None: ...


class Planned:
    """``idle``: nobody is here, no maintenance, no test of the night under way. ``now``: Beijing time; ``believed``:
    the clock is not known to be wrong. ``restart``: False where nobody can. ``clock``: seconds, monotonic."""

    def __init__(
        self,
        night: NightProfile,
        log: Log,
        *,
        restart: Callable[[], bool],
        idle: Callable[[], bool],
        now: Callable[[], datetime],
        believed: Callable[[], bool],
        memory: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._night, self._log, self._restart = night, log, restart
        self._idle, self._now, self._believed = idle, now, believed
        self._memory, self._clock = memory or memory_of_all, clock
        self._began = clock()
        self._done = False

    def job(self) -> Job:
        return Job(self.look, LOOK_SECONDS)

    def look(self) -> None:
        """Restart where there is a reason and this is the moment."""
        hours = self._night.hours
        if self._done or hours is None or not self._believed() or not hours.holds(self._now()) or not self._idle():
            return
        worked = self._clock() - self._began
        held = self._memory()
        reason = self._reason(worked, held)
        if not reason:
            return
        self._done = True
        self._log.audit("terminal.planned_restart", reason=reason, hours=int(worked / HOUR), mb=held // MEGABYTE)
        if not self._restart():
            _log.warning("a restart is due (%s) and cannot be done from here", reason)

    def _reason(self, worked: float, held: int) -> str:
        if 0 < self._night.restart_days * DAY <= worked:
            return "days"
        if held > MEMORY_LIMIT and worked >= LEAST_HOURS * HOUR:
            return "memory"
        return ""


def memory_of_all(root: int | None = None, proc: Path = PROC) -> int:
    """Bytes that a process (this one) and all under it hold for themselves: resident less shared (proc(5), statm)."""
    page, waiting, pages = os.sysconf("SC_PAGE_SIZE"), [root or os.getpid()], 0
    while waiting:
        folder = proc / str(waiting.pop())
        try:
            _, resident, shared, *_ = (folder / "statm").read_text(encoding="ascii").split()
            pages += int(resident) - int(shared)
            for task in (folder / "task").iterdir():
                waiting += [int(pid) for pid in (task / "children").read_text(encoding="ascii").split()]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
    return pages * page
