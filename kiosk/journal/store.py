"""The transactions: everything here runs in the writer's turn, on the one connection that writes.

Failpoints: ``journal.begin`` (nothing written), ``journal.middle`` (half of a case written), ``journal.before_commit``
(all written, not committed), ``journal.after_commit`` (durable, the caller does not know yet), ``journal.checkpoint``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kiosk.health.failpoints import hit
from kiosk.journal.catalogue import Detail
from kiosk.journal.chain import Chain
from kiosk.journal.connection import dbapi, translated
from kiosk.journal.errors import JournalError, NumbersExhausted
from kiosk.journal.records import AckRecord, Alarm, Block, CaseRecord, Numbers, RatingRecord, SealedMaterial, stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")
FAILPOINTS = (
    "journal.begin", "journal.middle", "journal.before_commit", "journal.after_commit", "journal.checkpoint",
)  # fmt: skip
_CHECKPOINT_EVERY = 24  # writes: at about 8 pages a case they fit into the room made below
_json = msgspec.json.Encoder(order="sorted").encode

_ITEM = "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, 0, '', '', '')"
_MATERIALS = "INSERT INTO materials VALUES (?, ?, ?)"
_KEPT = "INSERT INTO kept_papers VALUES (NULL, ?, ?, ?, ?)"

Blocks = dict[str, list[tuple[int, int]]]  # kind -> what is left of its blocks: next, last; the lowest at the end


def spent_numbers(text: str) -> list[tuple[str, int]]:
    """The numbers a case spent, from the words of its row."""
    words = (word.partition("=") for word in text.split())
    return [(kind, int(serial)) for kind, _, serial in words]


def materials_digest(hashes: Sequence[str]) -> str:
    """One hash for all attachments, in order: what the audit row pins."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


class _Numbers:
    """The reserved numbers inside one transaction: ``after`` takes the place of what was left when it commits."""

    def __init__(self, blocks: Blocks, after: Blocks) -> None:
        self._blocks, self.after = blocks, after
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


class Store:
    """The journal's writes, each one transaction with its audit row."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self.chain = Chain(connection)
        self._clock = clock
        self._writes = 0
        self._stopped = False
        self._last_seq = 0
        self._first_queued = 1  # no queued item has a lower seq
        self._blocks: Blocks = {}
        self._blocks_after: Blocks = {}  # what the open transaction changes of it
        self._load()

    def now(self) -> str:
        return stamp(self._clock())

    def _load(self) -> None:
        """Where the sequence stands, what is queued, which numbers are left."""
        spent: dict[str, list[int]] = {}
        for seq, numbers in self.connection.execute("SELECT seq, numbers FROM outbox"):
            self._last_seq = max(self._last_seq, seq)
            for kind, serial in spent_numbers(numbers):
                spent.setdefault(kind, []).append(serial)
        for kind, first, last in self.connection.execute("SELECT kind, first, last FROM blocks ORDER BY first DESC"):
            after = max((serial + 1 for serial in spent.get(kind, ()) if first <= serial <= last), default=first)
            if after <= last:
                self._blocks.setdefault(kind, []).append((after, last))

    def numbers_left(self, kind: str) -> int:
        return sum(last - after + 1 for after, last in self._blocks.get(kind, ()))

    def first_queued(self) -> int:
        """The seq that no queued item lies before: where looking for work begins (an index would cost each commit)."""
        row = self.connection.execute(
            "SELECT seq FROM outbox WHERE seq >= ? AND state = 'queued' ORDER BY seq LIMIT 1", (self._first_queued,)
        ).fetchone()
        self._first_queued = self._last_seq + 1 if row is None else row[0]
        return self._first_queued

    def write(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one transaction. Its exception undoes everything; SQLite's come out as JournalError."""
        if self._stopped:
            raise JournalError(
                "journal-stopped",
                "the disk failed under the journal",
                advice="Restart the terminal: on opening the journal says what was saved. Check the disk.",
            )
        execute = self.connection.execute
        last_seq, self._blocks_after = self._last_seq, {}
        try:
            execute("BEGIN IMMEDIATE")
            hit("journal.begin")
            result = work()
            hit("journal.before_commit")
        except BaseException as error:
            self._undo(last_seq)
            if isinstance(error, dbapi.Error):
                raise translated(error) from error
            raise
        try:
            execute("COMMIT")
        except dbapi.Error as error:
            self._undo(last_seq)
            known = translated(error)
            if known.code in ("journal-full", "journal-busy"):
                raise known from error
            # After a failed fsync nobody knows what is on the disk, and a second fsync would not tell either.
            self._stopped = True
            raise JournalError(
                "journal-uncertain",
                "the disk failed while the case was being saved",
                advice="Restart the terminal: on opening the journal says whether it was saved. Check the disk.",
            ) from error
        self._writes += 1
        self._blocks |= self._blocks_after
        hit("journal.after_commit")
        return result

    def _undo(self, last_seq: int) -> None:
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self._last_seq = last_seq
            self.chain.reload()
        except dbapi.Error:
            self._stopped = True  # the caller gets the first cause

    def needs_rest(self) -> bool:
        return self._writes >= _CHECKPOINT_EVERY and not self._stopped

    def rest(self) -> None:
        """Fold the log back when a number of commits has filled it, so that no commit pays for it."""
        if self.needs_rest():
            self.checkpoint()

    def checkpoint(self) -> None:
        """Fold the log back into the file, then start it anew: its new header is the one write with two fsyncs."""
        self._writes = 0
        try:
            hit("journal.checkpoint")
            busy, frames, folded = self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not busy and frames == folded:
                self.write(lambda: self.set_meta("checkpointed_at", self.now()))
                self._writes = 0
        except (dbapi.Error, JournalError):
            self._stopped = True  # the next caller is told; the file itself is whole

    # -- inside a transaction ------------------------------------------------------------------------

    def audit(self, event: str, item: str = "", **details: Detail) -> None:
        self.chain.append(self.now(), event, item, details)

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _item(self, row: tuple[object, ...], sealed: bytes, attachments: Sequence[SealedMaterial], digest: str) -> None:
        """``row`` holds the columns of outbox from seq to next_attempt_at, without state."""
        execute = self.connection.execute
        try:
            execute(_ITEM, row)
        except dbapi.IntegrityError:
            raise JournalError("item-exists", f"there is an item {row[1]} already") from None
        parts: list[tuple[str, str, int]] = [(str(row[2]), digest, len(sealed))]
        for material in attachments:
            if hashlib.sha256(material.data).hexdigest() != material.sha256:
                raise JournalError("material-hash", f"attachment {len(parts)} ({material.kind}) does not fit its hash")
            parts.append((material.kind, material.sha256, len(material.data)))
        data = b"".join((sealed, *(material.data for material in attachments)))
        execute(_MATERIALS, (row[0], _json(parts).decode(), data))

    def case(self, build: Callable[[Numbers], CaseRecord]) -> CaseRecord:
        numbers = _Numbers(self._blocks, self._blocks_after)
        record = build(numbers)
        at, case_id = stamp(record.committed_at), record.case_id
        digest = hashlib.sha256(record.sealed).hexdigest()
        test = int(record.test)
        self._last_seq += 1
        row = (
            self._last_seq, case_id, "case", case_id, record.case_no, record.service_id, record.pack_version,
            record.outcome, record.rung, record.verification, at, test, " ".join(numbers.spent), digest,
            _json(dict(record.meta)).decode() if record.meta else "{}", at,
        )  # fmt: skip
        self._item(row, record.sealed, record.attachments, digest)
        hit("journal.middle")
        for paper in record.kept:
            self.connection.execute(_KEPT, (paper.claim, case_id, paper.sealed, stamp(paper.expires_at)))
        details: dict[str, Detail] = {
            "service": record.service_id, "version": record.pack_version, "outcome": record.outcome,
            "rung": record.rung, "verification": record.verification, "hash": digest,
            "materials": materials_digest([material.sha256 for material in record.attachments]),
            "attachments": len(record.attachments), "kept": len(record.kept), "test": test,
        }  # fmt: skip
        self.chain.append(at, "case.committed", case_id, details)
        return record

    def rating(self, record: RatingRecord) -> None:
        execute = self.connection.execute
        case = execute("SELECT service_id FROM outbox WHERE id = ? AND kind = 'case'", (record.case_id,)).fetchone()
        if case is None:
            raise JournalError("no-such-case", "there is no such case to rate")
        if execute("SELECT 1 FROM ratings WHERE case_id = ?", (record.case_id,)).fetchone() is not None:
            raise JournalError("rating-exists", "this case has been rated")
        at, digest = stamp(record.rated_at), hashlib.sha256(record.sealed).hexdigest()
        self._last_seq += 1
        row = (
            self._last_seq, record.rating_id, "rating", record.case_id, "", case[0], "", "", "", "", at,
            int(record.test), "", digest, _json(dict(record.meta)).decode(), at,
        )  # fmt: skip
        self._item(row, record.sealed, (), digest)
        execute("INSERT INTO ratings VALUES (?, ?)", (record.case_id, record.rating_id))
        self.audit("rating.committed", record.case_id, rating=record.rating_id, hash=digest, test=int(record.test))

    def add_block(self, block: Block) -> None:
        if not 0 <= block.first <= block.last:
            raise JournalError("bad-block", f"a block from {block.first} to {block.last}")
        rows = self.connection.execute(
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
        self.connection.execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
            (block.kind, block.first, block.last, block.area_code, block.signature, self.now()),
        )
        left = (self._blocks | self._blocks_after).get(block.kind, [])
        self._blocks_after[block.kind] = sorted([*left, (block.first, block.last)], reverse=True)
        self.audit("block.added", kind=block.kind, first=block.first, last=block.last)

    def acknowledge(self, acks: Sequence[AckRecord]) -> tuple[Alarm, ...]:
        alarms = []
        for ack in acks:
            row = self.connection.execute("SELECT hash, state FROM outbox WHERE id = ?", (ack.id,)).fetchone()
            if row is None:
                self.audit("item.alarm", reason="unknown-id")
                alarms.append(Alarm(ack.id, "unknown-id"))
            elif row[0] != ack.hash:
                self.audit("item.alarm", ack.id, reason="hash-mismatch")
                if row[1] != "acknowledged":
                    self.settle(ack.id, "quarantined", "hash-mismatch")
                alarms.append(Alarm(ack.id, "hash-mismatch"))
            elif row[1] != "acknowledged":
                proof = _json(
                    {"received_at": ack.received_at, "key_id": ack.key_id, "signature": ack.signature}
                ).decode()
                self.connection.execute(
                    "UPDATE outbox SET state = 'acknowledged', cause = '', settled_at = ?, ack = ? WHERE id = ?",
                    (self.now(), proof, ack.id),
                )
                self.audit("item.acknowledged", ack.id, hash=ack.hash, key=ack.key_id)
        return tuple(alarms)

    def settle(self, item_id: str, state: str, reason: str) -> None:
        row = self.connection.execute("SELECT state, cause FROM outbox WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise JournalError("no-such-item", f"there is no outbox item {item_id}")
        if row[0] == "acknowledged":
            raise JournalError("item-acknowledged", f"item {item_id} was acknowledged, it cannot be set aside")
        if row == (state, reason):
            return
        self.connection.execute(
            "UPDATE outbox SET state = ?, cause = ?, settled_at = ? WHERE id = ?", (state, reason, self.now(), item_id)
        )
        self.audit(f"item.{state}", item_id, reason=reason)

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None:
        at = stamp(next_attempt_at)
        self.connection.executemany(
            "UPDATE outbox SET next_attempt_at = ?, cause = ?, attempts = attempts + 1"
            " WHERE id = ? AND state = 'queued'",
            [(at, cause, item_id) for item_id in ids],
        )

    def forget_expired(self) -> int:
        count = self.connection.execute("DELETE FROM kept_papers WHERE expires_at <= ?", (self.now(),)).rowcount
        if count:
            self.audit("kept.forgotten", papers=count)
        return count
