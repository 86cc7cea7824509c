"""How a closed loop asks a device: through its actor, with a deadline, and what goes wrong as a fault, not an error."""

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


def ask(actor: Actor | None, command: Callable[[Any, Deadline], T], seconds: float) -> T | Fault:
    """What the device answers, or what prevents it. Blocks: for a worker's thread."""
    if actor is None:
        return ABSENT
    try:
        return actor.submit(command, seconds).result(seconds + _GRACE)
    except DeviceError as error:
        return error.fault()
    except FutureTimeout:
        return Fault("no-answer", Action.RESET)
