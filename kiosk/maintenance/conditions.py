"""What a step of a guided repair waits for, as the device's own status tells it. Pure.

Each answers True (seen), False (not yet), or None: this device cannot tell, so that a person has to go on by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.contracts.device import State, Status
from devices.contracts.printing import Paper

Condition = Callable[[Status], bool | None]
_AWAY = frozenset({State.OFFLINE, State.POWER_OFF, State.NO_DEVICE, State.UNKNOWN, State.STARTING})
_GONE = frozenset({"unplugged", "port-missing", "gone", "no-device", "power-off", "device-offline", "pcscd-gone"})
_JAMS = frozenset({"media-jam", "jammed", "card-jammed", "cutter", "mechanism"})


def _codes(status: Status) -> frozenset[str]:
    return frozenset(fault.code for fault in status.faults)


def _answers(status: Status) -> bool:
    return status.state not in _AWAY


def cover_open(status: Status) -> bool | None:
    return "cover-open" in _codes(status) or "door-open" in _codes(status)


def loaded(status: Status) -> bool | None:
    """Closed, and the paper is seen."""
    if not _answers(status) or cover_open(status):
        return False
    paper = status.details.get("paper", "")
    if paper in (Paper.OUT.value, Paper.JAMMED.value) or "media-empty" in _codes(status):
        return False
    return None if paper in ("", Paper.UNKNOWN.value, Paper.NOT_SUPPORTED.value) else True


def clear(status: Status) -> bool | None:
    """Nothing is stuck any more and the cover is shut."""
    if not _answers(status):
        return False
    return not (cover_open(status) or _codes(status) & _JAMS or status.details.get("paper") == Paper.JAMMED.value)


def gone(status: Status) -> bool | None:
    """Unplugged, and seen to be. A device that is merely busy or ill is still there."""
    return bool(_codes(status) & _GONE) or status.state in (State.NO_DEVICE, State.POWER_OFF)


def online(status: Status) -> bool | None:
    return status.usable


CONDITIONS: Mapping[str, Condition] = {
    "cover-open": cover_open,
    "loaded": loaded,
    "clear": clear,
    "gone": gone,
    "online": online,
}
