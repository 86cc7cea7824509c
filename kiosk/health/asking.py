"""How tests and closed loops ask a device: through its actor, with a deadline. Blocks: for a worker's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, TypeVar

from devices.contracts.device import Action, DeviceError, Fault

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.counter.actors import Actor

T = TypeVar("T")
_GRACE = 5.0  # s beyond the deadline after which the actor itself is given up
ABSENT = Fault("no-device", Action.CONFIGURE, "this terminal has none")
CANNOT = Fault("not-supported", Action.NONE, "this driver cannot")


def asked(actor: Actor, command: Callable[[Any, Deadline], T], seconds: float) -> T:
    """What the device answers. Raises DeviceError, also for an actor that does not come back."""
    try:
        return actor.submit(command, seconds).result(seconds + _GRACE)
    except FutureTimeout:
        raise DeviceError("no-answer", "the device's thread does not come back", advice="", retryable=True) from None


def ask(actor: Actor | None, command: Callable[[Any, Deadline], T], seconds: float) -> T | Fault:
    """What the device answers, or what prevents it, as a fault."""
    if actor is None:
        return ABSENT
    try:
        return asked(actor, command, seconds)
    except DeviceError as error:
        return error.fault()
