"""Was the camera moved? Pieces of the reference are looked for around where they were. Pure functions.

A camera that was knocked sees the same edges elsewhere; a paper or a hand hides some pieces and leaves the others where
they were. Grey levels count against their neighbourhood, so that light may change.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.vision.parameters import InspectionParameters

Grey = NDArray[np.float32]
PIECES = (4, 3)  # across and down
REACH = 0.12  # of the width: how far a piece is looked for
FOUND = 0.55  # correlation from which on a piece counts as found
LOST = 1.0  # what is said where hardly any piece is found again
STREWN = 0.04  # of the width: pieces of a camera that was turned by eight degrees lie within 0.03
SAME = 0.05  # by how much another place must fit better before it counts as moved there


def shift(seen: Grey, before: Grey, wanted: InspectionParameters) -> float | None:
    """How far what stands still has moved, as a share of the diagonal; 1 where hardly any piece is found again.
    None where the reference has too few pieces with anything on them to say."""
    now, then = _relief(seen), _relief(before)
    height, width = then.shape
    reach = max(4, round(REACH * width))
    wide, high = (width - 2 * reach) // PIECES[0], (height - 2 * reach) // PIECES[1]
    moves: list[tuple[float, float]] = []
    asked = 0
    for row in range(PIECES[1]):
        for column in range(PIECES[0]):
            x, y = reach + column * wide, reach + row * high
            piece = then[y : y + high, x : x + wide]
            if float(piece.std()) < wanted.relief:
                continue
            asked += 1
            around = now[y - reach : y + high + reach, x - reach : x + wide + reach]
            if float(around.std()) < 1e-3:
                continue
            fit = np.nan_to_num(cv2.matchTemplate(around, piece, cv2.TM_CCOEFF_NORMED))
            _, best, _, (left, top) = cv2.minMaxLoc(fit)
            if best < FOUND:
                continue
            still = float(fit[reach, reach]) > best - SAME
            moves.append((0.0, 0.0) if still else (float(left - reach), float(top - reach)))
    if asked < wanted.pieces:
        return None
    if len(moves) < wanted.pieces_found * asked:
        return LOST
    places = np.array(moves)
    middle = np.median(places, axis=0)
    strewn = float(np.median(np.hypot(*(places - middle).T)))
    if strewn > STREWN * width:  # each piece elsewhere: what fits by chance was found, not the desk
        return LOST
    return float(np.median(np.hypot(*places.T))) / math.hypot(width, height)


def _relief(picture: Grey) -> Grey:
    """Every point against its neighbourhood, in shares of the light there."""
    calm = cv2.GaussianBlur(picture, (0, 0), 1.0)
    around = cv2.GaussianBlur(picture, (0, 0), max(4.0, picture.shape[1] / 24))
    return np.asarray(100 * (calm - around) / np.maximum(around, 8.0), dtype=np.float32)
