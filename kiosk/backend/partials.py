"""Uploads that are not whole yet: one file for each terminal and hash, appended to, until it is taken over.

What stands in such a file was signed by its terminal, byte by byte, from the beginning: its length is the offset at
which the upload goes on. Nobody is promised that it is on the disk: after a power cut the offset may be a smaller one,
and whether the whole has the hash of its name is seen before it becomes a material. Whoever stops coming loses it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

LIFE = timedelta(days=7)  # since the last byte
OF_ONE_TERMINAL = 16  # files; the one that waited longest makes room


class OffsetDiffers(Exception):
    """The file has another length: ask for it."""


class PartialFolder:
    """``root/TERMINAL.HASH``. Several processes may share it; the caller has checked both names."""

    def __init__(self, root: Path, clock: Callable[[], datetime]) -> None:
        self._root, self._clock = root, clock

    def offset(self, terminal_id: str, digest: str) -> int:
        """How many bytes are here."""
        try:
            return self._path(terminal_id, digest).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, terminal_id: str, digest: str, offset: int, data: bytes) -> int:
        """The new length. Raises OffsetDiffers, and then nothing was written."""
        path = self._path(terminal_id, digest)
        if not path.exists():
            if offset:
                raise OffsetDiffers
            self._make_room(terminal_id)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)  # two requests for one upload: the second sees the first one's length
            if os.fstat(handle).st_size != offset:
                raise OffsetDiffers
            file.write(data)
            file.flush()
            now = self._clock().timestamp()
            os.utime(handle, (now, now))
        return offset + len(data)

    def read(self, terminal_id: str, digest: str) -> bytes:
        """Everything that is here."""
        try:
            return self._path(terminal_id, digest).read_bytes()
        except FileNotFoundError:
            return b""

    def drop(self, terminal_id: str, digest: str) -> None:
        self._path(terminal_id, digest).unlink(missing_ok=True)

    def forget_expired(self) -> int:
        """Removes what nobody has added to for LIFE; returns how many."""
        limit = (self._clock() - LIFE).timestamp()
        old = [path for path, changed in self._files("*") if changed < limit]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _path(self, terminal_id: str, digest: str) -> Path:
        return self._root / f"{terminal_id}.{digest}"

    def _make_room(self, terminal_id: str) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.forget_expired()
        mine = sorted(self._files(f"{terminal_id}.*"), key=lambda each: each[1])
        for path, _ in mine[: max(0, len(mine) - OF_ONE_TERMINAL + 1)]:
            path.unlink(missing_ok=True)

    def _files(self, pattern: str) -> list[tuple[Path, float]]:
        found = []
        for path in self._root.glob(pattern):
            try:
                found.append((path, path.stat().st_mtime))
            except FileNotFoundError:  # taken over meanwhile
                continue
        return found
