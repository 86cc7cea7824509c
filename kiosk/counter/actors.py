"""What the counter needs of a device's actor. ``devices.actor`` provides it; the terminal brings them together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import Status, StatusListener

T = TypeVar("T")


class Actor(Protocol):
    """One device behind its thread. ``submit`` never blocks; its future never outlasts the deadline by much."""

    @property
    def status(self) -> Status: ...

    def subscribe(self, listener: StatusListener) -> Callable[[], None]:
        """Tell ``listener``, from the device's own thread, whenever the status changes."""

    def refresh(self) -> None:
        """Ask the device now how it is; one that was lost is tried at once."""

    def submit(self, command: Callable[[Any, Deadline], T], timeout: float) -> Future[T]: ...
