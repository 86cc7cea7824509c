"""What stands behind an item once it was sent: its result, the prints of its papers, and the end of its bytes.

Sealed bytes are erased when the backend has acknowledged them for as long as the profile says. Id, hash, case number,
acknowledgement and the chain's rows stay for good, so that a late duplicate is known and the log still verifies.
What was rejected or quarantined is never erased by time: a person has to look at it first.

In the writer's turn, like the store it stands on. ``secure_delete`` overwrites the pages that become free; they are
used again by the next cases, so the file stops growing and never shrinks (a vacuum would move every page, in a visit or
not). A pack of materials goes as a file when the row that says so is durable.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kiosk.health.failpoints import hit
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

FAILPOINTS = ("retention.erased",)
KEPT_FOR = timedelta(days=30)
"""As long as a paper is kept for its person, what is known of its prints and its case is kept."""

# The backend's signed time of the acknowledgement: this terminal's own clock may have been wrong on that day.
_DUE = """SELECT s.seq, s.id, s.kind, s.hash FROM sending s
    WHERE s.seq >= ? AND s.state = 'acknowledged' AND s.seq NOT IN (SELECT seq FROM erased)
    AND julianday(coalesce(nullif(s.ack, '') ->> 'received_at', s.settled_at)) <= julianday(?) ORDER BY s.seq LIMIT 1"""
_FIRST = "SELECT seq FROM sending WHERE seq >= ? AND seq NOT IN (SELECT seq FROM erased) ORDER BY seq LIMIT 1"
_OLD_RESULTS = """DELETE FROM results WHERE expires_at <= ? AND case_id NOT IN
    (SELECT s.id FROM sending s WHERE s.seq NOT IN (SELECT seq FROM erased))"""


class Retention:
    """Reads and writes of what follows an item; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first = 1  # everything with a lower seq is erased

    def due(self, acknowledged_before: datetime) -> bool:
        """Whether there are bytes whose time is over."""
        return self._due(acknowledged_before) is not None

    def _due(self, before: datetime) -> tuple[int, str, str, str] | None:
        row = self._store.connection.execute(_FIRST, (self._first,)).fetchone()
        self._first = self._first if row is None else row[0]
        found: tuple[int, str, str, str] | None = self._store.connection.execute(
            _DUE, (self._first, stamp(before))
        ).fetchone()
        return found

    def erase_next(self, acknowledged_before: datetime) -> bool:
        """Erase the bytes of the oldest item whose time is over; False when there is none."""
        found = self._due(acknowledged_before)
        if found is None:
            return False
        seq, item_id, kind, digest = found
        execute = self._store.connection.execute
        (size,) = execute("SELECT ifnull(length(sealed), 0) FROM audit WHERE seq = ?", (seq,)).fetchone()
        execute("UPDATE audit SET sealed = NULL WHERE seq = ?", (seq,))
        execute("INSERT INTO erased VALUES (?, ?)", (seq, self._store.now()))
        self._store.packing.erase(seq)
        hit("retention.erased")
        if kind == "case":
            execute("DELETE FROM results WHERE case_id = ?", (item_id,))
            execute("DELETE FROM words WHERE case_id = ?", (item_id,))
            execute("DELETE FROM prints WHERE case_id = ?", (item_id,))
        self._store.audit("item.erased", item_id, hash=digest)
        self._store.wrote(size)
        return True

    def forget_expired(self) -> int:
        """Erase papers, drafts, answers, results and notes that have run out; returns how many of the first three."""
        execute, now = self._store.connection.execute, self._store.now()
        execute(_OLD_RESULTS, (now,))
        for table in ("prints", "words", "deeds"):
            execute(f"DELETE FROM {table} WHERE expires_at <= ?", (now,))  # noqa: S608  # our own names
        papers = execute("DELETE FROM kept_papers WHERE expires_at <= ?", (now,)).rowcount
        drafts = execute("DELETE FROM drafts WHERE expires_at <= ?", (now,)).rowcount
        answers = execute("DELETE FROM answers WHERE expires_at <= ?", (now,)).rowcount
        if papers:
            self._store.audit("kept.forgotten", papers=papers)
        if drafts:
            self._store.audit("draft.forgotten", reason="expired", drafts=drafts)
        if answers:
            self._store.audit("answers.forgotten", reason="expired", cards=answers)
        return papers + drafts + answers

    def expired(self) -> bool:
        """Whether anything has run out."""
        now = self._store.now()
        tables = ("kept_papers", "drafts", "answers", "results", "prints", "words", "deeds")
        sql = " UNION ALL ".join(f"SELECT 1 FROM {name} WHERE expires_at <= ?1" for name in tables)  # noqa: S608  # our own names
        return self._store.connection.execute(f"{sql} LIMIT 1", (now,)).fetchone() is not None

    # -- results and prints --------------------------------------------------------------------------

    def result_of(self, case_id: str) -> str:
        row = self._store.connection.execute("SELECT outcome FROM results WHERE case_id = ?", (case_id,)).fetchone()
        return "" if row is None else str(row[0])

    def keep_result(self, case_id: str, outcome: str) -> bool:
        """Note the backend's word on a case; the same word again changes nothing. Whether it was news."""
        if self.result_of(case_id) == outcome:
            return False
        self._store.connection.execute(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?)", (case_id, outcome, self._until())
        )
        self._store.audit("result.received", case_id, outcome=outcome)
        return True

    def prints_of(self, case_id: str, paper: str) -> tuple[int, str]:
        """How many prints of a paper were begun, and how the last one ended."""
        row = self._store.connection.execute(
            "SELECT attempts, how FROM prints WHERE case_id = ? AND paper = ?", (case_id, paper)
        ).fetchone()
        return (0, "") if row is None else (int(row[0]), str(row[1]))

    def note_print(self, case_id: str, paper: str, attempt: int, how: str) -> None:
        row = (case_id, paper, attempt, how, self._until())
        self._store.connection.execute("INSERT OR REPLACE INTO prints VALUES (?, ?, ?, ?, ?)", row)

    def _until(self) -> str:
        return stamp(datetime.fromisoformat(self._store.now()) + KEPT_FOR)
