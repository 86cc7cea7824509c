"""A code seen in a picture as the fields of a message, and back. Standard library only: both processes use it."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts.code_scanner import ScannedCode, Symbology
from devices.contracts.document_camera import Quad


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code and its corners in pixels of the picture, clockwise from the code's own upper left."""

    code: ScannedCode
    corners: Quad


def code_head(seen: SeenCode) -> dict[str, Any]:
    code = seen.code
    return {
        "data": code.data.hex(),
        "text": code.text,
        "symbology": code.symbology.value,
        "aim": code.aim,
        "at": code.scanned_at,
        "corners": [[round(x, 2), round(y, 2)] for x, y in seen.corners],
    }


def code_of(head: Mapping[str, Any]) -> SeenCode:
    """The code in a message; raises ValueError, KeyError or TypeError on garbage."""
    try:
        data = bytes.fromhex(head["data"])
    except binascii.Error as error:
        raise ValueError("no bytes") from error
    text = head["text"]
    code = ScannedCode(
        data, None if text is None else str(text), Symbology(head["symbology"]), str(head["aim"]), float(head["at"])
    )
    return SeenCode(code, quad_of(head["corners"]))


def quad_of(corners: object) -> Quad:
    """Four corners from a message; raises ValueError or TypeError."""
    if not isinstance(corners, list) or len(corners) != 4:
        raise ValueError("four corners are needed")
    (a, b), (c, d), (e, f), (g, h) = corners
    return (float(a), float(b)), (float(c), float(d)), (float(e), float(f)), (float(g), float(h))
