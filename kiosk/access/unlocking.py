"""What is closed for good is opened by the operator's side alone: all counters of the entry begin anew, in one write.

The counters bear the number of the period that they belong to; whoever opens begins the next one. So a command that
comes through the sync and a code that is typed do the same, in the same transaction as the audit row that says so.
"""

from __future__ import annotations

from typing import Literal, Protocol

_PERIOD = "access.entry.period"
How = Literal["code", "command"]


class Journal(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def meta(self, key: str) -> str | None: ...

    def record(self, key: str, value: str, event: str, /, **details: str | int) -> None: ...


def counter(journal: Journal, way: str) -> str:
    """The name under which wrong tries are counted now: of the way ``code``, or ``card.0417``."""
    return f"access.entry.{_period(journal)}.{way}"


def unlock(journal: Journal, how: How, **details: str) -> None:
    """Every counter stands at nothing. Audited as ``entry.unlocked``."""
    journal.record(_PERIOD, str(_period(journal) + 1), "entry.unlocked", how=how, **details)


def _period(journal: Journal) -> int:
    return int(journal.meta(_PERIOD) or 0)
