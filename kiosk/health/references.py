"""What each camera saw when it was put into service: a small grey picture a camera, with nobody and nothing in it.

Taken at commissioning and after every repair that touches camera or glass, never by itself: whoever lets a terminal
take one at night makes its dirt the norm. Lies beside the journal, for its owner alone; a few kilobytes each.
"""

from __future__ import annotations

import re
from pathlib import Path

from kiosk import durable

FOLDER = "references"
_KIND = re.compile(r"[a-z][a-z_]{0,31}")


class References:
    """``data``: the terminal's data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def of(self, kind: str) -> bytes:
        """Of a kind of device; empty where none was taken."""
        try:
            return self._path(kind).read_bytes()
        except FileNotFoundError:
            return b""

    def keep(self, kind: str, reference: bytes) -> None:
        """Instead of the one before, whole or not at all. OSError where the disk refuses."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        durable.put(self._path(kind), reference)

    def forget(self, kind: str) -> None:
        """The camera was swapped, and the new one's is not taken yet."""
        self._path(kind).unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        if _KIND.fullmatch(kind) is None:
            raise ValueError("no kind of device")
        return self._folder / f"{kind}.png"
