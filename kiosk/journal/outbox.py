"""What waits to be sent: the items that are due, and how many stand where. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kiosk.journal import reading
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.records import Counts, OutboxItem

if TYPE_CHECKING:
    from sqlite3 import Connection

NO_WAIT_SO_LONG = timedelta(minutes=11)  # twice the sync's longest: put off for longer by a clock that was wrong

_DUE = """SELECT o.* FROM sending s JOIN outbox o ON o.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' AND (s.next_attempt_at <= ? OR s.next_attempt_at > ?)
    ORDER BY s.seq LIMIT ?"""
_OLDEST = """SELECT a.at FROM sending s JOIN audit a ON a.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' ORDER BY s.seq LIMIT 1"""


def due(connection: Connection, wanted: tuple[int, str, str, int], max_bytes: int) -> list[OutboxItem]:
    cursor = connection.execute(_DUE, wanted)
    names = [column[0] for column in cursor.description]
    items: list[OutboxItem] = []
    room = max_bytes
    for values in cursor:
        row: Mapping[str, Any] = dict(zip(names, values, strict=True))
        if row["data"] is None:
            raise JournalDamaged("journal-damaged", f"the sealed bytes of item {row['id']} are missing")
        room -= len(row["data"])
        if items and room < 0:
            break
        (_, _, sealed), *attachments = reading.split(row["parts"], row["data"])
        items.append(
            OutboxItem(
                row["id"], row["kind"], row["case_id"], row["hash"], sealed,
                tuple((digest, data) for _, digest, data in attachments),
                reading.item_meta(row), row["attempts"], datetime.fromisoformat(row["created_at"]),
            )
        )  # fmt: skip
    return items


def count(connection: Connection, first_queued: int) -> Counts:
    cases = {"queued": 0, "acknowledged": 0, "rejected": 0, "quarantined": 0}
    ratings = 0
    for kind, state, count in connection.execute("SELECT kind, state, count(*) FROM sending GROUP BY kind, state"):
        if kind == "case":
            cases[state] = count
        elif state != "acknowledged":
            ratings += count
    oldest = connection.execute(_OLDEST, (first_queued,)).fetchone()
    at = None if oldest is None else datetime.fromisoformat(oldest[0])
    return Counts(sum(cases.values()), **cases, oldest_unsent_at=at, ratings_unsent=ratings)
