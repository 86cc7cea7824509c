"""The PIV card application as this driver uses it: commands out, data objects in. Pure and byte-exact.

    select          00 A4 04 00 09  A0 00 00 03 08 00 00 10 00  00     the application, without its version
    get data        00 CB 3F FF 05  5C 03 5F C1 nn  00
    verify          00 20 00 80 08  PIN in ASCII, filled up with FF    without data: how many tries are left
    authenticate    00 87 alg key Lc  7C L1 [82 00  81 L2 challenge]  00

Source: NIST SP 800-73-4 part 1 (data objects, tables 3 and 9), part 2 (commands, 3.1, 3.2); SP 800-78-4 (algorithms).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from devices.drivers import tlv
from devices.drivers.tlv import BadTlv
from devices.transports.apdu import chain, command

RID = bytes.fromhex("A000000308")
AID = RID + bytes.fromhex("00001000")
SELECTS = (command(0xA4, 0x04, 0x00, AID, le=0), command(0xA4, 0x04, 0x00, RID, le=0))
ASK_TRIES = command(0x20, 0x00, 0x80)
PIN_BYTES, PIN_FILL = 8, b"\xff"
PIN_FORM = re.compile(r"[0-9]{6,8}", re.ASCII)
OBJECT, TEMPLATE, RESPONSE, CHALLENGE = 0x53, 0x7C, 0x82, 0x81
CERTIFICATE_LIMIT = 16_384  # bytes, unpacked

BLOCKED = 0x6983
NOT_FOUND = frozenset({0x6A82, 0x6A83, 0x6A88})
NO_PIN_YET = frozenset({0x6982, 0x6985})
NO_SUCH_KEY = frozenset({0x6A80, 0x6A86, 0x6A88, 0x6A82})


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair of the card: its reference, and the object that holds its certificate."""

    name: str
    reference: int
    certificate: bytes
    needs_pin: bool


CHUID = bytes.fromhex("5FC102")
CARD_KEY = Key("9E", 0x9E, bytes.fromhex("5FC101"), needs_pin=False)
HOLDER_KEY = Key("9A", 0x9A, bytes.fromhex("5FC105"), needs_pin=True)


@dataclass(frozen=True, slots=True)
class Chuid:
    """What is used of the card holder unique identifier: the card's UUID (16 bytes, or none) and its last day."""

    uuid: bytes
    expires: date | None


def get_data(tag: bytes) -> bytes:
    """GET DATA of one object."""
    return command(0xCB, 0x3F, 0xFF, bytes([0x5C, len(tag)]) + tag, le=0)


def verify(pin: str) -> bytes:
    """VERIFY with the card's PIN. The caller has seen that it has the form that a card can hold."""
    return command(0x20, 0x00, 0x80, pin.encode("ascii").ljust(PIN_BYTES, PIN_FILL))


def well_formed(pin: str) -> bool:
    """Six to eight digits (SP 800-73-4 part 2, 2.4.3)."""
    return PIN_FORM.fullmatch(pin) is not None


def tries(sw: int) -> int | None:
    """The tries that are left, out of the status word of VERIFY; None where it does not say."""
    if sw == BLOCKED:
        return 0
    return sw & 0xF if sw >> 4 == 0x63C else None


def authenticate(algorithm: int, key: Key, challenge: bytes) -> Iterator[bytes]:
    """GENERAL AUTHENTICATE: have the card sign; chained where it does not fit into one command."""
    wanted = tlv.encode(RESPONSE, b"") + tlv.encode(CHALLENGE, challenge)
    return chain(0x87, algorithm, key.reference, tlv.encode(TEMPLATE, wanted), le=0)


def signature(data: bytes) -> bytes:
    """Out of the answer to GENERAL AUTHENTICATE. Raises BadTlv."""
    value = tlv.seek(data, RESPONSE, depth=1)
    if not value:
        raise BadTlv("no signature in it")
    return value


def chuid(data: bytes) -> Chuid:
    """Out of the answer to GET DATA. Raises BadTlv."""
    fields = _fields(data)
    uuid = fields.get(0x34, b"")
    return Chuid(uuid if len(uuid) == 16 and any(uuid) else b"", _day(fields.get(0x35, b"")))


def certificate(data: bytes) -> bytes:
    """The X.509 certificate (DER), unpacked where the card keeps it packed. Raises BadTlv."""
    fields = _fields(data)
    packed = bool(fields.get(0x71, b"\0")[:1] == b"\x01")
    held = fields.get(0x70, b"")
    if not packed:
        return held
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(held, CERTIFICATE_LIMIT)
    except zlib.error:
        raise BadTlv("the certificate cannot be unpacked") from None
    if not unpacker.eof:
        raise BadTlv("the certificate is too long or breaks off")
    return unpacked


def _fields(data: bytes) -> dict[int, bytes]:
    """What stands in the data object, by tag."""
    held = next((found.value for found in tlv.objects(data, padded=True) if found.tag == OBJECT), None)
    if held is None:
        raise BadTlv("no data object in it")
    return {found.tag: found.value for found in tlv.objects(held, padded=True)}


def _day(value: bytes) -> date | None:
    """ASCII YYYYMMDD; None where it is no date."""
    try:
        text = value.decode("ascii")
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None
