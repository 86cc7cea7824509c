"""Sealed materials as files named by their hash. Whole or not there; the same bytes twice are one file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from kiosk.wire import HASH


class BlobFolder:
    """Content-addressed folder: ``root/ab/abcd…``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, digest: str) -> Path:
        if not HASH.fullmatch(digest):
            raise ValueError("not a hash")
        return self._root / digest[:2] / digest

    def put(self, digest: str, data: bytes) -> None:
        """On the disk when this returns. ``digest`` was checked by the caller."""
        path = self.path(digest)
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft = path.with_name(f".{digest[:16]}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (path.parent, self._root):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def get(self, digest: str) -> bytes:
        return self.path(digest).read_bytes()
