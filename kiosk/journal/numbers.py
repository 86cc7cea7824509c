"""Numbers that the backend has reserved for this terminal, in blocks; which are left, and which one commit spends.

Numbers are shown before a commit and spent by it alone: its row names them, and filing moves the blocks on.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from kiosk.journal.errors import JournalError, NumbersExhausted
from kiosk.journal.records import Block

if TYPE_CHECKING:
    from kiosk.journal.store import Store

Blocks = dict[str, list[tuple[int, int]]]  # kind -> what is left of its blocks: next, last; the lowest at the end


def spent_numbers(text: str) -> list[tuple[str, int]]:
    """The numbers a case spent, from the words of its row."""
    words = (word.partition("=") for word in text.split())
    return [(kind, int(serial)) for kind, _, serial in words]


class SpendableNumbers:
    """The reserved numbers for one commit: ``after`` takes the place of what was left when it comes about."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self.after: Blocks = {}
        self.spent: list[str] = []

    def take(self, kind: str) -> int:
        blocks = self.after.get(kind)
        if blocks is None:
            blocks = self.after[kind] = list(self._blocks.get(kind, ()))
        if not blocks:
            raise NumbersExhausted(kind)
        serial, last = blocks.pop()
        if serial < last:
            blocks.append((serial + 1, last))
        self.spent.append(f"{kind}={serial}")
        return serial

    def beside(self) -> SpendableNumbers:
        """What these leave, for another case of the same commit."""
        other = SpendableNumbers(self._blocks)
        other.after = self.after
        return other


class Reserved:
    """What is left of the blocks. In the writer's turn, like the store it is part of."""

    def __init__(self, store: Store, unfiled: Container[tuple[str, int]]) -> None:
        """``unfiled``: numbers that were spent, which the file's blocks do not say yet."""
        self._store = store
        self._left: Blocks = {}
        self._after: Blocks = {}  # what the open transaction changes of it
        blocks = store.connection.execute("SELECT kind, next, last FROM blocks ORDER BY first DESC")
        for kind, after, last in blocks:
            while (kind, after) in unfiled:
                after += 1
            if after <= last:
                self._left.setdefault(kind, []).append((after, last))

    def shown(self) -> SpendableNumbers:
        """What is left to be taken; nothing is spent unless a commit is given these."""
        return SpendableNumbers(self._left)

    def left(self, kind: str) -> int:
        return sum(last - after + 1 for after, last in self._left.get(kind, ()))

    # -- around and inside a transaction -------------------------------------------------------------

    def begin(self) -> None:
        self._after = {}

    def committed(self) -> None:
        if self._after:
            self._left |= self._after

    def spend(self, numbers: SpendableNumbers) -> None:
        self._after = numbers.after

    def add(self, block: Block) -> None:
        if not 0 <= block.first <= block.last:
            raise JournalError("bad-block", f"a block from {block.first} to {block.last}")
        execute = self._store.connection.execute
        rows = execute(
            "SELECT first, last FROM blocks WHERE kind = ? AND first <= ? AND last >= ?",
            (block.kind, block.last, block.first),
        ).fetchall()
        if (block.first, block.last) in rows:
            return
        if rows:
            raise JournalError(
                "block-overlap",
                f"numbers of kind {block.kind!r} were reserved twice",
                advice="The backend gave out numbers that this terminal holds already: report it, do not use them.",
            )
        execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (block.kind, block.first, block.last, block.first, block.area_code, block.signature, self._store.now()),
        )
        left = (self._left | self._after).get(block.kind, [])
        self._after[block.kind] = sorted([*left, (block.first, block.last)], reverse=True)
        self._store.audit("block.added", kind=block.kind, first=block.first, last=block.last)
