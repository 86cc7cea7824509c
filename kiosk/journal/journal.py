"""The journal as the rest of the terminal sees it."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeVar

from kiosk.journal import aside, closed, mark, opening, outbox, reading, schema
from kiosk.journal.catalogue import Detail
from kiosk.journal.checkpoints import Checkpoints, Signer
from kiosk.journal.connection import FILE, PAGE, dbapi, translated
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.errors import JournalDamaged, JournalError, of_disk
from kiosk.journal.look import Look
from kiosk.journal.records import (
    AckRecord,
    Alarm,
    AuditHead,
    Block,
    CaseRecord,
    CaseRow,
    Counts,
    KeptPaper,
    Numbers,
    OutboxItem,
    RatingRecord,
    VerifyReport,
    stamp,
)
from kiosk.journal.reserve import Reserve, Room, check_size
from kiosk.journal.retention import Retention
from kiosk.journal.store import Store
from kiosk.journal.writer import Writer

if TYPE_CHECKING:
    from sqlite3 import Connection

    from kiosk.wire import Checkpoint, HeadReceipt

T = TypeVar("T")
_log = logging.getLogger("kiosk.journal")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """One journal folder, opened by one process. All methods may be called from any thread and block until done.

    Every method raises JournalError; ``code`` tells which.
    """

    def __init__(
        self, folder: Path, key: bytes, connection: Connection, lock: int, clock: Callable[[], datetime], *, filed: bool
    ) -> None:
        self._folder, self._key, self._lock, self._clock = folder, key, lock, clock
        self._reserve = Reserve(folder)
        self._closed = False
        self._file = str(folder / FILE)
        self._look: Look | None = None
        self._began = False  # from here on damage that is met is mended
        self._stand_on(connection, filed=filed)
        self._durable = self._store.packs.durable
        self._writer = Writer(self._store.wants_rest, self._store.needs_rest, self._store.rest)

    def _stand_on(self, connection: Connection, *, filed: bool = False) -> None:
        """Everything that belongs to this connection, and to the log that it has opened."""
        self._connection = connection
        self._store = Store(connection, self._clock, filed=filed)
        self._checkpoints = Checkpoints(self._store)
        self._retention = Retention(self._store)
        self._inode, self._log = 0, -1  # what it began with: see _still_there
        self._mark: mark.Mark | None = None
        counted = connection.execute("SELECT value FROM meta WHERE key = ?", (outbox.COUNTED,)).fetchone()
        self._counts: Counts | None = outbox.still_true(counted and counted[0], self._store.chain.head.hash)

    # -- opening and closing -------------------------------------------------------------------------

    @classmethod
    def open(
        cls, folder: Path, key: bytes, *, clock: Callable[[], datetime] = _utc_now, durable: bool = True
    ) -> Journal:
        """Open or make the journal in ``folder``: migrate, check, and record the opening.

        One that is damaged is set aside, and what stands in it goes on in a new one (rescue.py).

        Raises JournalDamaged (it is gone, or nothing of it can be read with this key; nothing was changed, the advice
        says what to do) or JournalError ``journal-in-use``, ``journal-newer``, ``migration-failed``, ``journal-full``,
        ``journal-unwritable``. ``durable`` False leaves out every fsync: never on a terminal. A disk without room gets
        what was reserved for a visit: what waits is sent, and no visit begins.
        """
        try:
            return cls._open_there(folder, key, clock, durable=durable)
        except JournalError as error:
            if error.code != "journal-full" or not Reserve(folder).give_up():
                raise
            return cls._open_there(folder, key, clock, durable=durable)

    @classmethod
    def _open_there(cls, folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Journal:
        try:
            return cls._open(folder, key, clock, durable=durable)
        except OSError as error:
            raise of_disk(error) from error
        except JournalError as error:
            if error.code == "journal-failed" and opening.is_full(folder):
                raise of_disk(OSError(errno.ENOSPC, str(error))) from error
            raise

    @classmethod
    def _open(cls, folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Journal:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = opening.take_lock(folder)
        untouched = connection = journal = None
        try:
            aside.finish(folder)
            untouched = opening.open_untouched(folder, key, durable=durable)
            connection = untouched or opening.open_whole(folder, key, clock, durable=durable)
            have = schema.version(connection)
            applied = schema.migrate(connection, folder, stamp(clock()))
            if applied:  # anew, so that its log has room from the first commit on
                connection.close()
                connection = opening.open_file(folder, key, durable=durable)
            journal = cls(folder, key, connection, lock, clock, filed=untouched is not None)
            if untouched is None:
                journal._write_down(new=not have, applied=applied)
                journal._settle()
            else:
                journal._write_down_unsynced()
        except BaseException as error:
            if journal is not None:
                journal._abandon()
            else:
                if connection is not None:
                    connection.close()
                os.close(lock)
            known = translated(error) if isinstance(error, dbapi.Error) else error
            if isinstance(known, JournalError) and isinstance(known.__cause__, OSError):
                known = of_disk(known.__cause__)  # a sync that failed: nobody has been promised anything yet
            if not isinstance(known, JournalDamaged) or untouched is None:
                raise known from error
            opening.suspect(folder)  # so it is looked at first
            return cls._open(folder, key, clock, durable=durable)
        journal._began = True
        if untouched or not opening.looks_at_every_page(folder):
            journal._look = Look(folder, key, journal._look_at, journal._mend)
            journal._writer.send(journal._look.run, journal._settle_behind if untouched else None)
        return journal

    def _settle_behind(self) -> None:
        """In the first turn, which ends when the opening is durable: nothing is promised before that."""
        try:
            self._settle()
        except OSError as error:
            raise of_disk(error) from error
        except (JournalDamaged, dbapi.Error) as error:
            _log.error("the journal is damaged, and looked at: %s", error)
            opening.suspect(self._folder)
            self._begin_anew()

    def _look_at(self, connection: Connection) -> None:
        opening.look(connection, self._folder, every_page=True)

    def looked(self, seconds: float) -> bool:
        """Wait until every page has been looked at since the opening; False if that takes longer. Nobody has to."""
        return self._look is None or self._look.wait(seconds)

    def _write_down(self, *, new: bool = False, applied: Sequence[int] = ()) -> None:
        """That it was opened: the first row that is written here."""

        def opened() -> None:
            if new:
                self._store.audit("journal.created", schema=schema.LATEST, log=str(uuid.uuid4()))
            else:
                for number in applied:
                    self._store.audit("journal.migrated", schema=number)
            self._store.audit("journal.opened", schema=schema.LATEST, sqlite=dbapi.sqlite_version)

        self._with_reserve(lambda: self._store.write(opened))  # this first commit also pays for the log's new header

    def _write_down_unsynced(self) -> None:
        """The same, durable with ``_settle`` alone. Only where the log is empty on the disk.

        What a power cut leaves of its new header and frames, in whatever order, is then an empty log or this row.
        """
        self._connection.execute("PRAGMA synchronous = OFF")
        try:
            self._write_down()
        finally:
            if self._durable:
                self._connection.execute("PRAGMA synchronous = FULL")

    def _settle(self) -> None:
        """What was written down is durable; from here on each commit is, by one sync."""
        self._inode = os.stat(self._file).st_ino
        self._log = os.open(f"{self._file}-wal", os.O_RDONLY)  # SQLite's locks are on the other two files
        if self._durable:
            os.fdatasync(self._log)
            self._store.sync_log(self._log)
        self._store.mark = self._mark = mark.Mark(self._folder, self._checkpoints.log(), self._store.chain.head.seq)
        (salt,) = self._connection.execute("PRAGMA cipher_salt").fetchone()
        opening.remember(self._folder, bytes.fromhex(salt))
        if not aside.set_aside(self._folder):  # a pack that only the damaged journal names may still be wanted
            self._store.sweep_packs()

    def _still_there(self) -> None:
        """What is written to a file without a name is gone at the end of the process. 3 us, before every case."""
        try:
            there = os.stat(self._file).st_ino == self._inode and os.fstat(self._log).st_nlink > 0
        except OSError:
            there = False
        if not there:
            raise JournalError(
                "journal-missing",
                "the journal's file was deleted or moved away while the terminal ran",
                advice="Leave the terminal on and connected until nothing waits for the backend any more: what was "
                "saved is still being sent. Then bring the file back from where it was moved, and restart.",
            )

    def close(self) -> None:
        """Record the closing, fold the log back, end the writer. A second call does nothing."""
        if self._closed:
            return
        if self._look is not None:
            self._look.stop()
        self._began = False
        try:
            self._write(self._end)
            opening.keep_room(self._folder)
        finally:
            self._abandon()
        if self._look is None or self._look.whole:
            closed.tell(self._folder, self._key)

    def _end(self) -> None:
        store = self._store
        store.audit("journal.closed")
        counts = outbox.count(self._connection, store.first_queued())
        store.set_meta(outbox.COUNTED, outbox.told(store.chain.head.hash, counts))

    def _abandon(self) -> None:
        self._closed, self._began = True, False
        if self._look is not None:
            self._look.stop()
        self._writer.stop()
        self._let_go()
        os.close(self._lock)

    def _let_go(self) -> None:
        """Of everything that ``_stand_on`` and ``_settle`` have opened."""
        self._connection.close()  # the last connection folds the log back
        if self._log >= 0:
            os.close(self._log)
        if self._mark is not None:
            self._mark.close()
        self._log, self._mark = -1, None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Callable[[], T]) -> T:
        """In the writer's turn. Damage that comes to light is looked for in all pages, and mended before the next."""

        try:
            return self._writer.run(work)
        except JournalDamaged as error:
            if isinstance(error.__cause__, dbapi.Error):
                self._mend(error)
            raise

    def _mend(self, found: JournalDamaged) -> None:
        """A page was met that does not hold: SQLCipher does nothing more on that connection. Look, and go on anew.

        As an opening does it: what is damaged is set aside, and what stands in it goes on. The call that met it has
        failed; the next one finds the new journal. What cannot be mended now is looked at by the next opening.
        """
        opening.suspect(self._folder)
        if self._began:
            _log.error("the journal is damaged, and looked at: %s", found)
            with contextlib.suppress(JournalError):
                self._writer.run(self._begin_anew)

    def _begin_anew(self) -> None:
        if not (self._folder / opening.SUSPECT).exists():
            return  # somebody else has
        try:
            aside.keep_log(self._folder)  # SQLite may take it away with the connection
            self._let_go()
            self._stand_on(opening.open_whole(self._folder, self._key, self._clock, durable=self._durable))
            self._writer.keep(self._store.wants_rest, self._store.needs_rest, self._store.rest)
            self._write_down()
            self._settle()
        except (JournalError, dbapi.Error, OSError) as error:
            known = translated(error) if isinstance(error, dbapi.Error) else error
            told = of_disk(known) if isinstance(known, OSError) else known
            _log.error("%s. %s", told, told.advice)
            self._writer.refuse(told)

    def _write(self, work: Callable[[], T]) -> T:
        return self._run(lambda: self._with_reserve(lambda: self._store.write(work)))

    def _with_reserve(self, write: Callable[[], T]) -> T:
        """A write that meets a full disk is done once more in the room that was reserved for it."""
        try:
            return write()
        except JournalError as error:
            if error.code != "journal-full" or not self._reserve.give_up():
                raise
            return write()

    def _changing(self, work: Callable[[], T]) -> T:
        """A write after which the counts have to be counted again."""

        def run() -> T:
            self._counts = None
            return self._with_reserve(lambda: self._store.write(work))

        return self._run(run)

    def _read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            try:
                return work(self._connection)
            except dbapi.Error as error:
                raise translated(error) from error

        return self._run(run)

    def _read_outbox(self, work: Callable[[Connection], T]) -> T:
        """A read of the outbox or the kept papers: what was committed since the last write is filed before."""

        def look() -> T:
            store = self._store
            if store.unfiled:
                self._with_reserve(store.file)
            try:
                return work(store.connection)
            except dbapi.Error as error:
                raise translated(error) from error

        return self._run(look)

    # -- commit --------------------------------------------------------------------------------------

    def commit(self, build: Callable[[Numbers], CaseRecord]) -> CaseRecord:
        """Write one whole case: envelope, materials, outbox item, kept papers, spent numbers, audit row; one fsync.

        ``build`` runs in the calling thread, in its turn but before the transaction: seal there. It is shown the next
        numbers, which are spent by the commit alone, so whatever it raises (raised here) leaves everything as it was.
        JournalError: ``item-exists``, ``numbers-exhausted``, ``case-too-large``, ``event-refused`` (a word out of
        form), ``journal-full``, ``journal-missing``, ``journal-uncertain`` (only a restart tells).
        """

        def run() -> CaseRecord:
            store = self._store
            self._still_there()
            numbers = store.numbers()
            record = build(numbers)
            check_size(record)
            self._counts = None
            self._with_reserve(lambda: store.commit(record, numbers))
            return record

        return self._run(run)

    def commit_rating(self, record: RatingRecord) -> None:
        """One rating of one case.

        JournalError ``rating-exists``, ``no-such-case``, ``item-exists``, ``journal-missing``.
        """

        def rate() -> None:
            self._still_there()
            self._store.rating(record)

        self._changing(rate)

    # -- numbers -------------------------------------------------------------------------------------

    def add_block(self, block: Block) -> None:
        """Take in a reserved block; the same one again changes nothing. JournalError ``block-overlap``."""
        self._write(lambda: self._store.add_block(block))

    def numbers_left(self, kind: str) -> int:
        """How many reserved numbers of this kind are not spent."""
        return self._read(lambda _: self._store.numbers_left(kind))

    # -- outbox --------------------------------------------------------------------------------------

    def due(self, now: datetime, limit: int, max_bytes: int) -> list[OutboxItem]:
        """Queued items whose time has come, oldest first, at most ``limit`` and about ``max_bytes`` of sealed bytes.

        The first is returned however large it is. Nothing is marked: a lost answer needs no undoing.
        """
        times = (stamp(now), stamp(now + outbox.NO_WAIT_SO_LONG))

        def due(connection: Connection) -> list[OutboxItem]:
            store = self._store
            return outbox.due(connection, store.packs, (store.first_queued(), *times), limit, max_bytes)

        return self._read_outbox(due)

    def acknowledge(self, acks: Sequence[AckRecord]) -> tuple[Alarm, ...]:
        """Record acknowledgements, in one transaction. Those that do not fit come back as alarms.

        ``hash-mismatch``: the item is quarantined (unless it was acknowledged before). ``unknown-id``: not ours.
        The same acknowledgement again changes nothing.
        """
        return self._changing(lambda: self._store.acknowledge(acks))

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None:
        """Count one failed attempt for items that are queued, and say when to try again and why."""
        self._changing(lambda: self._store.reschedule(ids, next_attempt_at, cause))

    def set_aside(self, item_id: str, state: Literal["rejected", "quarantined"], reason: str) -> None:
        """Take an item out of the queue for a person to look at. ``reason`` is a word such as ``bad-schema``."""
        if state not in ("rejected", "quarantined"):
            raise ValueError(f"an item is not set aside as {state!r}")
        self._changing(lambda: self._store.settle(item_id, state, reason))

    def release(self, item_id: str, reason: str) -> None:
        """Put an item that was set aside back into the queue: it is sent once more as it is. ``reason`` is a word.

        JournalError ``no-such-item``, ``item-not-aside``.
        """
        self._changing(lambda: self._store.release(item_id, reason))

    def reject(self, item_id: str, reason: str) -> None:
        """Leave an item that was set aside out for good; its bytes stay here. Raises as ``release`` does."""
        self._changing(lambda: self._store.reject(item_id, reason))

    def counts(self) -> Counts:
        """How the cases stand. Cheap: counted anew only after a change."""

        def count(connection: Connection) -> Counts:
            if self._counts is None:
                self._counts = outbox.count(connection, self._store.first_queued())
            return self._counts

        return self._counts or self._read_outbox(count)

    # -- papers for the next visit -------------------------------------------------------------------

    def papers_for(self, claim: bytes) -> list[KeptPaper]:
        """The papers kept for this claim that have not run out, oldest case first."""
        sql = (
            "SELECT claim, sealed, expires_at, case_id, paper FROM kept_papers"
            " WHERE claim = ? AND expires_at > ? ORDER BY id"
        )
        rows = self._read_outbox(lambda c: c.execute(sql, (claim, self._store.now())).fetchall())
        return [KeptPaper(row[0], row[1], datetime.fromisoformat(row[2]), row[3], row[4]) for row in rows]

    def forget_paper(self, case_id: str, paper_id: str) -> int:
        """Erase a kept paper that has come out: nobody has to collect it any more. Returns how many were erased."""
        return self._write(lambda: self._store.forget_paper(case_id, paper_id))

    def forget_expired(self) -> int:
        """Erase papers, drafts, results and notes that have run out, overwriting their bytes.

        Returns how many papers and drafts. Not to be called while the clock is wrong: not done on opening, therefore.
        """
        expired = self._read_outbox(lambda _: self._retention.expired())
        return self._write(lambda: self._retention.forget_expired()) if expired else 0

    def note_print(self, case_id: str, paper_id: str, outcome: str, copy: int) -> None:
        """Record how a paper ended (``printed``, ``not_printed``, ``unknown``); ``copy`` 0 is the original."""
        self._write(lambda: self._store.audit("paper.ended", case_id, paper=paper_id, outcome=outcome, copy=copy))

    # -- drafts --------------------------------------------------------------------------------------

    def keep_draft(self, draft: KeptDraft) -> None:
        """Keep what was entered and not committed, in place of an older draft of this claim."""
        self._write(lambda: self._store.drafts.keep(draft))

    def draft_for(self, claim: bytes) -> KeptDraft | None:
        """The draft kept for this claim that has not run out."""
        return self._read(lambda _: self._store.drafts.find(claim))

    def forget_draft(self, claim: bytes, reason: str) -> int:
        """Erase the draft of this claim: ``reason`` is ``asked`` or ``unreadable``. Returns how many were erased."""
        return self._write(lambda: self._store.drafts.forget(claim, reason))

    # -- after the visit -----------------------------------------------------------------------------

    def keep_result(self, case_id: str, outcome: str) -> bool:
        """Note what became of a case; the last word counts, and the same word again changes nothing."""
        if self.result_of(case_id) == outcome:
            return False
        return self._write(lambda: self._retention.keep_result(case_id, outcome))

    def result_of(self, case_id: str) -> str:
        """The backend's word on a case, or "" while there is none."""
        return self._read(lambda _: self._retention.result_of(case_id))

    def state_of(self, item_id: str) -> str:
        """How the sending of an item stands (ItemState); "" for one that is not here."""
        sql = "SELECT state FROM sending WHERE id = ?"
        row = self._read_outbox(lambda c: c.execute(sql, (item_id,)).fetchone())
        return "" if row is None else str(row[0])

    def note_attempt(self, case_id: str, paper_id: str, attempt: int, how: str) -> None:
        """The paper's ``attempt``-th print (from 1) was ``begun``, or ended: as ``note_print`` says it."""
        self._write(lambda: self._retention.note_print(case_id, paper_id, attempt, how))

    def attempts(self, case_id: str, paper_id: str) -> tuple[int, str]:
        """How many prints of this paper were begun, and how the last one ended."""
        return self._read(lambda _: self._retention.prints_of(case_id, paper_id))

    def erase_next(self, acknowledged_before: datetime) -> bool:
        """Erase the sealed bytes of one item that was acknowledged before that moment (by the backend's clock).

        One at a time, so that nobody waits long; False when there is none. Not while the clock is wrong.
        """
        due = self._read_outbox(lambda _: self._retention.due(acknowledged_before))
        return due and self._write(lambda: self._retention.erase_next(acknowledged_before))

    # -- audit and meta ------------------------------------------------------------------------------

    def audit(self, event: str, item: str = "", /, **details: Detail) -> None:
        """Add a row to the chain. Raises EventRefused for anything that is not in events.toml. ``item``: a case id."""
        self._write(lambda: self._store.audit(event, item, **details))

    def head(self) -> AuditHead:
        """The end of the audit chain, to be sent along with a sync."""
        return self._read(lambda _: self._store.chain.head)

    def log(self) -> str:
        """Which log this is: the hash of its first row."""
        return self._read(lambda _: self._checkpoints.log())

    def checkpoint(self, signer: Signer, known: HeadReceipt | None, *, anew: bool = False) -> Checkpoint:
        """The end of the chain, signed and kept; the same one again until the chain grows, unless ``anew``.

        ``known``: the newest head that the backend has confirmed. Names the signer's key in the chain if it is new.
        """

        def run() -> Checkpoint:
            found = None if anew else self._checkpoints.present(signer)
            return found or self._with_reserve(lambda: self._store.write(lambda: self._checkpoints.sign(signer, known)))

        return self._run(run)

    def signing_key(self) -> tuple[int, bytes] | None:
        """Epoch and public half of the key that signs by what the chain says; None before the first checkpoint."""
        return self._read(lambda _: self._checkpoints.signing_key())

    def change_key(self, old: Signer, new: Signer) -> None:
        """From here on ``new`` signs, and ``old`` confirms that: before the old key is given up. Again: nothing."""
        self._write(lambda: self._checkpoints.change_key(old, new))

    def meta(self, key: str) -> str | None:
        """A value kept beside the cases, or None."""
        row = self._read(lambda c: c.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value: cursors, identity. Not for personal data."""
        self._write(lambda: self._store.set_meta(key, value))

    def record(self, key: str, value: str, event: str, /, **details: Detail) -> None:
        """Keep a value and say so in the chain, in one transaction: neither is there without the other."""

        def both() -> None:
            self._store.audit(event, "", **details)
            self._store.set_meta(key, value)

        self._write(both)

    def room(self, least_free: int, *, make: bool) -> Room:
        """Whether one whole visit surely finds room: the reserve stands, and ``least_free`` bytes are free besides.

        ``make``: put the reserve in place where it is missing and fits; not while somebody may need what it would take.
        Pages that retention has freed inside the file count as free.
        """
        inside = self._read(lambda c: c.execute("PRAGMA freelist_count").fetchone()[0] * PAGE)
        return self._reserve.look(least_free, inside, make=make)

    # -- looking at the whole ------------------------------------------------------------------------

    def verify(self) -> VerifyReport:
        """Check everything, on a connection of its own: commits go on meanwhile."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.verify(connection)

    def cases(self) -> list[CaseRow]:
        """All cases, oldest first, without personal data."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.cases(connection)

    def export(self, out: IO[bytes]) -> int:
        """Every item with its sealed bytes, one JSON object a line. Returns how many."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.export(connection, out)
