"""Frames of the SDT protocol: AA AA AA 96 69 | length, big endian | body | check byte.

The length counts the body and the check byte; the check byte is the XOR of the length bytes and the body.
Host body: CMD Para Data; reader body: SW1 SW2 SW3 Data. Source: public descriptions of the SAM-V serial interface
(GA 467 is its standard), checked against literal frames in tests/unit/test_sdt_protocol.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor

PREAMBLE = bytes.fromhex("AAAAAA9669")
HEADER_BYTES = len(PREAMBLE) + 2
MIN_ANSWER = 4  # SW1 SW2 SW3 CHK
ANSWER_LEAD = b"\0\0"  # SW1 SW2
MIN_COMMAND = 3  # CMD Para CHK
MAX_LENGTH = 40_000  # above the longest known answer, a ready bitmap of 102 x 126 (38 556 bytes of pixels)
MAX_GARBAGE = 8_192


def check_byte(data: bytes) -> int:
    """XOR of all bytes."""
    return reduce(xor, data, 0)


def encode_frame(body: bytes) -> bytes:
    """A whole frame around a body."""
    covered = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + covered + bytes([_fast_check(covered)])


def _fast_check(data: bytes) -> int:
    """The same as ``check_byte``, by folding halves as big integers: a card costs microseconds, not a millisecond."""
    size = 1
    while size < len(data):
        size *= 2
    value = int.from_bytes(data, "big")
    while size > 1:
        size //= 2
        value = (value >> (8 * size)) ^ (value & ((1 << (8 * size)) - 1))
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """A sound frame. ``body`` is without the check byte; ``skipped`` counts the bytes dropped before it."""

    body: bytes
    skipped: int = 0

    @property
    def status(self) -> int:
        """SW3 of an answer."""
        return self.body[2]

    @property
    def data(self) -> bytes:
        """What follows SW1 SW2 SW3."""
        return self.body[3:]

    def __repr__(self) -> str:  # a body may hold personal data
        return f"Frame({len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame whose check byte is wrong. ``torn`` when another frame begins inside it."""

    torn: bool


class FrameDecoder:
    """Incremental decoder: feed bytes, take frames; finds the next preamble after anything else.

    Made for answers unless told otherwise; ``lead`` is what every body begins with.

    ``wanted`` is the least number of bytes that can bring it further, so that a reader can ask the line for
    exactly that many and never reads past the end of an answer.
    """

    def __init__(self, minimum: int = MIN_ANSWER, lead: bytes = ANSWER_LEAD) -> None:
        self._minimum = minimum
        self._lead = lead
        self._buffer = bytearray()
        self.skipped = 0

    @property
    def in_frame(self) -> bool:
        """Whether a believable header stands at the front."""
        return len(self._buffer) >= HEADER_BYTES

    @property
    def pending(self) -> int:
        """Bytes kept that are not yet a frame."""
        return len(self._buffer)

    @property
    def wanted(self) -> int:
        if not self.in_frame:
            return HEADER_BYTES - len(self._buffer)
        return max(0, HEADER_BYTES + self._length() - len(self._buffer))

    def feed(self, data: bytes) -> list[Frame | BadFrame]:
        """Take bytes in; return what they complete. Memory stays below MAX_LENGTH plus what was fed."""
        self._buffer += data
        found: list[Frame | BadFrame] = []
        while self._synchronise() and self.wanted == 0:
            found.append(self._take())
        return found

    def abandon(self) -> list[Frame | BadFrame]:
        """Give up the frame begun, because the rest does not come; return what stands complete inside it."""
        self._drop(1)
        return self.feed(b"")

    def _length(self) -> int:
        return int.from_bytes(self._buffer[5:7], "big")

    def _synchronise(self) -> bool:
        """Drop bytes until a believable header, or the beginning of one, stands at the front."""
        while self._buffer:
            start = self._preamble_start()
            self._drop(start)
            if not self.in_frame:
                return False
            if self._believable():
                return True
            self._drop(1)
        return False

    def _believable(self) -> bool:
        begun = bytes(self._buffer[HEADER_BYTES : HEADER_BYTES + len(self._lead)])
        return self._minimum <= self._length() <= MAX_LENGTH and self._lead.startswith(begun)

    def _preamble_start(self) -> int:
        """Where a preamble, or a beginning of one at the very end, is; the end when there is none."""
        start = self._buffer.find(PREAMBLE)
        if start >= 0:
            return start
        size = len(self._buffer)
        tails = (n for n in range(min(len(PREAMBLE), size), 0, -1) if self._buffer[size - n :] == PREAMBLE[:n])
        return size - next(tails, 0)

    def _take(self) -> Frame | BadFrame:
        end = HEADER_BYTES + self._length()
        covered = bytes(self._buffer[len(PREAMBLE) : end])
        if _fast_check(covered) == 0:  # data and its own check byte cancel out
            frame = Frame(covered[2:-1], self.skipped)
            del self._buffer[:end]
            self.skipped = 0
            return frame
        torn = self._buffer.find(PREAMBLE, 1, end) > 0
        self._drop(1 if torn else end)
        return BadFrame(torn)

    def _drop(self, count: int) -> None:
        self.skipped += count
        del self._buffer[:count]
