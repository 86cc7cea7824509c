"""The ShangMi suite (国密): SM2 signatures (GB/T 32918.2), SM3 (GB/T 32905), sealing by SM2, SM3 and SM4-GCM.

**Keys.** Public: the point, uncompressed (04, x, y: 65 bytes). Private: d (32 bytes, big endian) and the public key,
97 bytes: nobody has to multiply points in Python. Signing and sealing have a pair each.

**Signatures**: r and s, 32 bytes each, over SM3(Z || message), Z of the default user id 1234567812345678
(GM/T 0009, clause 10) and the signer's public key. In front of the message stands this suite's name.

**Sealing** is a digital envelope, put together from standard parts as HPKE puts them together:

    seed      32 fresh random bytes
    C         SM2 encryption of the seed to the public key (GB/T 32918.4), C1 || C3 || C2: 65 + 32 + 32 bytes
    key, iv   16 and 12 bytes of KDF(seed || "kiosk-seal-shangmi-v1" || public key || C || info); the KDF is that of
              GB/T 32918.4, 5.4.3 (SM3 and a counter), the parts behind the seed are netstrings
    sealed    C || SM4-GCM(key, iv, plaintext, associated data = info) with its tag of 16 bytes (GB/T 32907, RFC 8998)

Why so. No HPKE suite is registered for SM2, and the key agreement of GB/T 32918.3 wants an answer from the receiver,
who is not there when a case is committed. SM2 encryption of a random seed is a key encapsulation of its own; recipient,
C and info go into the KDF, so that bytes sealed for one item, or to one key, do not open as another's, and a key is
never used twice. C has a fixed length and one spelling: there is no DER on the wire that could be written differently.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from types import ModuleType

from kiosk.suites import sm
from kiosk.suites.errors import BadSignature, NotOpened, SuiteMissing

NAME = "shangmi"
PUBLIC_BYTES = 65
PRIVATE_BYTES = 97
OVERHEAD = sm.CIPHERTEXT + 32 + 16
_SEED = 32
_C = sm.CIPHERTEXT + _SEED
_TAG = b"7:shangmi,"  # a netstring, like those of kiosk.wire.canonical


def digest(data: bytes) -> str:
    return sm.sm3(data).hex()


def new_signing_pair() -> tuple[bytes, bytes]:
    public, private = _gmssl().sm2_key_generate()
    point = b"\x04" + public
    return private + point, point


def public_of(private_key: bytes) -> bytes:
    return private_key[32:]


def sign(private_key: bytes, message: bytes) -> bytes:
    # by its digest: the library's call for whole messages makes 32 nonces ahead, for the sake of the first (10 ms)
    e = sm.sm3(_z(private_key[32:]) + _TAG + message)
    der: bytes = _gmssl().sm2_sign_sm3_digest(private_key[:32], e)
    return sm.raw_signature(der)


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    gmssl = _gmssl()
    if len(signature) != 64 or len(public_key) != PUBLIC_BYTES or public_key[0] != 4:
        raise BadSignature
    e = sm.sm3(_z(public_key) + _TAG + message)
    try:
        good = gmssl.sm2_verify_sm3_digest(public_key[1:], e, sm.der_signature(signature))
    except gmssl.GmsslInnerError as error:  # a point that is not on the curve, too
        raise BadSignature from error
    if not good:
        raise BadSignature


def sign_plain(private_key: bytes, message: bytes) -> bytes:
    """DER (GM/T 0009) over the bare message, without the suite's name: for what programs of others are to check, by a
    key that does nothing else.
    """
    made: bytes = _gmssl().sm2_sign_sm3_digest(private_key[:32], sm.sm3(_z(private_key[32:]) + message))
    return made


def verify_plain(public_key: bytes, message: bytes, der: bytes) -> None:
    """Raises BadSignature unless ``der`` is the one spelling of the key's signature over the bare message."""
    gmssl = _gmssl()
    try:
        if len(public_key) != PUBLIC_BYTES or sm.der_signature(sm.raw_signature(der)) != der:
            raise BadSignature
        good = gmssl.sm2_verify_sm3_digest(public_key[1:], sm.sm3(_z(public_key) + message), der)
    except (gmssl.GmsslInnerError, ValueError, OverflowError) as error:
        raise BadSignature from error
    if not good:
        raise BadSignature


new_sealing_pair = new_signing_pair


def seal(plaintext: bytes, public_key: bytes, info: bytes) -> bytes:
    gmssl = _gmssl()
    seed = os.urandom(_SEED)
    try:
        if len(public_key) != PUBLIC_BYTES or public_key[0] != 4:
            raise ValueError("not an SM2 public key")
        c = sm.raw_ciphertext(gmssl.sm2_encrypt(public_key[1:], seed))
    except gmssl.GmsslInnerError as error:
        raise ValueError("not an SM2 public key") from error
    key, iv = _keys(seed, public_key, c, info)
    return c + sm.sm4_gcm_encrypt(key, iv, plaintext, info)


def unseal(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    gmssl = _gmssl()
    if len(sealed) < OVERHEAD or sealed[0] != 4 or len(private_key) != PRIVATE_BYTES:
        raise NotOpened
    c = sealed[:_C]
    try:
        seed: bytes = gmssl.sm2_decrypt(private_key[:32], sm.der_ciphertext(c))
    except gmssl.GmsslInnerError:
        raise NotOpened from None
    key, iv = _keys(seed, private_key[32:], c, info)
    try:
        return sm.sm4_gcm_decrypt(key, iv, sealed[_C:], info)
    except sm.BadTag:
        raise NotOpened from None


def encrypt(plaintext: bytes, secret: bytes, associated: bytes) -> bytes:
    """SM4-GCM under the first 16 bytes of KDF(secret): SM4 has keys of no other length."""
    nonce = os.urandom(12)
    return nonce + sm.sm4_gcm_encrypt(sm.kdf(secret, 16), nonce, plaintext, associated)


def decrypt(encrypted: bytes, secret: bytes, associated: bytes) -> bytes:
    try:
        return sm.sm4_gcm_decrypt(sm.kdf(secret, 16), encrypted[:12], encrypted[12:], associated)
    except (sm.BadTag, ValueError):
        raise NotOpened from None


def _keys(seed: bytes, public_key: bytes, c: bytes, info: bytes) -> tuple[bytes, bytes]:
    bound = b"".join(b"%d:%b," % (len(part), part) for part in (b"kiosk-seal-shangmi-v1", public_key, c, info))
    made = sm.kdf(seed + bound, 28)
    return made[:16], made[16:]


@lru_cache(64)
def _z(public_key: bytes) -> bytes:
    return sm.z(public_key[1:])


@cache
def _gmssl() -> ModuleType:
    try:
        import gmssl_pyx  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise SuiteMissing(NAME, "gmssl-pyx") from None
    module: ModuleType = gmssl_pyx
    return module
