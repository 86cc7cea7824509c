"""BER-TLV data objects as smart cards and travel documents write them (ISO/IEC 7816-4, 5.2.2; ICAO Doc 9303-10).

Tags of at most three bytes, lengths of at most three more: whatever announces more is refused before it is read.
No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_TAG_BYTES = 3
MAX_LENGTH_BYTES = 3
MAX_OBJECTS = 256
DEPTH = 8
CONSTRUCTED = 0x20
PADDING = (0x00, 0xFF)


class BadTlv(ValueError):
    """These bytes are no well-formed data objects. The message says where, never what."""


@dataclass(frozen=True, slots=True, repr=False)
class Tlv:
    """One data object. ``raw`` is the whole of it, header included."""

    tag: int
    value: bytes
    raw: bytes

    def __repr__(self) -> str:
        return f"Tlv({self.tag:02X}, {len(self.value)} bytes)"


@dataclass(frozen=True, slots=True)
class Header:
    """Tag and length; ``size`` is how many bytes the two took."""

    tag: int
    length: int
    size: int

    @property
    def total(self) -> int:
        return self.size + self.length


def header(data: bytes, offset: int = 0) -> Header:
    """The header at ``offset``; BadTlv where it is cut off or out of bounds."""
    tag, at = _tag(data, offset)
    if at >= len(data):
        raise BadTlv(f"no length at {at}")
    first = data[at]
    at += 1
    if first < 0x80:
        return Header(tag, first, at - offset)
    count = first & 0x7F
    if not 1 <= count <= MAX_LENGTH_BYTES:
        raise BadTlv(f"length of {count} bytes at {at}")
    if at + count > len(data):
        raise BadTlv(f"length cut off at {at}")
    return Header(tag, int.from_bytes(data[at : at + count], "big"), at + count - offset)


def _tag(data: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(data):
        raise BadTlv(f"no tag at {offset}")
    tag, at = data[offset], offset + 1
    if tag & 0x1F != 0x1F:
        return tag, at
    while True:
        if at >= len(data) or at - offset >= MAX_TAG_BYTES:
            raise BadTlv(f"tag cut off or too long at {offset}")
        tag = tag << 8 | data[at]
        at += 1
        if not data[at - 1] & 0x80:
            return tag, at


def objects(data: bytes, *, padded: bool = False) -> Iterator[Tlv]:
    """The data objects one after another; BadTlv where the last one is cut off or there are too many.

    ``padded``: bytes of 00 or FF may lie between them, as in the files of cards.
    """
    offset = count = 0
    while offset < len(data):
        if padded and data[offset] in PADDING:
            offset += 1
            continue
        head = header(data, offset)
        if offset + head.total > len(data):
            raise BadTlv(f"object cut off at {offset}")
        count += 1
        if count > MAX_OBJECTS:
            raise BadTlv(f"more than {MAX_OBJECTS} objects")
        yield Tlv(head.tag, data[offset + head.size : offset + head.total], data[offset : offset + head.total])
        offset += head.total


def only(data: bytes, tag: int) -> bytes:
    """The value of the one object that ``data`` begins with; what follows it is padding of the file."""
    head = header(data)
    if head.tag != tag:
        raise BadTlv(f"tag {head.tag:02X} where {tag:02X} is needed")
    if head.total > len(data):
        raise BadTlv("object cut off")
    return data[head.size : head.total]


def find(data: bytes, tag: int) -> bytes | None:
    """The value of the first object with this tag; None where there is none."""
    return next((found.value for found in objects(data) if found.tag == tag), None)


def seek(data: bytes, tag: int, depth: int = DEPTH) -> bytes | None:
    """The value of the first object with this tag at any level, padding passed over; None where there is none."""
    for found in objects(data, padded=True):
        if found.tag == tag:
            return found.value
        if depth and found.raw[0] & CONSTRUCTED and (inside := seek(found.value, tag, depth - 1)) is not None:
            return inside
    return None


def encode(tag: int, value: bytes) -> bytes:
    """One object, with the shortest length form."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    size = len(value)
    if size < 0x80:
        return name + bytes([size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return name + bytes([0x80 | len(length)]) + length + value
