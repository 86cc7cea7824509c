"""A million sealings in a minute, for `kiosk bench console` alone: one ephemeral key serves all of them.

A sealing of HPKE (RFC 9180, base mode) costs 0.2 ms, nearly all of it the curve, of which nothing is needed twice where
the ephemeral key stays the same. What comes out is opened by kiosk.journal.sealing like any other. It is no sealing to
keep anything by: equal keys tie the messages together, and one place sealed twice would repeat a nonce.
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEM = b"KEM\x00\x20"  # DHKEM(X25519, HKDF-SHA256)
_HPKE = b"HPKE\x00\x20\x00\x01\x00\x02"  # with HKDF-SHA256 and AES-256-GCM
_VERSION = b"HPKE-v1"


class ManySealings:
    """To one public key of 32 bytes (X25519)."""

    def __init__(self, public_key: bytes) -> None:
        ephemeral = X25519PrivateKey.generate()
        self._sent = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
        extracted = _extract(_KEM, b"", b"eae_prk", shared)
        secret = _expand(_KEM, extracted, b"shared_secret", self._sent + public_key, 32)
        self._secret = _extract(_HPKE, secret, b"secret", b"")
        self._context = b"\x00" + _extract(_HPKE, b"", b"psk_id_hash", b"")

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """As kiosk.journal.sealing.seal."""
        context = self._context + _extract(_HPKE, b"", b"info_hash", info)
        key = _expand(_HPKE, self._secret, b"key", context, 32)
        nonce = _expand(_HPKE, self._secret, b"base_nonce", context, 12)
        return self._sent + AESGCM(key).encrypt(nonce, plaintext, b"")


def _extract(suite: bytes, salt: bytes, label: bytes, given: bytes) -> bytes:
    """LabeledExtract of RFC 9180, 4."""
    return hmac.digest(salt, _VERSION + suite + label + given, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand, of one block of SHA-256 at most."""
    said = length.to_bytes(2, "big") + _VERSION + suite + label + info
    return hmac.digest(key, said + b"\x01", "sha256")[:length]
