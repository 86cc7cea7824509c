"""Wrong tries counted, and what they cost: one rule for the codes of helpers and for the entry of maintenance.

A counter is a key of the journal's meta table. It survives a restart, and the wall clock is never asked: a wait is
counted on the monotonic clock, and one from before a restart begins anew with it. A try is counted before anything is
compared, and on the disk before: whoever cuts the power in between has had it. A try during a wait is not compared and
not counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol


class Memory(Protocol):
    """Where the counters live (the journal's meta table)."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """The try number ``free`` costs a wait of ``first`` seconds, each further one twice as much, up to ``longest``.

    The try number ``closes`` closes for good: nothing in here opens again. None: it never does.
    """

    free: int = 5
    first: float = 15.0
    longest: float = inf
    closes: int | None = None

    def wait(self, failures: int) -> float:
        """Seconds that this many wrong tries in a row cost."""
        if failures < self.free:
            return 0.0
        return min(self.longest, self.first * 2.0 ** min(failures - self.free, 64))

    def closed(self, failures: int) -> bool:
        return self.closes is not None and failures >= self.closes


@dataclass(frozen=True, slots=True)
class Standing:
    """``left`` tries before the next wait, ``wait`` seconds until one is taken (0.0: now), ``closed``: none is."""

    left: int
    wait: float = 0.0
    closed: bool = False

    @property
    def takes(self) -> bool:
        return not self.closed and self.wait <= 0.0


class Lockout:
    """Thread-safe. One rule for all of its counters; names begin with the room's own prefix."""

    def __init__(self, memory: Memory, rule: Rule, monotonic: Callable[[], float]) -> None:
        self._memory, self._rule, self._monotonic = memory, rule, monotonic
        self._turn = threading.Lock()
        self._started = monotonic()
        self._until: dict[str, float] = {}  # by counter; one that is not here has not been moved since the start

    def look(self, counter: str) -> Standing:
        """How it stands now. Changes nothing."""
        with self._turn:
            return self._standing(counter, self._failures(counter))

    def count(self, counter: str) -> Standing | None:
        """Count one more try as a wrong one; then compare, and call `right` where it was right.

        None: it may be compared. Else how it stands: nothing may be, and nothing was counted.
        """
        with self._turn:
            failures = self._failures(counter)
            standing = self._standing(counter, failures)
            if not standing.takes:
                return standing
            self._memory.set_meta(counter, str(failures + 1))
            self._until[counter] = self._monotonic() + self._rule.wait(failures + 1)
            return None

    def right(self, counter: str) -> None:
        """The try that was counted last was right."""
        with self._turn:
            self._memory.set_meta(counter, "0")
            self._until.pop(counter, None)

    def _standing(self, counter: str, failures: int) -> Standing:
        left = max(0, self._rule.free - failures)
        if self._rule.closed(failures):
            return Standing(0, 0.0, True)
        if left:  # nothing to wait for, whatever was waited for before somebody else has opened
            return Standing(left)
        until = self._until.get(counter, self._started + self._rule.wait(failures))
        return Standing(left, max(0.0, until - self._monotonic()))

    def _failures(self, counter: str) -> int:
        return int(self._memory.meta(counter) or 0)
