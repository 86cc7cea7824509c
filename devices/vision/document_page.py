"""From an outline to a page: straightened at full resolution, lit evenly, its size told. Pure functions on arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.contracts.document_camera import PageSize
from devices.vision.document import Points, small_copy
from devices.vision.face import Image
from devices.vision.parameters import DocumentParameters

_CLASSES: tuple[tuple[PageSize, float, float], ...] = (  # millimetres, the long side first
    (PageSize.A4, 297.0, 210.0),
    (PageSize.ID1, 85.6, 53.98),
    (PageSize.BOOKLET, 125.0, 88.0),
    (PageSize.BOOKLET, 176.0, 125.0),
)
_ID1_RATIO = 85.6 / 53.98  # the only class whose sides' ratio no other has: A4 is 1.414, booklets 1.420 and 1.408


@dataclass(frozen=True, slots=True)
class Measure:
    """A page's pixels and what they are in millimetres (0 where unknown)."""

    width: int
    height: int
    size: PageSize
    width_mm: float
    height_mm: float
    dpi: int
    measured: bool


def measure(corners: Points, frame: tuple[int, int], wanted: DocumentParameters) -> Measure:
    """How large a page the outline makes. ``frame`` is width and height of the picture."""
    ratio = aspect(corners, frame)
    top, right, bottom, left = (float(one) for one in np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1))
    across, down = max(top, bottom), max(left, right)
    # No side may lose pixels: the longer of two sides that face each other counts, the ratio corrects the other way.
    width, height = (across, across / ratio) if across / ratio >= down else (down * ratio, down)
    scale = wanted.mm_per_pixel
    if scale:
        # At the desk's middle the profile's scale holds; leaning makes the near side longer and the far one shorter.
        area = math.sqrt(float(cv2.contourArea(corners.astype(np.float32)))) * scale
        wide, tall = area * math.sqrt(ratio), area / math.sqrt(ratio)
        size, width_mm, height_mm = _class_of(wide, tall, wanted.size_tolerance)
        return Measure(round(width), round(height), size, width_mm, height_mm, round(width / width_mm * 25.4), True)
    longer = max(ratio, 1 / ratio)
    if abs(longer / _ID1_RATIO - 1) < wanted.size_tolerance / 2:
        wide, tall = (85.6, 53.98) if ratio > 1 else (53.98, 85.6)
        return Measure(round(width), round(height), PageSize.ID1, wide, tall, round(width / wide * 25.4), False)
    return Measure(round(width), round(height), PageSize.OTHER, 0.0, 0.0, 0, False)


def _class_of(wide: float, tall: float, tolerance: float) -> tuple[PageSize, float, float]:
    """The class of a measured paper, and its millimetres: the class's own, or what was measured."""
    for size, long, short in _CLASSES:
        a, b = (long, short) if wide >= tall else (short, long)
        same_shape = abs(wide / tall / (a / b) - 1) < tolerance / 2  # US letter is no A4
        if same_shape and abs(wide / a - 1) < tolerance and abs(tall / b - 1) < tolerance:
            return size, a, b
    return PageSize.OTHER, round(wide, 1), round(tall, 1)


def aspect(corners: Points, frame: tuple[int, int]) -> float:
    """Width to height of the rectangle behind four corners, by the pinhole model with the picture's middle as its
    centre (Zhang and He, Whiteboard scanning and image enhancement, 2007, section 3.2). Where the sides are nearly
    parallel the focal length is not to be had: then the sides themselves are compared."""
    a, b, d, c = (np.array([*(one - np.array(frame) / 2), 1.0]) for one in corners)  # as there: a b over c d
    k2 = _volume(a, d, c) / _volume(b, d, c)
    k3 = _volume(a, d, b) / _volume(c, d, b)
    n2, n3 = k2 * b - a, k3 * c - a
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    plain = float((sides[0] + sides[2]) / (sides[1] + sides[3]))
    if abs(n2[2]) < 0.02 or abs(n3[2]) < 0.02:
        return plain
    focal = -(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])
    if not 0.25 < focal / max(frame) ** 2 < 16:
        return plain
    along = (n2[0] ** 2 + n2[1] ** 2) / focal + n2[2] ** 2
    down = (n3[0] ** 2 + n3[1] ** 2) / focal + n3[2] ** 2
    return float(math.sqrt(along / down))


def _volume(a: Points, b: Points, c: Points) -> float:
    """The triple product (a x b) c. numpy's cross takes ten times as long for three numbers."""
    (a1, a2, a3), (b1, b2, b3), (c1, c2, c3) = a.tolist(), b.tolist(), c.tolist()
    return float((a2 * b3 - a3 * b2) * c1 + (a3 * b1 - a1 * b3) * c2 + (a1 * b2 - a2 * b1) * c3)


def straighten(image: Image, corners: Points, size: tuple[int, int]) -> Image:
    """The page, upright as it lay, at the picture's own resolution."""
    width, height = size
    target = np.array(
        [(-0.5, -0.5), (width - 0.5, -0.5), (width - 0.5, height - 0.5), (-0.5, height - 0.5)], np.float32
    )
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    page = cv2.warpPerspective(image, matrix, (width, height))
    return page.astype(np.uint8, copy=False)


def is_paper(page: Image) -> bool:
    """Whether the page is mostly blank paper: then the light on it can be told from what is printed."""
    one, two, three = cv2.split(small_copy(page, (64, 64)))
    most = cv2.max(cv2.max(one, two), three)
    pale = cv2.subtract(most, cv2.min(cv2.min(one, two), three)) < 36
    around = cv2.blur(cv2.dilate(most, np.ones((9, 9), np.uint8)), (9, 9)).astype(np.float32)
    mean = (one.astype(np.float32) + two + three) / 3
    return bool(np.mean(pale & (mean > 0.8 * around)) > 0.5)


def even_light(page: Image) -> Image:
    """The page as under even light: every place is scaled by how bright the blank paper around it is. One gain for
    all colours, so that a red seal stays red."""
    height, width = page.shape[:2]
    factor = max(1, min(height, width) // 128)
    small = small_copy(page, (max(8, width // factor), max(8, height // factor)))
    paper = cv2.dilate(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.ones((9, 9), np.uint8))
    paper = cv2.GaussianBlur(cv2.medianBlur(paper, 9), (0, 0), 3)
    gain = cv2.divide(242 * 64.0, np.maximum(paper, 1))  # in parts of 64: 0.9 to 3 times as bright
    full = cv2.resize(np.clip(gain, 58, 192), (width, height), interpolation=cv2.INTER_LINEAR)
    gains = cv2.merge([full, full, full])
    return cv2.multiply(page, gains, gains, scale=1 / 64).astype(np.uint8, copy=False)


def encode(page: Image, quality: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("a page that cannot be encoded")
    return jpeg.tobytes()


def thumbnail(page: Image) -> NDArray[np.float32]:
    """A page as 64 x 64 grey levels: enough to know it again, too little to read it.

    Around the mean of their neighbourhood, not the page's: light falls otherwise as soon as the page was moved.
    """
    small = cv2.cvtColor(cv2.resize(page, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    level = small.astype(np.float32)
    return np.asarray(level - cv2.blur(level, (13, 13)), dtype=np.float32)


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """How well two thumbnails fit each other, -1 to 1, shifted by up to three of their pixels, without their rim."""
    found = cv2.matchTemplate(other[4:-4, 4:-4], one[7:-7, 7:-7], cv2.TM_CCOEFF_NORMED)
    return float(np.nan_to_num(found).max())
