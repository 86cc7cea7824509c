"""The sync thread: wakes for a commit, for a back-off that has run out, and otherwise once in a long while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from kiosk.journal.records import Counts
from kiosk.sync.client import SyncClient
from kiosk.sync.clock import Trust
from kiosk.sync.report import CycleReport
from kiosk.wire import MAX_MATERIAL_BYTES, MAX_PUSH_BYTES

Listener = Callable[[bool, Counts], None]


class SyncLoop:
    """``listener(online, counts)`` is called in the sync thread when one of the two, or the clock's trust, has changed.

    ``crashed`` is called with what ended the thread if a bug, or the journal's failure, did: the terminal restarts.
    What fails after ``stop`` is nobody's failure: the journal may be closed already.
    """

    def __init__(
        self,
        client: SyncClient,
        *,
        listener: Listener | None = None,
        crashed: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._client = client
        client.beat = self._touch
        self._listener = listener
        self._crashed = crashed
        self._condition = threading.Condition()
        self._kicked = True  # the first pass begins at once
        self._stopping = False
        self._last: tuple[bool, Counts, Trust] | None = None
        self._report = CycleReport()
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """Ends the exchange under way and the thread; whether it ended in time. Safe to call twice."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._client.interrupt()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def kick(self) -> None:
        """Something was committed: send it now. Never blocks."""
        with self._condition:
            self._kicked = True
            self._condition.notify_all()

    @property
    def online(self) -> bool:
        """Whether the backend answered at the last attempt, and the thread still moves."""
        return self._report.online and not self.hangs

    @property
    def report(self) -> CycleReport:
        """The last attempt's report."""
        return self._report

    @property
    def age(self) -> float:
        """Seconds since the thread was last seen awake, or an exchange of its pass ended."""
        return time.monotonic() - self._beat

    @property
    def hangs(self) -> bool:
        """Whether nothing has moved for longer than any pause or exchange may last: only a restart helps."""
        policy = self._client.policy
        longest = policy.idle + policy.allowance(max(MAX_MATERIAL_BYTES, MAX_PUSH_BYTES))
        return self._thread.is_alive() and not self._stopping and self.age > longest

    def _touch(self) -> None:
        self._beat = time.monotonic()

    def _run(self) -> None:
        try:
            self._passes()
        except BaseException as error:
            if self._stopping:
                return  # what it stood on is being taken away
            if self._crashed is not None:
                self._crashed(error)
            raise
        finally:
            self._client.close()

    def _passes(self) -> None:
        wait = 0.0
        attempted_at = float("-inf")
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._kicked or self._stopping, timeout=wait)
                if self._stopping:
                    return
                kicked, self._kicked = self._kicked, False
            self._beat = time.monotonic()
            rested = self._beat - attempted_at >= self._client.policy.kick_spacing
            report = self._client.cycle(urgent=kicked and (self._report.online or rested))
            if report.cause == "stopped":
                return
            if report.attempted:
                attempted_at = time.monotonic()
            self._tell(report)
            idle = timedelta(seconds=self._client.policy.idle)
            until = min(report.next_at - self._client.clock(), idle) if report.next_at is not None else idle
            wait = max(0.05, until.total_seconds())

    def _tell(self, report: CycleReport) -> None:
        if report.attempted or report.cause == "not-enrolled":
            self._report = report
        state = (self._report.online, report.counts, report.clock)
        if state != self._last:
            self._last = state
            if self._listener is not None:
                self._listener(*state[:2])
