"""Sealing to the backend's public key, by the suite that the key belongs to (kiosk/suites).

What is sealed here can only be opened by the holder of the private key, which no terminal has. ``info`` binds it to
its place: bytes sealed for one item do not open as another's.
"""

from __future__ import annotations

from kiosk import suites
from kiosk.journal.errors import JournalError


def item_info(terminal_id: str, item_id: str, part: int = 0) -> bytes:
    """What binds a sealed part to its item: part 0 is the envelope or rating, the others its attachments in order."""
    return b"kiosk 1\0" + terminal_id.encode() + b"\0" + item_id.encode() + b"\0%d" % part


def new_sealing_pair(suite: suites.Suite | None = None) -> tuple[bytes, bytes]:
    """A private and a public key; of the usual suite if none is named."""
    return (suite or suites.by_name(suites.DEFAULT)).new_sealing_pair()


def seal(plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
    """Seal for the holder of the private key. Raises ValueError for bytes that are no key."""
    return suites.of_key(public_key).seal(plaintext, public_key, info)


def unseal(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    """Raises JournalError ``not-sealed-for-this`` for other bytes, another key, another place."""
    try:
        return suites.of_key(private_key).unseal(sealed, private_key, info)
    except (suites.NotOpened, ValueError):
        raise JournalError("not-sealed-for-this", "these bytes were not sealed to this key for this place") from None
