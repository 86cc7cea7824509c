"""How long a visit took, held against others of its item and of its terminal."""

from __future__ import annotations

import numpy as np

from kiosk.backend.oversight.frame import Floats, Frame

SCALE = 1.4826  # of the median's absolute deviation, to be a standard deviation (Hampel 1974)
LEAST_SPREAD = 0.15  # of log seconds


def pace(frame: Frame) -> Floats:
    """Standard deviations of log seconds from the item's median at this terminal; below 0 is quicker than usual.

    Medians, so that less than half of made-up visits move nothing.
    """
    logs = np.log(np.maximum(frame.seconds, 1.0))
    found = np.zeros(len(frame))
    for item in np.unique(frame.item):
        mine = frame.item == item
        middle = np.median(logs[mine])
        spread = max(float(np.median(np.abs(logs[mine] - middle))) * SCALE, LEAST_SPREAD)
        found[mine] = (logs[mine] - middle) / spread
    starts = np.flatnonzero(np.r_[True, np.diff(frame.terminal) != 0]) if len(frame) else np.zeros(0, dtype=np.int64)
    for first, last in zip(starts, [*starts[1:], len(frame)], strict=True):
        if last - first >= 30:
            found[first:last] -= np.median(found[first:last])
    return found
