"""Packs of materials (packs.py) in step with the transactions that name them.

A pack is durable before the row that names it, and goes again where that row is not written; that of an item whose
bytes are erased goes once the row that says so is durable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kiosk.journal.packs import Begun, Packs, Part, apart, name_of
from kiosk.journal.records import SealedMaterial

if TYPE_CHECKING:
    from sqlite3 import Connection


class Packing:
    """In the writer's turn, like the store it is part of."""

    def __init__(self, connection: Connection) -> None:
        self.packs = Packs.beside(connection)
        self._connection = connection
        self._made: list[str] = []  # by the open transaction
        self._let_go: list[str] = []  # erased by the open transaction
        self._begun: Begun | None = None  # of the case that is being put together

    @contextmanager
    def ahead(self, attachments: Sequence[SealedMaterial]) -> Iterator[None]:
        """Within, the pack of these attachments is being written for the one case that is committed. It does not stay
        where none is."""
        parts = [("", "", 0), *((each.kind, each.sha256, len(each.data)) for each in attachments)]
        begun = self._begun = self.packs.begin(name_of(parts), [each.data for each in attachments])
        try:
            yield
        finally:
            if self._begun is begun:
                self._begun = None
                begun.drop()

    def sweep(self, unfiled: set[str]) -> int:
        """Take packs away that no item names: of a commit that did not come about, or of an erased item.

        ``unfiled``: those of items that are not filed.
        """
        left = [name for name in self.packs.names() if name not in unfiled and not self._is_named(name)]
        for name in left:
            self.packs.drop(name)
        return len(left)

    def _is_named(self, name: str) -> bool:
        return self._connection.execute("SELECT 1 FROM packs WHERE name = ?", (name,)).fetchone() is not None

    # -- around a transaction ------------------------------------------------------------------------

    def begin(self) -> None:
        self._made, self._let_go = [], []

    def undone(self) -> None:
        for name in self._made:
            self.packs.drop(name)

    def uncertain(self) -> None:
        """The rows may be on the disk: what they name stays."""
        self._made.clear()

    def committed(self) -> None:
        for name in self._let_go:
            self.packs.drop(name)

    # -- inside a transaction ------------------------------------------------------------------------

    def with_materials(
        self, sealed: bytes, parts: Sequence[Part], attachments: Sequence[SealedMaterial], papers: bytes = b""
    ) -> tuple[bytes, str]:
        """What stands in an item's row, and the name of its pack of materials; "" where they stand in the row.

        ``papers``: kept papers, behind all else in the row.
        """
        materials = [material.data for material in attachments]
        if not apart(parts, len(papers)):
            return b"".join((sealed, *materials, papers)), ""
        pack = name_of(parts)
        self._put(pack, materials)
        return sealed + papers, pack

    def _put(self, name: str, materials: Sequence[bytes]) -> None:
        """Durable before the row that names it."""
        begun, self._begun = self._begun, None
        if begun is not None and begun.name != name:
            begun.drop()
            begun = None
        if begun.wait() if begun is not None else self.packs.put(name, materials):
            self._made.append(name)

    def erase(self, seq: int) -> None:
        """The pack of an item whose bytes are erased: its file goes when the transaction is durable."""
        row = self._connection.execute("DELETE FROM packs WHERE seq = ? RETURNING name", (seq,)).fetchone()
        if row is not None and not self._is_named(row[0]):
            self._let_go.append(row[0])
