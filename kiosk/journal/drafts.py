"""What a citizen has entered and not committed, kept for the same person for a few days where the citizen said so.

Sealed under a key that is made from the card itself (``PersonKey.of_card``: number, and everything else its chip says,
the photograph's 1024 bytes with it) and this terminal's pepper. It is made when the card is read and leaves memory with
the visit; who holds the disk, the pepper and a list of numbers has none of the photographs. At most one of a card: a
newer one takes the place of the older. What is in it is ``kiosk/domain/unfinished.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.health.failpoints import hit
from kiosk.journal.errors import JournalError
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

FAILPOINTS = ("draft.written",)
LARGEST = 64 * 1024
"""Bytes of one sealed draft: answers to questions, never a material."""


@dataclass(frozen=True, slots=True, repr=False)
class KeptDraft:
    """A draft as it lies in the journal. ``claim`` (16 bytes) finds it, and names nobody."""

    claim: bytes
    sealed: bytes
    expires_at: datetime

    def __repr__(self) -> str:
        return f"KeptDraft({len(self.sealed)} bytes)"


class Drafts:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, draft: KeptDraft) -> None:
        """Raises JournalError ``draft-too-large``."""
        if len(draft.sealed) > LARGEST:
            raise JournalError("draft-too-large", f"a draft of {len(draft.sealed)} bytes")
        execute, now = self._store.connection.execute, self._store.now()
        execute("DELETE FROM drafts WHERE claim = ?", (draft.claim,))
        row = (draft.claim, draft.sealed, now, stamp(draft.expires_at))
        execute("INSERT INTO drafts VALUES (NULL, ?, ?, ?, ?)", row)
        hit("draft.written")
        self._store.audit("draft.kept")

    def find(self, claim: bytes) -> KeptDraft | None:
        """The draft under this claim that has not run out."""
        sql = "SELECT claim, sealed, expires_at FROM drafts WHERE claim = ? AND expires_at > ? ORDER BY id DESC LIMIT 1"
        row = self._store.connection.execute(sql, (claim, self._store.now())).fetchone()
        return None if row is None else KeptDraft(row[0], row[1], datetime.fromisoformat(row[2]))

    def forget(self, claim: bytes, reason: str) -> int:
        """Erase it; ``reason`` is a word: ``asked``, ``committed``, ``unreadable``. How many were erased."""
        count = self._store.connection.execute("DELETE FROM drafts WHERE claim = ?", (claim,)).rowcount
        if count:
            self._store.audit("draft.forgotten", reason=reason, drafts=count)
        return count
