"""Feeds the watchdog of systemd or `kiosk guard`, but only while window, core and journal all move.

A thread asks core and journal for a sign of life, the window gives its own by a timer. Where one stands still it is
said which, in the program's log with the place of every thread (never a value), and in a file, from which the next
life's audit log has it: ``terminal.frozen``. Then nothing is fed, and whoever watches kills this process and starts it
anew. What moves again in time is fed again.

Times. A part is asked every PULSE and counts as frozen after FRESH; the watchdog bites WATCHDOG after the last feeding.
So a freeze is seen within 5 s and bitten within 11 s, which leaves 9 s for a start. Where the watcher names
another interval all of them shrink with it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kiosk.health.failpoints import hit
from kiosk.health.notify import MICROSECONDS, Notify
from kiosk.health.ticks import CORE, JOURNAL, WINDOW, Ticks

_log = logging.getLogger("kiosk.watchdog")
WATCHDOG = 6.0  # s; WatchdogSec of deploy/systemd/kiosk724.service
FRESH = WATCHDOG * 2 / 3
PULSE = FRESH / 4
SLOW = 120.0  # s that an end in good order may take, with what comes behind it: a start anew, the power's command
FILE = "frozen"
"""Beside the journal's folder: what stood still in the life that is over."""
SEEN = (WINDOW, CORE, JOURNAL)
WHOLE = "process"
"""In the file where nothing in the process could say any more what stood still."""


class Watched(Protocol):
    """The terminal, as far as it is watched."""

    def pulse(self, beat: Callable[[], None]) -> None:
        """Have ``beat`` called by the core's thread in its turn; nothing before there is one."""

    def probe(self, beat: Callable[[], None]) -> None:
        """Call ``beat``, then take the journal's turn to write; nothing before there is a journal. As long as that
        hangs."""


class Watchdog:
    """``interval``: seconds, as the watcher gave it; None where nobody watches: then a freeze is told, and no more."""

    def __init__(self, watched: Watched, ticks: Ticks, notify: Notify, folder: Path, interval: float | None) -> None:
        self._watched, self._ticks, self._notify, self._file = watched, ticks, notify, folder / FILE
        self._interval = interval or WATCHDOG
        self.fresh = self._interval * FRESH / WATCHDOG
        self.pulse = self._interval * PULSE / WATCHDOG
        self._ready = False
        self._frozen: tuple[str, ...] = ()
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("watchdog", self._feed), ("journal-probe", self._probe))
        ]

    def start(self) -> None:
        self._notify.tell(STATUS="starting")
        for thread in self._threads:
            thread.start()

    def turn(self) -> None:
        """Ask the core, look at all, feed or not."""
        self._watched.pulse(self._core_moves)
        stale = self._ticks.stale(self.fresh)
        self._note(stale)
        if stale:
            return
        if self._ready:
            self._notify.tell(WATCHDOG=1)
        elif {WINDOW, CORE} <= self._ticks.ages().keys():
            self._ready = True
            self._notify.tell(READY=1, WATCHDOG_USEC=self._microseconds(self._interval), STATUS="stands", WATCHDOG=1)

    def window_moves(self) -> None:
        """From the window's thread, every ``pulse`` seconds."""
        hit("window.beat")
        self._ticks.tick(WINDOW)

    def end(self, *, anew: bool) -> None:
        """An end in good order has begun, and may take its time. ``anew``: the same process begins again behind it."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._threads[0].join(self.pulse)  # not that it says less after this
        words: dict[str, str | int] = {"STATUS": "restarting"} if anew else {"STOPPING": 1, "STATUS": "ending"}
        self._notify.tell(**words, WATCHDOG_USEC=self._microseconds(SLOW), WATCHDOG=1)

    def _core_moves(self) -> None:
        self._ticks.tick(CORE)

    def _note(self, stale: dict[str, float]) -> None:
        """First what costs nothing and cannot hang: the disk may be what stands still."""
        found = tuple(part for part in SEEN if part in stale)
        if found == self._frozen:
            return
        before, self._frozen = self._frozen, found
        if not found:
            self._notify.tell(STATUS="stands")
            _log.warning("moves again: %s", ", ".join(before))
            self._keep("")
            return
        told = ", ".join(found)
        self._notify.tell(STATUS=f"frozen: {told}")
        _log.error("frozen: %s has not moved for %.0f s; the watchdog is not fed.", told, max(stale.values()))
        if not before:
            where_everyone_is()
        self._keep(" ".join(found))

    def _keep(self, words: str) -> None:
        """For the next life. A disk that does not take it has been told of already, and so has this."""
        with contextlib.suppress(OSError):
            if words:
                self._file.write_text(words, encoding="ascii")
            else:
                self._file.unlink(missing_ok=True)

    def _feed(self) -> None:
        while not self._ending.wait(self.pulse):
            self.turn()

    def _probe(self) -> None:
        while not self._ending.wait(self.pulse):
            self._watched.probe(lambda: self._ticks.tick(JOURNAL))

    @staticmethod
    def _microseconds(seconds: float) -> int:
        return round(seconds * MICROSECONDS)


def where_everyone_is() -> None:
    """File, line and function of every thread, to standard error."""
    try:
        faulthandler.dump_traceback(sys.stderr.fileno(), all_threads=True)
    except (AttributeError, ValueError, OSError):  # a standard error that is no file has no room for it
        _log.error("where each thread stands cannot be told here")


def last_end(folder: Path) -> tuple[str, ...]:
    """What stood still in the life before; the file goes with `forget_last_end`, when it has been told."""
    try:
        words = (folder / FILE).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return ()
    return tuple(part for part in (*SEEN, WHOLE) if part in words)


def note_silence(folder: Path) -> None:
    """The life before was killed because it said nothing any more; where it had said itself what stood still, that
    stays."""
    if not last_end(folder):
        with contextlib.suppress(OSError):  # then the terminal does not get far, and says why
            (folder / FILE).write_text(WHOLE, encoding="ascii")


def forget_last_end(folder: Path) -> None:
    with contextlib.suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)
