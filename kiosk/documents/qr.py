"""A code's modules. What stands behind the last ``#`` is a mark (kiosk.papers): packed as letters and digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004, table 5
QUIET = 4  # modules left white on every side (ISO/IEC 18004, 6.3.8)


def matrix_of(text: str) -> Sequence[Sequence[int]]:
    """Rows of modules, 1 is dark, without the quiet zone. Level M: a creased receipt can still be read."""
    import segno
    from segno import consts

    head, hash_, tail = text.rpartition("#")
    content: Any = text
    if hash_ and tail and ALPHANUMERIC.issuperset(tail):
        content = [(head + hash_, consts.MODE_BYTE), (tail, consts.MODE_ALPHANUMERIC)]
    return segno.make(content, error="m", micro=False).matrix
