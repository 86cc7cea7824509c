"""The round seal to be seen, as a content stream of PDF: vectors alone, no font, no picture.

A ring, the authority's name along it, and a star, as office seals have them (国发〔1999〕25号: round, 42 mm for an
office of a county; the name from left to right along the ring). A sample has no star: 样章 stands in its place, and
测试无效 below, so that nobody takes it for a seal.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from kiosk.documents.fonts import UNITS, Face, face
from kiosk.documents.glyphs import check

INK = "Ink"  # the graphics state under which it is drawn (kiosk/seals/sealing.py)
RED = "0.78 0.1 0.11"
SAMPLE, INVALID, ELECTRONIC = "样章", "测试无效", "电子印章"
_SPAN = math.radians(250)  # of the ring, that a name may take
_STEP = math.radians(26)  # from one character to the next, at most


@lru_cache(maxsize=64)
def figure(authority: str, side: float, *, sample: bool) -> bytes:
    """Drawn in a square of ``side`` points. Raises GlyphMissing, FontsMissing."""
    letters = face("title")
    words = (SAMPLE, INVALID) if sample else (ELECTRONIC,)
    check([("authority", authority), ("seal", "".join(words))], letters)
    middle, radius = side / 2, side / 2 - 2
    parts = [f"/{INK} gs {RED} rg {RED} RG", f"{side * 0.024:.2f} w", _circle(middle, middle, radius)]
    parts += _ring(letters, authority, middle, radius)
    if sample:
        parts += _line(letters, SAMPLE, middle, middle - side * 0.06, side * 0.19)
        parts += _line(letters, INVALID, middle, side * 0.2, side * 0.09)
    else:
        parts += [_star(middle, middle, side * 0.15)]
        parts += _line(letters, ELECTRONIC, middle, side * 0.2, side * 0.08)
    return "\n".join(parts).encode("ascii")


def _ring(letters: Face, name: str, middle: float, radius: float) -> list[str]:
    """Each character stands with its foot to the middle, the whole symmetrical about the top."""
    step = min(_STEP, _SPAN / max(1, len(name) - 1))
    size = min(radius * 0.3, radius * 0.82 * step * 0.92)
    foot = radius * 0.94 - size
    parts = []
    for place, character in enumerate(name):
        turn = (place - (len(name) - 1) / 2) * step  # clockwise from the top
        sine, cosine = math.sin(turn), math.cos(turn)
        half = letters.advance(character) / UNITS * size / 2
        x, y = middle + foot * sine - half * cosine, middle + foot * cosine + half * sine
        parts.append(_character(letters, character, size, (cosine, -sine, sine, cosine), x, y))
    return parts


def _line(letters: Face, text: str, x: float, y: float, size: float) -> list[str]:
    left, parts = x - letters.width(text, size) / 2, []
    for character in text:
        parts.append(_character(letters, character, size, (1, 0, 0, 1), left, y))
        left += letters.width(character, size)
    return parts


def _character(
    letters: Face, character: str, size: float, turned: tuple[float, float, float, float], x: float, y: float
) -> str:
    pen = _pen()
    letters.outline(character, pen)
    matrix = " ".join(f"{number * size / UNITS:.6f}" for number in turned)
    return f"q {matrix} {x:.2f} {y:.2f} cm {' '.join(pen.parts)} f Q"


def _pen() -> Any:
    from fontTools.pens.basePen import BasePen

    class Pen(BasePen):  # type: ignore[misc]  # fontTools ships no types
        """Writes path operators (ISO 32000-1, 8.5.2); quadratic curves come as cubic ones."""

        def __init__(self) -> None:
            super().__init__(None)
            self.parts: list[str] = []

        def _write(self, operator: str, *points: tuple[float, float]) -> None:
            self.parts.append(" ".join(f"{x:.0f} {y:.0f}" for x, y in points) + f" {operator}")

        def _moveTo(self, to: Any) -> None:
            self._write("m", to)

        def _lineTo(self, to: Any) -> None:
            self._write("l", to)

        def _curveToOne(self, one: Any, two: Any, to: Any) -> None:
            self._write("c", one, two, to)

        def _closePath(self) -> None:
            self.parts.append("h")

    return Pen()


def _circle(x: float, y: float, radius: float) -> str:
    bow = radius * 0.5522847498  # of four cubic curves
    points = [
        f"{x + radius:.2f} {y:.2f} m",
        f"{x + radius:.2f} {y + bow:.2f} {x + bow:.2f} {y + radius:.2f} {x:.2f} {y + radius:.2f} c",
        f"{x - bow:.2f} {y + radius:.2f} {x - radius:.2f} {y + bow:.2f} {x - radius:.2f} {y:.2f} c",
        f"{x - radius:.2f} {y - bow:.2f} {x - bow:.2f} {y - radius:.2f} {x:.2f} {y - radius:.2f} c",
        f"{x + bow:.2f} {y - radius:.2f} {x + radius:.2f} {y - bow:.2f} {x + radius:.2f} {y:.2f} c s",
    ]
    return " ".join(points)


def _star(x: float, y: float, radius: float) -> str:
    corners = []
    for place in range(10):
        far = radius if place % 2 == 0 else radius * 0.381966
        angle = math.radians(36 * place)
        corners.append(f"{x + far * math.sin(angle):.2f} {y + far * math.cos(angle):.2f} {'l' if place else 'm'}")
    return " ".join([*corners, "f"])
