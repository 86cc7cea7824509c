"""What a pass tells the audit log: each thing once, until it is well again."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from kiosk.sync.clock import Reading, Trust
from kiosk.sync.report import CycleReport

ALARMING = ("captive-portal", "bad-signature", "bad-time", "bad-json", "bad-block", "block-overlap", "wrong-area",
            "bad-receipt", "bad-keys")  # fmt: skip


class AuditLog(Protocol):
    """The part of the journal used here."""

    def audit(self, event: str, /, **details: str | int) -> None: ...


class Notices:
    """``overdue``: seconds that an item may wait until that is told."""

    def __init__(self, log: AuditLog, overdue: float) -> None:
        self._log, self._longest = log, timedelta(seconds=overdue)
        self._alarmed: set[str] = set()
        self._wrong_clock = self._overdue = False  # told already

    def alarm(self, reason: str) -> None:
        """The other end does not behave like our backend. Said once, until the line has been good again."""
        if reason not in self._alarmed:
            self._alarmed.add(reason)
            self._log.audit("sync.alarm", reason=reason)

    def alarm_if(self, cause: str) -> None:
        """An alarm where a failure of this cause is one."""
        if cause in ALARMING:
            self.alarm(cause)

    def good(self) -> None:
        """A pass in which nothing went wrong."""
        self._alarmed.clear()

    def times(self, reading: Reading, report: CycleReport) -> None:
        """A clock that cannot be right, and an item that waits too long; both are put into the report, too."""
        report.clock = reading.trust
        wrong = reading.trust is Trust.WRONG or report.cause == "clock"
        if wrong != self._wrong_clock:
            self._wrong_clock = wrong
            if wrong:
                self._log.audit("clock.wrong", seconds=round(-reading.offset.total_seconds()))
            else:
                self._log.audit("clock.right")
        oldest = report.counts.oldest_unsent_at
        waits = reading.wall - oldest if oldest is not None and not wrong else timedelta()
        report.overdue = waits > self._longest
        if report.overdue and not self._overdue:
            self._log.audit("sync.overdue", hours=int(waits.total_seconds() // 3600))
        if not wrong:
            self._overdue = report.overdue
