"""Rounds: what nobody's touch and no device brings up is looked at by a timer. One thread, short jobs, no overlap."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], float | None]


@dataclass(slots=True)
class Job:
    """``work`` is called every ``every`` seconds; it may name another pause until its next turn."""

    work: Work
    every: float
    due: float = 0.0  # on the monotonic clock; at once at first


class Rounds:
    """``crashed`` is told what a job raised: that is a bug, or the journal's failure, and ends the process."""

    def __init__(
        self,
        jobs: Sequence[Job],
        crashed: Callable[[BaseException], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs, self._crashed, self._clock = tuple(jobs), crashed, clock
        self._changed = threading.Condition()
        self._stopping = False
        self._hurried: set[Work] = set()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hurry(self, work: Work) -> None:
        """``work`` is due now, once more if it is being done. From any thread; waits for nothing."""
        with self._changed:
            self._hurried.add(work)
            self._changed.notify_all()

    def stop(self, seconds: float = 5.0) -> None:
        """No further job begins; one under way is waited for, but not for ever."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def step(self) -> float:
        """Do what is due; the seconds until the next job is."""
        for job in self._jobs:
            with self._changed:
                hurried = job.work in self._hurried
                self._hurried.discard(job.work)
            if (hurried or job.due <= self._clock()) and not self._stopping:
                pause = job.work()
                job.due = self._clock() + (job.every if pause is None else pause)
        return max(0.0, min(job.due for job in self._jobs) - self._clock())

    def _run(self) -> None:
        try:
            while True:
                wait = self.step()
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping or self._hurried, wait)
                    if self._stopping:
                        return
        except BaseException as error:
            if not self._stopping:  # what it stood on is being taken away
                self._crashed(error)
