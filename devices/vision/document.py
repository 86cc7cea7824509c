"""Where papers lie in a picture: outlines found on a small copy, their corners then refined on the full picture.

Pure functions on arrays. An outline is four corners in pixels of the full picture (centres at whole numbers), clockwise
from the one nearest the upper left. A paper that runs out of the picture is found as cut off. Not calibrated on real
document cameras: every number stands in ``parameters.DocumentParameters``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.vision.face import Image
from devices.vision.parameters import DocumentParameters

Points = NDArray[np.float64]  # 4 x 2
Grey = NDArray[np.uint8]
Hull = NDArray[np.integer[Any] | np.floating[Any]]  # as OpenCV's stub has it
_ALONG = np.linspace(0.05, 0.95, 32)  # places along a side
_LEAST = 64  # pixels of a side in which no paper can be told


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One paper. ``share`` is its part of the picture's area, ``cut`` the number of borders that it runs out of."""

    corners: Points
    share: float
    cut: int = 0


def find(image: Image, wanted: DocumentParameters) -> list[Outline]:
    """Papers in the picture, largest first; corners as exact as the picture allows (about 5 ms, 8 MP)."""
    if min(image.shape[:2]) < _LEAST:
        return []
    small, scale = shrunk(image, wanted.search_width)
    found = [
        Outline(refine(image, one.corners * scale + (scale - 1) / 2, scale, wanted), one.share, one.cut)
        if not one.cut
        else Outline(one.corners * scale + (scale - 1) / 2, one.share, one.cut)
        for one in _outlines(small, wanted)
    ]
    return found


def shrunk(image: Image, width: int) -> tuple[Image, float]:
    """A copy of about ``width`` pixels, and how many pixels of the picture one of it covers (a whole number)."""
    factor = max(1, round(image.shape[1] / width))
    if factor == 1:
        return image, 1.0
    height, wide = image.shape[0] // factor, image.shape[1] // factor
    return small_copy(image[: height * factor, : wide * factor], (wide, height)), float(factor)


def small_copy(image: Image, size: tuple[int, int]) -> Image:
    """A much smaller copy: every other pixel of it is left out unseen, then four make one. A sixth of the time of
    averages over everything, and fine for finding and for the light; not for reading."""
    wide, height = size
    if image.shape[1] > 3 * wide and image.shape[0] > 3 * height:
        image = cv2.resize(image, (wide * 2, height * 2), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _outlines(small: Image, wanted: DocumentParameters) -> list[Outline]:
    """Candidates of every way of looking, the best of those that lie on one another."""
    soft = cv2.GaussianBlur(small, (5, 5), 0)
    grey = cv2.cvtColor(soft, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    slope = _slope(grey)
    candidates: list[tuple[float, Outline]] = []
    for mask in _masks(soft.astype(np.uint8), grey):
        for outline, trace in _quads(mask, wanted):
            support = _support(slope, trace)
            if support >= wanted.support:
                candidates.append((support + min(0.3, outline.share), outline))
    candidates.sort(key=lambda one: -one[0])
    kept: list[Outline] = []
    for _, outline in candidates:
        if not any(_overlap(outline, other) for other in kept):
            kept.append(outline)
    return sorted(kept, key=lambda one: -one.share)


def _slope(grey: Grey) -> NDArray[np.float32]:
    """Steepness, spread by two pixels so that a side a little off still meets its edge."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return cv2.dilate(cv2.magnitude(x, y), np.ones((5, 5), np.uint8)).astype(np.float32)


def _support(slope: NDArray[np.float32], trace: Points) -> float:
    """The weakest side's share of places that lie on a steep edge: a shadow's soft end is not one. What runs along
    the picture's border says nothing."""
    height, width = slope.shape
    rim = height // 40
    ends = np.roll(trace, -1, axis=0)
    places = np.rint(trace[:, None] + _ALONG[None, :, None] * (ends - trace)[:, None]).astype(np.intp)
    x, y = places[..., 0], places[..., 1]
    inside = (x >= rim) & (y >= rim) & (x < width - rim) & (y < height - rim)
    steep = inside & (slope[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] > 40.0)
    counted = inside.sum(axis=1)
    known = counted >= 8
    return float((steep.sum(axis=1)[known] / counted[known]).min()) if known.any() else 0.0


def _masks(soft: Image, grey: Grey) -> Iterator[Grey]:
    """Pictures in which a paper is one white blob: brighter than the desk, other in colour, or fenced by edges."""
    close = np.ones((9, 9), np.uint8)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    yield cv2.morphologyEx(bright, cv2.MORPH_CLOSE, close).astype(np.uint8)
    # Under a shadow the desk is darker too: what counts is the light of the place, as the brightest around it show.
    around = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    around = cv2.blur(cv2.dilate(around, np.ones((15, 15), np.uint8)), (15, 15))
    level = cv2.resize(around, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    flat = cv2.divide(grey, level, scale=200.0)
    _, bright = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    yield cv2.morphologyEx(bright, cv2.MORPH_CLOSE, close).astype(np.uint8)
    for low, high, width in ((20, 60, 3), (40, 110, 5)):
        yield cv2.dilate(cv2.Canny(grey, low, high), np.ones((width, width), np.uint8)).astype(np.uint8)
    yield _other_than_desk(soft, close)


def _other_than_desk(soft: Image, close: Grey) -> Grey:
    """What differs in colour from what lies along the picture's borders: mostly desk, if a paper is seen whole."""
    lab = cv2.cvtColor(soft, cv2.COLOR_BGR2LAB)
    border = np.concatenate([lab[::4, 1], lab[::4, -2], lab[1, ::4], lab[-2, ::4]]).astype(np.float32)
    middle = np.sort(border, axis=0)[len(border) // 2]
    reach = np.maximum(np.sort(np.abs(border - middle), axis=0)[len(border) // 2] * 5, (24.0, 10.0, 10.0))
    near = cv2.inRange(lab, np.clip(middle - reach, 0, 255), np.clip(middle + reach, 0, 255))
    return cv2.morphologyEx(cv2.bitwise_not(near), cv2.MORPH_CLOSE, close).astype(np.uint8)


def _quads(mask: Grey, wanted: DocumentParameters) -> Iterator[tuple[Outline, Points]]:
    """Blobs that may be papers, each with the corners at which its own sides meet."""
    height, width = mask.shape
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        _, _, wide, tall = cv2.boundingRect(contour)
        if wide * tall < wanted.min_share * height * width:  # letters, mostly
            continue
        hull = cv2.convexHull(contour)
        area = cv2.contourArea(hull)
        share = area / (height * width)
        if not wanted.min_share <= share <= wanted.max_share:
            continue
        cut = _cut(hull.reshape(-1, 2), width, height)
        quad = _four(hull)
        fits = quad is not None and area >= wanted.fit * cv2.contourArea(quad.astype(np.float32))
        if quad is not None and fits and not _skewed(quad, wanted):
            yield Outline(ordered(quad), share, cut), quad
        elif cut and cv2.contourArea(contour) > wanted.filled * area:
            trace = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True).reshape(-1, 2)
            yield Outline(_box(hull), share, cut), trace.astype(np.float64)


def _four(hull: Hull) -> Points | None:
    """The hull as four corners, however much its own corners are rounded."""
    length = cv2.arcLength(hull, True)
    for eps in (0.015, 0.02, 0.03, 0.045, 0.06):
        shape = cv2.approxPolyDP(hull, eps * length, True)
        if len(shape) == 4:
            return shape.reshape(4, 2).astype(np.float64)
        if len(shape) < 4:
            return None
    return None


def _box(hull: Hull) -> Points:
    return ordered(cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float64))


def _cut(points: Hull, width: int, height: int) -> int:
    """How many of the picture's borders the points touch."""
    x, y = points[:, 0], points[:, 1]
    return sum(bool(one) for one in (x.min() <= 2, y.min() <= 2, x.max() >= width - 3, y.max() >= height - 3))


def _skewed(quad: Points, wanted: DocumentParameters) -> bool:
    """Whether an angle is too far from a right one, or a side too short, for a paper that lies on a desk."""
    points = quad.tolist()
    sides = [(u - x, v - y) for (x, y), (u, v) in zip(points, points[1:] + points[:1], strict=True)]
    lengths = [math.hypot(*side) for side in sides]
    if min(lengths) * wanted.max_aspect < max(lengths):
        return True
    return any(
        abs(sides[one][0] * sides[one - 1][0] + sides[one][1] * sides[one - 1][1])
        > wanted.max_skew * lengths[one] * lengths[one - 1]
        for one in range(4)
    )


def _overlap(one: Outline, other: Outline) -> bool:
    """Whether two outlines claim the same place."""
    first, second = one.corners.astype(np.float32), other.corners.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(first, second)
    return bool(common > 0.3 * min(cv2.contourArea(first), cv2.contourArea(second)))


def ordered(quad: Points) -> Points:
    """Clockwise as seen, from the corner nearest the upper left."""
    points = quad.tolist()
    x, y = sum(one[0] for one in points) / 4, sum(one[1] for one in points) / 4
    points.sort(key=lambda one: math.atan2(one[1] - y, one[0] - x))
    start = min(range(4), key=lambda one: sum(points[one]))
    return np.array(points[start:] + points[:start])


def refine(image: Image, corners: Points, scale: float, wanted: DocumentParameters) -> Points:
    """Corners as crossings of lines laid through the paper's edge where it is steepest, on the full picture.

    Along each side the picture is read across the edge; a side whose edge is not clear keeps its line."""
    along = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(along, axis=1)
    directions = along / np.maximum(lengths, 1e-9)[:, None]
    normals = np.stack(
        [directions[:, 1], -directions[:, 0]], axis=1
    )  # outwards, for corners that run clockwise as seen
    reach = wanted.reach * max(1.0, scale)
    steps = np.arange(-reach, reach + 0.5, 1.0)
    stations = np.linspace(0.06, 0.94, wanted.stations)
    places = (corners[:, None, :] + stations[None, :, None] * along[:, None, :]).astype(np.float32)[:, :, None]
    across = steps.astype(np.float32)[:, None] * normals.astype(np.float32)[:, None, None, :]
    contrast = _contrast(image, places[..., 0] + across[..., 0], places[..., 1] + across[..., 1])
    offsets, peak = _edge(contrast)
    lines = []
    for side in range(4):
        rows = slice(side * len(stations), (side + 1) * len(stations))
        clear = peak[rows] > max(wanted.edge, 0.4 * _middle(peak[rows]))
        if lengths[side] < 16 or clear.sum() < wanted.stations // 4:
            lines.append((corners[side], directions[side]))
            continue
        slope, level = _fitted(stations[clear] * lengths[side], steps[0] + offsets[rows][clear])
        towards = directions[side] + slope * normals[side]
        lines.append((corners[side] + level * normals[side], towards / math.hypot(*towards)))
    better = corners.copy()
    for here in range(4):
        crossing = _crossing(lines[here - 1], lines[here])
        if crossing is not None and math.hypot(*(crossing - corners[here])) < wanted.reach * max(2.0, scale) * 2:
            better[here] = crossing
    return better


def _contrast(image: Image, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much three pixels on either side of each place differ, in the colour that differs most; the places of one
    station along the last axis, one row for each. Index i along a row stands for the edge before pixel i + 3."""
    x, y = x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1])
    profile = cv2.remap(image, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE).astype(np.float32)
    mean = cv2.blur(profile, (3, 1))
    one, two, three = cv2.split(cv2.absdiff(mean[:, 4:-1], mean[:, 1:-4]))
    return cv2.max(cv2.max(one, two), three).astype(np.float32, copy=False)


def _edge(contrast: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Where the edge lies along each row, in pixels from the row's first, and how steep it is."""
    best = contrast.argmax(axis=1)
    peak = contrast[np.arange(len(best)), best]
    return best + 2.5 + _subpixel(contrast, best), peak


def _subpixel(contrast: NDArray[np.float32], best: NDArray[np.intp]) -> NDArray[np.float64]:
    """Where the parabola through three values has its top, -0.5 to 0.5."""
    rows = np.arange(len(best))
    inner = np.clip(best, 1, contrast.shape[1] - 2)
    left, mid, right = (contrast[rows, inner + shift].astype(np.float64) for shift in (-1, 0, 1))
    curve = left - 2 * mid + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.where(curve < 0, curve, -1.0), 0.0)
    return np.where(inner == best, np.clip(shift, -0.5, 0.5), 0.0)


def _fitted(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and level of a line through offsets, those far off left out (least squares on the nearest, three times)."""
    middle = _middle(y)
    off = np.abs(y - middle)
    keep = off < max(6.0, 3 * _middle(off))
    slope, level = 0.0, middle
    for _ in range(3):
        if keep.sum() < 4:
            break
        slope, level = _line(x[keep], y[keep])
        off = np.abs(y - (slope * x + level))
        keep = off < max(0.7, 2.5 * _middle(off))
    return slope, level


def _middle(values: NDArray[np.floating[Any]]) -> float:
    """The upper median. numpy's own takes twenty times as long for fifty values."""
    return float(np.sort(values)[len(values) // 2])


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and level of the straight line nearest to the points (least squares)."""
    middle = float(x.mean())
    apart = x - middle
    slope = float(apart @ y) / max(1e-9, float(apart @ apart))
    return slope, float(y.mean()) - slope * middle


def _crossing(one: tuple[Points, Points], other: tuple[Points, Points]) -> Points | None:
    (x, y), (u, v) = one[1], other[1]
    apart = v * x - u * y
    if abs(apart) < 0.05:
        return None
    a, b = other[0] - one[0]
    return np.asarray(one[0] + (v * a - u * b) / apart * one[1], dtype=np.float64)
