"""What waits to be sent: the items that are due, and how many stand where. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from kiosk.journal import reading
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.packs import Packs, Part
from kiosk.journal.records import Counts, OutboxItem

if TYPE_CHECKING:
    from sqlite3 import Connection

NO_WAIT_SO_LONG = timedelta(minutes=11)  # twice the sync's longest: put off for longer by a clock that was wrong

_DUE = """SELECT s.kind, s.attempts, s.id, a.item, a.at, a.details, a.about, a.sealed
    FROM sending s JOIN audit a ON a.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' AND (s.next_attempt_at <= ? OR s.next_attempt_at > ?)
    ORDER BY s.seq"""  # a LIMIT that is bound is planned anew each time (60 us), so that reading just stops
_OLDEST = """SELECT a.at FROM sending s JOIN audit a ON a.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' ORDER BY s.seq LIMIT 1"""


class _Details(msgspec.Struct):
    hash: str
    service: str = ""
    outcome: str = ""
    rung: str = ""
    test: int = 0


class _About(msgspec.Struct):
    meta: msgspec.Raw
    parts: list[Part]
    case_no: str = ""
    service: str = ""


_details = msgspec.json.Decoder(_Details).decode
_about = msgspec.json.Decoder(_About).decode


def due(
    connection: Connection, packs: Packs, wanted: tuple[int, str, str], limit: int, max_bytes: int
) -> list[OutboxItem]:
    """The items with all their bytes. Not by the view `outbox`: it takes each of its columns out of JSON anew, which
    took 0.5 ms for one item.

    Where a pack is gone or short the item comes all the same, with bytes that do not fit its hashes: the backend
    refuses them, the item is set aside, and the rest goes on.
    """
    items: list[OutboxItem] = []
    if limit < 1:
        return items
    room = max_bytes
    for kind, attempts, item_id, case_id, at, details, about, data in connection.execute(_DUE, wanted):
        if data is None:
            raise JournalDamaged("journal-damaged", f"the sealed bytes of item {item_id} are missing")
        said, what = _details(details), _about(about)
        room -= sum(length for _, _, length in what.parts)
        if items and room < 0:
            break
        (_, _, sealed), *attachments = reading.split(what.parts, data, packs)
        row = {
            "meta": bytes(what.meta), "service_id": said.service or what.service, "outcome": said.outcome,
            "rung": said.rung, "case_no": what.case_no, "created_at": at, "test": said.test,
        }  # fmt: skip
        items.append(
            OutboxItem(
                item_id, kind, case_id, said.hash, sealed,
                tuple((digest, data) for _, digest, data in attachments),
                reading.item_meta(row), attempts, datetime.fromisoformat(at),
            )
        )  # fmt: skip
        if len(items) == limit:
            break
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
