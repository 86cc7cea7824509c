"""What the applets share: taking a command APDU apart, and answers that come in parts."""

from __future__ import annotations

from dataclasses import dataclass

OK = b"\x90\x00"
WRONG_LENGTH = b"\x67\x00"
NOT_ALLOWED = b"\x69\x82"  # security status not satisfied
NO_CONDITION = b"\x69\x85"
WRONG_DATA = b"\x6a\x80"
NOT_FOUND = b"\x6a\x82"
NO_RECORD = b"\x6a\x83"
WRONG_P1_P2 = b"\x6a\x86"
NO_REFERENCE = b"\x6a\x88"
UNKNOWN_INS = b"\x6d\x00"


@dataclass(frozen=True, slots=True)
class Command:
    """CLA INS P1 P2, data, and Le: None where nothing is asked for, 256 for all (short form)."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None


def parse(apdu: bytes) -> Command:
    """A short command (ISO/IEC 7816-3, cases 1 to 4). Raises ValueError."""
    if len(apdu) < 4:
        raise ValueError("a command has at least four bytes")
    body = apdu[4:]
    if not body:
        return _command(apdu, b"", None)
    if len(body) == 1:
        return _command(apdu, b"", body[0] or 256)
    count = body[0]
    if not count or len(body) not in (1 + count, 2 + count):
        raise ValueError("Lc does not fit")
    le = None if len(body) == 1 + count else body[-1] or 256
    return _command(apdu, body[1 : 1 + count], le)


def _command(apdu: bytes, data: bytes, le: int | None) -> Command:
    return Command(apdu[0], apdu[1], apdu[2], apdu[3], data, le)


class Parts:
    """An answer longer than was asked for: 61xx, and the rest by GET RESPONSE, as T=0 cards give everything."""

    def __init__(self) -> None:
        self._rest = b""

    def answer(self, data: bytes, le: int | None) -> bytes:
        limit = 0 if le is None else le
        self._rest = data[limit:]
        return data[:limit] + (bytes([0x61, min(len(self._rest), 0xFF)]) if self._rest else OK)

    def more(self, le: int | None) -> bytes:
        """GET RESPONSE."""
        return self.answer(self._rest, le) if self._rest else NO_CONDITION

    def forget(self) -> None:
        self._rest = b""
