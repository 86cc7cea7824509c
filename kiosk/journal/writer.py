"""The one thread that writes. Callers hand it a function and wait; nothing else touches the connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from kiosk.journal.errors import JournalError

T = TypeVar("T")


class _Job:
    """One call on its way. A bare lock wakes the caller in half the time of a Future's condition."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Runs jobs in order. ``rest`` (housekeeping) is called when a job's caller has its answer and no other waits."""

    def __init__(self, rest: Callable[[], None]) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._rest = rest
        self._closed = False
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="journal-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the writer thread; its result or its exception is the caller's."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("the journal was called from inside one of its own transactions")
        job = _Job(work)
        with self._guard:  # so that no job is put behind the end mark
            if self._closed:
                raise JournalError("journal-closed", "the journal is closed")
            self._queue.put(job)
        job.done.acquire()
        if job.error is not None:
            try:
                raise job.error
            finally:
                del job  # the traceback would keep it, and it the error
        result: T = job.result
        return result

    def stop(self) -> None:
        """Let everything that waits be done, then end the thread."""
        with self._guard:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job.result = job.work()
            except BaseException as error:
                job.error = error
            job.done.release()
            del job
            if self._queue.empty():
                self._rest()
