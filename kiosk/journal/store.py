"""The transactions. Everything here runs in the writer thread, on the one connection that writes.

Failpoints: ``journal.begin`` (nothing written), ``journal.middle`` (half of a case written), ``journal.before_commit``
(all written, not committed), ``journal.after_commit`` (durable, the caller does not know yet), ``journal.checkpoint``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from kiosk.health.failpoints import hit
from kiosk.journal.catalogue import Detail
from kiosk.journal.chain import Chain
from kiosk.journal.connection import dbapi, translated
from kiosk.journal.errors import JournalError, NumbersExhausted
from kiosk.journal.records import AckRecord, Alarm, Block, CaseRecord, RatingRecord, SealedMaterial, stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")
FAILPOINTS = (
    "journal.begin", "journal.middle", "journal.before_commit", "journal.after_commit", "journal.checkpoint",
)  # fmt: skip
PARTS = 256
_CHECKPOINT_EVERY = 24  # writes: at about 9 pages a case they fit into the room made below
_LOG_ROOM = 1 << 20  # bytes of log made beforehand: a commit that makes the file longer costs a third more
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

_CASE = "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ITEM = (
    "INSERT INTO outbox (id, seq, kind, case_id, hash, meta, created_at, state, next_attempt_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?)"
)
_MATERIAL = "INSERT INTO materials VALUES (?, ?, ?, ?)"
_KEPT = "INSERT INTO kept_papers VALUES (?, ?, ?, ?, ?)"
_BLOCKS = "SELECT kind, first, next, last FROM blocks WHERE next <= last ORDER BY first DESC"
_SPEND = "UPDATE blocks SET next = ? WHERE kind = ? AND first = ?"


def materials_digest(hashes: Sequence[str]) -> str:
    """One hash for all attachments, in order: what the audit row pins."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


class _Numbers:
    """The reserved numbers inside one transaction: what is taken is spent when it commits."""

    def __init__(self, connection: Connection, blocks: dict[str, list[tuple[int, int, int]]]) -> None:
        self._connection, self._blocks = connection, blocks
        self.spent: list[tuple[str, int]] = []

    def take(self, kind: str) -> int:
        blocks = self._blocks.get(kind)
        if not blocks:
            raise NumbersExhausted(kind)
        first, serial, last = blocks[-1]
        self._connection.execute(_SPEND, (serial + 1, kind, first))
        if serial < last:
            blocks[-1] = (first, serial + 1, last)
        else:
            blocks.pop()
        self.spent.append((kind, serial))
        return serial


class Store:
    """The journal's writes, each one transaction with its audit row."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self.chain = Chain(connection)
        self._clock = clock
        self._last_seq = 0
        self._writes = 0
        self._stopped = False
        self._blocks: dict[str, list[tuple[int, int, int]]] = {}  # kind -> first, next, last; the lowest at the end
        self._reload()

    def now(self) -> str:
        return stamp(self._clock())

    def _reload(self) -> None:
        self.chain.reload()
        self._last_seq = self.connection.execute(
            "SELECT max(ifnull((SELECT max(seq) FROM cases), 0), ifnull((SELECT max(seq) FROM ratings), 0))"
        ).fetchone()[0]
        self._load_blocks()

    def _load_blocks(self) -> None:
        self._blocks.clear()
        for kind, *block in self.connection.execute(_BLOCKS):
            self._blocks.setdefault(kind, []).append(tuple(block))

    def write(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one transaction. Its exception undoes everything; SQLite's come out as JournalError."""
        if self._stopped:
            raise JournalError(
                "journal-stopped",
                "the disk failed under the journal",
                advice="Restart the terminal: on opening the journal says what was saved. Check the disk.",
            )
        execute = self.connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            hit("journal.begin")
            result = work()
            hit("journal.before_commit")
        except BaseException as error:
            self._undo()
            if isinstance(error, dbapi.Error):
                raise translated(error) from error
            raise
        try:
            execute("COMMIT")
        except dbapi.Error as error:
            self._undo()
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
        hit("journal.after_commit")
        return result

    def _undo(self) -> None:
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self._reload()
        except dbapi.Error:
            self._stopped = True  # the caller gets the first cause

    def rest(self) -> None:
        """Fold the log back when nobody waits, so that a commit never pays for it."""
        if self._writes >= _CHECKPOINT_EVERY and not self._stopped:
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

    def make_room(self) -> None:
        """Give the log its length on opening, by a row that is written and taken out again in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO materials VALUES (-1, 'room', '', zeroblob(?))", (_LOG_ROOM,))
        self.connection.execute("DELETE FROM materials WHERE id = -1")
        self.connection.execute("COMMIT")
        self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    # -- inside a transaction ------------------------------------------------------------------------

    def audit(self, event: str, item: str = "", **details: Detail) -> None:
        self.chain.append(self.now(), event, item, details)

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _item(
        self,
        item_id: str,
        kind: str,
        case_id: str,
        sealed: bytes,
        attachments: Sequence[SealedMaterial],
        meta: Mapping[str, str],
        at: str,
    ) -> tuple[int, str]:
        execute = self.connection.execute
        seq = self._last_seq + 1
        digest = hashlib.sha256(sealed).hexdigest()
        try:
            execute(_ITEM, (item_id, seq, kind, case_id, digest, _json(dict(meta)) if meta else "{}", at, at))
        except dbapi.IntegrityError:
            raise JournalError("item-exists", f"there is an item {item_id} already") from None
        base = seq * PARTS
        execute(_MATERIAL, (base, kind, digest, sealed))
        for part, material in enumerate(attachments, 1):
            if hashlib.sha256(material.data).hexdigest() != material.sha256:
                raise JournalError("material-hash", f"attachment {part} ({material.kind}) does not fit its hash")
            execute(_MATERIAL, (base + part, material.kind, material.sha256, material.data))
        self._last_seq = seq
        return seq, digest

    def case(self, build: Callable[[_Numbers], CaseRecord]) -> CaseRecord:
        numbers = _Numbers(self.connection, self._blocks)
        record = build(numbers)
        if len(record.attachments) >= PARTS:
            raise JournalError("too-many-materials", f"a case holds at most {PARTS - 1} attachments")
        at = stamp(record.committed_at)
        seq, digest = self._item(
            record.case_id, "case", record.case_id, record.sealed, record.attachments, record.meta, at
        )
        hit("journal.middle")
        execute = self.connection.execute
        execute(
            _CASE,
            (
                seq, record.case_id, record.case_no, record.service_id, record.pack_version, record.outcome,
                record.rung, record.verification, at, int(record.test),
                " ".join(f"{kind}={serial}" for kind, serial in numbers.spent),
            ),
        )  # fmt: skip
        for part, paper in enumerate(record.kept):
            execute(_KEPT, (paper.claim, record.case_id, part, paper.sealed, stamp(paper.expires_at)))
        details = {
            "service": record.service_id, "version": record.pack_version, "outcome": record.outcome,
            "rung": record.rung, "verification": record.verification, "hash": digest,
            "materials": materials_digest([material.sha256 for material in record.attachments]),
            "attachments": len(record.attachments), "kept": len(record.kept), "test": int(record.test),
        }  # fmt: skip
        self.chain.append(at, "case.committed", record.case_id, details)
        return record

    def rating(self, record: RatingRecord) -> None:
        execute = self.connection.execute
        if execute("SELECT 1 FROM cases WHERE case_id = ?", (record.case_id,)).fetchone() is None:
            raise JournalError("no-such-case", "there is no such case to rate")
        if execute("SELECT 1 FROM ratings WHERE case_id = ?", (record.case_id,)).fetchone() is not None:
            raise JournalError("rating-exists", "this case has been rated")
        at = stamp(record.rated_at)
        seq, digest = self._item(record.rating_id, "rating", record.case_id, record.sealed, (), record.meta, at)
        execute(
            "INSERT INTO ratings VALUES (?, ?, ?, ?, ?)", (record.case_id, record.rating_id, seq, at, int(record.test))
        )
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
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (block.kind, block.first, block.last, block.first, block.area_code, block.signature, self.now()),
        )
        self._load_blocks()
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
                proof = _json({"received_at": ack.received_at, "key_id": ack.key_id, "signature": ack.signature})
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
