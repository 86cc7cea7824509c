"""The encrypted connection: sqlcipher3 with a raw key, and sqlite-utils on top of it where speed does not matter.

sqlite-utils takes a ready connection and calls nothing but DB-API methods on it, so SQLCipher's connection fits
as it is. Its exceptions are sqlcipher3's, not the standard module's: catch ``dbapi.Error``.
"""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from kiosk.journal.errors import JournalDamaged, JournalError, of_disk

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlite_utils import Database

dbapi: Any = importlib.import_module("sqlcipher3.dbapi2")

OLDEST = (3, 51, 3)
"""The first SQLite without the WAL-reset bug (3.7.0 to 3.51.2 can lose a commit when two connections meet)."""

KEY_BYTES = 32
PAGE = 4096  # bytes, SQLCipher's own
FILE = "journal.db"
_LOG_HEADER = 32  # bytes (https://www.sqlite.org/fileformat2.html, 4.1)


def _address(file: Path, read_only: bool, still: bool) -> str:
    name = f"file:{quote(str(file.absolute()))}"
    if not read_only:
        return name
    if not still:
        return f"{name}?mode=ro"
    if _holds_frames(file.with_name(f"{file.name}-wal")):
        return f"{name}?mode=ro&vfs=unix-none"
    return f"{name}?mode=ro&immutable=1"


def _holds_frames(log: Path) -> bool:
    """Whether SQLite would read in it: one with zeros for a header lies ready for the next opening (closed.py), and
    would be taken away by whoever closes the file."""
    try:
        with log.open("rb") as opened:
            return any(opened.read(_LOG_HEADER))
    except FileNotFoundError:
        return False


def connect(
    file: Path, key: bytes, *, durable: bool = True, read_only: bool = False, still: bool = False
) -> Connection:
    """Open and unlock an existing or empty file. Raises JournalDamaged if the key does not open it.

    ``still``: nobody has it open, and it is read as it lies, its log with it. No byte of the folder changes, not even a
    lock or SQLite's index of the log, and the log is not folded back: what stands behind a torn frame of it may be
    wanted. (The index is made in memory: exclusive locking, on a file system layer that locks nothing.)

    ``durable`` False leaves out every fsync: for tests and simulations of load, never for a terminal.
    """
    if dbapi.sqlite_version_info < OLDEST:
        raise JournalError(
            "sqlite-too-old",
            f"SQLite {dbapi.sqlite_version} can lose commits",
            advice=f"Install a sqlcipher3 built with SQLite {'.'.join(map(str, OLDEST))} or newer.",
        )
    if len(key) != KEY_BYTES:
        raise JournalError("bad-key", f"the journal key has {len(key)} bytes instead of {KEY_BYTES}")
    address = _address(file, read_only, still)
    opened = dbapi.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
    connection = cast("Connection", opened)
    try:
        # What goes wrong is an exception, told in our words: SQLCipher's own lines on stderr would come before.
        connection.execute("PRAGMA cipher_log_level = NONE").fetchall()
        # x'..' is the raw key: no passphrase, so none of the 80 ms key stretching. HMAC-SHA256 seals a 4 KB page in
        # two thirds of the time of SQLCipher's default SHA-512 (which has no instruction of its own on x86).
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")
        if still:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in (
            "temp_store = MEMORY",
            "trusted_schema = OFF",
            "cell_size_check = ON",
            *(("query_only = ON",) if read_only else ("journal_mode = WAL", "secure_delete = ON")),
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "wal_autocheckpoint = 0",  # a checkpoint would add fsyncs to the commit it falls on: see writer.py
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException as error:
        connection.close()
        if isinstance(error, dbapi.Error):
            raise translated(error) from error
        raise
    return connection


def database(connection: Connection) -> Database:
    """sqlite-utils over our connection: for migrations and reports.

    It imports numpy and pandas if it finds them (170 ms and 12 MB for column types that never occur here), and
    the terminal's process must not pay for that, so they are hidden from it while it loads.
    """
    if "sqlite_utils" not in sys.modules:
        hidden = [name for name in ("numpy", "pandas") if name not in sys.modules]
        sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how the import system is told "not here"
        try:
            importlib.import_module("sqlite_utils")
        finally:
            for name in hidden:
                sys.modules.pop(name, None)
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False, recursive_triggers=False)


def translated(error: Exception) -> JournalError:
    """SQLite's error as ours."""
    text = str(error)
    if "not a database" in text or "malformed" in text or "hmac check failed" in text:
        return JournalDamaged(
            "journal-damaged",
            "the journal cannot be read: it is damaged, or its key is another one",
            advice="Do not delete it: cases may be in it that nobody else has. Take the terminal out of service, copy "
            "the whole journal folder with its key to another disk, and call support.",
        )
    if "disk is full" in text:
        return of_disk(OSError(errno.ENOSPC, text))
    if "readonly database" in text:
        return of_disk(OSError(errno.EROFS, "it is read-only"))
    if "locked" in text or "busy" in text:
        return JournalError("journal-busy", "another process holds the journal", retryable=True)
    return JournalError("journal-failed", f"the journal could not be written or read: {text}", advice="Check the disk.")
