"""Commands on their way to a device: each ends by its deadline, whatever the driver does, and a hang is told."""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from typing import Any, Generic, TypeVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError

_T = TypeVar("_T")
GRACE_SECONDS = 0.25  # a driver that keeps its deadline may be that late in telling its own, better, error


class Job(Generic[_T]):
    """One command and its future. The first to finish it wins; later results are dropped."""

    def __init__(self, command: Callable[[Any, Deadline], _T], deadline: Deadline) -> None:
        self.deadline = deadline
        self.future: Future[_T] = Future()
        self._command = command
        self._lock = threading.Lock()
        self._begun = False
        self._finished = False

    @property
    def finished(self) -> bool:
        return self._finished

    def run(self, device: Any) -> bool:
        """Run it now. False when it raised a DeviceError, so that the actor looks after the device."""
        if not self._begin():
            return True
        try:
            result = self._command(device, self.deadline)
        except DeviceError as error:
            self.fail(error)
            return False
        except Exception as error:  # a bug in the command belongs to whoever wrote it, not to the actor
            self.fail(error)
            return True
        if self._finish():
            self.future.set_result(result)
        return True

    def fail(self, error: Exception) -> None:
        if self._finish():
            self.future.set_exception(error)

    def expire(self) -> None:
        """The deadline is over: let nobody wait any longer."""
        if self._finish():  # from here on it cannot begin any more
            self.future.set_exception(_unfinished() if self._begun else _not_begun())

    def _begin(self) -> bool:
        if self.deadline.expired:
            self.expire()
        with self._lock:  # it may have expired this very moment, told by the reaper
            if self._finished:
                return False
            self._begun = self.future.set_running_or_notify_cancel()
            self._finished = not self._begun
            return self._begun

    def _finish(self) -> bool:
        """Whether this is its first end; from then on nobody can cancel its future either."""
        with self._lock:
            first = not self._finished and (self._begun or self.future.set_running_or_notify_cancel())
            self._finished = True
            return first


def _unfinished() -> DeviceError:
    return DeviceError(
        "no-answer",
        "the device did not finish in time; whether it did its work is unknown",
        advice="Look at the device before repeating the command; reset it if it stays so.",
        retryable=False,
    )


def _not_begun() -> DeviceError:
    advice = "Wait until it has finished what it does, then try again."
    return DeviceError("device-busy", "the device was busy the whole time", advice=advice, retryable=True)


class Guard:
    """A call of a driver's that is under way. ``overran`` is told by the reaper's thread when it is overdue."""

    def __init__(self, deadline: Deadline, overran: Callable[[Guard], None]) -> None:
        self.deadline = deadline
        self.finished = False
        self._overran = overran

    def expire(self) -> None:
        self._overran(self)


class Reaper:
    """One thread that ends overdue jobs. It sleeps until the nearest deadline, and for ever when there is none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Job[Any] | Guard]] = []
        self._wakes_at = math.inf  # by itself
        self._order = count()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="device-deadlines", daemon=True)
        self._thread.start()

    def mind(self, job: Job[Any]) -> None:
        """End this job when it is overdue."""
        self._push(job)
        job.future.add_done_callback(lambda _: self._forget())

    @contextmanager
    def guarding(self, guard: Guard) -> Iterator[None]:
        """Watch over the call that is made inside."""
        self._push(guard)
        try:
            yield
        finally:
            guard.finished = True
            self._forget()

    def stop(self) -> None:
        """End the thread, and every job that is still minded: nobody would end it any more."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        with self._changed:
            left = [item for _, _, item in self._due if isinstance(item, Job)]
        for job in left:
            job.expire()

    def _push(self, item: Job[Any] | Guard) -> None:
        due = item.deadline.at + GRACE_SECONDS
        with self._changed:
            heapq.heappush(self._due, (due, next(self._order), item))
            if due < self._wakes_at:
                self._changed.notify()

    def _forget(self) -> None:
        """Drop finished jobs from the front, so that the thread does not wake for them."""
        with self._changed:
            while self._due and self._due[0][2].finished:
                heapq.heappop(self._due)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                self._wakes_at = self._due[0][0] if self._due else math.inf
                wait = Deadline(self._wakes_at).remaining() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                job = heapq.heappop(self._due)[2]
            if not job.finished:
                job.expire()
