"""A byte stream as an ESC/POS printer takes it apart: commands by their lengths, rasters row by row. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Commands of fixed length: two bytes of name -> bytes in all. Source: Epson's ESC/POS command reference.
FIXED: dict[bytes, int] = {
    **{b"\x1b" + bytes((c,)): 2 for c in b"@2LSim<\x0c"},
    **{b"\x1b" + bytes((c,)): 3 for c in b"adJ!MEG-{tR3 VreUTK=%?u"},
    **{b"\x1b" + bytes((c,)): 4 for c in b"$\\c"},
    b"\x1bp": 5,
    b"\x1bW": 10,
    **{b"\x1d" + bytes((c,)): 2 for c in b":"},
    **{b"\x1d" + bytes((c,)): 3 for c in b"raI!BbHfhw/"},
    **{b"\x1d" + bytes((c,)): 4 for c in b"LWP$\\"},
    b"\x10\x04": 3,
    b"\x10\x05": 3,
    **{b"\x1c" + bytes((c,)): 2 for c in b"&."},
    **{b"\x1c" + bytes((c,)): 3 for c in b"!-CW"},
    **{b"\x1c" + bytes((c,)): 4 for c in b"Sp"},
}


class What(Enum):
    COMMAND = "command"
    ROWS = "rows"
    TEXT = "text"
    LINE_FEED = "line feed"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Piece:
    """``data``: the whole command with its name, or the bytes of whole rows (``across`` bytes each), or text."""

    what: What
    data: bytes
    across: int = 0

    @property
    def name(self) -> bytes:
        return self.data[:2]


class Splitter:
    """Holds what has come and not been printed. ``take`` gives the next piece, None while it is not there in whole."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self._across = 0
        self._left = 0

    def clear(self) -> None:
        self.buffer.clear()
        self._left = 0

    def take(self, most_rows: int) -> Piece | None:
        """At most ``most_rows`` rows of a raster at a time, so that a fault can fall between them."""
        if self._left:
            return self._rows(most_rows)
        buffer = self.buffer
        if not buffer:
            return None
        if buffer[0] not in b"\x10\x1b\x1c\x1d":
            return self._plain()
        size = self._size()
        if size is None or len(buffer) < size:
            return None
        piece = Piece(What.COMMAND, bytes(buffer[:size]))
        del buffer[:size]
        if piece.name == b"\x1dv":
            self._across = int.from_bytes(piece.data[4:6], "little")
            self._left = int.from_bytes(piece.data[6:8], "little") if self._across else 0
        return piece

    def _plain(self) -> Piece:
        buffer = self.buffer
        if buffer[0] < 0x20:
            what = What.LINE_FEED if buffer[0] == 0x0A else What.STRANGE
            piece = Piece(what, bytes(buffer[:1]))
        else:
            end = next((i for i, byte in enumerate(buffer) if byte < 0x20), len(buffer))
            piece = Piece(What.TEXT, bytes(buffer[:end]))
        del buffer[: len(piece.data)]
        return piece

    def _rows(self, most: int) -> Piece | None:
        count = min(self._left, most, len(self.buffer) // self._across)
        if not count:
            return None
        data = bytes(self.buffer[: count * self._across])
        del self.buffer[: len(data)]
        self._left -= count
        return Piece(What.ROWS, data, self._across)

    def _size(self) -> int | None:
        """Bytes of the command that begins here; None while that cannot be told yet. An unknown one is one byte."""
        buffer = self.buffer
        if len(buffer) < 3:
            fixed = FIXED.get(bytes(buffer[:2])) if len(buffer) == 2 else None
            return fixed
        name, third = bytes(buffer[:2]), buffer[2]
        if name in FIXED:
            return FIXED[name]
        if name == b"\x1dV":
            return 3 if third in (0, 1, 48, 49) else 4
        if name == b"\x1dv":
            return 8
        if name == b"\x10\x14":
            return {1: 5, 2: 5, 8: 10}.get(third, 3)
        if name in (b"\x1d(", b"\x1c("):
            return 5 + int.from_bytes(buffer[3:5], "little") if len(buffer) >= 5 else None
        if name == b"\x1d8":
            return 7 + int.from_bytes(buffer[3:7], "little") if len(buffer) >= 7 else None
        if name == b"\x1b*":
            dots = 3 if third in (32, 33) else 1
            return 5 + dots * int.from_bytes(buffer[3:5], "little") if len(buffer) >= 5 else None
        if name == b"\x1dk" and third >= 65:
            return 4 + buffer[3] if len(buffer) >= 4 else None
        if name in (b"\x1dk", b"\x1bD"):
            end = buffer.find(0, 3 if name == b"\x1dk" else 2)
            return end + 1 if end >= 0 else None
        return 1
