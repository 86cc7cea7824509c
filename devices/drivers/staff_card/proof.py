"""A challenge that only the holder of a certificate's key can answer. Loaded when a card is put to the proof.

The card signs what it is given, so the challenge is a digest of random bytes of this moment, in the form that PIV wants
for the key (SP 800-73-4 part 2, A.4): ECDSA takes the digest, RSA the padded block (PKCS #1 v1.5, RFC 8017 9.2).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

RSA_ALGORITHMS = {2048: 0x07, 3072: 0x05}  # 1024 bits are not trusted any more
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")  # of SHA-256
_CURVES: dict[str, tuple[int, hashes.SHA256 | hashes.SHA384]] = {
    "secp256r1": (0x11, hashes.SHA256()),
    "secp384r1": (0x14, hashes.SHA384()),
}


class Unusable(ValueError):
    """No proof can be had from this certificate; ``code`` names why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the card is to sign (``block``), and what is needed to check its answer."""

    algorithm: int
    block: bytes
    digest: bytes
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey

    def answered_by(self, signature: bytes) -> bool:
        """Whether this signature was made over this challenge with the certificate's key."""
        try:
            if isinstance(self.key, ec.EllipticCurvePublicKey):
                _, hashing = _CURVES[self.key.curve.name]
                self.key.verify(signature, self.digest, ec.ECDSA(utils.Prehashed(hashing)))
            else:
                self.key.verify(signature, self.digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate as far as it matters here."""

    fingerprint: str  # SHA-256, 64 hexadecimal digits
    last_day: date
    key: object


def read_certificate(der: bytes) -> Holder:
    """Raises Unusable (``certificate-unreadable``)."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        last_day = certificate.not_valid_after_utc.date()
    except Exception as error:  # ValueError, UnsupportedAlgorithm, and whatever else a parser says to foreign bytes
        raise Unusable("certificate-unreadable", "the certificate on the card cannot be read") from error
    return Holder(hashlib.sha256(der).hexdigest(), last_day, key)


def challenge(holder: Holder) -> Challenge:
    """A fresh one. Raises Unusable (``algorithm``)."""
    key = holder.key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm, hashing = _CURVES[key.curve.name]
        digest = secrets.token_bytes(hashing.digest_size)  # a digest of random bytes is as random as they are
        return Challenge(algorithm, digest, digest, key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_ALGORITHMS:
        digest = secrets.token_bytes(32)
        return Challenge(RSA_ALGORITHMS[key.key_size], _padded(digest, key.key_size // 8), digest, key)
    raise Unusable("algorithm", "the card's key is of a kind or size that is not trusted here")


def _padded(digest: bytes, size: int) -> bytes:
    info = DIGEST_INFO + digest
    return b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
