"""Style sheets, scripts and charts, each under a name with the hash of its bytes: kept by browsers for good.

They are looked up in a list that was made from the folders, never on the disk by what an address says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    data: bytes
    media_type: str


class Statics:
    """The files of the ``static`` folders of all rooms; a name stands once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, StaticFile] = {}
        for folder in folders:
            for file in sorted(folder.glob("*")) if folder.is_dir() else ():
                if file.suffix in TYPES:
                    self._add(file)

    def _add(self, file: Path) -> None:
        if file.name in self._names:
            raise ValueError(f"two static files are named {file.name}")
        data = file.read_bytes()
        hashed = f"{file.stem}.{hashlib.sha256(data).hexdigest()[:16]}{file.suffix}"
        self._names[file.name] = hashed
        self._files[hashed] = StaticFile(data, TYPES[file.suffix])

    @property
    def names(self) -> Mapping[str, str]:
        """The name with hash of each file. Raises KeyError for one that is not there."""
        return self._names

    def find(self, hashed: str) -> StaticFile | None:
        return self._files.get(hashed)
