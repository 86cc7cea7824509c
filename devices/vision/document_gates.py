"""Is this paper good enough to be taken, and if not, what should the person do? Pure functions on arrays.

The thresholds stand in ``parameters.DocumentParameters``; they were chosen on generated scenes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.contracts.document_camera import DocumentHint, PageSize
from devices.vision.document import Outline
from devices.vision.document_page import Measure, straighten
from devices.vision.face import Image
from devices.vision.parameters import DocumentParameters

_SIDE = 1000  # pixels of the longer side of the copy on which sharpness is judged


def place(outlines: list[Outline], wanted: DocumentParameters) -> DocumentHint | None:
    """What is wrong with where the papers lie. ``outlines`` largest first."""
    if not outlines:
        return DocumentHint.NO_DOCUMENT
    first = outlines[0]
    if first.cut:
        return DocumentHint.TOO_CLOSE if first.cut >= wanted.close_borders else DocumentHint.CUT_OFF
    if any(other.share >= wanted.rival * first.share for other in outlines[1:]):
        return DocumentHint.SEVERAL_DOCUMENTS
    return None


def distance(outline: Outline, measure: Measure, wanted: DocumentParameters) -> DocumentHint | None:
    """Whether the page has too few pixels."""
    too_far = 0 < measure.dpi < wanted.min_dpi
    too_far |= measure.size is PageSize.OTHER and outline.share < wanted.far_share
    return DocumentHint.TOO_FAR if too_far else None


def look(image: Image, outline: Outline, measure: Measure, wanted: DocumentParameters) -> DocumentHint | None:
    """What is wrong with the light on the paper, or with the focus."""
    factor = min(1.0, _SIDE / max(measure.width, measure.height))
    page = straighten(image, outline.corners, (round(measure.width * factor), round(measure.height * factor)))
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    inset = max(2, min(grey.shape) // 50)  # the very edge belongs to the desk as much as to the paper
    grey = grey[inset:-inset, inset:-inset]
    dark, bright, brightest = percentiles(grey, 1, 90, 99)
    if bright < wanted.min_light:
        return DocumentHint.TOO_DARK
    if glare(grey, wanted):
        return DocumentHint.GLARE
    return DocumentHint.BLURRED if sharpness(grey, dark, brightest) < wanted.min_sharpness else None


def glare(grey: NDArray[np.uint8], wanted: DocumentParameters) -> bool:
    """Whether a patch is blown out that rises above the paper around it, or all of the paper is blown out."""
    factor = max(1, max(grey.shape) // 500)
    small = cv2.resize(grey, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )
    bright = cv2.threshold(small, math.ceil(wanted.glare_level) - 1, 1, cv2.THRESH_BINARY)[1]
    blown = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)
    if cv2.countNonZero(blown) < wanted.glare_share * small.size:
        return False
    count, _, stats, _ = cv2.connectedComponentsWithStats(blown)
    if count < 2 or float(stats[1:, cv2.CC_STAT_AREA].max()) < wanted.glare_share * small.size:
        return False
    if cv2.countNonZero(blown) > 0.8 * small.size:
        return True
    return percentiles(small, 80, where=np.asarray(1 - blown, dtype=np.uint8))[0] < 255 - wanted.glare_rise


def sharpness(grey: NDArray[np.uint8], low: float, high: float) -> float:
    """The steepest steps from pixel to pixel as a share of the range of grey (``low`` to ``high``), in the direction in
    which they are gentler (a moving paper is smeared in one). A blank page has nothing to judge: 1."""
    if high - low < 24:
        return 1.0
    across = cv2.absdiff(grey[:, 1:], grey[:, :-1])
    down = cv2.absdiff(grey[1:], grey[:-1])
    steepest = min(
        percentiles(across.astype(np.uint8, copy=False), 99.5)[0],
        percentiles(down.astype(np.uint8, copy=False), 99.5)[0],
    )
    return steepest / (high - low)


def percentiles(grey: NDArray[np.uint8], *shares: float, where: NDArray[np.uint8] | None = None) -> list[float]:
    """Levels below which so many of 100 pixels lie, from the histogram (numpy sorts, which takes ten times as long)."""
    below = np.cumsum(cv2.calcHist([grey], [0], where, [256], [0, 256]))
    return [float(np.searchsorted(below, share / 100 * below[-1])) for share in shares]
