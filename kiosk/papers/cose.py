"""COSE_Sign1 (RFC 9052, 4.2) in its one deterministic form; the algorithms are those of kiosk.papers.signing.

Untagged: [protected, {}, payload, signature], where protected holds the algorithm and the key's id (8 bytes). Any other
encoding of the same values is refused: a mark has one form, so that every changed bit is a changed mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kiosk import wire
from kiosk.papers import signing

ALG, KID = 1, 4  # header parameters (RFC 9052, table 3)
CONTEXT = "Signature1"


class BadMark(Exception):
    """These bytes are no mark: changed, cut, or something else."""


@dataclass(frozen=True, slots=True)
class Signed:
    """``kid``: 16 hex digits (kiosk.wire.key_id). Nothing is proved before ``verify`` has returned."""

    algorithm: int
    kid: str
    payload: bytes
    signature: bytes

    def verify(self, public_key: bytes) -> None:
        """Raises BadMark unless the key, whose algorithm must be the one that is named, has signed this."""
        try:
            if signing.algorithm(public_key) != self.algorithm:
                raise BadMark
            message = _to_sign(_protected(self.algorithm, self.kid), self.payload)
            signing.verify(public_key, message, self.signature)
        except (wire.BadSignature, ValueError) as error:
            raise BadMark from error


def sign(payload: bytes, private_key: bytes) -> bytes:
    protected = _protected(signing.algorithm(private_key), wire.key_id(wire.public_of(private_key)))
    return _assembled(protected, payload, signing.sign(private_key, _to_sign(protected, payload)))


def parse(data: bytes) -> Signed:
    """Raises BadMark."""
    import cbor2

    try:
        protected, unprotected, payload, signature = cbor2.loads(data)
        header: Any = cbor2.loads(protected)
        kid = header[KID]
        if unprotected != {} or header[ALG] not in signing.ALGORITHMS or len(kid) != 8:
            raise BadMark
        if len(signature) != signing.SIGNATURE:
            raise BadMark
        found = Signed(header[ALG], kid.hex(), bytes(payload), bytes(signature))
        same = _assembled(_protected(found.algorithm, found.kid), found.payload, found.signature) == data
    except (cbor2.CBORDecodeError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadMark from error
    if not same:
        raise BadMark
    return found


def _protected(algorithm: int, kid: str) -> bytes:
    import cbor2

    return cbor2.dumps({ALG: algorithm, KID: bytes.fromhex(kid)}, canonical=True)


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052, 4.4); external_aad is empty."""
    import cbor2

    return cbor2.dumps([CONTEXT, protected, b"", payload], canonical=True)


def _assembled(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    import cbor2

    return cbor2.dumps([protected, {}, payload, signature], canonical=True)
