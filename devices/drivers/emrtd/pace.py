"""PACE (ICAO Doc 9303-11 section 4.4): elliptic curves, generic mapping, with the zone or the card access number.

EF.CardAccess says what a chip offers. Only ECDH with generic mapping is done here (every chip with chip authentication
mapping must offer it or integrated mapping too); a chip that offers none of it is opened by BAC where it allows that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devices.contracts.smart_card import Response
from devices.drivers import tlv
from devices.drivers.emrtd.bac import ENCRYPTION, MAC, PACE, Exchange, derive_3des
from devices.drivers.emrtd.curves import BadPoint, Curve, by_pace
from devices.drivers.emrtd.protocol import CARD_ACCESS, SHORT_LE, Command, key_refusal, refusal, trouble
from devices.drivers.emrtd.secure_messaging import AesSuite, Session, Suite, TripleDesSuite, pad

MRZ_PASSWORD, CAN_PASSWORD = 1, 2
_ECDH_GENERIC = bytes.fromhex("04007F000702020402")  # 0.4.0.127.0.7.2.2.4.2, followed by the cipher
_CIPHERS = {1: 0, 2: 16, 3: 24, 4: 32}  # last arc -> bytes of an AES key, 0 for 3DES
_PROTOCOL_VERSION = 2
_MAX_NONCE = 64  # bytes; chips send one or two blocks
_CHAINED = 0x10

Scalars = Callable[[int], int]  # a random number from 1 to the order less 1


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One offer of the chip: object identifier (its content bytes), curve, bytes of an AES key (0: 3DES).

    ``parameters`` is the identifier of the curve where the chip must be told it, because it offers several.
    """

    protocol: bytes
    curve: Curve
    key_bytes: int
    parameters: bytes = b""


def offers(card_access: bytes) -> list[PaceInfo]:
    """What EF.CardAccess offers and this reader can do, strongest first. DeviceError where it is not well-formed."""
    try:
        listed = list(_listed(tlv.only(card_access, CARD_ACCESS.tag)))
    except tlv.BadTlv as error:
        raise trouble("file-content", CARD_ACCESS.name) from error
    found = []
    for protocol, identifier in listed:
        curve = by_pace(int.from_bytes(identifier, "big"))
        if curve is not None and protocol[-1] in _CIPHERS:
            several = sum(protocol == other for other, _ in listed) > 1
            found.append(PaceInfo(protocol, curve, _CIPHERS[protocol[-1]], identifier if several else b""))
    return sorted(found, key=lambda info: (info.key_bytes, info.curve.size), reverse=True)


def _listed(infos: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Protocol and parameter identifier of every PACEInfo with ECDH and generic mapping (section 9.2.1)."""
    for info in tlv.objects(infos):
        parts = list(tlv.objects(info.value)) if info.tag == 0x30 else []
        if [part.tag for part in parts] != [0x06, 0x02, 0x02]:
            continue  # another protocol, or parameters of the chip's own
        protocol, version, identifier = (part.value for part in parts)
        if int.from_bytes(version, "big") == _PROTOCOL_VERSION and protocol[:-1] == _ECDH_GENERIC:
            yield protocol, identifier


def derive(secret: bytes, counter: int, key_bytes: int) -> bytes:
    """Section 9.7.1: SHA-1 for 3DES and AES-128, SHA-256 for longer keys."""
    if not key_bytes:
        return derive_3des(secret, counter)
    data = secret + counter.to_bytes(4, "big")
    if key_bytes == 16:
        return hashlib.sha1(data, usedforsecurity=False).digest()[:16]
    return hashlib.sha256(data).digest()[:key_bytes]


def mrz_secret(key_text: str) -> bytes:
    """Section 9.7.3: all 20 bytes, where BAC takes 16."""
    return hashlib.sha1(key_text.encode("ascii"), usedforsecurity=False).digest()


def can_secret(number: str) -> bytes:
    """The digits as they are printed; ValueError where they cannot be such a number."""
    if not (number.isascii() and number.isdigit() and len(number) == 6):
        raise ValueError("not a card access number")
    return number.encode("ascii")


def suite_of(info: PaceInfo, secret: bytes) -> Suite:
    keys = derive(secret, ENCRYPTION, info.key_bytes), derive(secret, MAC, info.key_bytes)
    return AesSuite(*keys) if info.key_bytes else TripleDesSuite(*keys)


def decrypt_nonce(info: PaceInfo, secret: bytes, encrypted: bytes) -> bytes:
    """Section 4.4.3.3: CBC with a zero IV under the key of the password; any number of whole blocks, within reason."""
    key = derive(secret, PACE, info.key_bytes)
    if not encrypted or len(encrypted) % (16 if info.key_bytes else 8) or len(encrypted) > _MAX_NONCE:
        raise ValueError("not whole blocks")
    if not info.key_bytes:
        return TripleDesSuite(key, key).decrypt(b"", encrypted)
    return _aes_cbc(key, encrypted)


def _aes_cbc(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    context = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
    return context.update(data) + context.finalize()


def token(info: PaceInfo, suite: Suite, public_key: bytes) -> bytes:
    """Section 4.4.3.4: the seal over the other side's public key and the protocol's name."""
    data = tlv.encode(0x7F49, tlv.encode(0x06, info.protocol) + tlv.encode(0x86, public_key))
    return suite.seal(data if info.key_bytes else pad(data, suite.block))


def authenticate(exchange: Exchange, info: PaceInfo, secret: bytes, password: int, scalar: Scalars) -> Session:
    """Open the chip. ``wrong-key`` where it does not accept the password, or cannot know it itself."""
    curve = info.curve
    wanted = tlv.encode(0x80, info.protocol) + bytes((0x83, 1, password))
    if info.parameters:
        wanted += tlv.encode(0x84, info.parameters)
    answer = exchange(Command(0x22, 0xC1, 0xA4, wanted))
    if not (answer.ok or answer.sw >> 4 == 0x63C):  # 63Cx: attempts left, a warning
        raise refusal(answer.sw, "PACE, set up")
    try:
        nonce = decrypt_nonce(info, secret, _step(exchange, b"", 0x80))
        mapping_key = scalar(curve.order)
        ours = curve.encode(curve.multiply(mapping_key, curve.generator))
        theirs = _step(exchange, tlv.encode(0x81, ours), 0x82)
        shared = curve.multiply(mapping_key, curve.decode(theirs))
        generator = curve.add(curve.multiply(int.from_bytes(nonce, "big"), curve.generator), shared)
        agreement_key = scalar(curve.order)
        ours = curve.encode(curve.multiply(agreement_key, generator))
        theirs = _step(exchange, tlv.encode(0x83, ours), 0x84)
        if theirs == ours:
            raise BadPoint("our own key")
        x, _ = curve.multiply(agreement_key, curve.decode(theirs))
    except ValueError as error:  # a nonce or a point that is none
        raise trouble("secure-messaging", "PACE, key agreement") from error
    suite = suite_of(info, x.to_bytes(curve.size, "big"))
    proof = _step(exchange, tlv.encode(0x85, token(info, suite, theirs)), 0x86, last=True)
    if not hmac.compare_digest(proof, token(info, suite, ours)):
        raise trouble("wrong-key", "PACE, the chip's token")
    return Session(suite, 0)


def _step(exchange: Exchange, data: bytes, wanted: int, *, last: bool = False) -> bytes:
    """One GENERAL AUTHENTICATE: dynamic authentication data there and back (7C)."""
    cla = 0x00 if last else _CHAINED
    where = f"PACE, step {wanted:02X}"
    answer: Response = exchange(Command(0x86, 0x00, 0x00, tlv.encode(0x7C, data), le=SHORT_LE, cla=cla))
    if not answer.ok:
        raise key_refusal(answer.sw, where) if last else refusal(answer.sw, where)
    try:
        found = tlv.find(tlv.only(answer.data, 0x7C), wanted)
    except tlv.BadTlv as error:
        raise trouble("short-answer", where) from error
    if found is None:
        raise trouble("short-answer", where)
    return found
