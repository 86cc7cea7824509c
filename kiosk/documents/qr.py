"""A code's modules. What stands behind the last ``#`` is a mark (kiosk.papers): packed as letters and digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_MODULES = bytes(int(dot == 0) for dot in range(256))  # a dark dot of a picture is 0, a dark module 1
QUIET = 4  # modules left white on every side (ISO/IEC 18004, 6.3.8)


def matrix_of(text: str) -> Sequence[Sequence[int]]:
    """Rows of modules, 1 is dark, without the quiet zone. Level M: a creased receipt can still be read.

    zxing-cpp makes it, in a fortieth of segno's time, which was a third of a paper's. It packs each part of the text as
    densely as it can, the mark as letters and digits. Chinese text stays with segno: readers differ about its encoding,
    and ours was tried with that one.
    """
    return _fast(text) if text.isascii() else _slow(text)


def runs_of(text: str) -> Iterator[tuple[int, int, int]]:
    """The dark runs of the code, row by row: row, first column, how many modules."""
    for row, modules in enumerate(matrix_of(text)):
        for run in re.finditer(b"\1+", bytes(modules)):
            yield row, run.start(), run.end() - run.start()


def _fast(text: str) -> list[bytes]:
    import zxingcpp

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)  # a buffer, which its types do not say
    picture = memoryview(image)
    side = picture.shape[0] if picture.shape is not None else 0
    dots = picture.tobytes().translate(_MODULES)
    return [dots[row * side : (row + 1) * side] for row in range(side)]


def _slow(text: str) -> Any:
    import segno

    return segno.make(text, error="m", micro=False).matrix
