"""Basic access control (ICAO Doc 9303-11 section 4.3): the page's key opens the chip, 3DES protects what follows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from devices.contracts.smart_card import Response
from devices.drivers.emrtd import protocol
from devices.drivers.emrtd.protocol import CHALLENGE_BYTES, Command, key_refusal, refusal, trouble
from devices.drivers.emrtd.secure_messaging import Session, TripleDesSuite, pad

ENCRYPTION, MAC, PACE = 1, 2, 3  # counters of the key derivation
_NONCE_BYTES, _KEY_BYTES, _SEAL_BYTES = 8, 16, 8
_CRYPTOGRAM_BYTES = 2 * _NONCE_BYTES + _KEY_BYTES

Exchange = Callable[[Command], Response]
Draw = Callable[[int], bytes]  # so many random bytes


def derive_3des(seed: bytes, counter: int) -> bytes:
    """Section 9.7.1.1: 16 bytes of key with odd parity."""
    digest = hashlib.sha1(seed + counter.to_bytes(4, "big"), usedforsecurity=False).digest()
    return bytes(byte & 0xFE | (byte >> 1).bit_count() + 1 & 1 for byte in digest[:16])


def seed_of(key_text: str) -> bytes:
    """Section 9.7.2: what the document's keys are derived from; ``key_text`` as ``mrz.key_text`` makes it."""
    return hashlib.sha1(key_text.encode("ascii"), usedforsecurity=False).digest()[:16]


def suite_of(seed: bytes) -> TripleDesSuite:
    return TripleDesSuite(derive_3des(seed, ENCRYPTION), derive_3des(seed, MAC))


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """The reader's side of one mutual authentication: its random values, the chip's challenge."""

    suite: TripleDesSuite
    challenge: bytes
    nonce: bytes
    key: bytes

    def cryptogram(self) -> bytes:
        """E_IFD ‖ M_IFD."""
        cipher = self.suite.encrypt(b"", self.nonce + self.challenge + self.key)
        return cipher + self.suite.seal(pad(cipher, 8))

    def session(self, answer: bytes) -> Session:
        """The session that the chip's E_IC ‖ M_IC opens; DeviceError where it proves nothing."""
        if len(answer) != _CRYPTOGRAM_BYTES + _SEAL_BYTES:
            raise trouble("short-answer", "external authenticate")
        cipher, seal = answer[:-_SEAL_BYTES], answer[-_SEAL_BYTES:]
        if not hmac.compare_digest(self.suite.seal(pad(cipher, 8)), seal):
            raise trouble("secure-messaging", "the chip's proof has a wrong seal")
        plain = self.suite.decrypt(b"", cipher)
        if not hmac.compare_digest(plain[:16], self.challenge + self.nonce):
            raise trouble("secure-messaging", "the chip's proof answers another challenge")
        seed = bytes(ours ^ theirs for ours, theirs in zip(self.key, plain[16:], strict=True))
        counter = self.challenge[-4:] + self.nonce[-4:]
        return Session(suite_of(seed), int.from_bytes(counter, "big"))


def authenticate(exchange: Exchange, key_text: str, draw: Draw) -> Session:
    """Open the chip. ``wrong-key`` where it does not accept the page."""
    challenge = exchange(protocol.GET_CHALLENGE)
    if not challenge.ok:
        raise refusal(challenge.sw, "get challenge")
    if len(challenge.data) != CHALLENGE_BYTES:
        raise trouble("short-answer", "get challenge")
    attempt = Attempt(suite_of(seed_of(key_text)), challenge.data, draw(_NONCE_BYTES), draw(_KEY_BYTES))
    answer = exchange(protocol.external_authenticate(attempt.cryptogram()))
    if not answer.ok:
        raise key_refusal(answer.sw, "external authenticate")
    return attempt.session(answer.data)
