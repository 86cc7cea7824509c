"""The secret with which codes for the entry are made: of this terminal alone, 32 bytes of chance.

It lies in the journal's meta table, as the counters of wrong tries do, and so under `journal.key`: who has a copy of
the disk has neither, and nobody sets the counters back without losing the secret. The backend is told it once it is
reached (kiosk/sync/entry.py); before that nobody could make a code, and none is asked for. An installer's own file
(`[access] entry_secret_file`) serves from the first moment on, without any line.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from pathlib import Path

from kiosk.access.lockout import Memory
from kiosk.access.staff_code import parse_secret

BYTES = 32
CURE = "Make one: head -c 32 /dev/urandom | base32; or leave access.entry_secret_file out: the terminal makes its own."
_SECRET, _TOLD = "access.entry.secret", "access.entry.told"  # names of meta
_making = threading.Lock()


def read_file(file: Path) -> bytes:
    """An installer's secret: base32, at least 16 bytes. Raises OSError, or ValueError that never quotes it."""
    return parse_secret(file.read_bytes().decode("ascii", "replace"))


class EntrySecret:
    """Thread-safe. ``installed``: what the installer's file says; None: the terminal's own."""

    def __init__(self, memory: Memory, installed: bytes | None = None) -> None:
        self._memory, self._installed = memory, installed

    def value(self) -> bytes:
        """The secret; made, and on the disk, when it is first asked for."""
        if self._installed is not None:
            return self._installed
        with _making:
            text = self._memory.meta(_SECRET)
            if not text:
                text = secrets.token_hex(BYTES)
                self._memory.set_meta(_SECRET, text)
        return bytes.fromhex(text)

    def known_outside(self) -> bytes | None:
        """The secret, where somebody can make codes with it; None before that."""
        if self._installed is not None:
            return self._installed
        return self.value() if self.told else None

    @property
    def told(self) -> bool:
        """Whether a backend has said that it keeps this very secret."""
        return (self._memory.meta(_TOLD) or "").startswith(f"{self._mark()} ")

    def note_told(self, key_id: str) -> bool:
        """A backend keeps it under this key of its own. Whether that is news: what is known is not written again."""
        mark = f"{self._mark()} {key_id}"
        if self._memory.meta(_TOLD) == mark:
            return False
        self._memory.set_meta(_TOLD, mark)
        return True

    def _mark(self) -> str:
        return hashlib.sha256(b"kiosk entry secret told 1\0" + self.value()).hexdigest()
