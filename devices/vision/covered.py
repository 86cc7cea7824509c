"""Is the camera covered? Dark, or without the edges that it always sees. Pure functions on small grey pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.vision.parameters import InspectionParameters

Grey = NDArray[np.float32]
NOISE = 1.5  # sigma in pixels of the small picture: what is finer is the sensor's


def is_covered(pictures: Sequence[Grey], before: Grey | None, wanted: InspectionParameters) -> bool:
    """Whether every one of several pictures shows nothing: a cap, a hand, a sticker, tape.

    With a reference, nothing is what has far less to see than it had; without one, what is flat or black.
    """
    return all(_nothing(picture, before, wanted) for picture in pictures)


def _nothing(picture: Grey, before: Grey | None, wanted: InspectionParameters) -> bool:
    light, spread = float(picture.mean()), float(picture.std())
    if light < 8.0 and spread < 2 * wanted.flat:
        return True
    if before is None:
        return spread < wanted.flat or (light < 14.0 and spread < 2 * wanted.flat)
    return texture(picture) < wanted.texture_left * texture(before)


def texture(picture: Grey) -> float:
    """How much there is to see: points against their neighbourhood, in shares of the light there. A slope of light over
    a cap is not much; a dimmed lamp takes nothing away."""
    calm = cv2.GaussianBlur(picture, (0, 0), NOISE)
    around = cv2.GaussianBlur(picture, (0, 0), max(4.0, picture.shape[1] / 24))
    return float(np.std((calm - around) / np.maximum(around, 8.0)))
