"""The file of a capture: lines of JSON, each with ``at``, the seconds since the capture began.

What the captures of every kind of line share. The file is its owner's only, comes to be with its first line, and each
line is on its way to the disk before the conversation goes on: what was said before a crash is there.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class CaptureFile:
    """Appends to ``path``. Any thread may note."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the capture began."""
        return round(time.monotonic() - self._start, 6)

    def note(self, *entries: Mapping[str, Any]) -> None:
        """Lines that belong together; an entry may bring its own ``at``."""
        now = self.now()
        lines = [json.dumps({"at": now, **entry}, ensure_ascii=False) + "\n" for entry in entries]
        with self._lock:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write("".join(lines))


def entries_of(path: Path) -> list[dict[str, Any]]:
    """A capture's lines. Raises ValueError where a line is no entry."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path.name} is no capture")
    return entries
