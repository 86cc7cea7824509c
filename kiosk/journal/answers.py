"""Answers that a citizen wants remembered for a later visit, kept for the same person for the days that were agreed to.

Sealed as drafts are (drafts.py), under a key of their own that is made from the card and kept nowhere. At most one of a
card: a newer one takes the place of the older. What is in it is ``kiosk/domain/known.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.journal.errors import JournalError
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

LARGEST = 16 * 1024
"""Bytes of the sealed answers of one card: a few short ones."""


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswers:
    """As they lie in the journal. ``claim`` (16 bytes) finds them, and names nobody."""

    claim: bytes
    sealed: bytes
    expires_at: datetime

    def __repr__(self) -> str:
        return f"KeptAnswers({len(self.sealed)} bytes)"


class Answers:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, answers: KeptAnswers) -> None:
        """Raises JournalError ``answers-too-large``."""
        if len(answers.sealed) > LARGEST:
            raise JournalError("answers-too-large", f"answers of {len(answers.sealed)} bytes")
        execute = self._store.connection.execute
        execute("DELETE FROM answers WHERE claim = ?", (answers.claim,))
        row = (answers.claim, answers.sealed, stamp(answers.expires_at))
        execute("INSERT INTO answers VALUES (NULL, ?, ?, ?)", row)
        self._store.audit("answers.kept")

    def find(self, claim: bytes) -> KeptAnswers | None:
        """The answers under this claim that have not run out."""
        sql = "SELECT claim, sealed, expires_at FROM answers WHERE claim = ? AND expires_at > ?"
        row = self._store.connection.execute(sql, (claim, self._store.now())).fetchone()
        return None if row is None else KeptAnswers(row[0], row[1], datetime.fromisoformat(row[2]))

    def forget(self, claim: bytes, reason: str) -> int:
        """Erase them; ``reason`` is a word: ``asked``, ``unreadable``. Of how many cards."""
        count = self._store.connection.execute("DELETE FROM answers WHERE claim = ?", (claim,)).rowcount
        if count:
            self._store.audit("answers.forgotten", reason=reason, cards=count)
        return count
