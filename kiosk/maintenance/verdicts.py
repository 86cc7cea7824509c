"""What a device's status means for the staff before it: broken, to be looked at, unknown, well. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.device import Action, Fault, State, Status
from kiosk.maintenance.screen import Tone

ORDER: tuple[Tone, ...] = ("broken", "attention", "unknown", "ok", "plain")
"""What is worst stands first."""

_STATE_CODES = {
    State.OFFLINE: ("device-offline", Action.RESET),
    State.POWER_OFF: ("power-off", Action.CALL_TECHNICIAN),
    State.NO_DEVICE: ("no-device", Action.CALL_TECHNICIAN),
    State.HARDWARE_ERROR: ("hardware-error", Action.RESET),
    State.USER_ERROR: ("user-error", Action.CLEAR),
    State.FRAUD_ATTEMPT: ("fraud-attempt", Action.CALL_TECHNICIAN),
    State.POTENTIAL_FRAUD: ("potential-fraud", Action.CALL_TECHNICIAN),
}
_HERE = frozenset({"door-open", "potential-fraud"})
"""With staff before the open cabinet these are as they should be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code``: the fault that counts most, "" for none; ``detail``: the device's own words for it."""

    tone: Tone
    code: str = ""
    action: Action = Action.NONE
    detail: str = ""


def verdict(status: Status | None) -> Verdict:
    """Only a device that has said that it is well is well: unknown and starting are unknown."""
    if status is None or status.state in (State.UNKNOWN, State.STARTING):
        worst = _worst(status.faults) if status is not None else None
        return Verdict("unknown") if worst is None else _told("unknown", worst)
    faults = tuple(fault for fault in status.faults if fault.code not in _HERE)
    blocking = next((fault for fault in faults if fault.blocking), None)
    if blocking is not None:
        return _told("broken", blocking)
    if status.state in _STATE_CODES and not _staff_cause(status):
        if faults:
            return _told("broken", faults[0])
        return Verdict("broken", *_STATE_CODES[status.state])
    return _told("attention", faults[0]) if faults else Verdict("ok")


def _staff_cause(status: Status) -> bool:
    """Whether the state comes of a door that staff have opened."""
    opened = any(fault.code in _HERE for fault in status.faults)
    return opened and status.state in (State.POTENTIAL_FRAUD, State.USER_ERROR)


def _worst(faults: tuple[Fault, ...]) -> Fault | None:
    return next((fault for fault in faults if fault.blocking), faults[0] if faults else None)


def _told(tone: Tone, fault: Fault) -> Verdict:
    return Verdict(tone, fault.code, fault.action, fault.detail)


def worse(*tones: Tone) -> Tone:
    return min(tones, key=ORDER.index)
