"""The journal as a file that is opened, held, mended and closed; what is kept in it is journal.py's."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from kiosk.journal import aside, closed, mark, opening, outbox, schema
from kiosk.journal.acknowledging import Acknowledgements
from kiosk.journal.answers import Answers
from kiosk.journal.cases import Cases
from kiosk.journal.checkpoints import Checkpoints
from kiosk.journal.connection import FILE, dbapi, translated
from kiosk.journal.deeds import Deeds
from kiosk.journal.drafts import Drafts
from kiosk.journal.errors import JournalDamaged, JournalError, of_disk
from kiosk.journal.look import Look
from kiosk.journal.papers import Papers
from kiosk.journal.proofs import Proofs
from kiosk.journal.ratings import Ratings
from kiosk.journal.records import Counts, stamp
from kiosk.journal.reserve import Reserve
from kiosk.journal.retention import Retention
from kiosk.journal.sending import Sending
from kiosk.journal.store import Store
from kiosk.journal.supplies import Supplies
from kiosk.journal.writer import Writer

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")
_log = logging.getLogger("kiosk.journal")
_TICK = 1_000_000_000  # ns; file systems count time in steps of 10 ms at most


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Standing:
    """A journal that stands open: its file, its log, its lock, and the one turn in which all work on it is done.

    What is damaged is set aside and mended, on opening and while work goes on. Every method raises JournalError.
    """

    def __init__(
        self, folder: Path, key: bytes, connection: Connection, lock: int, clock: Callable[[], datetime], *, filed: bool
    ) -> None:
        self._folder, self._key, self._lock, self._clock = folder, key, lock, clock
        self._reserve = Reserve(folder)
        self._closed = False
        self._file, self._place = str(folder / FILE), str(folder)
        self._look: Look | None = None
        self._began = False  # from here on damage that is met is mended
        self._stand_on(connection, filed=filed)
        self._durable = self._store.packing.packs.durable
        self._writer = Writer(self._store.wants_rest, self._store.needs_rest, self._store.rest)

    def _stand_on(self, connection: Connection, *, filed: bool = False) -> None:
        """Everything that belongs to this connection, and to the log that it has opened."""
        self._connection = connection
        self._store = store = Store(connection, self._clock, filed=filed)
        self._drafts, self._answers, self._papers = Drafts(store), Answers(store), Papers(store)
        self._cases, self._ratings, self._deeds = Cases(store, self._drafts), Ratings(store), Deeds(store)
        self._sending = Sending(store)
        self._acknowledgements = Acknowledgements(store, self._sending)
        self._checkpoints, self._retention = Checkpoints(store), Retention(store)
        self._proofs, self._supplies = Proofs(store), Supplies(store)
        self._inode, self._log, self._there = 0, -1, (0, 0)  # what it began with: see _still_there
        self._mark: mark.Mark | None = None
        counted = connection.execute("SELECT value FROM meta WHERE key = ?", (outbox.COUNTED,)).fetchone()
        self._counts: Counts | None = outbox.still_true(counted and counted[0], store.chain.head.hash)

    @classmethod
    def open(cls, folder: Path, key: bytes, *, clock: Callable[[], datetime] = _utc_now, durable: bool = True) -> Self:
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
    def _open_there(cls, folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Self:
        try:
            return cls._open(folder, key, clock, durable=durable)
        except OSError as error:
            raise of_disk(error) from error
        except JournalError as error:
            if error.code == "journal-failed" and opening.is_full(folder):
                raise of_disk(OSError(errno.ENOSPC, str(error))) from error
            raise

    @classmethod
    def _open(cls, folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Self:
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

    def probe(self) -> None:
        """Take the turn to write, and write nothing: the writes before have ended when this returns."""
        self._run(lambda: self._store.touch())  # whichever store it is when the turn comes

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
            self._store.packing.sweep(self._store.filing.packs())

    def _still_there(self) -> None:
        """What is written to a file without a name is gone at the end of the process. Asked before every case.

        No name has come or gone while the folder's change of time is the one that it had when both were looked for. One
        that has just changed may change again within the same tick of the file system's clock: it is not believed.
        """
        try:
            folder = os.stat(self._place)
            if (folder.st_ino, folder.st_mtime_ns) == self._there:
                return
            there = os.stat(self._file).st_ino == self._inode and os.fstat(self._log).st_nlink > 0
            if there and time.time_ns() - folder.st_mtime_ns > _TICK:
                self._there = (folder.st_ino, folder.st_mtime_ns)
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
        counts = outbox.count(self._connection, self._sending.first_queued())
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

    def __enter__(self) -> Self:
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
            if store.filing.wanted:
                self._with_reserve(store.file)
            try:
                return work(store.connection)
            except dbapi.Error as error:
                raise translated(error) from error

        return self._run(look)
