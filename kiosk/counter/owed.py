"""What is owed to a citizen or of a device: tried at once, and again whenever the device changes, until it was done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Status
from kiosk.counter.actors import Actor

Deed = Callable[[Any, Deadline], None]


class Owed:
    """One deed of one device. No method waits but ``settle``. ``crashed`` is told what is no DeviceError.

    A device that is away when it is asked does the deed on its return; nobody has to ask again.
    """

    def __init__(self, actor: Actor, deed: Deed, seconds: float, crashed: Callable[[BaseException], None]) -> None:
        self._actor, self._deed, self._seconds, self._crashed = actor, deed, seconds, crashed
        self._lock = threading.Lock()
        self._due = False
        self._last: Future[None] | None = None
        actor.subscribe(self._status_changed)

    @property
    def due(self) -> bool:
        """Asked for, and not known to be done."""
        return self._due

    def ask(self) -> None:
        """It is wanted now."""
        with self._lock:
            self._due = True
        self._try()

    def call_off(self) -> None:
        """It is wanted no more. One that has begun is not broken off."""
        with self._lock:
            self._due = False

    def settle(self, seconds: float) -> bool:
        """Wait for the last try to end; whether the deed is done, or not wanted."""
        if self._last is not None:
            wait([self._last], seconds)
        return not self._due

    def _try(self) -> None:
        future = self._actor.submit(self._do, self._seconds)
        self._last = future
        future.add_done_callback(self._done)

    def _do(self, device: Any, deadline: Deadline) -> None:
        if self._due:
            self._deed(device, deadline)
            with self._lock:
                self._due = False

    def _done(self, future: Future[None]) -> None:
        error = future.exception()
        if error is not None and not isinstance(error, DeviceError):
            self._crashed(error)

    def _status_changed(self, status: Status) -> None:
        """On the device's own thread: a job is queued, nothing is waited for."""
        last = self._last
        if self._due and last is not None and last.done():
            self._try()
