"""Streaks of a printed test page: columns of its grey bars that are lighter or darker than their neighbours.

Toner that is missing or too much runs along the way of the paper, which is the page's length: such a column is seen in
several bars, one under the other; dirt on the page is in one. Pure functions on arrays.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.contracts.inspection import BAR_LEFT, BAR_RIGHT, BARS, CODE_HEAD, Bar, ReadBack, Third
from devices.vision.codes import read
from devices.vision.face import Image
from devices.vision.parameters import CodeParameters, InspectionParameters

_WIDTH, _HEIGHT = 210.0, 297.0  # mm
_THIRDS = tuple(Third)
_AROUND = 14.0  # mm of neighbours that a column is held against
_INSIDE = 0.22  # of a bar's height: left out above and below
_DOTS = 5.0  # pixels a millimetre on which columns are judged


def judge(page: Image, wanted: InspectionParameters) -> ReadBack:
    """``page``: straightened, any way up, as dark or light as it was seen."""
    code, upright = _upright(page)
    grey = cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY)
    size = round(_WIDTH * _DOTS), round(_HEIGHT * _DOTS)
    levels: NDArray[np.float32] = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    contrast = _contrast(levels)
    if contrast < wanted.bar_contrast:
        return ReadBack(code, None, round(contrast, 2))
    return ReadBack(code, streaks(levels, wanted), round(contrast, 2))


def judge_jpeg(page: bytes, wanted: InspectionParameters) -> ReadBack:
    """As ``judge``. ValueError for bytes that are no picture."""
    image = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("a page that cannot be decoded")
    return judge(image.astype(np.uint8, copy=False), wanted)


def streaks(grey: NDArray[np.float32], wanted: InspectionParameters) -> tuple[Third, ...]:
    """Of an upright page of 5 pixels a millimetre: the third of each streak, from the left."""
    profiles = np.stack([_deviation(grey, bar) for bar in BARS])
    least = wanted.streak_strength
    light, dark = (profiles > least).sum(axis=0), (profiles < -least).sum(axis=0)
    columns = np.maximum(light, dark) >= wanted.streak_bars
    found: list[Third] = []
    gap = round(1.0 * _DOTS)
    start = last = -1
    for x in [*np.flatnonzero(columns).tolist(), len(columns) + 2 * gap]:
        if start >= 0 and x - last > gap:
            if last - start + 1 >= wanted.streak_mm * _DOTS:
                found.append(_THIRDS[min(2, int(3 * ((start + last) / 2) / len(columns)))])
            start = x
        elif start < 0:
            start = x
        last = x
    return tuple(found)


def _deviation(grey: NDArray[np.float32], bar: Bar) -> NDArray[np.float32]:
    """How much lighter every column of a bar is than its neighbours, as a share of white."""
    inside = bar.height * _INSIDE
    top, bottom = round((bar.top + inside) * _DOTS), round((bar.top + bar.height - inside) * _DOTS)
    profile = np.median(grey[top:bottom, round(BAR_LEFT * _DOTS) : round(BAR_RIGHT * _DOTS)], axis=0)
    profile = profile[round(2 * _DOTS) : -round(2 * _DOTS)]  # its ends may be cut by the printer's margin
    reach = round(_AROUND / 2 * _DOTS)
    padded = np.pad(profile, reach, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    return np.asarray((profile - around) / max(60.0, float(np.percentile(grey, 90))), dtype=np.float32)


def _contrast(grey: NDArray[np.float32]) -> float:
    """White paper against the black bar, as a share of white; 0 where there is no such bar."""
    bar = BARS[-1]
    across = slice(round((BAR_LEFT + 4) * _DOTS), round((BAR_RIGHT - 4) * _DOTS))
    middle = float(np.median(grey[round((bar.top + 2) * _DOTS) : round((bar.top + bar.height - 2) * _DOTS), across]))
    above = float(np.median(grey[round((bar.top - 3.5) * _DOTS) : round((bar.top - 1.5) * _DOTS), across]))
    return max(0.0, (above - middle) / max(60.0, above))


def _upright(page: Image) -> tuple[str, Image]:
    """What the code says, and the page with its code in the upper left; without one, as the bars fit best."""
    page = page if page.shape[0] >= page.shape[1] else _turned(page, 1)
    ours = [one for one in read(page, CodeParameters(), 0.0) if (one.code.text or "").startswith(CODE_HEAD)]
    ways = (page, _turned(page, 2))
    if ours:
        x = sum(corner[0] for corner in ours[0].corners) / 4
        y = sum(corner[1] for corner in ours[0].corners) / 4
        turned = x > page.shape[1] / 2 and y > page.shape[0] / 2
        return ours[0].code.text or "", ways[1] if turned else ways[0]
    size = round(_WIDTH * _DOTS), round(_HEIGHT * _DOTS)
    greys = [cv2.resize(cv2.cvtColor(way, cv2.COLOR_BGR2GRAY), size).astype(np.float32) for way in ways]
    return "", ways[0] if _contrast(greys[0]) >= _contrast(greys[1]) else ways[1]


def _turned(page: Image, quarters: int) -> Image:
    return np.ascontiguousarray(np.rot90(page, quarters)).astype(np.uint8, copy=False)
