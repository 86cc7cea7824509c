"""What a citizen says of a case's service (好差评): one rating a case, an item of its own, sent as cases are."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from kiosk.journal.catalogue import Detail
from kiosk.journal.errors import JournalError
from kiosk.journal.records import RatingRecord, stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

_json = msgspec.json.Encoder(order="sorted").encode


class Ratings:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def commit(self, record: RatingRecord) -> None:
        """Raises JournalError ``no-such-case``, ``rating-exists``, ``item-exists``."""
        store, execute = self._store, self._store.connection.execute
        case = execute(
            "SELECT a.details ->> 'service' FROM sending s JOIN audit a ON a.seq = s.seq"
            " WHERE s.id = ? AND s.kind = 'case'", (record.case_id,),
        ).fetchone()  # fmt: skip
        if case is None:
            raise JournalError("no-such-case", "there is no such case to rate")
        if execute("SELECT 1 FROM ratings WHERE case_id = ?", (record.case_id,)).fetchone() is not None:
            raise JournalError("rating-exists", "this case has been rated")
        at, digest = stamp(record.rated_at), hashlib.sha256(record.sealed).hexdigest()
        about = {"meta": dict(record.meta), "parts": [("rating", digest, len(record.sealed))], "service": case[0]}
        details: dict[str, Detail] = {"rating": record.rating_id, "hash": digest, "test": int(record.test)}
        said = _json(about).decode()
        store.add_item(record.rating_id, "rating", record.case_id, at, details, said, record.sealed)
        execute("INSERT INTO ratings VALUES (?, ?)", (record.case_id, record.rating_id))
