"""How late a busy machine may be.

A test that a call ends at its deadline tells an end from a hang, not one millisecond from the next: on two cores with
everything else going on a thread may wait a second for its turn. Speed is measured by ``kiosk bench``, as ratios.
"""

from __future__ import annotations

from collections.abc import Collection
from statistics import median

BUSY = 2.0  # seconds


def kept(times: Collection[float], promise: float) -> bool:
    """Whether a promise (s) was kept: usually outright, at worst with what a busy machine adds."""
    return median(times) <= promise and max(times) <= promise + BUSY
