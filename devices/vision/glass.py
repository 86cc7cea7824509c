"""Dirty glass: spots and smears that are in every picture of the empty desk and were not in the reference.

A spot takes away (or scatters) a share of the light of a small place with a definite rim; a shadow, a lamp that dims or
daylight changes large places softly. So the two pictures are divided, what changes slowly across the picture is taken
out, and what is left over must be strong, of some size, and have a rim. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.vision.parameters import InspectionParameters

Grey = NDArray[np.float32]
_BREADTH = 14.0  # sigma in pixels of a picture 320 across: what is broader is light, not dirt
_RIM = 4  # pixels along the border of the picture: half of what is around them is not known
_EDGES = 0.6  # pixels by which an edge may lie or spread otherwise


@dataclass(frozen=True, slots=True)
class Spot:
    """Middle in pixels of the small picture; ``share`` of the picture's area; ``strength``: of the light, signed."""

    x: float
    y: float
    share: float
    strength: float


def spots(seen: Grey, before: Grey, wanted: InspectionParameters) -> tuple[Spot, ...]:
    """The largest first."""
    change = difference(seen, before)
    noise = 1.4826 * float(np.median(np.abs(change - np.median(change))))
    least = max(wanted.spot_strength, wanted.spot_noises * noise)
    wants = least + _EDGES * _steepness(before)
    found: list[Spot] = []
    for sign in (1.0, -1.0):
        mask = (sign * change > wants).astype(np.uint8)
        mask[:_RIM] = mask[-_RIM:] = mask[:, :_RIM] = mask[:, -_RIM:] = 0
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).astype(np.uint8)
        count, labels, stats, middles = cv2.connectedComponentsWithStats(mask)
        for number in range(1, count):
            area = int(stats[number, cv2.CC_STAT_AREA])
            if area < wanted.spot_share * change.size:
                continue
            where = labels == number
            if _rim(change, where) < wanted.spot_rim * least:
                continue
            x, y = middles[number]
            found.append(Spot(float(x), float(y), area / change.size, float(change[where].mean())))
    return tuple(sorted(found, key=lambda spot: -spot.share))


def difference(seen: Grey, before: Grey) -> Grey:
    """How much lighter or darker every place is than it was, as a share, without what changes slowly across."""
    ratio = np.log((_calm(seen) + 4.0) / (_calm(before) + 4.0)).astype(np.float32)
    breadth = _BREADTH * seen.shape[1] / 320
    centre = cv2.medianBlur(np.clip(128 + 120 * ratio, 0, 255).astype(np.uint8), 2 * round(breadth * 1.5) + 1)
    broad = cv2.GaussianBlur((centre.astype(np.float32) - 128) / 120, (0, 0), breadth / 4)
    return np.asarray(ratio - broad, dtype=np.float32)


def _calm(picture: Grey) -> Grey:
    return cv2.GaussianBlur(picture, (0, 0), 1.2).astype(np.float32)


def _steepness(before: Grey) -> Grey:
    """The steepest change of light around every point, per pixel: there a little less focus looks like a spot."""
    level = np.log(_calm(before) + 4.0)
    steps = cv2.magnitude(cv2.Sobel(level, cv2.CV_32F, 1, 0), cv2.Sobel(level, cv2.CV_32F, 0, 1)) / 8
    return cv2.dilate(steps, np.ones((5, 5), np.uint8)).astype(np.float32)


def _rim(change: Grey, where: NDArray[np.bool_]) -> float:
    """How steep the change is along the rim of a place, per pixel: its steepest quarter."""
    mask = where.astype(np.uint8)
    rim = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(bool)
    steps = cv2.magnitude(cv2.Sobel(change, cv2.CV_32F, 1, 0), cv2.Sobel(change, cv2.CV_32F, 0, 1)) / 8
    return float(np.percentile(steps[rim], 75)) if rim.any() else 0.0
