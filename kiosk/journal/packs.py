"""The materials of a case that are too large for its row: one file for each case, `packs/HASH`, sealed, never changed.

A pack is the sealed attachments of one case, one after another; which they are, where each begins and what it must
hash to stands in the case's row (``parts``) and so under the audit chain. Its name is the hash over their hashes:
content, and nothing of a person. Small attachments stand behind the envelope in the row itself, in the same order: a
file of its own costs two syncs more, ten times the write of a signature of 8 KB.

A pack may be begun before its case is put together (``begin``): whoever commits needs the disk for the one and the
processor for the other.

Nothing is lost and nothing is half there: the pack's bytes and its name are on the disk before the commit that names
it. Whoever is killed in between leaves a pack that no row names, and the next opening takes it away (but not while a
damaged journal lies beside it, which may name it). Erasing goes the other way round: first the row says so, then the
file goes, and what is left of it is a pack that no row names.

Failpoints: ``pack.written`` (there, not durable), ``pack.durable`` (durable, its row not written).
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.durable import sync_path
from kiosk.health.failpoints import hit
from kiosk.journal.connection import translated
from kiosk.journal.errors import of_disk

if TYPE_CHECKING:
    from sqlite3 import Connection

FAILPOINTS = ("pack.written", "pack.durable")
FOLDER = "packs"
FROM = 64 << 10
"""Bytes of attachments up to which they stand in the row."""

_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)

Part = tuple[str, str, int]
"""Kind, hex sha256 of the sealed bytes, their length."""


def apart(parts: Sequence[Part], behind: int) -> bool:
    """Whether the attachments (all parts but the first) go into a pack.

    ``behind``: bytes of kept papers behind them in the row. Never more than what a pack takes out of it, so that a
    row's length alone says whether there is one: see ``in_row``.
    """
    return sum(length for _, _, length in parts[1:]) > max(FROM, behind)


def in_row(parts: Sequence[Part], length: int) -> int:
    """How many bytes of the parts stand in a row of that length: all, or the first part's where there is a pack."""
    whole = sum(part[2] for part in parts)
    return whole if length >= whole else parts[0][2]


def pack_of(parts: Sequence[Part], length: int) -> str:
    """The name of the pack of a row of that length, or "" where it has none."""
    return "" if in_row(parts, length) == sum(part[2] for part in parts) else name_of(parts)


def name_of(parts: Sequence[Part]) -> str:
    """The name of the pack of these parts; the first is the envelope, which is in the row."""
    return hashlib.sha256("".join(digest for _, digest, _ in parts[1:]).encode()).hexdigest()


class Begun:
    """A pack that a thread of its own is writing."""

    def __init__(self, packs: Packs, name: str, pieces: Sequence[bytes]) -> None:
        self.name = name
        self._packs, self._pieces = packs, pieces
        self._new = False
        self._error: BaseException | None = None
        self._over = threading.Event()
        _thread.start_new_thread(self._run, ())  # Thread.start waits until it runs: 5 ms on a busy machine

    def _run(self) -> None:
        try:
            self._new = self._packs.put(self.name, self._pieces)
        except BaseException as error:  # raised where it is waited for
            self._error = error
        finally:
            self._over.set()

    def wait(self) -> bool:
        """As ``Packs.put`` returns and raises."""
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._new

    def drop(self) -> None:
        """It is not wanted: its case has not come about."""
        self._over.wait()
        if self._new:
            self._packs.drop(self.name)


class Packs:
    """The packs beside one journal. Writes belong to the writer's turn."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder, self.durable = folder, durable
        self._made = False  # the folder's own name is known to be on the disk

    @classmethod
    def beside(cls, connection: Connection) -> Packs:
        """Those of this connection's file; not synced where it does not sync."""
        (file,) = (row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        return cls(Path(file).parent / FOLDER, durable=synchronous > 0)

    def begin(self, name: str, pieces: Sequence[bytes]) -> Begun:
        """Write a pack beside what follows. Whoever began it waits for it, or drops it, in the same turn."""
        return Begun(self, name, pieces)

    def put(self, name: str, pieces: Sequence[bytes]) -> bool:
        """Write a pack; durable when this returns. False if these bytes were here already.

        Raises JournalError ``journal-full`` or ``journal-unwritable``; then nothing is left of it.
        """
        path = self._folder / name
        mine = False  # what stands under the name is of this call
        try:
            if path.exists() and self.read(name) == b"".join(pieces):
                if self.durable:  # whoever wrote it may have been stopped in between
                    sync_path(path)
                    sync_path(self._folder)
                return False
            if not self._made:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                if self.durable:
                    sync_path(self._folder.parent)
                self._made = True
            mine = True
            self._write(path, pieces)
        except OSError as error:
            if mine:  # else it is the pack of an earlier case
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            raise of_disk(error) from error
        hit("pack.durable")
        return True

    def _write(self, path: Path, pieces: Sequence[bytes]) -> None:
        """Under its own name at once: what is half there is named by nobody."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[os.write(handle, left) :]
            hit("pack.written")
            if self.durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        if self.durable:
            sync_path(self._folder)

    def read(self, name: str) -> bytes:
        """All of a pack; empty where it is gone or unreadable. Whether its parts fit their hashes is for the caller.

        Raises JournalError ``journal-failed`` where this process lacks what reading takes: that says nothing of the
        pack, and its item must not be set aside for it.
        """
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            if error.errno in _PASSING:
                raise translated(error) from error
            return b""

    def drop(self, name: str) -> None:
        """Take a pack away that no row names. One that cannot be removed now is swept at the next opening."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Every file here."""
        try:
            return sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
