"""From the row that commits an item to the tables in which it is looked for. A commit does not wait for this: the next
write does it, and where a power cut comes before, the opening.

Filed are a row of ``sending`` (the index by id), the name of a pack of materials, the numbers that a case has spent,
and its papers for the next visit, which leave the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kiosk.journal.errors import JournalError
from kiosk.journal.numbers import spent_numbers
from kiosk.journal.packs import Part, pack_of
from kiosk.journal.papers import unpack_kept

if TYPE_CHECKING:
    from sqlite3 import Connection

_FILE = "INSERT INTO sending VALUES (?, ?, ?, ?, 'queued', '', 0, '', '', '')"  # due at once, whatever the clock says
_SPEND = "UPDATE blocks SET next = ?2 + 1 WHERE kind = ?1 AND ?2 BETWEEN next AND last"
_PACK = "INSERT INTO packs VALUES (?, ?)"
_KEPT = "INSERT INTO kept_papers VALUES (NULL, ?, ?, ?, ?, ?)"
_UNFILED = """SELECT seq, id, kind, hash, created_at, numbers, kept, parts, length(data) FROM outbox
    WHERE seq > (SELECT ifnull(max(seq), 0) FROM sending) ORDER BY seq"""


class Item(NamedTuple):
    """An item as it is filed: its audit row's seq, and what is looked for by id."""

    seq: int
    id: str
    kind: str
    hash: str
    at: str
    numbers: str = ""
    kept: int = 0  # bytes of kept papers behind its sealed parts
    pack: str = ""  # the name of its pack of materials, if it has one


class Filing:
    """What was committed and is not filed. In the writer's turn, like the store it is part of."""

    def __init__(self, connection: Connection, *, filed: bool) -> None:
        """``filed``: nobody need look for what is not, because the last write was a closing, which files all."""
        self._connection = connection
        self._new: list[Item] = []  # committed by the open transaction
        self._unfiled: list[Item] = []  # committed, not yet in `sending`
        if not filed:
            self._unfiled = [
                Item._make((*row[:7], pack_of(msgspec.json.decode(row[7], type=list[Part]), row[8] or 0)))
                for row in connection.execute(_UNFILED)
            ]
        (greatest,) = connection.execute("SELECT ifnull(max(id), '') FROM sending").fetchone()
        self._greatest_id = max(greatest, *(item.id for item in self._unfiled), "")

    @property
    def wanted(self) -> bool:
        """Whether something was committed that `sending` does not have yet."""
        return bool(self._unfiled)

    def numbers(self) -> set[tuple[str, int]]:
        """The numbers that were spent by what is not filed."""
        return {number for item in self._unfiled for number in spent_numbers(item.numbers)}

    def packs(self) -> set[str]:
        """The packs that are named by what is not filed."""
        return {item.pack for item in self._unfiled}

    # -- around and inside a transaction -------------------------------------------------------------

    def begin(self) -> None:
        self._new = []

    def committed(self) -> None:
        for item in self._new:
            self._unfiled.append(item)
            self._greatest_id = max(self._greatest_id, item.id)

    def filed(self) -> None:
        """The transaction that has called ``file`` is durable."""
        self._unfiled.clear()

    def add(self, item: Item) -> None:
        """The open transaction commits this."""
        self._new.append(item)

    def expect_new(self, item_id: str) -> None:
        """Raises JournalError ``item-exists``."""
        if not self._is_new(item_id):
            raise JournalError("item-exists", f"there is an item {item_id} already")

    def _is_new(self, item_id: str) -> bool:
        if item_id > self._greatest_id:  # as it is, ids being ordered by time: no need to look
            return True
        if any(item.id == item_id for item in self._unfiled):
            return False
        return self._connection.execute("SELECT 1 FROM sending WHERE id = ?", (item_id,)).fetchone() is None

    def file(self) -> None:
        """Bring `sending` and what belongs to it up to date."""
        items, many = self._unfiled, self._connection.executemany
        many(_FILE, [item[:4] for item in items])
        many(_SPEND, [number for item in items for number in spent_numbers(item.numbers)])
        many(_PACK, [(item.seq, item.pack) for item in items if item.pack])
        for item in items:
            if item.kept:
                self._file_papers(item)

    def _file_papers(self, item: Item) -> None:
        """Papers kept for a next visit move to their table, where they can be found and erased."""
        (sealed,) = self._connection.execute("SELECT sealed FROM audit WHERE seq = ?", (item.seq,)).fetchone()
        papers = unpack_kept(sealed[-item.kept :])
        self._connection.executemany(_KEPT, [(one[0], item.id, *one[1:]) for one in papers])
        self._connection.execute("UPDATE audit SET sealed = ? WHERE seq = ?", (sealed[: -item.kept], item.seq))
