"""Each device as it says it is. One that is being opened again is given a minute: that is noise, not a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.contracts.device import State
from kiosk.health.night_checks.sources import Sources
from kiosk.health.proofs import Proof

if TYPE_CHECKING:
    from devices.contracts.device import Status

TEST = "state"
GRACE, STEP = 60.0, 5.0  # s
PAPER = {"media-empty": "paper-out", "media-low": "paper-low", "paper-unknown": "paper-unknown"}
BATTERY = {
    "battery-replace": "battery-weak", "battery-low": "battery-empty", "on-battery": "mains-gone",
    "battery-low-on-line": "battery-weak",
}  # fmt: skip
_LATE = frozenset({"camera", "document_camera"})  # opened when somebody needs them; their loops look through them


def look(sources: Sources) -> list[Proof]:
    """A proof a device: that it is well, or its worst fault."""
    waited, statuses = 0.0, sources.statuses()
    while waited < GRACE and any(_on_its_way(kind, status) for kind, status in statuses.items()) and sources.going():
        sources.pause(STEP)
        waited, statuses = waited + STEP, sources.statuses()
    return [_of(sources, kind, status) for kind, status in sorted(statuses.items())]


def _on_its_way(kind: str, status: Status) -> bool:
    if (
        status.usable
        or _rests(kind, status)
        or any(fault.code in PAPER or fault.code in BATTERY for fault in status.faults)
    ):
        return False
    return status.state in (State.STARTING, State.UNKNOWN, State.OFFLINE, State.NO_DEVICE, State.DEVICE_BUSY)


def _rests(kind: str, status: Status) -> bool:
    return kind in _LATE and status.state is State.UNKNOWN and not status.faults


def _of(sources: Sources, kind: str, status: Status) -> Proof:
    faults = sorted(status.faults, key=lambda fault: not fault.blocking)
    for fault in faults:
        code = PAPER.get(fault.code) or BATTERY.get(fault.code)
        if code is not None:
            return sources.bad(kind, TEST, code, kind)
    if faults:
        return sources.bad(kind, TEST, "device-fault", kind, faults[0].code)
    if status.usable or _rests(kind, status):
        return sources.good(kind, TEST, "device-well", kind)
    if status.state in (State.UNKNOWN, State.STARTING):
        return sources.unsure(kind, TEST, "device-silent", kind)
    return sources.bad(kind, TEST, "device-fault", kind, status.state.value)
