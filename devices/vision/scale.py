"""Pictures made smaller."""

from __future__ import annotations

import cv2
import numpy as np

from devices.vision.face import Image


def narrowed(image: Image, width: int) -> Image:
    """The picture, at most ``width`` pixels wide."""
    scale = width / image.shape[1]
    if scale >= 1:
        return image
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)
