"""A handwritten signature (手写签名): strokes with their time and pressure, from the window or from a pad beside it.

Today the window is the surface: ``from_window`` takes its strokes. A pad on a serial line or USB gives reports of where
its pen is; ``from_pad`` makes strokes of them. Everything here is a pure function of what was written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device

LEAST_INK = 0.6  # length of all strokes together, in heights of the surface: less is a slip of the finger
DOT = 0.03  # a mark no wider and no higher than this, in heights, is a dot
LEAST_SPREAD = 0.1  # of the box around everything, in heights: below it nobody can read anything
EDGE = 0.005  # how close to the border a point counts as lying on it
MOST_ON_EDGE = 0.25  # share of the ink that may run along the border before the rest must be missing
MAX_POINTS = 20_000  # ten minutes of scribbling at 30 points a second
_INSIDE = 1.0 + 1e-9


@dataclass(frozen=True, slots=True)
class Surface:
    """What was written on. ``width`` and ``height`` in the surface's own units, ``per_mm`` of them to a millimetre (0
    where unknown), ``pressure_levels`` 0 where it feels none, ``rate`` in points a second (0 where it varies)."""

    width: float
    height: float
    per_mm: float = 0.0
    pressure_levels: int = 0
    rate: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if not (0 < self.width < math.inf and 0 < self.height < math.inf):
            raise ValueError("a surface has a width and a height")

    @property
    def ratio(self) -> float:
        """Width in heights."""
        return self.width / self.height


@dataclass(frozen=True, slots=True, repr=False)
class Point:
    """``x`` and ``y`` in 0..1 of the surface's width and height, from its top left. ``at`` in seconds from the first
    touch, None where the surface keeps no time; ``pressure`` in 0..1, None where it feels none."""

    x: float
    y: float
    at: float | None = None
    pressure: float | None = None

    def __repr__(self) -> str:  # a signature is biometric data
        return "Point(…)"


Stroke = tuple[Point, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Signature:
    """What one person wrote. A stroke is from pen down to pen up and holds at least one point."""

    strokes: tuple[Stroke, ...]
    surface: Surface

    def __repr__(self) -> str:
        return f"Signature({len(self.strokes)} strokes)"


class Flaw(Enum):
    """Why it is no signature yet; the value is the message key."""

    EMPTY = "empty"
    DOT = "dot"  # nothing but dots
    TOO_SHORT = "too_short"
    TOO_SMALL = "too_small"
    OUTSIDE = "outside"  # it ran over the border
    TOO_LONG = "too_long"  # more than a hand writes: a pad that went wrong
    BROKEN = "broken"  # numbers that no pen can give, or time that runs backwards


@dataclass(frozen=True, slots=True, repr=False)
class PadReport:
    """What a pad says each time: the pen's place and pressure in the pad's units, down or not, its clock in seconds."""

    x: float
    y: float
    down: bool
    pressure: float = 0.0
    at: float | None = None

    def __repr__(self) -> str:
        return "PadReport(…)"


StrokeListener = Callable[[Stroke], None]


class SignatureSurface(Device, Protocol):
    """A pad with a pen of its own. Nothing that was written is kept once ``finish`` or ``clear`` has been called."""

    @property
    def surface(self) -> Surface: ...

    def start(self, listener: StrokeListener) -> None:
        """Begin with an empty sheet; each stroke is told when the pen goes up, in the device's thread."""
        ...

    def clear(self) -> None:
        """An empty sheet again."""
        ...

    def finish(self, deadline: Deadline) -> Signature:
        """What was written since ``start`` or ``clear``. Raises DeviceError where the pad was lost meanwhile."""
        ...


# -- making one ----------------------------------------------------------------------------------------


def from_window(strokes: Iterable[Iterable[Sequence[float]]], *, width: float, height: float) -> Signature:
    """From the window's strokes: points (x, y) or (x, y, seconds) in 0..1 of an area ``width`` x ``height`` pixels."""
    made = tuple(
        tuple(Point(float(p[0]), float(p[1]), float(p[2]) if len(p) > 2 else None) for p in stroke)
        for stroke in strokes
    )
    return Signature(tuple(stroke for stroke in made if stroke), Surface(width, height, name="window"))


def from_pad(reports: Iterable[PadReport], surface: Surface) -> Signature:
    """From a pad's reports: a stroke from each pen down to the next pen up. Time counts from the first touch."""
    strokes: list[Stroke] = []
    stroke: list[Point] = []
    start: float | None = None
    for report in reports:
        if report.down:
            if start is None and report.at is not None:
                start = report.at
            stroke.append(_point(report, surface, start))
        elif stroke:
            strokes.append(tuple(stroke))
            stroke = []
    if stroke:
        strokes.append(tuple(stroke))
    return Signature(tuple(strokes), surface)


def _point(report: PadReport, surface: Surface, start: float | None) -> Point:
    at = None if report.at is None or start is None else report.at - start
    pressure = report.pressure / surface.pressure_levels if surface.pressure_levels else None
    return Point(report.x / surface.width, report.y / surface.height, at, pressure)


# -- looking at one ------------------------------------------------------------------------------------


def ink(signature: Signature) -> float:
    """Length of all strokes together, in heights of the surface."""
    ratio = signature.surface.ratio
    return sum(_step(a, b, ratio) for stroke in signature.strokes for a, b in pairwise(stroke))


def seconds(signature: Signature) -> float | None:
    """From the first touch to the last; None where the surface keeps no time."""
    times = [point.at for stroke in signature.strokes for point in stroke if point.at is not None]
    return max(times) - min(times) if times else None


def box(signature: Signature) -> tuple[float, float]:
    """Width and height of what was written, in heights of the surface."""
    points = [point for stroke in signature.strokes for point in stroke]
    if not points:
        return 0.0, 0.0
    across = [point.x * signature.surface.ratio for point in points]
    down = [point.y for point in points]
    return max(across) - min(across), max(down) - min(down)


def flaws(signature: Signature) -> tuple[Flaw, ...]:
    """What keeps it from being a signature; empty when nothing does. It is not compared with anything."""
    points = [point for stroke in signature.strokes for point in stroke]
    if not points:
        return (Flaw.EMPTY,)
    if len(points) > MAX_POINTS:
        return (Flaw.TOO_LONG,)
    if not all(map(_sound, points)) or not _forward(points):
        return (Flaw.BROKEN,)
    found = []
    if any(not 0 - 1e-9 <= place <= _INSIDE for point in points for place in (point.x, point.y)):
        found.append(Flaw.OUTSIDE)
    elif _along_edge(signature) > MOST_ON_EDGE:
        found.append(Flaw.OUTSIDE)  # a surface that holds points fast at its border
    if all(_dot(stroke, signature.surface.ratio) for stroke in signature.strokes):
        found.append(Flaw.DOT)
    elif ink(signature) < LEAST_INK:
        found.append(Flaw.TOO_SHORT)
    elif max(box(signature)) < LEAST_SPREAD:
        found.append(Flaw.TOO_SMALL)
    return tuple(found)


def _step(a: Point, b: Point, ratio: float) -> float:
    return math.hypot((b.x - a.x) * ratio, b.y - a.y)


def _dot(stroke: Stroke, ratio: float) -> bool:
    across = [point.x * ratio for point in stroke]
    down = [point.y for point in stroke]
    return max(across) - min(across) <= DOT and max(down) - min(down) <= DOT


def _sound(point: Point) -> bool:
    numbers = [point.x, point.y, *(n for n in (point.at, point.pressure) if n is not None)]
    return all(math.isfinite(n) and abs(n) < 1e6 for n in numbers) and (point.pressure is None or point.pressure >= 0)


def _forward(points: Sequence[Point]) -> bool:
    times = [point.at for point in points if point.at is not None]
    return all(a <= b for a, b in pairwise(times))


def _along_edge(signature: Signature) -> float:
    """Share of the ink whose two ends lie on the same border."""
    ratio, total, along = signature.surface.ratio, 0.0, 0.0
    for stroke in signature.strokes:
        for a, b in pairwise(stroke):
            step = _step(a, b, ratio)
            total += step
            along += step if _borders(a) & _borders(b) else 0.0
    return along / total if total else 0.0


def _borders(point: Point) -> frozenset[str]:
    on = {"left": point.x, "top": point.y, "right": 1 - point.x, "bottom": 1 - point.y}
    return frozenset(name for name, gap in on.items() if gap <= EDGE)
