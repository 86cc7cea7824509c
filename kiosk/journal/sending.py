"""How the sending of each item stands: queued, put off, set aside, put back. What the backend acknowledges is in
acknowledging.py, what is due in outbox.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk.journal.errors import JournalError
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

_STALE = 16  # settled items that are passed before it is looked up where the first queued one is


class Sending:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first_queued = 1  # no queued item has a lower seq
        self._settled = _STALE  # items settled since that was looked up

    def first_queued(self) -> int:
        """A seq that no queued item lies before: where looking for work begins (an index would cost each commit).

        Looked up anew after some have been settled: passing a few rows is cheaper than a statement of its own.
        """
        if self._settled < _STALE:
            return self._first_queued
        self._settled = 0
        row = self._store.connection.execute(
            "SELECT seq FROM sending WHERE seq >= ? AND state = 'queued' ORDER BY seq LIMIT 1", (self._first_queued,)
        ).fetchone()
        self._first_queued = self._store.chain.head.seq + 1 if row is None else row[0]
        return self._first_queued

    def settled(self) -> None:
        """One more item is queued no longer."""
        self._settled += 1

    def settle(self, item_id: str, state: str, reason: str) -> None:
        """Set an item aside (``rejected``, ``quarantined``). JournalError ``no-such-item``, ``item-acknowledged``."""
        execute = self._store.connection.execute
        row = execute("SELECT state, cause FROM sending WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise JournalError("no-such-item", f"there is no outbox item {item_id}")
        if row[0] == "acknowledged":
            raise JournalError("item-acknowledged", f"item {item_id} was acknowledged, it cannot be set aside")
        if row == (state, reason):
            return
        execute(
            "UPDATE sending SET state = ?, cause = ?, settled_at = ? WHERE id = ?",
            (state, reason, self._store.now(), item_id),
        )
        self._store.audit(f"item.{state}", item_id, reason=reason)

    def release(self, item_id: str, reason: str) -> None:
        """Put an item that was set aside back into the queue."""
        seq, cause = self._aside(item_id)
        self._store.connection.execute(
            "UPDATE sending SET state = 'queued', next_attempt_at = '', settled_at = '' WHERE seq = ?", (seq,)
        )
        self._first_queued = min(self._first_queued, seq)
        self._store.audit("item.released", item_id, reason=reason, cause=cause)

    def reject(self, item_id: str, reason: str) -> None:
        """Leave an item that was set aside out for good."""
        self._aside(item_id)
        self.settle(item_id, "rejected", reason)

    def _aside(self, item_id: str) -> tuple[int, str]:
        """Seq and cause of an item that was set aside. JournalError ``no-such-item``, ``item-not-aside``."""
        sql = "SELECT seq, state, cause FROM sending WHERE id = ?"
        row: tuple[int, str, str] | None = self._store.connection.execute(sql, (item_id,)).fetchone()
        if row is None:
            raise JournalError("no-such-item", f"there is no outbox item {item_id}")
        if row[1] not in ("rejected", "quarantined"):
            raise JournalError(
                "item-not-aside", f"item {item_id} is {row[1]}", advice="Only what was set aside is decided by hand."
            )
        return row[0], row[2]

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None:
        """One failed attempt more for those of them that are queued."""
        at = stamp(next_attempt_at)
        self._store.connection.executemany(
            "UPDATE sending SET next_attempt_at = ?, cause = ?, attempts = attempts + 1"
            " WHERE id = ? AND state = 'queued'",
            [(at, cause, item_id) for item_id in ids],
        )
