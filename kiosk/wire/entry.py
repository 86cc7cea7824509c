"""The secret of a terminal's entry codes, told to the backend (`POST /v1/entry-secret`).

Sealed to the backend's key and kept there as it came: whoever has the database has no codes. The request is signed by
the terminal, the answer by the backend, as all of them are.
"""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_ENTRY_SECRET, LONGEST_ENTRY_SECRET = 16, 64  # bytes


@dataclass(frozen=True, slots=True, repr=False)
class EntrySecretTold:
    """``sealed``: the secret, sealed with ``entry_secret_info``, in base64."""

    sealed: str


@dataclass(frozen=True, slots=True)
class EntrySecretKept:
    """It is kept, and on the disk. ``key_id``: of the backend's sealing key under which it lies."""

    terminal_id: str
    key_id: str


def entry_secret_info(terminal_id: str) -> bytes:
    """What binds a sealed secret to its terminal."""
    return b"kiosk entry secret 1\0" + terminal_id.encode()
