"""A thread for calls that may never come back: whoever waits for them goes on at the deadline.

libpcsclite writes a request to pcscd's socket and reads the answer without any time limit, in every call, even in one
that is given a time-out of zero (seen with a stopped pcscd: a look took as long as pcscd stood still). Such a call
cannot be taken back, so it is made here. A caller whose deadline passes leaves the worker behind: it is *lost*, takes
no further calls, and when its call comes back after all, it tidies up (``farewell``) and ends. What is left behind
meanwhile is one sleeping thread and one socket; ``LIMIT`` of them in a process, and new ones are refused until one has
come back, so a daemon that hangs for days costs no more than that.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from devices.contracts.deadline import Deadline

LIMIT = 8  # threads left behind at the same time, in the whole process

_T = TypeVar("_T")
_Call = tuple["Future[Any]", Callable[[], Any]] | None
_lock = threading.Lock()
_left_behind: set[Worker] = set()


class WorkerLost(Exception):
    """The call did not come back in time, or there is nobody to make it any more."""


class Worker:
    """One daemon thread, asleep until it is called. ``farewell`` runs in it, last, whatever happened before."""

    def __init__(self, name: str, farewell: Callable[[], None]) -> None:
        with _lock:
            if len(_left_behind) >= LIMIT:
                raise WorkerLost(f"{LIMIT} calls have not come back yet")
        self._farewell = farewell
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self.lost = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def pending(self) -> bool:
        """Whether it was left behind with a call that has still not come back."""
        return self.lost and self._thread.is_alive()

    def call(self, function: Callable[[], _T], deadline: Deadline) -> _T:
        """Run it there; what it returns or raises. WorkerLost at the deadline, and from then on at once."""
        if self.lost:
            raise WorkerLost("left behind")
        future: Future[_T] = Future()
        self._calls.put((future, function))
        try:
            return future.result(deadline.remaining())
        except TimeoutError:
            if future.done():  # at the very last moment, or a TimeoutError of the function's own
                return future.result()
            self._leave()
            raise WorkerLost("no answer in time") from None

    def stop(self, deadline: Deadline) -> bool:
        """Tidy up and end; False where the thread had to be left behind."""
        self._calls.put(None)
        self._thread.join(deadline.remaining())
        if self._thread.is_alive():
            self._leave()
        return not self._thread.is_alive()

    def _leave(self) -> None:
        with _lock:
            self.lost = True
            if not self._ended:  # the thread takes itself out of the set once, while it still counts as alive
                _left_behind.add(self)
        self._calls.put(None)

    def _run(self) -> None:
        try:
            while (call := self._calls.get()) is not None and not self.lost:
                future, function = call
                try:
                    future.set_result(function())
                except BaseException as error:  # whoever waits gets it, as if the call had been made there
                    future.set_exception(error)
        finally:
            try:
                self._farewell()
            finally:
                with _lock:
                    self.lost = self._ended = True
                    _left_behind.discard(self)


def left_behind() -> int:
    """How many calls of this process have not come back; for statistics and tests."""
    with _lock:
        return len(_left_behind)
