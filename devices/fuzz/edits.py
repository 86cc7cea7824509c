"""What is done to a golden frame: data, so that a failure can be told, replayed and made smaller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

KINDS = ("flip", "set", "insert", "delete", "cut", "repeat", "lie", "word")
LIES = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS = tuple(  # what trips text and JSON: numbers that are none, digits that are no ASCII, nesting, ends of lines
    word.encode()
    for word in (
        *("1e999", "-1e999", "NaN", "Infinity", "-0", "1" * 40, "9" * 400, "\u00b2", "\u0663"),
        *("null", "true", "[]", "{}", '""', "\\ud800", "[" * 1500, '{"a":' * 1100),
        *("\r\n", "\n\n", "\0", "\x1b[2J", "\u202e", "\ufeff", " " * 300, "%s", "../", "\u6f22", "\U00020bb7"),
    )
)
MOST = 4096  # bytes of one input


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. ``at`` is a position (modulo the length), ``number`` a bit, a byte, a count, a word or a length
    that lies, ``wide`` the bytes of a lie (negative: little endian)."""

    kind: str
    at: int
    number: int = 0
    wide: int = 1


def spoil(frame: bytes, edits: Iterable[Edit]) -> bytes:
    """The frame after all edits, at most MOST bytes."""
    data = bytearray(frame)
    for edit in edits:
        _apply(data, edit)
    return bytes(data[:MOST])


def draw_edit(random: Random) -> Edit:
    kind = random.choice(KINDS)
    number = random.choice(LIES) if kind == "lie" else random.randrange(256)
    return Edit(kind, random.randrange(MOST), number, random.choice((1, 2, 4, -2, -4)))


def draw_input(random: Random, golden: Sequence[bytes]) -> bytes:
    """Random bytes one time in five (or where there is no golden frame), else a golden frame with 1 to 6 edits."""
    if not golden or random.randrange(5) == 0:
        return random.randbytes(random.choice((0, 1, 2, 3, 7, 16, 64, random.randrange(600))))
    frame = random.choice(golden)
    if random.randrange(8) == 0:  # the head of one frame and the tail of another
        other = random.choice(golden)
        frame = frame[: random.randrange(len(frame) + 1)] + other[random.randrange(len(other) + 1) :]
    return spoil(frame, (draw_edit(random) for _ in range(random.choice((1, 1, 1, 2, 3, 6)))))


def _apply(data: bytearray, edit: Edit) -> None:
    at = edit.at % (len(data) + 1)
    if edit.kind == "insert":
        data[at:at] = bytes([edit.number & 0xFF]) * (1 + edit.wide % 4)
    elif edit.kind == "delete":
        del data[at : at + 1 + edit.number % 16]
    elif edit.kind == "cut":
        del data[at:]
    elif edit.kind == "repeat" and len(data) < MOST:
        data[at:at] = data[at : at + 1 + edit.number % 32] * 3
    elif edit.kind == "word":
        data[at:at] = WORDS[edit.number % len(WORDS)]
    elif edit.kind == "lie":
        lie = (edit.number & ((1 << (8 * abs(edit.wide))) - 1)).to_bytes(abs(edit.wide), "big")
        lie = lie if edit.wide > 0 else lie[::-1]
        data[at : at + len(lie)] = lie
    elif at < len(data):
        data[at] = data[at] ^ (1 << (edit.number % 8)) if edit.kind == "flip" else edit.number & 0xFF
