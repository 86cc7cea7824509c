"""Who is begun anew too often: a device whose line is lost again and again, a worker that keeps dying.

Each is mended by itself, so nobody sees it; that it happens so often is what somebody must see. The counts are kept by
those who begin anew (``Actor.returns``, ``Worker.failures``); here they are held against a budget of an hour.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from kiosk.health.budget import Budget
from kiosk.health.rounds import Job

_log = logging.getLogger("kiosk.supervisor")
LOOK_SECONDS = 30.0
MANY, WITHIN = 6, 3600.0
"""More than so many within so many seconds is too often."""


class Log(Protocol):
    """The audit log."""

    def audit(self, event: str, /, *, name: str, count: int) -> None: ...


class Supervisor:
    """``counts``: of each by its name, how often it was begun anew since this process began; only ever more.

    Looks from one thread; `restless` may be asked from any.
    """

    def __init__(
        self, counts: Callable[[], Mapping[str, int]], log: Log, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._counts, self._log, self._clock = counts, log, clock
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._budgets: dict[str, Budget] = {}
        self._told: set[str] = set()

    def job(self) -> Job:
        return Job(self.look, LOOK_SECONDS)

    def look(self) -> None:
        """Once for each spell it is told; a spell ends when an hour was quiet."""
        found: list[tuple[str, int]] = []
        with self._lock:
            for name, count in self._counts().items():
                budget = self._budgets.setdefault(name, Budget(MANY, WITHIN, self._clock))
                more = count - self._seen.get(name, 0)
                self._seen[name] = count
                if more > 0:
                    budget.spend(more)
                if budget.spent == 0:
                    self._told.discard(name)
                elif budget.over and name not in self._told:
                    self._told.add(name)
                    found.append((name, budget.spent))
        for name, count in found:
            _log.error("restarts too often: %s, %d times within an hour", name, count)
            self._log.audit("actor.restless", name=name, count=count)

    def restless(self) -> tuple[tuple[str, int], ...]:
        """Whoever is over the budget now, and how often it was begun anew within the hour; the worst first."""
        with self._lock:
            over = [(name, budget.spent) for name, budget in self._budgets.items() if budget.over]
        return tuple(sorted(over, key=lambda each: (-each[1], each[0])))
