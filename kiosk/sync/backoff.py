"""When the line may be tried again: doubling waits, kept across restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from kiosk.sync.policy import Policy, SyncFailure
from kiosk.sync.state import LinkState, SyncState


class Backoff:
    """Of the whole line; how long a single item waits is ``item``."""

    def __init__(self, state: SyncState, policy: Policy, rng: Random) -> None:
        self._state, self._policy, self._rng = state, policy, rng

    @property
    def next_at(self) -> datetime | None:
        """Not to be tried before; None when it was good."""
        return self._state.link.next_at

    def look(self, now: datetime) -> LinkState:
        """How the line was. A wait that is longer than any was set by a clock that was wrong: it is over."""
        link = self._state.link
        if link.next_at is not None and link.next_at > now + timedelta(seconds=self._policy.longest_wait):
            link = self._state.link = replace(link, next_at=now)
        return link

    def good(self) -> None:
        self._state.link = LinkState()

    def failed(self, failure: SyncFailure, now: datetime) -> datetime:
        """When it may be tried again. An urgent try in between does not lengthen the wait."""
        link = self._state.link
        if link.next_at is not None and link.next_at > now and link.cause == failure.cause:
            return link.next_at
        failures = link.failures + 1
        next_at = now + self._policy.wait(failures, self._rng)
        self._state.link = LinkState(failures, failure.cause, next_at)
        return next_at

    def item(self, attempts: int) -> timedelta:
        """How long an item waits that has been tried so many times before this one."""
        return self._policy.wait(attempts + 1, self._rng)
