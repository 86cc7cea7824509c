"""The journal as the rest of the terminal sees it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar

from kiosk.journal import aside, chain, mark, reading, rescue, schema
from kiosk.journal.catalogue import Detail
from kiosk.journal.checkpoints import Checkpoints, Signer
from kiosk.journal.connection import FILE, connect, dbapi, sync_folder, translated
from kiosk.journal.errors import JournalDamaged, JournalError, of_disk
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
from kiosk.journal.store import LOG_FRAMES, Store
from kiosk.journal.writer import Writer

if TYPE_CHECKING:
    from sqlite3 import Connection

    from kiosk.wire import Checkpoint, HeadReceipt

T = TypeVar("T")
_MADE = "journal.made"  # says that there was a journal: a missing or empty file is then a loss, not a first start. In
# it stands the file's salt, without which no page can be told from a damaged one if the first is lost; it is no secret
_LOCK = "journal.lock"
_SUSPECT = "journal.suspect"  # damage was met while the terminal ran
_WHOLE_CHECK_UP_TO = 64 << 20  # bytes: below it every page is looked at on opening (about 0.3 s)
_LOG_ROOM = LOG_FRAMES * (4096 + 24) + 32  # bytes; the log is folded back before it is longer
_NO_WAIT_SO_LONG = timedelta(minutes=11)  # twice the sync's longest: put off for longer by a clock that was wrong
_TAIL = 200  # audit rows looked at on opening

_DUE = """SELECT o.* FROM sending s JOIN outbox o ON o.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' AND (s.next_attempt_at <= ? OR s.next_attempt_at > ?)
    ORDER BY s.seq LIMIT ?"""
_OLDEST = """SELECT a.at FROM sending s JOIN audit a ON a.seq = s.seq
    WHERE s.seq >= ? AND s.state = 'queued' ORDER BY s.seq LIMIT 1"""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """One journal folder, opened by one process. All methods may be called from any thread and block until done.

    Every method raises JournalError; ``code`` tells which.
    """

    def __init__(
        self, folder: Path, key: bytes, connection: Connection, lock: int, clock: Callable[[], datetime]
    ) -> None:
        self._folder, self._key, self._connection, self._lock, self._clock = folder, key, connection, lock, clock
        self._store = Store(connection, clock)
        self._checkpoints = Checkpoints(self._store)
        self._counts: Counts | None = None
        self._closed = False
        self._file, self._inode, self._log = str(folder / FILE), 0, -1  # what it began with: see _still_there
        self._mark: mark.Mark | None = None
        self._writer = Writer(self._store.wants_rest, self._store.needs_rest, self._store.rest)

    # -- opening and closing -------------------------------------------------------------------------

    @classmethod
    def open(
        cls, folder: Path, key: bytes, *, clock: Callable[[], datetime] = _utc_now, durable: bool = True
    ) -> Journal:
        """Open or make the journal in ``folder``: migrate, check, and record the opening.

        One that is damaged is set aside, and what stands in it goes on in a new one (rescue.py).

        Raises JournalDamaged (it is gone, or nothing of it can be read with this key; nothing was changed, the advice
        says what to do) or JournalError ``journal-in-use``, ``journal-newer``, ``migration-failed``, ``journal-full``,
        ``journal-unwritable``. ``durable`` False leaves out every fsync: never on a terminal.
        """
        try:
            return cls._open(folder, key, clock, durable=durable)
        except OSError as error:
            raise of_disk(error) from error

    @classmethod
    def _open(cls, folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Journal:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = _take_lock(folder)
        try:
            aside.finish(folder)
            connection = _open_whole(folder, key, clock, durable=durable)
        except BaseException:
            os.close(lock)
            raise
        try:
            have = schema.version(connection)
            applied = schema.migrate(connection, folder, stamp(clock()))
            if applied:  # anew, so that its log has room from the first commit on
                connection.close()
                connection = _open_file(folder, key, durable=durable)
            journal = cls(folder, key, connection, lock, clock)
        except BaseException as error:
            connection.close()
            os.close(lock)
            raise translated(error) if isinstance(error, dbapi.Error) else error from error
        try:
            journal._begin(new=not have, applied=applied)
        except BaseException:
            journal._abandon()
            raise
        return journal

    def _begin(self, *, new: bool, applied: Sequence[int]) -> None:
        def opened() -> None:
            if new:
                self._store.audit("journal.created", schema=schema.LATEST, log=str(uuid.uuid4()))
            else:
                for number in applied:
                    self._store.audit("journal.migrated", schema=number)
            self._store.audit("journal.opened", schema=schema.LATEST, sqlite=dbapi.sqlite_version)
            self._store.forget_expired()

        self._write(opened)  # this first commit also pays for the log's new header
        self._store.mark = self._mark = mark.Mark(self._folder, self._checkpoints.log(), self._store.chain.head.seq)
        (salt,) = self._connection.execute("PRAGMA cipher_salt").fetchone()
        _remember(self._folder, bytes.fromhex(salt))
        self._inode = os.stat(self._file).st_ino
        # not an ordinary handle: closing one of those would take SQLite's own locks on this file away
        self._log = os.open(f"{self._file}-wal", os.O_PATH)

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
        try:
            self._write(lambda: self._store.audit("journal.closed"))
        finally:
            self._abandon()

    def _abandon(self) -> None:
        self._closed = True
        self._writer.stop()
        self._connection.close()  # the last connection folds the log back
        os.close(self._lock)
        if self._log >= 0:
            os.close(self._log)
        if self._mark is not None:
            self._mark.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Callable[[], T]) -> T:
        """In the writer's turn. Damage that comes to light now is looked for at the next start, in all pages."""
        try:
            return self._writer.run(work)
        except JournalDamaged:
            with contextlib.suppress(OSError):
                (self._folder / _SUSPECT).touch(0o600)
            raise

    def _write(self, work: Callable[[], T]) -> T:
        store = self._store
        return self._run(lambda: store.write(work))

    def _changing(self, work: Callable[[], T]) -> T:
        """A write after which the counts have to be counted again."""

        def run() -> T:
            self._counts = None
            return self._store.write(work)

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

        def look(connection: Connection) -> T:
            self._store.file()
            return work(connection)

        return self._read(look)

    # -- commit --------------------------------------------------------------------------------------

    def commit(self, build: Callable[[Numbers], CaseRecord]) -> CaseRecord:
        """Write one whole case: envelope, materials, outbox item, kept papers, spent numbers, audit row; one fsync.

        ``build`` runs in the calling thread, in its turn but before the transaction: seal there. It is shown the next
        numbers, which are spent by the commit alone, so whatever it raises (raised here) leaves everything as it was.
        JournalError: ``item-exists``, ``numbers-exhausted``, ``event-refused`` (a word out of form),
        ``journal-full``, ``journal-missing``, ``journal-uncertain`` (only a restart tells).
        """
        store = self._store

        def run() -> CaseRecord:
            self._still_there()
            numbers = store.numbers()
            record = build(numbers)
            self._counts = None
            store.write(lambda: store.case(record, numbers), filing=False)
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
        times = (stamp(now), stamp(now + _NO_WAIT_SO_LONG))
        return self._read_outbox(lambda c: _due(c, (self._store.first_queued(), *times, limit), max_bytes))

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
                self._counts = _count(connection, self._store.first_queued())
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
        """Erase kept papers that have run out, overwriting their bytes; returns how many. Also done on opening."""
        return self._write(self._store.forget_expired)

    def note_print(self, case_id: str, paper_id: str, outcome: str, copy: int) -> None:
        """Record how a paper ended (``printed``, ``not_printed``, ``unknown``); ``copy`` 0 is the original."""
        self._write(lambda: self._store.audit("paper.ended", case_id, paper=paper_id, outcome=outcome, copy=copy))

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
            return found or self._store.write(lambda: self._checkpoints.sign(signer, known))

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


def _take_lock(folder: Path) -> int:
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise JournalError(
            "journal-in-use",
            "another process has this journal open",
            advice="Only one terminal may run on a data folder. Stop the other one, or name another folder.",
            retryable=True,
        ) from None
    return handle


def _open_file(folder: Path, key: bytes, *, durable: bool) -> Connection:
    file = folder / FILE
    if (folder / _MADE).exists() and (not file.exists() or file.stat().st_size == 0):
        raise JournalDamaged(
            "journal-missing",
            "there was a journal in this folder, and it is gone or empty",
            advice="Do not start anew here: bring the file back from where it was moved, or from the copy made before "
            "the last migration. To begin a new journal on purpose, name a new folder.",
        )
    if not file.exists():
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # -wal and -shm take over its mode
        sync_folder(folder)
    file.chmod(0o600)
    if durable:
        _make_room(folder)
    return connect(file, key, durable=durable)


def _make_room(folder: Path) -> None:
    """Give the log its length beforehand: a commit that makes the file longer costs a third more.

    SQLite takes a log of zeros for an empty one (its header has no magic number) and writes over it from the start.
    """
    log = folder / f"{FILE}-wal"
    if (folder / FILE).stat().st_size == 0 or log.exists():
        return
    part = folder / f"{FILE}-room"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(bytes(_LOG_ROOM))
        file.flush()
        os.fsync(file.fileno())
    part.replace(log)
    sync_folder(folder)


def _remember(folder: Path, salt: bytes) -> None:
    """Say that there is a journal, and the salt of its pages."""
    made = folder / _MADE
    if made.exists() and made.read_bytes() == salt:
        return
    part = made.with_name(made.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(salt)
        file.flush()
        os.fsync(file.fileno())
    part.replace(made)
    sync_folder(folder)


def _open_whole(folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Connection:
    """The journal, looked at; a new one with what stands in it where it is damaged."""
    aside.keep_log(folder)
    try:
        connection = _open_looked_at(folder, key, durable=durable)
    except JournalDamaged as error:
        if error.code != "journal-damaged":
            raise
        made = folder / _MADE
        salt = made.read_bytes() if made.exists() else b""
        try:
            rescue.rescue(folder, key, clock, error, salt, durable=durable)
        except Exception:
            aside.put_back(folder)
            raise
        connection = _open_looked_at(folder, key, durable=durable)
    aside.let_go(folder)
    (folder / _SUSPECT).unlink(missing_ok=True)
    return connection


def _open_looked_at(folder: Path, key: bytes, *, durable: bool) -> Connection:
    connection = _open_file(folder, key, durable=durable)
    try:
        _look(connection, folder)
    except BaseException as error:
        connection.close()
        raise translated(error) if isinstance(error, dbapi.Error) else error from error
    return connection


def _look(connection: Connection, folder: Path) -> None:
    """A quick look on opening: the pages while they are few, and the end of the audit chain."""
    found: list[str] = []
    if not schema.version(connection):
        if not (folder / _MADE).exists():
            return  # it is being made
        found.append("it has no tables")
    else:
        if (folder / FILE).stat().st_size <= _WHOLE_CHECK_UP_TO or (folder / _SUSPECT).exists():
            found += [row[0] for row in connection.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
        found += chain.problems(connection, last=_TAIL)
        found += _cut_off(connection, mark.read(folder))
    if found:
        raise JournalDamaged(
            "journal-damaged",
            "the journal is damaged: " + "; ".join(found[:5]),
            advice="Do not delete it: cases may be in it that nobody else has. Take the terminal out of service, copy "
            "the whole journal folder with its key to another disk, run `kiosk journal verify` and `kiosk journal "
            "export` on the copy, and call support.",
        )


def _cut_off(connection: Connection, marked: mark.Marked) -> list[str]:
    """Whether rows are gone that were confirmed: those up to the mark, if it is this log's."""
    first = connection.execute("SELECT hash FROM audit WHERE seq = 1").fetchone()
    (last,) = connection.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()
    if first is None or not marked.log or not first[0].startswith(marked.log) or last >= marked.seq:
        return []
    return [f"audit rows {last + 1} to {marked.seq} are missing at the end"]


def _due(connection: Connection, wanted: tuple[int, str, str, int], max_bytes: int) -> list[OutboxItem]:
    cursor = connection.execute(_DUE, wanted)
    names = [column[0] for column in cursor.description]
    items: list[OutboxItem] = []
    room = max_bytes
    for values in cursor:
        row: Mapping[str, Any] = dict(zip(names, values, strict=True))
        if row["data"] is None:
            raise JournalDamaged("journal-damaged", f"the sealed bytes of item {row['id']} are missing")
        room -= len(row["data"])
        if items and room < 0:
            break
        (_, _, sealed), *attachments = reading.split(row["parts"], row["data"])
        items.append(
            OutboxItem(
                row["id"], row["kind"], row["case_id"], row["hash"], sealed,
                tuple((digest, data) for _, digest, data in attachments),
                reading.item_meta(row), row["attempts"], datetime.fromisoformat(row["created_at"]),
            )
        )  # fmt: skip
    return items


def _count(connection: Connection, first_queued: int) -> Counts:
    cases = {"queued": 0, "acknowledged": 0, "rejected": 0, "quarantined": 0}
    ratings = 0
    for kind, state, count in connection.execute("SELECT kind, state, count(*) FROM sending GROUP BY kind, state"):
        if kind == "case":
            cases[state] = count
        elif state != "acknowledged":
            ratings += count
    oldest = connection.execute(_OLDEST, (first_queued,)).fetchone()
    at = None if oldest is None else datetime.fromisoformat(oldest[0])
    return Counts(sum(cases.values()), **cases, oldest_unsent_at=at, ratings_unsent=ratings)
