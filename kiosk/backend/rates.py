"""How often one terminal may ask: a bucket for each, filled at a steady rate, emptied by what it asks.

Kept in memory and for each process: it protects the store from a terminal that has gone wild, it does not bill anybody.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 16_384  # terminals; whoever asked longest ago is forgotten, and has then a full bucket again


class Rates:
    """Thread-safe. ``rate`` requests a second for ever, ``burst`` at once; ``clock`` is monotonic, seconds."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was so
        self._lock = threading.Lock()

    def allows(self, terminal_id: str) -> bool:
        """Whether the terminal may ask once more. Nothing is taken: the request may still be somebody else's replay."""
        with self._lock:
            return self._left(terminal_id) >= 1

    def take(self, terminal_id: str) -> None:
        with self._lock:
            self._buckets[terminal_id] = (self._left(terminal_id) - 1, self._clock())
            self._buckets.move_to_end(terminal_id)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)

    def give(self, terminal_id: str) -> None:
        """What was taken last is given back: it counts for nothing."""
        with self._lock:
            if terminal_id in self._buckets:
                self._buckets[terminal_id] = (min(float(self._burst), self._left(terminal_id) + 1), self._clock())

    def _left(self, terminal_id: str) -> float:
        left, when = self._buckets.get(terminal_id, (float(self._burst), 0.0))
        return min(float(self._burst), left + (self._clock() - when) * self._rate)
