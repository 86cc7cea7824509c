"""When each part that a terminal cannot do without last moved: window, core, journal. On the monotonic clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

WINDOW, CORE, JOURNAL = "window", "core", "journal"


class Ticks:
    """Thread-safe. A part counts from its first tick on: what does not stand yet cannot stand still."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def tick(self, part: str) -> None:
        """It has moved just now."""
        with self._lock:
            self._last[part] = self._clock()

    def ages(self) -> dict[str, float]:
        """Seconds since each part moved."""
        with self._lock:
            now = self._clock()
            return {part: now - last for part, last in self._last.items()}

    def stale(self, limit: float) -> dict[str, float]:
        """Those that have not moved for more than ``limit`` seconds, and for how long."""
        return {part: age for part, age in self.ages().items() if age > limit}
