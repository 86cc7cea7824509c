"""The transactions: everything here runs in the writer's turn, on the one connection that writes.

Failpoints: ``journal.begin`` (nothing written), ``journal.middle`` (a case is put together, its row not written),
``journal.before_commit`` (all written, not committed; of a case that is one row: its one statement comes next),
``journal.after_commit`` (durable, the caller does not know yet), ``journal.checkpoint``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from kiosk.health.failpoints import hit
from kiosk.journal.answers import Answers
from kiosk.journal.catalogue import Detail
from kiosk.journal.chain import INSERT, AuditRow, Chain, around
from kiosk.journal.connection import dbapi, translated
from kiosk.journal.drafts import Drafts
from kiosk.journal.errors import EventRefused, JournalError, NumbersExhausted
from kiosk.journal.packs import Begun, Packs, Part, apart, name_of, pack_of
from kiosk.journal.records import AckRecord, Alarm, Block, CaseRecord, RatingRecord, SealedMaterial, stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

    from kiosk.journal.mark import Mark

T = TypeVar("T")
FAILPOINTS = (
    "journal.begin", "journal.middle", "journal.before_commit", "journal.after_commit", "journal.checkpoint",
)  # fmt: skip
_NOT_COMMITTED = frozenset({"journal-full", "journal-busy"})
_NOT_INSERTED = _NOT_COMMITTED | {"journal-damaged"}  # SQLite reads before it writes, and never while it commits
LOG_FRAMES = 254  # pages that fit into the log as it is made on opening (1 MB): within them a commit is not held up
_STALE = 16  # settled items that are passed before it is looked up where the first queued one is
_WANTED, _NEEDED = 96, 200  # pages in the log that want it folded back when idle, or at once
_json = msgspec.json.Encoder(order="sorted").encode
_pack = msgspec.msgpack.Encoder().encode
unpack_kept = msgspec.msgpack.Decoder(list[tuple[bytes, str, bytes, str]]).decode  # claim, paper, sealed, expires_at

_KEPT = "INSERT INTO kept_papers VALUES (NULL, ?, ?, ?, ?, ?)"
_FILE = "INSERT INTO sending VALUES (?, ?, ?, ?, 'queued', '', 0, '', '', '')"  # due at once, whatever the clock says
_ACKNOWLEDGE = """UPDATE sending SET state = 'acknowledged', cause = '', settled_at = ?, ack = ?
    WHERE id = ? AND hash = ? AND state <> 'acknowledged'"""
# The two statements of one acknowledgement as one, which is its own transaction: a third less for SQLite. For this
# connection alone. Where the first changes nothing the second does not either.
_AT_ONCE = """
    CREATE TEMP VIEW IF NOT EXISTS settling (seq, at, item, details, hash, sent, ack) AS
        SELECT 0, '', '', '', '', '', '';
    CREATE TEMP TRIGGER IF NOT EXISTS settle INSTEAD OF INSERT ON settling BEGIN
        UPDATE sending SET state = 'acknowledged', cause = '', settled_at = NEW.at, ack = NEW.ack
            WHERE id = NEW.item AND hash = NEW.sent AND state <> 'acknowledged';
        INSERT INTO audit SELECT NEW.seq, NEW.at, 'item.acknowledged', NEW.item, NEW.details, '', NEW.hash, NULL
            WHERE changes() = 1;
    END;"""
_SETTLE = "INSERT INTO settling VALUES (?, ?, ?, ?, ?, ?, ?)"
_PACK = "INSERT INTO packs VALUES (?, ?)"
_SPEND = "UPDATE blocks SET next = ?2 + 1 WHERE kind = ?1 AND ?2 BETWEEN next AND last"
_UNFILED = """SELECT seq, id, kind, hash, created_at, numbers, kept, parts, length(data) FROM outbox
    WHERE seq > (SELECT ifnull(max(seq), 0) FROM sending) ORDER BY seq"""

Blocks = dict[str, list[tuple[int, int]]]  # kind -> what is left of its blocks: next, last; the lowest at the end


def _nothing() -> None:
    """The work of a write that only files."""


def spent_numbers(text: str) -> list[tuple[str, int]]:
    """The numbers a case spent, from the words of its row."""
    words = (word.partition("=") for word in text.split())
    return [(kind, int(serial)) for kind, _, serial in words]


def _proof(ack: AckRecord) -> str:
    """What is kept of an acknowledgement."""
    proof = {"received_at": ack.received_at, "key_id": ack.key_id, "signature": ack.signature}
    if ack.path:
        proof["path"] = ack.path
    return _json(proof).decode()


def _acknowledged(ack: AckRecord) -> str:
    """The details of item.acknowledged. Its hash is in form where an item has it: nothing else is ever written."""
    before, behind = around("item.acknowledged", key=ack.key_id)
    return f"{before}{ack.hash}{behind}"


class _Item(NamedTuple):
    """An item as it is filed: its audit row's seq, and what is looked for by id."""

    seq: int
    id: str
    kind: str
    hash: str
    at: str
    numbers: str = ""
    kept: int = 0  # bytes of kept papers behind its sealed parts
    pack: str = ""  # the name of its pack of materials, if it has one


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


class Store:
    """The journal's writes, each one transaction with its audit row."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime], *, filed: bool = False) -> None:
        """``filed``: nobody need look for what is not filed, because the last write was a closing, which files all."""
        self.connection = connection
        self._execute = connection.cursor().execute  # one for all writes: a cursor for each costs a microsecond more
        self._at_once = False  # whether this connection has the view for one acknowledgement
        self.chain = Chain(connection)
        self.drafts, self.answers = Drafts(self), Answers(self)
        self.packs = Packs.beside(connection)
        self._packed: list[str] = []  # packs that the open transaction has made
        self._let_go: list[str] = []  # packs that the open transaction erases
        self._begun: Begun | None = None  # the pack of the case that is being put together
        self.mark: Mark | None = None  # told of each commit, where there is one
        self._clock = clock
        self._log = -1  # the log's handle, where its sync is ours: see `sync_log`
        self._frames = 0  # about how many pages stand in the log
        self._bytes = 0  # of sealed bytes in the open transaction
        self._stopped = False
        self._first_queued = 1  # no queued item has a lower seq
        self._settled = _STALE  # items settled since that was looked up
        self._new: list[_Item] = []  # committed by the open transaction
        self._unfiled: list[_Item] = []  # committed, not yet in `sending`
        self._greatest_id = ""
        self._blocks: Blocks = {}
        self._blocks_after: Blocks = {}  # what the open transaction changes of it
        self._load(filed=filed)

    def now(self) -> str:
        return stamp(self._clock())

    def _load(self, *, filed: bool) -> None:
        """What was committed last and is not filed, and which numbers are left."""
        if not filed:
            self._unfiled = [
                _Item._make((*row[:7], pack_of(msgspec.json.decode(row[7], type=list[Part]), row[8] or 0)))
                for row in self.connection.execute(_UNFILED)
            ]
        (greatest,) = self.connection.execute("SELECT ifnull(max(id), '') FROM sending").fetchone()
        self._greatest_id = max(greatest, *(item.id for item in self._unfiled), "")
        spent = {number for item in self._unfiled for number in spent_numbers(item.numbers)}
        for kind, after, last in self.connection.execute("SELECT kind, next, last FROM blocks ORDER BY first DESC"):
            while (kind, after) in spent:
                after += 1
            if after <= last:
                self._blocks.setdefault(kind, []).append((after, last))

    def numbers(self) -> SpendableNumbers:
        """What is left to be taken; nothing is spent unless a commit is given these."""
        return SpendableNumbers(self._blocks)

    def numbers_left(self, kind: str) -> int:
        return sum(last - after + 1 for after, last in self._blocks.get(kind, ()))

    def first_queued(self) -> int:
        """A seq that no queued item lies before: where looking for work begins (an index would cost each commit).

        Looked up anew after some have been settled: passing a few rows is cheaper than a statement of its own.
        """
        if self._settled < _STALE:
            return self._first_queued
        self._settled = 0
        row = self.connection.execute(
            "SELECT seq FROM sending WHERE seq >= ? AND state = 'queued' ORDER BY seq LIMIT 1", (self._first_queued,)
        ).fetchone()
        self._first_queued = self.chain.head.seq + 1 if row is None else row[0]
        return self._first_queued

    def file(self) -> None:
        """Bring `sending` up to date, in a write of its own if need be."""
        if self._unfiled:
            self.write(_nothing)

    @property
    def unfiled(self) -> bool:
        """Whether something was committed that `sending` does not have yet."""
        return bool(self._unfiled)

    def _file(self) -> None:
        self.connection.executemany(_FILE, [item[:4] for item in self._unfiled])
        self.connection.executemany(_SPEND, [n for item in self._unfiled for n in spent_numbers(item.numbers)])
        self.connection.executemany(_PACK, [(item.seq, item.pack) for item in self._unfiled if item.pack])
        for item in self._unfiled:
            if item.kept:
                self._file_kept(item)

    def _file_kept(self, item: _Item) -> None:
        """Papers kept for a next visit move to their table, where they can be found and erased."""
        (sealed,) = self.connection.execute("SELECT sealed FROM audit WHERE seq = ?", (item.seq,)).fetchone()
        papers = unpack_kept(sealed[-item.kept :])
        self.connection.executemany(_KEPT, [(one[0], item.id, *one[1:]) for one in papers])
        self.connection.execute("UPDATE audit SET sealed = ? WHERE seq = ?", (sealed[: -item.kept], item.seq))

    def write(self, work: Callable[[], T], *, filing: bool = True) -> T:
        """Run ``work`` in one transaction. Its exception undoes everything; SQLite's come out as JournalError.

        Whoever writes files what was committed before, only a commit itself (``filing`` False) does not wait for that.
        """
        self._begin()
        filing = filing and bool(self._unfiled)
        try:
            self._execute("BEGIN IMMEDIATE")
            hit("journal.begin")
            if filing:
                self._file()
            result = work()
            hit("journal.before_commit")
        except BaseException as error:
            self._undo()
            if isinstance(error, dbapi.Error):
                raise translated(error) from error
            raise
        self._commit("COMMIT", (), _NOT_COMMITTED)
        if filing:
            self._unfiled.clear()
        self._committed()
        return result

    def commit(self, record: CaseRecord, numbers: SpendableNumbers) -> None:
        """One case in a transaction of its own. Raises as ``write`` does.

        Its row alone, where it began as no draft: written and committed by one statement, a fifth less for SQLite.
        """
        if record.draft:
            self.write(lambda: self._case_of_draft(record, numbers), filing=False)
            return
        self._begin()
        try:
            hit("journal.begin")
            row = self._case(record, numbers)
            hit("journal.before_commit")
        except BaseException:
            self._undo()
            raise
        self._commit(INSERT, row, _NOT_INSERTED)
        self._committed()

    def commit_all(self, cases: Sequence[tuple[CaseRecord, SpendableNumbers]]) -> None:
        """Several cases in one transaction: all of them or none. Raises as ``write`` does."""

        def all_of_them() -> None:
            for record, numbers in cases:
                self._execute(INSERT, self._case(record, numbers))
                if record.draft:
                    self.drafts.forget(record.draft, "committed")

        self.write(all_of_them, filing=False)

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

    def _put_pack(self, name: str, materials: Sequence[bytes]) -> None:
        """Durable before the row that names it."""
        begun, self._begun = self._begun, None
        if begun is not None and begun.name != name:
            begun.drop()
            begun = None
        if begun.wait() if begun is not None else self.packs.put(name, materials):
            self._packed.append(name)

    def _begin(self) -> None:
        """Nothing of an earlier transaction counts for the next."""
        if self._stopped:
            raise JournalError(
                "journal-stopped",
                "the disk failed under the journal",
                advice="Restart the terminal: on opening the journal says what was saved. Check the disk.",
            )
        self._blocks_after, self._new, self._bytes, self._packed, self._let_go = {}, [], 0, [], []

    def _commit(self, sql: str, values: Sequence[object], harmless: frozenset[str]) -> None:
        """The statement that commits, and the sync behind it. ``harmless``: after these errors nothing was written."""
        try:
            self._execute(sql, values)
            if self._log >= 0:
                os.fdatasync(self._log)
        except (dbapi.Error, OSError) as error:
            known = translated(error)
            certain = isinstance(error, dbapi.Error) and known.code in harmless
            if not certain:
                self._packed.clear()  # their rows may be on the disk
            self._undo()
            if certain:
                raise known from error
            # After a failed fsync nobody knows what is on the disk, and a second fsync would not tell either.
            self._stopped = True
            raise JournalError(
                "journal-uncertain",
                "the disk failed while the case was being saved",
                advice="Restart the terminal: on opening the journal says whether it was saved. Check the disk.",
            ) from error

    def _committed(self) -> None:
        """The transaction is durable."""
        if self.mark is not None:
            self.mark.note(self.chain.head.seq)
        self._frames += 4 + self._bytes // 4000
        if self._blocks_after:
            self._blocks |= self._blocks_after
        for item in self._new:
            self._unfiled.append(item)
            self._greatest_id = max(self._greatest_id, item.id)
        hit("journal.after_commit")
        for name in self._let_go:
            self.packs.drop(name)

    def sync_log(self, log: int) -> None:
        """From here on a commit is made durable by ``fdatasync`` of the log: here, before anybody is told.

        SQLCipher's wheel knows ``fsync`` alone, which writes the file's change of time as well: a turn of the file
        system's own journal for each commit. Stock SQLite on Debian does what is done here. ``synchronous = NORMAL``
        leaves out this one sync and no other: those around folding back and the log's new header stay SQLite's.
        """
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self._log = log

    def _undo(self) -> None:
        for name in self._packed:
            self.packs.drop(name)
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self.chain.reload()
        except dbapi.Error:
            self._stopped = True  # the caller gets the first cause

    def wants_rest(self) -> bool:
        return self._frames >= _WANTED and not self._stopped

    def needs_rest(self) -> bool:
        return self._frames >= _NEEDED and not self._stopped

    def rest(self) -> None:
        """Fold the log back when a number of commits has filled it, so that no commit pays for it."""
        if self.wants_rest():
            self.checkpoint()

    def checkpoint(self) -> None:
        """Fold the log back into the file, then start it anew: its new header is the one write with two fsyncs."""
        stood, self._frames = self._frames, 0
        try:
            hit("journal.checkpoint")
            busy, frames, folded = self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not busy and frames == folded:
                self.write(lambda: self.set_meta("checkpointed_at", self.now()))
        except (dbapi.Error, JournalError) as error:
            known = error if isinstance(error, JournalError) else translated(error)
            if known.code == "journal-full":  # the log has every page still: it grows, and is folded back later
                self._frames = stood
            else:
                self._stopped = True  # the next caller is told; the file itself is whole

    # -- inside a transaction ------------------------------------------------------------------------

    def wrote(self, size: int) -> None:
        """So many bytes were written or freed besides rows: the log is folded back the sooner."""
        self._bytes += size

    def erase_pack(self, seq: int) -> None:
        """The pack of an item whose bytes are erased: its file goes when the transaction is durable."""
        execute = self.connection.execute
        row = execute("DELETE FROM packs WHERE seq = ? RETURNING name", (seq,)).fetchone()
        if row is not None and execute("SELECT 1 FROM packs WHERE name = ?", row).fetchone() is None:
            self._let_go.append(row[0])

    def sweep_packs(self) -> int:
        """Take packs away that no item names: of a commit that did not come about, or of an erased item."""
        unfiled = {item.pack for item in self._unfiled}
        left = [
            name
            for name in self.packs.names()
            if name not in unfiled
            and self.connection.execute("SELECT 1 FROM packs WHERE name = ?", (name,)).fetchone() is None
        ]
        for name in left:
            self.packs.drop(name)
        return len(left)

    def audit(self, event: str, item: str = "", **details: Detail) -> None:
        self.chain.append(self.now(), event, item, details)

    def with_materials(
        self, sealed: bytes, parts: Sequence[Part], attachments: Sequence[SealedMaterial]
    ) -> tuple[bytes, str]:
        """What stands in an item's row, and the name of its pack of materials; "" where they stand in the row."""
        materials = [material.data for material in attachments]
        if not apart(parts, 0):
            return b"".join((sealed, *materials)), ""
        pack = name_of(parts)
        self._put_pack(pack, materials)
        return sealed, pack

    def add_item(
        self, item_id: str, kind: str, case_id: str, at: str, details: Mapping[str, Detail], about: str, sealed: bytes,
        pack: str,
    ) -> None:  # fmt: skip
        """An item other than a case, as the row KIND.committed. Raises JournalError ``item-exists``."""
        if not self._is_new(item_id):
            raise JournalError("item-exists", f"there is an item {item_id} already")
        seq = self.chain.append(at, f"{kind}.committed", case_id, details, about, sealed)
        self._new.append(_Item(seq, item_id, kind, str(details["hash"]), at, pack=pack))
        self._bytes += len(sealed)

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _is_new(self, item_id: str) -> bool:
        if item_id > self._greatest_id:  # as it is, ids being ordered by time: no need to look
            return True
        if any(item.id == item_id for item in self._unfiled):
            return False
        return self.connection.execute("SELECT 1 FROM sending WHERE id = ?", (item_id,)).fetchone() is None

    def _case_of_draft(self, record: CaseRecord, numbers: SpendableNumbers) -> None:
        self._execute(INSERT, self._case(record, numbers))
        self.drafts.forget(record.draft, "committed")

    def _case(self, record: CaseRecord, numbers: SpendableNumbers) -> AuditRow:
        """The row that is the case, put together; its pack, if it has one, is on the disk."""
        case_id, attachments = record.case_id, record.attachments
        if not self._is_new(case_id):
            raise JournalError("item-exists", f"there is an item {case_id} already")
        at, sealed, digest = stamp(record.committed_at), record.sealed, hashlib.sha256(record.sealed).hexdigest()
        parts = [("case", digest, len(sealed))]
        spent = " ".join(numbers.spent)
        about: dict[str, object] = {
            "case_no": record.case_no, "meta": dict(record.meta), "numbers": spent, "parts": parts,
        }  # fmt: skip
        papers, pack = b"", ""
        if record.kept:
            papers = _pack([(one.claim, one.paper_id, one.sealed, stamp(one.expires_at)) for one in record.kept])
            about["kept"] = len(papers)
        if attachments:
            parts += [(material.kind, material.sha256, len(material.data)) for material in attachments]
            materials = [material.data for material in attachments]
            if apart(parts, len(papers)):
                pack = name_of(parts)
                self._put_pack(pack, materials)
                materials = []
            sealed = b"".join((sealed, *materials, papers))
        elif papers:
            sealed += papers
        hit("journal.middle")
        before, behind = around(
            "case.committed", service=record.service_id, version=record.pack_version, outcome=record.outcome,
            rung=record.rung, verification=record.verification, attachments=len(attachments), kept=len(record.kept),
            test=int(record.test),
        )  # fmt: skip
        text = f"{before}{digest}{behind}"
        row = self.chain.link(at, "case.committed", case_id, text, _json(about).decode(), sealed)
        self._new.append(_Item(row[0], case_id, "case", digest, at, spent, len(papers), pack))
        self._blocks_after, self._bytes = numbers.after, self._bytes + len(sealed)
        return row

    def rating(self, record: RatingRecord) -> None:
        execute = self.connection.execute
        case = execute(
            "SELECT a.details ->> 'service' FROM sending s JOIN audit a ON a.seq = s.seq"
            " WHERE s.id = ? AND s.kind = 'case'", (record.case_id,),
        ).fetchone()  # fmt: skip
        if case is None:
            raise JournalError("no-such-case", "there is no such case to rate")
        if execute("SELECT 1 FROM ratings WHERE case_id = ?", (record.case_id,)).fetchone() is not None:
            raise JournalError("rating-exists", "this case has been rated")
        if not self._is_new(record.rating_id):
            raise JournalError("item-exists", f"there is an item {record.rating_id} already")
        at, digest = stamp(record.rated_at), hashlib.sha256(record.sealed).hexdigest()
        about = {"meta": dict(record.meta), "parts": [("rating", digest, len(record.sealed))], "service": case[0]}
        details: dict[str, Detail] = {"rating": record.rating_id, "hash": digest, "test": int(record.test)}
        seq = self.chain.append(at, "rating.committed", record.case_id, details, _json(about).decode(), record.sealed)
        self._new.append(_Item(seq, record.rating_id, "rating", digest, at))
        self._bytes = len(record.sealed)
        execute("INSERT INTO ratings VALUES (?, ?)", (record.case_id, record.rating_id))

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
        left = (self._blocks | self._blocks_after).get(block.kind, [])
        self._blocks_after[block.kind] = sorted([*left, (block.first, block.last)], reverse=True)
        self.audit("block.added", kind=block.kind, first=block.first, last=block.last)

    def acknowledge(self, acks: Sequence[AckRecord]) -> tuple[Alarm, ...]:
        alarms = []
        for ack in acks:
            if self._settle_acknowledged(ack):
                continue
            row = self.connection.execute("SELECT hash, state FROM sending WHERE id = ?", (ack.id,)).fetchone()
            if row is None:
                self.audit("item.alarm", reason="unknown-id")
                alarms.append(Alarm(ack.id, "unknown-id"))
            elif row[0] != ack.hash:
                self.audit("item.alarm", ack.id, reason="hash-mismatch")
                if row[1] != "acknowledged":
                    self.settle(ack.id, "quarantined", "hash-mismatch")
                alarms.append(Alarm(ack.id, "hash-mismatch"))
        return tuple(alarms)

    def acknowledge_one(self, ack: AckRecord) -> bool:
        """One acknowledgement in a transaction of its own, by one statement. Raises as ``write`` does.

        False, and nothing is written, if it fits no item, or one that was acknowledged before, or is out of form: what
        that means ``acknowledge`` says.
        """
        self._begin()
        connection, head = self.connection, self.chain.head
        try:
            details = _acknowledged(ack)
            if not self._at_once:
                connection.executescript(_AT_ONCE)
                self._at_once = True
        except EventRefused:
            return False
        except dbapi.Error as error:
            raise translated(error) from error
        try:
            hit("journal.begin")
            now, before = self.now(), connection.total_changes
            seq, at, _, item, _, _, digest, _ = self.chain.link(now, "item.acknowledged", ack.id, details, "", None)
            hit("journal.before_commit")
        except BaseException:
            self._undo()
            raise
        self._commit(_SETTLE, (seq, at, item, details, digest, ack.hash, _proof(ack)), _NOT_INSERTED)
        if connection.total_changes == before:
            self.chain.head = head
            return False
        self._settled += 1
        self._committed()
        return True

    def _settle_acknowledged(self, ack: AckRecord) -> bool:
        """Settle an item that this fits and that was not acknowledged before: one statement where all is well."""
        now = self.now()
        if not self._execute(_ACKNOWLEDGE, (now, _proof(ack), ack.id, ack.hash)).rowcount:
            return False
        self.chain.append_text(now, "item.acknowledged", ack.id, _acknowledged(ack))
        self._settled += 1
        return True

    def settle(self, item_id: str, state: str, reason: str) -> None:
        row = self.connection.execute("SELECT state, cause FROM sending WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise JournalError("no-such-item", f"there is no outbox item {item_id}")
        if row[0] == "acknowledged":
            raise JournalError("item-acknowledged", f"item {item_id} was acknowledged, it cannot be set aside")
        if row == (state, reason):
            return
        self.connection.execute(
            "UPDATE sending SET state = ?, cause = ?, settled_at = ? WHERE id = ?", (state, reason, self.now(), item_id)
        )
        self.audit(f"item.{state}", item_id, reason=reason)

    def release(self, item_id: str, reason: str) -> None:
        row = self.connection.execute("SELECT seq, state, cause FROM sending WHERE id = ?", (item_id,)).fetchone()
        seq, cause = self._aside(row, item_id)
        self.connection.execute(
            "UPDATE sending SET state = 'queued', next_attempt_at = '', settled_at = '' WHERE seq = ?", (seq,)
        )
        self._first_queued = min(self._first_queued, seq)
        self.audit("item.released", item_id, reason=reason, cause=cause)

    def reject(self, item_id: str, reason: str) -> None:
        row = self.connection.execute("SELECT seq, state, cause FROM sending WHERE id = ?", (item_id,)).fetchone()
        self._aside(row, item_id)
        self.settle(item_id, "rejected", reason)

    @staticmethod
    def _aside(row: tuple[int, str, str] | None, item_id: str) -> tuple[int, str]:
        """Seq and cause of an item that was set aside."""
        if row is None:
            raise JournalError("no-such-item", f"there is no outbox item {item_id}")
        if row[1] not in ("rejected", "quarantined"):
            raise JournalError(
                "item-not-aside", f"item {item_id} is {row[1]}", advice="Only what was set aside is decided by hand."
            )
        return row[0], row[2]

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None:
        at = stamp(next_attempt_at)
        self.connection.executemany(
            "UPDATE sending SET next_attempt_at = ?, cause = ?, attempts = attempts + 1"
            " WHERE id = ? AND state = 'queued'",
            [(at, cause, item_id) for item_id in ids],
        )

    def forget_paper(self, case_id: str, paper_id: str) -> int:
        sql = "DELETE FROM kept_papers WHERE case_id = ? AND paper = ?"
        count = self.connection.execute(sql, (case_id, paper_id)).rowcount
        if count:
            self.audit("kept.forgotten", papers=count)
        return count
