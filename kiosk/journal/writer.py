"""One writer: whoever calls the journal does the work in turn, under one lock, on one connection.

A thread of its own for every write was measured first: two switches of thread cost 0.2 ms, a third of a commit. So
the caller's thread commits, and the thread here only keeps house: it folds the log back once nobody has written for a
while, and sleeps otherwise. Only where writes never pause does it take a turn between two of them.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kiosk.journal.errors import JournalError

T = TypeVar("T")
QUIET = 0.2
"""Seconds without a write after which the journal counts as idle."""


class Writer:
    """Runs one job at a time. After each, ``wants_rest`` says whether the house-keeping thread shall run ``rest``
    when the journal is idle, and ``needs_rest`` whether it cannot wait for that."""

    def __init__(
        self, wants_rest: Callable[[], bool], needs_rest: Callable[[], bool], rest: Callable[[], None]
    ) -> None:
        self.keep(wants_rest, needs_rest, rest)
        self._turn = threading.Lock()
        self._owner = 0
        self._closed = False
        self._refused: JournalError | None = None
        self._first: Callable[[], None] | None = None
        self._errand: Callable[[], None] | None = None
        self._wake = threading.Semaphore(0)
        self._told = (False, False)  # what the house-keeping thread knows: rest is wanted, is needed
        self._last = 0.0  # when the last turn ended
        self._ended = threading.Event()
        _thread.start_new_thread(self._run_house, ())  # Thread.start waits until it runs: 5 ms on a busy machine

    def keep(self, wants_rest: Callable[[], bool], needs_rest: Callable[[], bool], rest: Callable[[], None]) -> None:
        """Whom the house-keeping thread works for from here on."""
        self._wants_rest, self._needs_rest, self._rest = wants_rest, needs_rest, rest

    def run(self, work: Callable[[], T]) -> T:
        """Wait for the turn and do ``work``. Raises what it raises."""
        me = threading.get_ident()
        if self._owner == me:
            raise RuntimeError("the journal was called from inside one of its own transactions")
        with self._turn:
            if self._closed:
                raise JournalError("journal-closed", "the journal is closed")
            if self._refused is not None:
                raise self._refused
            self._owner = me
            try:
                return work()
            finally:
                self._owner = 0
                self._last = time.monotonic()
                wish = (self._wants_rest(), self._needs_rest())
                if wish != self._told:  # and not each time: waking a thread in the middle of work costs 20 us
                    self._told = wish
                    self._wake.release()

    def refuse(self, error: JournalError) -> None:
        """From here on nobody gets a turn: whoever asks for one is told this."""
        self._refused = error

    def send(self, errand: Callable[[], None], first: Callable[[], None] | None = None) -> None:
        """One thing that the house-keeping thread does now, outside of the turn. Before ``stop`` it must have ended.

        ``first``: done before that, in a turn that begins here: nobody else's comes in between.
        """
        if first is not None:
            self._turn.acquire()
        self._first, self._errand = first, errand
        self._wake.release()

    def stop(self) -> None:
        """Let no more work begin, and end the house-keeping thread."""
        with self._turn:
            self._closed = True
        self._wake.release()
        self._ended.wait()

    def _run_house(self) -> None:
        try:
            self._keep_house()
        finally:
            self._ended.set()

    def _keep_house(self) -> None:
        while True:
            self._wake.acquire()
            if self._errand is not None:
                self._run_errand()
                if self._told == (False, False):
                    continue
            while not (self._closed or self._needs_rest()) and (left := self._last + QUIET - time.monotonic()) > 0:
                self._wake.acquire(timeout=left)
            with self._turn:
                if self._closed:
                    return
                self._rest()
                self._told = (False, False)

    def _run_errand(self) -> None:
        first, errand, self._first, self._errand = self._first, self._errand, None, None
        try:
            if first is not None:
                self._run_first(first)
        finally:
            if errand is not None:
                errand()

    def _run_first(self, first: Callable[[], None]) -> None:
        self._owner = threading.get_ident()
        try:
            first()
        except JournalError as error:
            self.refuse(error)
        finally:
            self._owner, self._last = 0, time.monotonic()
            self._turn.release()
