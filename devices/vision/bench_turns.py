"""What the benches of this room share: two pieces of work in turns, in processor time.

Processor time, because a camera's child shares two cores with the whole terminal: what others do on the machine while
this is measured counts for neither side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any


def in_turns(
    reference: Callable[[], object],
    ours: Callable[[], object],
    rounds: int,
    elsewhere: Callable[[], float] = lambda: 0.0,
) -> tuple[float, float]:
    """Medians of both in milliseconds; who goes first alternates, and the first round warms up. Counted are this
    thread, and what ``elsewhere`` says that another process has spent so far (seconds)."""
    theirs: list[float] = []
    own: list[float] = []
    for number in range(rounds + 1):
        pair = [(reference, theirs), (ours, own)]
        for work, readings in pair if number % 2 else reversed(pair):
            start = time.thread_time() + elsewhere()
            work()
            readings.append(time.thread_time() + elsewhere() - start)
    return median(theirs[1:]) * 1000, median(own[1:]) * 1000


def row(
    work: str, reference: str, ours: str, measured: tuple[float, float], rounds: int, limit: float
) -> dict[str, Any]:
    """A row as ``kiosk bench`` reads it."""
    theirs, own = measured
    return {
        "work": work,
        "reference": f"{reference}; processor time, {rounds} rounds",
        "ours": ours,
        "reference_ms": round(theirs, 3),
        "ours_ms": round(own, 3),
        "ratio": round(own / theirs, 4),
        "limit": limit,
    }
