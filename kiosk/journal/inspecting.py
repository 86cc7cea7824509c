"""What staff at the cabinet see of the queue and of the log: counts, items that were set aside, rows of the chain.

Reads only, and nothing of a person: ids, codes, times. Which number a case bears is not told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.journal.records import ItemKind, ItemState

if TYPE_CHECKING:
    from sqlite3 import Connection

_STATES = """SELECT state, attempts > 0, count(*), sum(state = 'acknowledged' AND settled_at >= ?) FROM sending
    GROUP BY 1, 2"""
_OLDEST = """SELECT a.at FROM sending s JOIN audit a ON a.seq = s.seq WHERE s.state = 'queued' ORDER BY s.seq LIMIT 1"""
_NEXT = """SELECT next_attempt_at, cause FROM sending WHERE state = 'queued' AND attempts > 0
    ORDER BY next_attempt_at LIMIT 1"""
_ASIDE = """SELECT s.seq, s.id, s.kind, coalesce(a.details ->> 'service', a.about ->> 'service', ''), a.at,
    coalesce(a.details ->> 'test', 0), s.state, s.cause, s.attempts, s.settled_at
    FROM sending s JOIN audit a ON a.seq = s.seq WHERE s.state IN ('quarantined', 'rejected')
    AND (? = 0 OR s.seq = ?) ORDER BY s.state, s.seq DESC LIMIT ?"""
_ROWS = """SELECT seq, at, event, item, details FROM audit WHERE seq < ? AND seq >= ?
    AND event IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT ?"""
SCANNED = 20_000  # rows of the chain that one page looks through at most


@dataclass(frozen=True, slots=True)
class QueueLook:
    """Items of every kind. ``sending``: were tried and go again; ``acknowledged``: since the moment asked for.

    ``next_at``, ``cause``: of the item that goes first among those that were tried; None and "" where none was.
    """

    waiting: int = 0
    sending: int = 0
    acknowledged: int = 0
    quarantined: int = 0
    rejected: int = 0
    oldest_at: datetime | None = None
    next_at: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AsideItem:
    """An item that a person has to decide about. ``seq`` names it on a screen; ``cause`` is why, as a word."""

    seq: int
    id: str
    kind: ItemKind
    service: str
    made_at: datetime
    test: bool
    state: ItemState
    cause: str
    attempts: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the audit chain. ``item``: the id of a case or of another item, or ""."""

    seq: int
    at: datetime
    event: str
    item: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows, the newest first. ``before``: where the next page begins; 0 at the beginning of the chain."""

    rows: tuple[LogRow, ...]
    before: int


def queue(connection: Connection, since: str) -> QueueLook:
    """``since``: a stamp (records.stamp) from which on acknowledgements are counted."""
    count = {"waiting": 0, "sending": 0, "acknowledged": 0, "quarantined": 0, "rejected": 0}
    for state, tried, items, today in connection.execute(_STATES, (since,)):
        if state == "queued":
            count["sending" if tried else "waiting"] += items
        else:
            count[state] += today if state == "acknowledged" else items
    oldest = connection.execute(_OLDEST).fetchone()
    after = connection.execute(_NEXT).fetchone()
    return QueueLook(
        **count,
        oldest_at=_moment(oldest[0]) if oldest else None,
        next_at=_moment(after[0]) if after else None,
        cause=after[1] if after else "",
    )


def aside(connection: Connection, seq: int = 0, limit: int = 200) -> tuple[AsideItem, ...]:
    """What was set aside: quarantined first, the newest of each first. ``seq``: that one alone."""
    return tuple(
        AsideItem(number, item, kind, service, datetime.fromisoformat(at), bool(test), state, cause, tries,
                  _moment(since))
        for number, item, kind, service, at, test, state, cause, tries, since
        in connection.execute(_ASIDE, (seq, seq, limit))
    )  # fmt: skip


def log(connection: Connection, events: Collection[str], before: int, limit: int) -> LogPage:
    """Rows of these events before that seq (0: the end). No more than SCANNED rows of the chain are looked through."""
    if not before:
        before = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM audit").fetchone()[0]
    least = max(1, before - SCANNED)
    found = connection.execute(_ROWS, (before, least, json.dumps(list(events)), limit)).fetchall()
    rows = tuple(
        LogRow(seq, datetime.fromisoformat(at), event, item, json.loads(details))
        for seq, at, event, item, details in found
    )
    after = rows[-1].seq if len(rows) == limit else least
    return LogPage(rows, after if after > 1 else 0)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
