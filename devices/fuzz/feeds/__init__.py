"""How bytes reach codecs that take more than one input at once, and golden frames that are made, not written down."""

from __future__ import annotations


def pieces(data: bytes) -> list[bytes]:
    """The bytes in pieces of sizes that follow from them: 1, 7, the rest, or something in between."""
    step = 1 + (sum(data[:4]) % 61)
    return [data[at : at + step] for at in range(0, len(data), step)]
