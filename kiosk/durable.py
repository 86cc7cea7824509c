"""Files that survive a power cut: their bytes and their names are on the disk before a call returns. Owner's alone.

Failpoints: ``durable.written`` (the whole is there under its draft's name), ``durable.named`` (under its own).
"""

from __future__ import annotations

import os
from pathlib import Path

from kiosk.health.failpoints import hit

FAILPOINTS = ("durable.written", "durable.named")


def sync_path(path: Path) -> None:
    """A file's bytes, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new(path: Path, data: bytes) -> None:
    """A file that was not there, its bytes on the disk; its name with the next ``sync_path`` of its folder.

    FileExistsError where it is.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def put(path: Path, data: bytes, *, draft: Path | None = None) -> None:
    """The whole file or, after a power cut, what was there before.

    ``draft``: where it is written first, beside it; a name of its own where several write the same file at once.
    """
    part = draft or path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        write_new(part, data)
        hit("durable.written")
        part.replace(path)
        hit("durable.named")
    finally:
        part.unlink(missing_ok=True)
    sync_path(path.parent)
