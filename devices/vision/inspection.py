"""Several pictures of one camera, made one: what is common to all, small and grey; held against a reference.

Whatever passes by (a hand, a moth, a car) is not in most of the pictures and so not in their median.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.contracts.inspection import Inspection, Place
from devices.vision import covered, glass, moved
from devices.vision.face import Image
from devices.vision.parameters import InspectionParameters

Grey = NDArray[np.float32]
_MAX_BYTES = 256 * 1024
_FIELDS = tuple(Place)  # row by row


class BadReference(ValueError):
    """These bytes are no reference."""


def common(images: Sequence[Image], width: int) -> Grey:
    """The median of several pictures, ``width`` pixels across, 0-255."""
    return np.median(np.stack([small(image, width) for image in images]), axis=0).astype(np.float32)


def small(image: Image, width: int) -> Grey:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height = max(8, round(width * image.shape[0] / image.shape[1]))
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


def packed(seen: Grey) -> bytes:
    """A reference as it is kept (PNG)."""
    done, png = cv2.imencode(".png", np.clip(np.rint(seen), 0, 255).astype(np.uint8))
    if not done:
        raise ValueError("a picture that cannot be encoded")
    return png.tobytes()


def unpacked(reference: bytes, shape: tuple[int, ...]) -> Grey:
    """Raises BadReference, also for one of another shape: the camera was set to another size since."""
    if not reference or len(reference) > _MAX_BYTES:
        raise BadReference(f"{len(reference)} bytes")
    found = cv2.imdecode(np.frombuffer(reference, np.uint8), cv2.IMREAD_GRAYSCALE)
    if found is None or found.shape != shape:
        raise BadReference("not a picture of this camera's shape")
    return found.astype(np.float32)


def inspect(images: Sequence[Image], reference: bytes, wanted: InspectionParameters, *, occupied: bool) -> Inspection:
    """``occupied``: a paper or a person was seen. Raises BadReference."""
    seen = common(images, wanted.width)
    before = unpacked(reference, seen.shape) if reference else None
    shift = None if before is None else moved.shift(seen, before, wanted)
    found_again = shift is not None and shift < moved.LOST
    if not found_again and covered.is_covered([small(image, wanted.width) for image in images], before, wanted):
        return Inspection(covered=True)
    if before is None:
        return Inspection(covered=False, occupied=occupied)
    hidden = occupied and not found_again  # what lies there hides what would be looked for
    is_moved = None if shift is None or hidden else shift > wanted.max_shift
    if occupied or not wanted.spots or is_moved is not False:
        return Inspection(False, occupied, is_moved, round(100 * (shift or 0.0), 2))
    found = glass.spots(seen, before, wanted)
    places = tuple(place_of(spot.x, spot.y, seen.shape) for spot in found)
    return Inspection(False, False, False, round(100 * (shift or 0.0), 2), places)


def place_of(x: float, y: float, shape: tuple[int, ...]) -> Place:
    """The field of a point of a picture of ``shape`` (height, width)."""
    column, row = min(2, int(3 * x / shape[1])), min(2, int(3 * y / shape[0]))
    return _FIELDS[3 * row + column]
