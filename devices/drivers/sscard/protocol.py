"""The social-security application (SSSE) of a 社保卡: commands out, records in. Pure and byte-exact.

    select        00 A4 04 00 0F  73 78 31 2E 73 68 2E C9 E7 BB E1 B1 A3 D5 CF      "sx1.sh.社会保障" in GBK
    select file   00 A4 02 00 02  EF 05 | EF 06
    read          00 B2 tag 00 len+2          a record by its identifier in the selected file; P2 = SFI << 3 elsewhere
    external      00 82 00 0A 10  16 bytes                                          (version 3, key RKSSSE)

A record is tag, length, value. Source: public descriptions of cards of version 1.00 to 3.00 (社会保障卡规范).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from devices.contracts.device import Action, DeviceError
from devices.contracts.social_card import SocialSecurityCard
from devices.drivers import tlv
from devices.transports.apdu import command

SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
SELECT = command(0xA4, 0x04, 0x00, SSSE)
ALGORITHM = 0x9F0C  # in the FCI: 86 01 xx
CHALLENGE_BYTES = 8
CHALLENGES = 4  # that a card of version 3 is asked for before it authenticates
NOT_FOUND = frozenset({0x6A83, 0x6A82, 0x6A88})  # no such record, file, data: an item that this card does not have
PROTECTED = frozenset({0x6982, 0x6985, 0x9403})  # [open] which of them an unauthenticated read of version 3 gives


@dataclass(frozen=True, slots=True)
class Item:
    """One record: its tag and the length of its value."""

    name: str
    tag: int
    length: int


@dataclass(frozen=True, slots=True)
class File:
    """An elementary file under SSSE."""

    fid: int
    items: tuple[Item, ...]

    @property
    def select(self) -> bytes:
        return command(0xA4, 0x02, 0x00, self.fid.to_bytes(2, "big"))


CARD_FILE = File(
    0xEF05,
    (
        Item("card_id", 0x01, 16),  # the first 3 bytes are the region, BCD
        Item("card_class", 0x02, 1),
        Item("version", 0x03, 4),  # ASCII: 1.00, 2.00, 3.00
        Item("organisation", 0x04, 12),
        Item("issued", 0x05, 4),  # BCD YYYYMMDD
        Item("valid_to", 0x06, 4),
        Item("card_number", 0x07, 9),  # ASCII
    ),
)
HOLDER_FILE = File(
    0xEF06,
    (
        Item("number", 0x08, 18),  # ASCII
        Item("name", 0x09, 30),  # GBK
        Item("name_extension", 0x4E, 20),  # GBK, from version 2.00: what did not fit
        Item("sex", 0x0A, 1),
        Item("ethnic", 0x0B, 1),  # BCD
        Item("birthplace", 0x0C, 3),  # BCD
        Item("birth", 0x0D, 4),  # BCD YYYYMMDD
    ),
)
EXTENSION_SINCE = "2.00"


class BadRecord(DeviceError):
    """A record is not what the card's specification says. Its content is never told."""

    def __init__(self, item: str, what: str) -> None:
        super().__init__(
            "card-content",
            f"the record {item} {what}",
            advice="Put the card in again; if it stays so, the card has to be looked at by its issuer.",
            retryable=True,
            action=Action.NONE,
        )


def holder_file(version: str) -> File:
    """EF06 as a card of that version has it: before 2.00 without the extension of the name."""
    if version and version < EXTENSION_SINCE:
        return File(HOLDER_FILE.fid, tuple(item for item in HOLDER_FILE.items if item.name != "name_extension"))
    return HOLDER_FILE


def read_record(item: Item) -> bytes:
    """READ RECORD by identifier in the selected file; Le counts tag and length too."""
    return command(0xB2, item.tag, 0x00, le=item.length + 2)


def get_challenge(size: int = CHALLENGE_BYTES) -> bytes:
    return command(0x84, 0x00, 0x00, le=size)


def external_authenticate(cryptogram: bytes) -> bytes:
    """With key RKSSSE. Raises ValueError: the cryptogram has 16 bytes."""
    if len(cryptogram) != 16:
        raise ValueError("16 bytes are needed")
    return command(0x82, 0x00, 0x0A, cryptogram)


def algorithm(fci: bytes) -> int | None:
    """The algorithm's number out of the answer to SELECT (9F0C 03 86 01 xx); None where there is none."""
    try:
        value = tlv.seek(fci, ALGORITHM)
    except tlv.BadTlv:
        return None
    return value[2] if value and len(value) == 3 and value[:2] == b"\x86\x01" else None


def record_value(item: Item, data: bytes) -> bytes:
    """The value out of tag, length, value. Raises BadRecord."""
    if len(data) < 2 or data[0] != item.tag:
        raise BadRecord(item.name, "has another tag")
    if len(data) - 2 < data[1]:
        raise BadRecord(item.name, f"holds {len(data) - 2} bytes where it says {data[1]}")
    return data[2 : 2 + data[1]]


def encode_record(item: Item, value: bytes) -> bytes:
    """Tag, length, value; for twins and tests."""
    return bytes([item.tag, len(value)]) + value


def decode_card(records: Mapping[str, bytes]) -> SocialSecurityCard:
    """A card from the values of its records by item name; missing ones are left out. Raises BadRecord."""
    return SocialSecurityCard(
        version=_ascii("version", records),
        card_id=records.get("card_id", b"").hex().upper(),
        card_class=records.get("card_class", b"").hex().upper(),
        organisation=records.get("organisation", b"").hex().upper(),
        issued=_date("issued", records),
        valid_to=_date("valid_to", records),
        card_number=_ascii("card_number", records),
        number=_ascii("number", records),
        name=_name(records),
        sex=_sex(records.get("sex", b"")),
        ethnic=_bcd("ethnic", records),
        birthplace=_bcd("birthplace", records),
        birth=_date("birth", records),
    )


def encode_card(card: SocialSecurityCard) -> dict[str, bytes]:
    """The values of all records, padded as cards are; for twins and tests. Raises ValueError where one does not fit."""
    name = card.name.encode("gbk")
    first, extension = name[:30], name[30:]
    if len(extension) > 20:
        raise ValueError("the name does not fit")
    values = {
        "card_id": bytes.fromhex(card.card_id),
        "card_class": bytes.fromhex(card.card_class),
        "version": card.version.encode("ascii"),
        "organisation": bytes.fromhex(card.organisation),
        "issued": _encode_date(card.issued),
        "valid_to": _encode_date(card.valid_to),
        "card_number": card.card_number.encode("ascii"),
        "number": card.number.encode("ascii"),
        "name": first.ljust(30, b"\0"),
        "name_extension": extension.ljust(20, b"\0"),
        "sex": card.sex.encode("ascii"),
        "ethnic": bytes.fromhex(card.ethnic),
        "birthplace": bytes.fromhex(card.birthplace),
        "birth": _encode_date(card.birth),
    }
    for item in (*CARD_FILE.items, *HOLDER_FILE.items):
        if len(values[item.name]) != item.length:
            raise ValueError(f"{item.name} has {len(values[item.name])} bytes, not {item.length}")
    return values


def _padded(value: bytes) -> bytes:
    """Without the padding at its end: cards use 00, blanks or FF."""
    return value.rstrip(b"\x00\x20\xff")


def _ascii(name: str, records: Mapping[str, bytes]) -> str:
    try:
        return _padded(records.get(name, b"")).decode("ascii").strip()
    except UnicodeDecodeError:
        raise BadRecord(name, "is not plain text") from None


def _name(records: Mapping[str, bytes]) -> str:
    """Name and extension are one text: a character may lie across the border, so it is decoded as a whole."""
    extension = _padded(records.get("name_extension", b""))
    whole = records.get("name", b"")
    whole = whole + extension if extension else _padded(whole)
    try:
        return whole.replace(b"\0", b"").decode("gb18030").strip()  # holds all of GBK and what came after it
    except UnicodeDecodeError:
        raise BadRecord("name", "is not text in GBK") from None


def _sex(value: bytes) -> str:
    """One digit; written as ASCII or as a number ([open] in the sources, both are taken)."""
    if value in (b"", b"\xff"):
        return ""
    digit = value[0] - 0x30 if value[0] >= 0x30 else value[0]
    if len(value) != 1 or digit not in (0, 1, 2, 9):
        raise BadRecord("sex", "is none of the codes")
    return str(digit)


def _bcd(name: str, records: Mapping[str, bytes]) -> str:
    value = records.get(name, b"")
    digits = value.hex()
    if not value or set(digits) <= {"f"}:
        return ""
    if not digits.isdecimal():
        raise BadRecord(name, "is not BCD")
    return digits


def _date(name: str, records: Mapping[str, bytes]) -> date | None:
    """BCD YYYYMMDD; None where it is empty (all 0 or all F)."""
    digits = _bcd(name, records)
    if not digits.strip("0"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        raise BadRecord(name, "is no date") from None


def _encode_date(day: date | None) -> bytes:
    return bytes.fromhex(f"{day:%Y%m%d}") if day else bytes(4)
