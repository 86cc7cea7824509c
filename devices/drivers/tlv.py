"""BER-TLV data objects as smart cards write them (ISO/IEC 7816-4, 5.2.2): tag, length, value. No I/O."""

from __future__ import annotations

from collections.abc import Iterator

CONSTRUCTED = 0x20
MORE_TAG, MORE_LENGTH = 0x1F, 0x80
DEPTH = 8


class BadTlv(ValueError):
    """The bytes are no data objects; the message never quotes them."""


def objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The objects of one level as (tag, value). Raises BadTlv where the bytes break off or a length is indefinite."""
    at = 0
    while at < len(data):
        if data[at] in (0x00, 0xFF):  # padding between objects
            at += 1
            continue
        tag, at = _tag(data, at)
        length, at = _length(data, at)
        if at + length > len(data):
            raise BadTlv(f"{length} bytes are announced, {len(data) - at} are there")
        yield tag, data[at : at + length]
        at += length


def find(data: bytes, wanted: int, depth: int = DEPTH) -> bytes | None:
    """The first object of that tag at any level, or None."""
    for tag, value in objects(data):
        if tag == wanted:
            return value
        if depth and _is_constructed(tag) and (found := find(value, wanted, depth - 1)) is not None:
            return found
    return None


def encode(tag: int, value: bytes) -> bytes:
    """One object; the length in its shortest form."""
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    else:
        count = (size.bit_length() + 7) // 8
        length = bytes([MORE_LENGTH | count]) + size.to_bytes(count, "big")
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big") + length + value


def _is_constructed(tag: int) -> bool:
    first = tag >> 8 * (max(1, (tag.bit_length() + 7) // 8) - 1)
    return bool(first & CONSTRUCTED)


def _tag(data: bytes, at: int) -> tuple[int, int]:
    """Up to three bytes."""
    tag, end = data[at], at + 1
    if tag & MORE_TAG == MORE_TAG:
        while True:
            if end >= len(data) or end - at > 2:
                raise BadTlv("a tag breaks off")
            tag, end = tag << 8 | data[end], end + 1
            if not data[end - 1] & 0x80:
                break
    return tag, end


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise BadTlv("a length is missing")
    first, at = data[at], at + 1
    if first < MORE_LENGTH:
        return first, at
    count = first & 0x7F
    if not 1 <= count <= 3 or at + count > len(data):
        raise BadTlv("a length makes no sense")
    return int.from_bytes(data[at : at + count], "big"), at + count
