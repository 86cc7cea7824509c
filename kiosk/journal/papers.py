"""Papers that wait for the citizen's next visit, sealed to the person: committed with their case, behind its sealed
parts in the row, and moved to a table of their own when it is filed, where they can be found and erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from kiosk.journal.records import KeptPaper, stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

_pack = msgspec.msgpack.Encoder().encode
unpack_kept = msgspec.msgpack.Decoder(list[tuple[bytes, str, bytes, str]]).decode  # claim, paper, sealed, expires_at


def pack_kept(papers: Sequence[KeptPaper]) -> bytes:
    """As they stand in their case's row."""
    return _pack([(one.claim, one.paper_id, one.sealed, stamp(one.expires_at)) for one in papers])


class Papers:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, claim: bytes) -> list[KeptPaper]:
        """The papers under this claim that have not run out, oldest case first. Filed ones only."""
        sql = (
            "SELECT claim, sealed, expires_at, case_id, paper FROM kept_papers"
            " WHERE claim = ? AND expires_at > ? ORDER BY id"
        )
        rows = self._store.connection.execute(sql, (claim, self._store.now())).fetchall()
        return [KeptPaper(row[0], row[1], datetime.fromisoformat(row[2]), row[3], row[4]) for row in rows]

    def forget(self, case_id: str, paper_id: str) -> int:
        """Erase it; how many were erased."""
        sql = "DELETE FROM kept_papers WHERE case_id = ? AND paper = ?"
        count = self._store.connection.execute(sql, (case_id, paper_id)).rowcount
        if count:
            self._store.audit("kept.forgotten", papers=count)
        return count
