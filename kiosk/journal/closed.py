"""Told beside a journal that was closed in order: this file, as it lies here, every page of it looked at.

Whoever opens a file that is told of here, and that nobody has touched since, may begin at once: the look at its pages
follows beside the work (look.py). What is told is the file itself, not its bytes: inode, length and both times of
change, and those of its log. The time of its last write is set by hand, to a nanosecond that is drawn, so that any
later write is seen, also one within the same tick of the system's clock.

Sealed with the journal's key, taken away before the first write of the next opening, never synced: what a power cut
leaves of it fits or counts for nothing. Of bits that flip on the disk it knows nothing: that is what the look is for.

The log lies ready for the next opening, empty and in its full length. SQLite takes it away when it closes the file; a
second name (`journal.room`) keeps its blocks, and it gets its own name back when its header is zeros on the disk.

Failpoints: ``closed.kept`` (the log has two names), ``closed.laid`` (it lies ready), ``closed.told``,
``closed.forgotten``.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

from kiosk.durable import sync_path
from kiosk.health.failpoints import hit
from kiosk.journal.connection import FILE

FAILPOINTS = ("closed.kept", "closed.laid", "closed.told", "closed.forgotten")
TOLD, ROOM = "journal.closed", "journal.room"
_LOG = f"{FILE}-wal"
_SECOND = 1_000_000_000
_HEADER = 32  # bytes: with zeros there SQLite takes the log for an empty one


def keep_room(folder: Path, length: int) -> None:
    """A second name for the log, if it has the length that it was made in. The journal is about to be closed."""
    log, room = folder / _LOG, folder / ROOM
    room.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # gone, or a file system without links
        if log.stat().st_size == length:
            os.link(log, room)
    hit("closed.kept")


def tell(folder: Path, key: bytes) -> None:
    """The journal was closed in order, and every page looked at since it was opened. Nobody has it open."""
    file = folder / FILE
    drawn = (time.time_ns() // _SECOND - 1) * _SECOND + secrets.randbelow(_SECOND)
    with contextlib.suppress(OSError):  # not told, the next opening looks first
        _lay_ready(folder)
        os.utime(file, ns=(drawn, drawn))
        part = folder / f"{TOLD}.part"
        part.write_bytes(_seal(folder, key))
        part.chmod(0o600)
        part.replace(folder / TOLD)
    hit("closed.told")


def _lay_ready(folder: Path) -> None:
    """The kept log under its own name: what it held stands in the file, and can never be taken for news again."""
    room, log = folder / ROOM, folder / _LOG
    if not room.exists() or log.exists():
        return
    handle = os.open(room, os.O_WRONLY)
    try:
        os.pwrite(handle, bytes(_HEADER), 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    room.replace(log)
    sync_path(folder)
    hit("closed.laid")


def untouched(folder: Path, key: bytes) -> bool:
    """Whether the file is as the last closing left it, its log with it."""
    try:
        return hmac.compare_digest((folder / TOLD).read_bytes(), _seal(folder, key))
    except OSError:
        return False


def forget(folder: Path) -> None:
    """The file is about to be written."""
    (folder / TOLD).unlink(missing_ok=True)
    hit("closed.forgotten")


def _seal(folder: Path, key: bytes) -> bytes:
    """What must be the same, under the journal's key. Raises OSError where the journal is gone."""
    words = [*_identity(folder / FILE)]
    with contextlib.suppress(FileNotFoundError):
        words += _identity(folder / _LOG)
    text = " ".join(map(str, words)).encode()
    return hmac.digest(key, b"kiosk journal closed 1\0" + text, hashlib.sha256)


def _identity(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
