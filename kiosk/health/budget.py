"""How often something may be begun anew: a number within a time, on the monotonic clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Budget:
    """``many`` within ``seconds``. Not thread-safe."""

    def __init__(self, many: int, seconds: float, clock: Callable[[], float]) -> None:
        self._many, self._seconds, self._clock = many, seconds, clock
        self._spent: deque[float] = deque(maxlen=16 * many)

    def spend(self, times: int = 1) -> int:
        """Note that it was begun anew (``times`` of them); by how many that is over the budget, 0 within it."""
        now = self._clock()
        self._spent.extend([now] * times)
        return max(0, self.spent - self._many)

    @property
    def spent(self) -> int:
        """How often, within the time."""
        while self._spent and self._clock() - self._spent[0] >= self._seconds:
            self._spent.popleft()
        return len(self._spent)

    @property
    def over(self) -> bool:
        return self.spent > self._many
