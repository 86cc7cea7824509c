"""The signature as material: strokes of the pad as SVG text. Pure; nothing is added, nothing is smoothed away."""

from __future__ import annotations

from collections.abc import Sequence

Strokes = Sequence[Sequence[tuple[float, float]]]
MEDIA_TYPE = "image/svg+xml"
WIDTH, HEIGHT = 900, 360  # the pad's shape on the screen, in pixels
PEN = 5


def signature_svg(strokes: Strokes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """SVG of strokes whose points are (x, y) in 0..1 of the pad. Raises ValueError when there is nothing to show."""
    paths = [_path(stroke, width, height) for stroke in strokes if stroke]
    if not paths:
        raise ValueError("a signature needs at least one stroke")
    body = "".join(f'<path d="{path}"/>' for path in paths)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<g fill="none" stroke="#1A2330" stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round">'
        f"{body}</g></svg>"
    ).encode("ascii")


def _path(stroke: Sequence[tuple[float, float]], width: int, height: int) -> str:
    points = [f"{_clip(x) * width:.1f} {_clip(y) * height:.1f}" for x, y in stroke]
    if len(points) == 1:  # a dot: a line of no length is drawn by its round caps
        points *= 2
    return "M" + " L".join(points)


def _clip(value: float) -> float:
    if value != value:
        raise ValueError("a point of the signature is not a number")
    return min(1.0, max(0.0, value))
