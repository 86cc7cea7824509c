"""The international suite: Ed25519 (RFC 8032), SHA-256, and HPKE (RFC 9180): X25519, HKDF-SHA256, AES-256-GCM.

HPKE is used in base mode, single shot. Every key is 32 bytes. A sealed byte string is the encapsulated key (32 bytes),
then ciphertext and tag (16 bytes); a sealing costs 0.2 ms, most of it the curve. The cryptography package does it all.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from kiosk.suites.errors import BadSignature, NotOpened

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite as Hpke

NAME = "international"
PUBLIC_BYTES = PRIVATE_BYTES = 32
OVERHEAD = 48
_TAG = b"13:international,"  # a netstring, like those of kiosk.wire.canonical


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def new_signing_pair() -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(private_key: bytes, message: bytes) -> bytes:
    return _signer(private_key).sign(_TAG + message)


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        _verifier(public_key).verify(signature, _TAG + message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature from error


def new_sealing_pair() -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def seal(plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    return _hpke().encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info)


def unseal(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return _hpke().decrypt(sealed, _opener(private_key), info)
    except (InvalidTag, ValueError):
        raise NotOpened from None


# To load a key costs half of what a signature does (its public half is multiplied out), and a batch has 500 of them.


@lru_cache(maxsize=4)
def _signer(private_key: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private_key)


@lru_cache(maxsize=64)
def _verifier(public_key: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public_key)


@lru_cache(maxsize=4)
def _opener(private_key: bytes) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private_key)


def encrypt(plaintext: bytes, secret: bytes, associated: bytes) -> bytes:
    """AES-256-GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    return nonce + AESGCM(secret).encrypt(nonce, plaintext, associated)


def decrypt(encrypted: bytes, secret: bytes, associated: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(secret).decrypt(encrypted[:12], encrypted[12:], associated)
    except (InvalidTag, ValueError):
        raise NotOpened from None


@cache
def _hpke() -> Hpke:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
