"""The transactions: everything here runs in the writer's turn, on the one connection that writes.

A write is begun, made durable by one sync, and only then told; what cannot be is undone, and where nobody can tell the
journal stops. What is written is for the rooms that stand on this: cases.py, deeds.py, sending.py and their like.

Failpoints: ``journal.begin`` (nothing written), ``journal.middle`` (a case is put together, its row not written),
``journal.before_commit`` (all written, not committed; of what is one statement: it comes next),
``journal.after_commit`` (durable, the caller does not know yet), ``journal.checkpoint``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from kiosk.health.failpoints import hit
from kiosk.journal.catalogue import Detail
from kiosk.journal.chain import Chain
from kiosk.journal.connection import dbapi, translated
from kiosk.journal.errors import JournalError
from kiosk.journal.filing import Filing, Item
from kiosk.journal.numbers import Reserved
from kiosk.journal.packing import Packing
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

    from kiosk.journal.mark import Mark

T = TypeVar("T")
FAILPOINTS = (
    "journal.begin", "journal.middle", "journal.before_commit", "journal.after_commit", "journal.checkpoint",
)  # fmt: skip
_NOT_COMMITTED = frozenset({"journal-full", "journal-busy"})
_NOT_WRITTEN = _NOT_COMMITTED | {"journal-damaged"}  # SQLite reads before it writes, and never while it commits
LOG_FRAMES = 254  # pages that fit into the log as it is made on opening (1 MB): within them a commit is not held up
_WANTED, _NEEDED = 96, 200  # pages in the log that want it folded back when idle, or at once


def _nothing() -> None:
    """The work of a write that only files."""


class Store:
    """The journal's writes, each one transaction with its audit row; and what the rooms of the journal have in common:
    the chain, the numbers, the packs, and what is committed and not filed."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime], *, filed: bool = False) -> None:
        """``filed``: nobody need look for what is not filed, because the last write was a closing, which files all."""
        self.connection = connection
        self._execute = connection.cursor().execute  # one for all writes: a cursor for each costs a microsecond more
        self.chain = Chain(connection)
        self.packing = Packing(connection)
        self.filing = Filing(connection, filed=filed)
        self.numbers = Reserved(self, self.filing.numbers())
        self.mark: Mark | None = None  # told of each commit, where there is one
        self._clock = clock
        self._log = -1  # the log's handle, where its sync is ours: see `sync_log`
        self._frames = 0  # about how many pages stand in the log
        self._bytes = 0  # of sealed bytes in the open transaction
        self._stopped = False

    def now(self) -> str:
        return stamp(self._clock())

    def file(self) -> None:
        """Bring `sending` up to date, in a write of its own if need be."""
        if self.filing.wanted:
            self.write(_nothing)

    def write(self, work: Callable[[], T], *, filing: bool = True) -> T:
        """Run ``work`` in one transaction. Its exception undoes everything; SQLite's come out as JournalError.

        Whoever writes files what was committed before, only a commit itself (``filing`` False) does not wait for that.
        """
        self._begin()
        filing = filing and self.filing.wanted
        try:
            self._execute("BEGIN IMMEDIATE")
            hit("journal.begin")
            if filing:
                self.filing.file()
            result = work()
            hit("journal.before_commit")
        except BaseException as error:
            self._undo()
            if isinstance(error, dbapi.Error):
                raise translated(error) from error
            raise
        self._commit("COMMIT", (), _NOT_COMMITTED)
        if filing:
            self.filing.filed()
        self._committed()
        return result

    def write_at_once(self, sql: str, row: Callable[[], Sequence[object]]) -> bool:
        """One statement that is its own transaction, with the values that ``row`` puts together: nothing is filed.

        Raises as ``write`` does. Whether it changed anything; where it did not, the chain ends as before.
        """
        self._begin()
        head, before = self.chain.head, self.connection.total_changes
        try:
            hit("journal.begin")
            values = row()
            hit("journal.before_commit")
        except BaseException as error:
            self._undo()
            if isinstance(error, dbapi.Error):
                raise translated(error) from error
            raise
        self._commit(sql, values, _NOT_WRITTEN)
        if self.connection.total_changes == before:
            self.chain.head = head
            return False
        self._committed()
        return True

    def touch(self) -> None:
        """Begin a transaction and end it: nothing is written, nothing synced."""
        try:
            self._execute("BEGIN IMMEDIATE")
            self._execute("ROLLBACK")
        except dbapi.Error as error:
            raise translated(error) from error

    def _begin(self) -> None:
        """Nothing of an earlier transaction counts for the next."""
        if self._stopped:
            raise JournalError(
                "journal-stopped",
                "the disk failed under the journal",
                advice="Restart the terminal: on opening the journal says what was saved. Check the disk.",
            )
        self._bytes = 0
        self.packing.begin()
        self.numbers.begin()
        self.filing.begin()

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
                self.packing.uncertain()
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
        self.numbers.committed()
        self.filing.committed()
        hit("journal.after_commit")
        self.packing.committed()

    def sync_log(self, log: int) -> None:
        """From here on a commit is made durable by ``fdatasync`` of the log: here, before anybody is told.

        SQLCipher's wheel knows ``fsync`` alone, which writes the file's change of time as well: a turn of the file
        system's own journal for each commit. Stock SQLite on Debian does what is done here. ``synchronous = NORMAL``
        leaves out this one sync and no other: those around folding back and the log's new header stay SQLite's.
        """
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self._log = log

    def _undo(self) -> None:
        self.packing.undone()
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
        """So many sealed bytes were written or freed besides rows: the log is folded back the sooner."""
        self._bytes += size

    def audit(self, event: str, item: str = "", /, **details: Detail) -> None:
        self.chain.append(self.now(), event, item, details)

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def add_item(
        self, item_id: str, kind: str, case_id: str, at: str, details: Mapping[str, Detail], about: str, sealed: bytes,
        pack: str = "",
    ) -> None:  # fmt: skip
        """An item other than a case, as the row KIND.committed. Raises JournalError ``item-exists``."""
        self.filing.expect_new(item_id)
        seq = self.chain.append(at, f"{kind}.committed", case_id, details, about, sealed)
        self.filing.add(Item(seq, item_id, kind, str(details["hash"]), at, pack=pack))
        self.wrote(len(sealed))
