"""Where the journal's key comes from. Today a file that only the terminal's user can read; the interface is the point.

A key beside the file it opens protects a discarded or copied database, not a stolen machine: what identifies
people is therefore sealed once more, to keys that are not here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk.durable import put
from kiosk.journal.connection import FILE, KEY_BYTES
from kiosk.journal.errors import JournalDamaged, of_disk

KEY_FILE = "journal.key"


class KeySource(Protocol):
    """Hands out the 32 bytes that open the journal."""

    def load(self) -> bytes:
        """The key. Raises JournalDamaged if there was one and it is gone."""


@dataclass(frozen=True, slots=True)
class FileKeySource:
    """The key in ``folder``/journal.key, made at first use."""

    folder: Path

    def load(self) -> bytes:
        return load_or_create_key(self.folder)


def load_or_create_key(folder: Path) -> bytes:
    """The key of this folder, made (0600, durable before it is used) if there is neither key nor journal yet.

    Raises JournalDamaged ``journal-key-lost``, JournalError ``journal-full`` or ``journal-unwritable``.
    """
    try:
        return _load_or_create(folder)
    except OSError as error:
        raise of_disk(error) from error


def _load_or_create(folder: Path) -> bytes:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / KEY_FILE
    if not file.exists():
        if (folder / FILE).exists():
            raise _lost("the journal is here but its key file is gone")
        _create(file)
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise _lost(f"the key file has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _create(file: Path) -> None:
    put(file, secrets.token_bytes(KEY_BYTES))


def _lost(message: str) -> JournalDamaged:
    return JournalDamaged(
        "journal-key-lost",
        message,
        advice="Bring the key file back from where it was moved. Without it the journal cannot be read by anyone. "
        "Do not delete the journal.",
    )
