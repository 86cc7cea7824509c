"""The journal's file on opening: locked, there, whole, with room for its log; a damaged one is set aside first.

One that was closed in order and that nobody has touched since (closed.py) is opened at once, and its pages are looked
at beside the work (look.py). Any other is looked at first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.durable import put, sync_path
from kiosk.journal import aside, chain, closed, mark, rescue, schema
from kiosk.journal.connection import FILE, connect, dbapi, translated
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.store import LOG_FRAMES

if TYPE_CHECKING:
    from sqlite3 import Connection

_MADE = "journal.made"  # says that there was a journal: a missing or empty file is then a loss, not a first start. In
# it stands the file's salt, without which no page can be told from a damaged one if the first is lost; it is no secret
_LOCK = "journal.lock"
SUSPECT = "journal.suspect"  # damage was met while the terminal ran
WHOLE_CHECK_UP_TO = 64 << 20  # bytes: below it every page is looked at on opening (about 0.3 s)
_LOG_ROOM = LOG_FRAMES * (4096 + 24) + 32  # bytes; the log is folded back before it is longer
_TAIL = 200  # audit rows looked at on opening


def take_lock(folder: Path) -> int:
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


def in_use(folder: Path) -> bool:
    """Whether a process has this journal open. Where none has, the lock is held for the blink of this question."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def open_file(folder: Path, key: bytes, *, durable: bool) -> Connection:
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
        sync_path(folder)
    file.chmod(0o600)
    if durable:
        _make_room(folder)
    return connect(file, key, durable=durable)


def _make_room(folder: Path) -> None:
    """Give the log its length beforehand: a commit that makes the file longer costs a third more.

    SQLite takes a log of zeros for an empty one (its header has no magic number) and writes over it from the start.
    """
    log = folder / f"{FILE}-wal"
    if log.exists() or (folder / FILE).stat().st_size == 0:
        return
    (folder / closed.ROOM).unlink(missing_ok=True)  # of a closing that was killed
    put(log, bytes(_LOG_ROOM), draft=folder / f"{FILE}-room")


def keep_room(folder: Path) -> None:
    """The journal is about to be closed: its log's length is kept for the next opening."""
    closed.keep_room(folder, _LOG_ROOM)


def remember(folder: Path, salt: bytes) -> None:
    """Say that there is a journal, and the salt of its pages."""
    made = folder / _MADE
    if made.exists() and made.read_bytes() == salt:
        return
    put(made, salt)


def open_untouched(folder: Path, key: bytes, *, durable: bool) -> Connection | None:
    """The journal, if it is as the last closing in order left it; None if it has to be looked at first."""
    if any((folder / name).exists() for name in (SUSPECT, aside.KEPT)) or not closed.untouched(folder, key):
        return None
    closed.forget(folder)
    try:
        if durable:
            _make_room(folder)  # where a file system has no second names
        connection = connect(folder / FILE, key, durable=durable)
        try:
            marked = mark.read(folder)
            row = connection.execute("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            if schema.version(connection) == schema.LATEST and row == (marked.seq,):
                return connection
        except BaseException:
            connection.close()
            raise
    except (JournalDamaged, dbapi.Error):
        return None  # what it is, the look will tell
    connection.close()
    return None


def open_whole(folder: Path, key: bytes, clock: Callable[[], datetime], *, durable: bool) -> Connection:
    """The journal, looked at; a new one with what stands in it where it is damaged."""
    closed.forget(folder)
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
    (folder / SUSPECT).unlink(missing_ok=True)
    return connection


def _open_looked_at(folder: Path, key: bytes, *, durable: bool) -> Connection:
    connection = open_file(folder, key, durable=durable)
    try:
        look(connection, folder, every_page=looks_at_every_page(folder))
    except BaseException as error:
        connection.close()
        raise translated(error) if isinstance(error, dbapi.Error) else error from error
    return connection


def is_full(folder: Path) -> bool:
    """Whether there is no room even for SQLite's index of the log: it says "disk I/O error" then, and no more."""
    return shutil.disk_usage(folder).free < _LOG_ROOM


def suspect(folder: Path) -> None:
    """Damage was met: the next opening looks at every page first."""
    with contextlib.suppress(OSError):
        (folder / SUSPECT).touch(0o600)


def looks_at_every_page(folder: Path) -> bool:
    """Whether an opening that looks first looks at all of them."""
    return (folder / FILE).stat().st_size <= WHOLE_CHECK_UP_TO or (folder / SUSPECT).exists()


def look(connection: Connection, folder: Path, *, every_page: bool) -> None:
    """The pages and the trees they make, the end of the audit chain, and that its last rows are there.

    Raises JournalDamaged, or SQLite's own error where it meets a page that does not hold.
    """
    found: list[str] = []
    if not schema.version(connection):
        if not (folder / _MADE).exists():
            return  # it is being made
        found.append("it has no tables")
    else:
        if every_page:
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
