"""What waits to be sent: the items that are due, and how many stand where. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from kiosk.journal import reading
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
    meta: dict[str, str]
    parts: list[Part]
    case_no: str = ""
    service: str = ""


class _Told(msgspec.Struct):
    """What was counted when the journal was closed, and where its chain ended then."""

    head: str
    counts: Counts


COUNTED = "journal.counted"
"""Under this key of meta: so that opening need not count anew what nobody has changed."""

_details = msgspec.json.Decoder(_Details).decode
_about = msgspec.json.Decoder(_About).decode
_told = msgspec.json.Decoder(_Told).decode


def seq_of(connection: Connection, item_id: str) -> int:
    """Where an item stands in the queue; 0 for one that is not here."""
    row = connection.execute("SELECT seq FROM sending WHERE id = ?", (item_id,)).fetchone()
    return 0 if row is None else int(row[0])


def due(
    connection: Connection, packs: Packs, wanted: tuple[int, str, str], limit: int, max_bytes: int
) -> list[OutboxItem]:
    """The items with all their bytes. Not by the view `outbox`: it takes each of its columns out of JSON anew, which
    took 0.5 ms for one item.

    Where a pack is gone or short, or the row has no bytes, the item comes all the same, with bytes that do not fit its
    hashes: it is set aside, and the rest goes on.
    """
    items: list[OutboxItem] = []
    if limit < 1:
        return items
    room = max_bytes
    for kind, attempts, item_id, case_id, at, details, about, data in connection.execute(_DUE, wanted):
        data = data or b""
        said, what = _details(details), _about(about)
        parts = what.parts
        if len(parts) > 1:
            room -= sum(length for _, _, length in parts)
            (_, _, sealed), *rest = reading.split(parts, data, packs)
            attachments = tuple((digest, data) for _, digest, data in rest)
        else:
            room -= len(data)
            sealed, attachments = data[: parts[0][2]], ()
        if items and room < 0:
            break
        meta = reading.said_of(
            what.meta, said.service or what.service, said.outcome, said.rung, what.case_no, at, test=said.test
        )
        items.append(
            OutboxItem(
                item_id, kind, case_id, said.hash, sealed, attachments, meta, attempts, datetime.fromisoformat(at)
            )
        )
        if len(items) == limit:
            break
    return items


def count(connection: Connection, first_queued: int) -> Counts:
    cases = {"queued": 0, "acknowledged": 0, "rejected": 0, "quarantined": 0}
    others = 0
    for kind, state, count in connection.execute("SELECT kind, state, count(*) FROM sending GROUP BY kind, state"):
        if kind == "case":
            cases[state] = count
        elif state != "acknowledged":
            others += count
    oldest = connection.execute(_OLDEST, (first_queued,)).fetchone()
    at = None if oldest is None else datetime.fromisoformat(oldest[0])
    return Counts(sum(cases.values()), **cases, oldest_unsent_at=at, others_unsent=others)


def told(head: str, counts: Counts) -> str:
    """The counts in words, for a chain that ends so."""
    return msgspec.json.encode(_Told(head, counts)).decode()


def still_true(text: str | None, head: str) -> Counts | None:
    """The counts that were told of a chain that ends so: every change of a state is a row of it. None otherwise."""
    if text is None:
        return None
    try:
        found = _told(text)
    except msgspec.MsgspecError:
        return None
    return found.counts if found.head == head else None
