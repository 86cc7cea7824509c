"""A line of its own beside the sync's, for what somebody waits for: it is never behind the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from kiosk import wire
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Policy
from kiosk.sync.transport import Transport

T = TypeVar("T")


class Client(Protocol):
    """The part of kiosk.sync.client.SyncClient used here: who this terminal is, and how far its clock is off."""

    @property
    def enrolment(self) -> wire.Enrolment | None: ...

    @property
    def key(self) -> TerminalKey: ...

    @property
    def clock_offset(self) -> timedelta: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...


class Aside:
    """May be used from any thread; one exchange at a time, each ``seconds`` at most, and who asks blocks.

    ``transport`` is its own.
    """

    def __init__(self, transport: Transport, client: Client, seconds: float) -> None:
        self._client, self._lock = client, threading.Lock()
        self._exchange = Exchange(transport, client.key, client.clock, Policy(attempt=seconds, stall=seconds))

    def interrupt(self) -> None:
        """From another thread: what is under way ends now, and no other begins."""
        self._exchange.interrupt()

    def close(self) -> None:
        self._exchange.close()

    def _call(self, enrolment: wire.Enrolment, method: str, target: str, body: bytes, answer: type[T]) -> T:
        """The backend's answer, asked with the key and the clock that the sync has now. Raises SyncFailure."""
        with self._lock:
            self._exchange.use(self._client.key)
            self._exchange.offset = self._client.clock_offset
            return self._exchange.call(enrolment, method, target, body, answer)
