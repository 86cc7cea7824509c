"""Who seals: an authority, its key and certificate for PDFs, and its SM2 key for what lies beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kiosk.seals.errors import SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """``key``: PKCS#8, ``certificate`` and ``chain``: X.509, all DER. ``sm2``: a key of the ShangMi suite, or empty.

    ``sample``: made here for trying out, vouched for by nobody else; whatever it seals says 样章 in large letters.
    """

    authority: str
    key: bytes
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    sm2: bytes = b""
    sample: bool = True

    def __repr__(self) -> str:
        return f"Sealer({self.authority}{', sample' if self.sample else ''})"


def times(certificate: bytes) -> tuple[datetime, datetime]:
    """From when until when a certificate (DER) holds. Raises SealError."""
    found = load_certificate(certificate)
    return found.not_valid_before_utc, found.not_valid_after_utc


def load_certificate(data: bytes) -> Certificate:
    from cryptography.x509 import load_der_x509_certificate

    try:
        return load_der_x509_certificate(data)
    except ValueError as error:
        raise SealError("seal-damaged", "this is no certificate", "Bring the file back from its backup.") from error


def load_key(data: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        return load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SealError("seal-damaged", "this is no private key", "Bring the file back from its backup.") from error


def require_time(sealer: Sealer, at: datetime) -> None:
    """Raises SealError where the seal does not hold at this moment."""
    since, until = times(sealer.certificate)
    if not since <= at.astimezone(UTC) <= until:
        raise SealError(
            "seal-out-of-time", f"the seal of {sealer.authority} holds from {since:%Y-%m-%d} to {until:%Y-%m-%d}",
            "Make or import the next one: kiosk backend seal-key --authority NAME.",
        )  # fmt: skip
