"""Sealed materials by their hash. Whole or not there; the same bytes twice are one.

A folder of files by default; a bucket of an S3 service by URL (`s3.py`). Both keep the contract of `Blobs`, and nobody
but the caller checks that bytes and hash belong together: to reckon a hash takes a quarter of what the disk takes to
write the bytes, so that may be done meanwhile, before anything bears the name.

Each sync of the disk is a wait of its own, and a wait is most of what an upload costs. So a folder has the bytes synced
in one thread while another commits their row, and syncs their *name* only before an item that needs it is acknowledged
(`certain`). A row alone is no promise: the name, given after the bytes are on the disk, has to be there too.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from kiosk.backend.settings import BackendError
from kiosk.durable import put, sync_path, write_new
from kiosk.health.failpoints import hit
from kiosk.wire import HASH

T = TypeVar("T")
REMEMBERED = 16_384  # hashes whose names are known to be on the disk
_SIDE_BY_SIDE = 4  # syncs that are waited for at the same time


def _nothing() -> None:
    """The bytes were checked before."""


class BlobsBusy(Exception):
    """The place cannot take or give this now (gone, full, slow). The same may be asked again."""


class Blobs(Protocol):
    """Every call may raise BlobsBusy, and ValueError for what is no hash."""

    def put(self, digest: str, data: bytes) -> None:
        """Durable when this returns."""

    def keep(self, digest: str, data: bytes, note: Callable[[], T], check: Callable[[], None] = _nothing) -> T:
        """The bytes are on the disk and ``note``, which puts down that they have come, has been called.

        Maybe at once: where a power cut comes between, what was put down speaks of bytes that nobody has, or of a name
        that is gone. It counts for those alone that are `certain`. ``check`` is called before ``note``, and before the
        bytes get their name. Raises what both raise, and then there is no such name.
        """

    def certain(self, digests: Iterable[str]) -> set[str]:
        """Those of them, put down as kept, that are here whole and are found again after a power cut."""

    def close(self) -> None:
        """Nothing is asked any more."""

    def get(self, digest: str) -> bytes:
        """Raises KeyError if it is not there."""

    def drop(self, digest: str) -> None:
        """Erased, if it was there: of a test alone (trials.py), and only where no row names it."""

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
    """Content-addressed folder: ``root/ab/abcd…``. Thread-safe, and several processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._beside = ThreadPoolExecutor(_SIDE_BY_SIDE, "blobs")
        self._lock = threading.Lock()
        self._named: dict[str, None] = {}  # hashes whose names are on the disk
        self._folders: set[Path] = set()  # and folders

    def path(self, digest: str) -> Path:
        return self._root / check(digest)[:2] / digest

    def put(self, digest: str, data: bytes) -> None:
        path = self.path(digest)
        try:
            if not path.exists():
                put(path, data, draft=self._draft(path))
            self._sync_names(path.parent)
        except OSError as error:
            raise BlobsBusy from error

    def keep(self, digest: str, data: bytes, note: Callable[[], T], check: Callable[[], None] = _nothing) -> T:
        path = self.path(digest)
        if path.exists():
            check()
            return note()
        writing = self._beside.submit(self._write, path, data)
        try:
            check()
            noted = note()
        except BaseException:
            with suppress(OSError):
                writing.result().unlink(missing_ok=True)
            raise
        try:
            # a name is given to what is on the disk alone: where there is a name, there is the whole
            writing.result().replace(path)
        except OSError as error:
            raise BlobsBusy from error
        hit("durable.named")
        return noted

    def certain(self, digests: Iterable[str]) -> set[str]:
        found = {digest for digest in digests if digest in self._named or self.path(digest).exists()}
        new = found.difference(self._named)
        try:
            list(self._beside.map(self._sync_names, {self.path(digest).parent for digest in new}))
        except OSError as error:
            raise BlobsBusy from error
        with self._lock:
            self._named.update(dict.fromkeys(new))
            while len(self._named) > REMEMBERED:
                self._named.pop(next(iter(self._named)))
        return found

    def close(self) -> None:
        self._beside.shutdown()

    def get(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None
        except OSError as error:
            raise BlobsBusy from error

    def drop(self, digest: str) -> None:
        with self._lock:
            self._named.pop(digest, None)
        try:
            self.path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise BlobsBusy from error

    def empty(self) -> bool:
        return not any(self._root.iterdir())

    def _write(self, path: Path, data: bytes) -> Path:
        """The bytes on the disk as a draft."""
        draft = self._draft(path)
        try:
            write_new(draft, data)
            hit("durable.written")
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return draft

    def _draft(self, path: Path) -> Path:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        return path.with_name(f".{path.name[:16]}.{secrets.token_hex(4)}")

    def _sync_names(self, folder: Path) -> None:
        sync_path(folder)
        if folder not in self._folders:  # another process may have made it a moment ago
            sync_path(self._root)
            self._folders.add(folder)


def check(digest: str) -> str:
    if not HASH.fullmatch(digest):
        raise ValueError("not a hash")
    return digest
