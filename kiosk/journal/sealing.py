"""Sealing to the backend's public key: HPKE (RFC 9180), base mode, X25519 / HKDF-SHA256 / AES-256-GCM, single shot.

What is sealed here can only be opened by the holder of the private key, which no terminal has. A sealed byte
string is the encapsulated key (32 bytes), then ciphertext and tag (16 bytes): 48 bytes more than the plaintext.
``info`` binds it to its place: bytes sealed for one item do not open as another's.

The cryptography package does all of it; a sealing costs it 0.2 ms, most of it the curve.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kiosk.journal.errors import JournalError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

OVERHEAD = 48


def item_info(terminal_id: str, item_id: str, part: int = 0) -> bytes:
    """What binds a sealed part to its item: part 0 is the envelope or rating, the others its attachments in order."""
    return b"kiosk 1\0" + terminal_id.encode() + b"\0" + item_id.encode() + b"\0%d" % part


def new_sealing_pair() -> tuple[bytes, bytes]:
    """A private and a public key, 32 raw bytes each."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def seal(plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
    """Seal for the holder of the private key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    return _suite().encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info)


def unseal(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    """Raises JournalError ``not-sealed-for-this`` for other bytes, another key, another place."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        return _suite().decrypt(sealed, X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError):
        raise JournalError("not-sealed-for-this", "these bytes were not sealed to this key for this place") from None


@cache
def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
