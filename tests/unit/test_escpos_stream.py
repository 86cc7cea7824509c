"""The simulated receipt printer takes a byte stream apart as a printer does, however it is cut into pieces."""

from __future__ import annotations

import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.contracts.printing import Raster
from devices.drivers.escpos import protocol, testpattern
from devices.simulators.escpos_stream import Piece, Splitter, What
from devices.simulators.png import png

RASTER = testpattern.pattern(64, 100)
STREAM = (
    protocol.INITIALISE
    + b"\x1ba\x01hello\n"
    + b"".join(protocol.bands(RASTER))
    + b"\x1d(L\x03\x00\x30\x32\x30"
    + b"\x1dkI\x03ABC"
    + b"\x1dk\x04ABC\x00"
    + b"\x1b*\x21\x02\x00abcdef"
    + protocol.cut()
)
NAMES = [b"\x1b@", b"\x1ba", b"\x1dv", b"\x1dv", b"\x1d(", b"\x1dk", b"\x1dk", b"\x1b*", b"\x1dV"]


def pieces(stream: bytes, cuts: list[int]) -> list[Piece]:
    splitter, found = Splitter(), []
    marks = [0, *sorted(cuts), len(stream)]
    for start, end in pairwise(marks):
        splitter.buffer += stream[start:end]
        while piece := splitter.take(8):
            found.append(piece)
    assert not splitter.buffer
    return found


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_commands_and_dots_are_the_same_however_the_bytes_arrive(cuts: list[int]) -> None:
    found = pieces(STREAM, cuts)
    assert [piece.name for piece in found if piece.what is What.COMMAND] == NAMES
    assert b"".join(piece.data for piece in found if piece.what is What.ROWS) == RASTER.rows
    assert b"".join(piece.data for piece in found if piece.what is What.TEXT) == b"hello"
    assert not [piece for piece in found if piece.what is What.STRANGE]


def test_a_png_shows_every_dot() -> None:
    raster = Raster(12, 2, b"\x80\x10\x7f\xe0")
    with Image.open(io.BytesIO(png(raster))) as picture:
        assert picture.size == (12, 2)
        black = [[picture.getpixel((x, y)) == 0 for x in range(12)] for y in range(2)]
    assert black[0] == [x in (0, 11) for x in range(12)]
    assert black[1] == [1 <= x <= 10 for x in range(12)]
