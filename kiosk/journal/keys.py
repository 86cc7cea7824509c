"""The 32 bytes that open the journal: `journal.key`, in whatever form it lies beside it (kiosk/keystore).

A key beside the file it opens protects a discarded or copied database, not a stolen machine: what identifies
people is therefore sealed once more, to keys that are not here. Wrapped under a credential or sealed by the TPM it
protects a stolen disk as well.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk.journal.connection import FILE, KEY_BYTES
from kiosk.journal.errors import JournalDamaged, JournalError, of_disk
from kiosk.keystore import store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import Source

KEY_FILE = "journal.key"
EXPOSED = (
    "Run chmod 600 on it and start again. If somebody may have read it: whoever copies the disk too can read the "
    "journal (what identifies people is sealed once more). Then let everything be sent and begin a new data folder."
)


class KeySource(Protocol):
    """Hands out the 32 bytes that open the journal."""

    def load(self) -> bytes:
        """The key. Raises JournalDamaged if there was one and it is gone, JournalError if it cannot be had now."""


@dataclass(frozen=True, slots=True)
class FolderKeySource:
    """The key in ``folder``, made at first use by ``wanted``; for the terminal itself.

    It is not used where others may read it: nobody would look at the file's mode later. Commands that read a copy of
    the folder take it all the same: it may lie on a disk that knows no owners.
    """

    folder: Path
    wanted: Source = store.USUAL

    def load(self) -> bytes:
        """Raises what `load_or_create_key` raises, and JournalError ``key-exposed``."""
        key = load_or_create_key(self.folder, self.wanted)
        if store.exposed(self.folder / KEY_FILE):
            raise JournalError("key-exposed", f"others may read {KEY_FILE}", advice=EXPOSED)
        return key


def has_key(folder: Path) -> bool:
    """Whether a journal's key lies here, in any form."""
    return bool(store.forms(folder / KEY_FILE))


def load_or_create_key(folder: Path, wanted: Source = store.USUAL) -> bytes:
    """The key of this folder, made by ``wanted`` (durable before it is used) if there is neither key nor journal yet.

    Raises JournalDamaged ``journal-key-lost``, JournalError ``journal-full`` or ``journal-unwritable``, or the code of
    the source that does not give it (``tpm-...``, ``credential-...``).
    """
    try:
        return _load_or_create(folder, wanted)
    except OSError as error:
        raise of_disk(error) from error
    except KeyUnavailable as error:
        raise JournalError(error.code, str(error), advice=error.advice, retryable=error.retryable) from error


def _load_or_create(folder: Path, wanted: Source) -> bytes:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / KEY_FILE
    key = store.load(file)
    if key is None:
        if (folder / FILE).exists():
            raise _lost("the journal is here but its key file is gone")
        key = store.create(file, lambda: secrets.token_bytes(KEY_BYTES), wanted)
    if len(key) != KEY_BYTES:
        raise _lost(f"the key file has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _lost(message: str) -> JournalDamaged:
    return JournalDamaged(
        "journal-key-lost",
        message,
        advice="Bring the key file back from where it was moved. Without it the journal cannot be read by anyone. "
        "Do not delete the journal.",
    )
