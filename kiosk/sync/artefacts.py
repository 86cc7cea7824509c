"""Downloaded artefacts on the disk, by their hash, side by side. None is written over; parts go on where they end.

``HASH`` is whole, ``HASH.part`` is not. A file counts by its bytes, whatever its name says: it is hashed each time that
it is to be used.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from kiosk import wire
from kiosk.durable import put, sync_path
from kiosk.health.failpoints import hit
from kiosk.services import signing

FAILPOINTS = ("downloads.part", "downloads.whole")
PART = ".part"


class ArtefactFolder:
    """Used by one thread for writing. OSError (no room, read only) is the caller's to tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._whole: dict[str, tuple[int, int, int]] = {}  # by hash: the file as it was when it was read last

    def path(self, artefact: wire.Artefact) -> Path:
        return self._folder / artefact.sha256

    def read(self, artefact: wire.Artefact) -> bytes | None:
        """Its bytes; None where they are not here, or are others."""
        try:
            data = self.path(artefact).read_bytes()
        except OSError:
            return None
        return data if signing.holds(artefact, data) else None

    def has(self, artefact: wire.Artefact) -> bool:
        """Whether it is here, whole. A file that has not changed since is not read again in every pass."""
        try:
            found = self.path(artefact).stat()
        except OSError:
            return False
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._whole.get(artefact.sha256) != stamp:
            if self.read(artefact) is None:
                return False
            self._whole[artefact.sha256] = stamp
        return True

    def begun(self, artefact: wire.Artefact) -> int:
        """How many of its bytes lie in a part. A part that is longer than the whole is none of it."""
        part = self._part(artefact)
        try:
            size = part.stat().st_size
        except FileNotFoundError:
            return 0
        if size > artefact.size:
            part.unlink()
            return 0
        return size

    def add(self, artefact: wire.Artefact, data: bytes) -> None:
        """At the part's end. Not synced: what a power cut takes, or makes of it, is found by the hash of the whole."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._part(artefact), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)
        hit("downloads.part")

    def finish(self, artefact: wire.Artefact) -> bool:
        """The part is the whole, on the disk under its hash; False if it is something else, and gone."""
        part = self._part(artefact)
        if not signing.holds(artefact, part.read_bytes()):
            part.unlink()
            return False
        sync_path(part)
        hit("downloads.whole")
        part.replace(self.path(artefact))
        sync_path(self._folder)
        return True

    def get(self, name: str) -> bytes:
        """A small file beside the artefacts. Raises OSError."""
        return (self._folder / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        """The same, whole and on the disk when this returns."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(self._folder / name, data)

    def sweep(self, keep: Collection[str]) -> None:
        """Deletes artefacts that have none of these hashes: neither wanted nor in use."""
        if not self._folder.is_dir():
            return
        for file in self._folder.iterdir():
            digest = file.name.removesuffix(PART)
            if wire.HASH.fullmatch(digest) and digest not in keep:
                file.unlink()

    def _part(self, artefact: wire.Artefact) -> Path:
        return self._folder / f"{artefact.sha256}{PART}"
