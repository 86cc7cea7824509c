"""The signatures of marks and lists: plain Ed25519 (EdDSA of RFC 9053 and RFC 8037), or the ShangMi suite's SM2.

Plain, so that whoever checks COSE or JWS can check ours: what is signed begins with a CBOR array's head or with a JWS
header, and so can never be taken for a message of kiosk.wire, in front of which stands its suite's name. For SM2 no
number is registered for COSE; ours is of the range for private use (RFC 9053, 11.2), and the suite signs as it does.
"""

from __future__ import annotations

from kiosk import suites, wire

EDDSA = -8
SM2 = -65537
ALGORITHMS = (EDDSA, SM2)
SIGNATURE = 64  # bytes, of both


def algorithm(key: bytes) -> int:
    """Of a public or private key. Raises ValueError for bytes that are no key."""
    return EDDSA if suites.of_key(key).NAME == suites.DEFAULT else SM2


def sign(private_key: bytes, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if algorithm(private_key) == EDDSA:
        return Ed25519PrivateKey.from_private_bytes(private_key).sign(message)
    return wire.unb64(suites.sign(private_key, message))


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raises suites.BadSignature, also for a key that is none."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if algorithm(public_key) == SM2:
            suites.verify(public_key, message, wire.b64(signature))
            return
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise suites.BadSignature from error
