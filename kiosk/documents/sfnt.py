"""A TrueType font file around glyphs that are there already (ISO/IEC 14496-22): ten tables, nothing optional.

fontTools writes the glyphs; to let it write the file around sixty of them took a third of a paper's time, all of it
spent on what is the same each time.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

ASCENT, DESCENT = 880, -120
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Glyph:
    """``data``: as it stands in ``glyf``, empty for a blank; ``box``: xMin, yMin, xMax, yMax."""

    data: bytes
    advance: int
    box: Box = (0, 0, 0, 0)
    points: int = 0
    contours: int = 0


def font(family: str, units: int, glyphs: Sequence[tuple[int, Glyph]]) -> bytes:
    """The file. ``glyphs``: code point and glyph, in rising order; glyph 0 (.notdef, blank, one em wide) is added."""
    all_of_them = [Glyph(b"", units), *(glyph for _, glyph in glyphs)]
    offsets, body = [0], bytearray()
    for glyph in all_of_them:
        body += glyph.data + b"\0" * (-len(glyph.data) % 4)
        offsets.append(len(body))
    inked = [glyph.box for glyph in all_of_them if glyph.data] or [(0, 0, 0, 0)]
    box = (
        *(min(each[side] for each in inked) for side in (0, 1)),
        *(max(each[side] for each in inked) for side in (2, 3)),
    )
    widest = max(glyph.advance for glyph in all_of_them)
    codes = [code for code, _ in glyphs]
    tables = {
        b"OS/2": _os2(codes, widest),
        b"cmap": _cmap(codes),
        b"glyf": bytes(body),
        b"head": struct.pack(
            ">IIIIHHQQ4hHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, units, 0, 0, *box, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(
            ">IhhhHhhh8hH", 0x10000, ASCENT, DESCENT, 0, widest, min(each[0] for each in inked), 0, box[2], 1,
            *(0,) * 7, len(all_of_them),
        ),
        b"hmtx": b"".join(struct.pack(">Hh", glyph.advance, glyph.box[0]) for glyph in all_of_them),
        b"loca": struct.pack(f">{len(offsets)}I", *offsets),
        b"maxp": struct.pack(
            ">IHHH11H", 0x10000, len(all_of_them), max(glyph.points for glyph in all_of_them),
            max(glyph.contours for glyph in all_of_them), 0, 0, 2, *(0,) * 8,
        ),
        b"name": _name(family),
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    return _file(tables)


def box_of(file: bytes) -> Box:
    """The box of all glyphs of such a file, as its ``head`` says."""
    count = int.from_bytes(file[4:6], "big")
    for place in range(12, 12 + 16 * count, 16):
        if file[place : place + 4] == b"head":
            (at,) = struct.unpack_from(">I", file, place + 8)
            found: Box = struct.unpack_from(">4h", file, at + 36)
            return found
    raise ValueError("there is no head in this file")


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Directory and tables, each at a multiple of four, with the check sum of the whole in ``head``."""
    power = 1 << (len(tables).bit_length() - 1)
    directory = bytearray(struct.pack(">IHHHH", 0x10000, len(tables), power * 16, power.bit_length() - 1,
                                      len(tables) * 16 - power * 16))  # fmt: skip
    at, body, head = 12 + 16 * len(tables), bytearray(), 0
    for tag, data in tables.items():
        if tag == b"head":
            head = at + len(body)
        directory += struct.pack(">4sIII", tag, _sum(data), at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    whole = directory + body
    struct.pack_into(">I", whole, head + 8, (0xB1B0AFBA - _sum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _sum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 4)
    words = array("I", padded)
    if sys.byteorder == "little":
        words.byteswap()
    return sum(words) & 0xFFFFFFFF


def _cmap(codes: Sequence[int]) -> bytes:
    """Format 12 for all of them, and format 4 for the first plane, which old readers look at."""
    groups = b"".join(struct.pack(">III", code, code, place) for place, code in enumerate(codes, 1))
    full = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(codes)) + groups
    plane = [(code, place) for place, code in enumerate(codes, 1) if code < 0xFFFF] + [(0xFFFF, 0)]
    count = len(plane)
    power = 1 << (count.bit_length() - 1)
    ends = [code for code, _ in plane]
    deltas = [(place - code) & 0xFFFF for code, place in plane[:-1]] + [1]
    first = struct.pack(f">HHHH{count}HH{count}H{count}H{count}H", count * 2, power * 2, power.bit_length() - 1,
                        (count - power) * 2, *ends, 0, *ends, *deltas, *(0,) * count)  # fmt: skip
    first = struct.pack(">HHH", 4, 6 + len(first), 0) + first
    places = struct.pack(">HHHHIHHI", 0, 2, 3, 1, 20, 3, 10, 20 + len(first))
    return places + first + full


def _name(family: str) -> bytes:
    texts = [(1, family), (2, "Regular"), (4, family), (6, family.replace(" ", ""))]
    records, body = b"", b""
    for number, text in texts:
        data = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(data), len(body))
        body += data
    return struct.pack(">HHH", 0, len(texts), 6 + len(records)) + records + body


def _os2(codes: Sequence[int], widest: int) -> bytes:
    """Version 0: weight 400, width 5, free to embed."""
    first, last = (min(codes[0], 0xFFFF), min(codes[-1], 0xFFFF)) if codes else (0, 0)
    return struct.pack(
        ">HhHHH11h10s4I4sHHHhhhHH", 0, widest, 400, 5, 0, *(0,) * 11, b"\0" * 10, 0, 0, 0, 0, b"NONE", 0x40,
        first, last, ASCENT, DESCENT, 0, ASCENT, -DESCENT,
    )  # fmt: skip
