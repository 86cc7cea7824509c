"""Two crypto suites behind one interface: what signs and seals between terminal and backend.

    international   Ed25519, SHA-256; HPKE: X25519, HKDF-SHA256, AES-256-GCM
    shangmi (国密)  SM2 signatures, SM3; SM2 encryption of a fresh key, SM3 KDF, SM4-GCM

**A key says by its form which suite it belongs to, and nothing else does.** No message names the algorithm by which it
is to be checked, so nobody can talk a verifier into another one. The suite's name stands in front of whatever is signed
as well: the same bytes signed under one suite are never a signature of the other.

Use `sign` and `verify` (base64) with whatever key is at hand; `of_key` where a suite is needed. Never here: which suite
a terminal has (its profile says so), where keys lie, SQL, or a network.
"""

from __future__ import annotations

import base64
import binascii
from typing import Protocol

from kiosk.domain.keys import SUITES as NAMES
from kiosk.domain.keys import USUAL_SUITE as DEFAULT
from kiosk.domain.keys import SuiteName
from kiosk.suites import international, shangmi
from kiosk.suites.errors import BadSignature, NotOpened, SuiteMissing

__all__ = ["DEFAULT", "NAMES", "BadSignature", "NotOpened", "Suite", "SuiteMissing", "SuiteName", "by_name", "of_key",
           "sign", "suite_name", "verify"]  # fmt: skip


class Suite(Protocol):
    """What a suite can do; a module is one. Keys are bytes of its own form, and a private one knows its public half.

    ``PUBLIC_BYTES`` and ``PRIVATE_BYTES``: the length of every key of this suite, which no other suite has.
    ``OVERHEAD``: what sealing adds, in bytes.
    """

    @property
    def NAME(self) -> str: ...

    @property
    def PUBLIC_BYTES(self) -> int: ...

    @property
    def PRIVATE_BYTES(self) -> int: ...

    @property
    def OVERHEAD(self) -> int: ...

    def digest(self, data: bytes) -> str:
        """The suite's hash, 64 hex digits."""

    def new_signing_pair(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""

    def public_of(self, private_key: bytes) -> bytes:
        """The public half of a signing key."""

    def sign(self, private_key: bytes, message: bytes) -> bytes:
        """64 bytes over the suite's name and ``message``."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Raises BadSignature, also for a key that is none."""

    def new_sealing_pair(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""

    def seal(self, plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
        """For the holder of the private key alone, bound to ``info``. Raises ValueError for a key that is none."""

    def unseal(self, sealed: bytes, private_key: bytes, info: bytes) -> bytes:
        """Raises NotOpened for other bytes, another key, another place."""

    def encrypt(self, plaintext: bytes, secret: bytes, associated: bytes) -> bytes:
        """Under a secret of 32 bytes that both sides have: nonce (12 bytes of chance), ciphertext, tag (16)."""

    def decrypt(self, encrypted: bytes, secret: bytes, associated: bytes) -> bytes:
        """Raises NotOpened for other bytes, another secret, other associated data."""


_SUITES: dict[str, Suite] = {suite.NAME: suite for suite in (international, shangmi)}
_BY_LENGTH = {length: suite for suite in _SUITES.values() for length in (suite.PUBLIC_BYTES, suite.PRIVATE_BYTES)}


def by_name(name: str) -> Suite:
    """Raises ValueError for a name that is none of `NAMES`."""
    suite = _SUITES.get(name)
    if suite is None:
        raise ValueError(f"there is no suite {name!r}: {', '.join(NAMES)}")
    return suite


def of_key(key: bytes) -> Suite:
    """The suite that a key belongs to, public or private. Raises ValueError for bytes that are no key."""
    suite = _BY_LENGTH.get(len(key))
    if suite is None:
        raise ValueError("not a key of any suite")
    return suite


def suite_name(key: bytes) -> str:
    """The name of the suite that ``key`` belongs to; empty for bytes that are no key."""
    suite = _BY_LENGTH.get(len(key))
    return "" if suite is None else suite.NAME


def sign(private_key: bytes, message: bytes) -> str:
    """The key's signature over ``message``, base64 of 64 bytes in either suite. Raises ValueError, SuiteMissing."""
    return base64.b64encode(of_key(private_key).sign(private_key, message)).decode("ascii")


def verify(public_key: bytes, message: bytes, signature: str) -> None:
    """Raises BadSignature unless ``signature`` (base64) is the key's over ``message``; SuiteMissing."""
    suite = _BY_LENGTH.get(len(public_key))
    if suite is None:
        raise BadSignature
    try:
        raw = base64.b64decode(signature.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadSignature from error
    if base64.b64encode(raw).decode("ascii") != signature:  # bits of the last letter that count nothing
        raise BadSignature
    suite.verify(public_key, message, raw)
