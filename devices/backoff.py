"""How long to wait before the next attempt: doubling, bounded, with jitter so that devices do not knock in step."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds. ``jitter`` is the share by which a delay may be longer or shorter."""

    first: float = 0.5
    factor: float = 2.0
    limit: float = 3.5  # a device that is back is to be usable within five seconds
    jitter: float = 0.2

    def delay(self, failures: int, random: Random) -> float:
        """The wait after that many failures in a row (1 or more)."""
        base = min(self.limit, self.first * self.factor ** min(failures - 1, 32))
        return base * (1.0 + self.jitter * (2.0 * random.random() - 1.0))
