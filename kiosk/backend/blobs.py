"""Sealed materials by their hash. Whole or not there; the same bytes twice are one.

A folder of files by default; a bucket of an S3 service by URL (`s3.py`). Both keep the contract of `Blobs`, and nobody
but the caller checks that bytes and hash belong together.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kiosk.backend.settings import BackendError
from kiosk.durable import put, sync_path
from kiosk.wire import HASH


class BlobsBusy(Exception):
    """The place cannot take or give this now (gone, full, slow). The same may be asked again."""


class Blobs(Protocol):
    """Every call may raise BlobsBusy, and ValueError for what is no hash."""

    def put(self, digest: str, data: bytes) -> None:
        """Durable when this returns."""

    def get(self, digest: str) -> bytes:
        """Raises KeyError if it is not there."""

    def empty(self) -> bool:
        """Whether nothing is there at all."""


def open_blobs(url: str) -> Blobs:
    """``url``: a folder, ``file://…`` or ``s3://BUCKET/PREFIX?…``. Raises BackendError."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from kiosk.backend.s3 import open_bucket  # boto3 takes a second to import, and most have no need of it

        return open_bucket(url)
    if parts.scheme == "file":
        return BlobFolder(Path(unquote(parts.path)))
    if parts.scheme:
        raise BackendError("bad-blobs", "materials go to a folder, file:// or s3://BUCKET/PREFIX")
    return BlobFolder(Path(url))


class BlobFolder:
    """Content-addressed folder: ``root/ab/abcd…``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, digest: str) -> Path:
        return self._root / check(digest)[:2] / digest

    def put(self, digest: str, data: bytes) -> None:
        path = self.path(digest)
        if path.exists():
            return
        try:
            self._write(path, data)
        except OSError as error:
            raise BlobsBusy from error

    def get(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None
        except OSError as error:
            raise BlobsBusy from error

    def empty(self) -> bool:
        return not any(self._root.iterdir())

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name[:16]}.{secrets.token_hex(4)}")
        put(path, data, draft=draft)
        sync_path(self._root)


def check(digest: str) -> str:
    if not HASH.fullmatch(digest):
        raise ValueError("not a hash")
    return digest
