"""Locker (取件柜): boxes that open one at a time, and say what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault


class BoxDoor(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    CLOSED = "closed"
    OPEN = "open"


class Occupancy(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    EMPTY = "empty"
    OCCUPIED = "occupied"


@dataclass(frozen=True, slots=True)
class Box:
    """One box as it was seen."""

    door: BoxDoor
    occupancy: Occupancy = Occupancy.NOT_SUPPORTED


@dataclass(frozen=True, slots=True)
class Opened:
    """The door contact has said that the door stands open."""

    box: str


@dataclass(frozen=True, slots=True)
class NotOpened:
    """The lock was not told to open, or the door contact has said that the door stayed shut: it will not open later."""

    box: str
    reason: Fault


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the door opened: look at the box before anything is done about it."""

    box: str
    reason: Fault


OpenOutcome = Opened | NotOpened | Unknown


class Locker(Device, Protocol):
    """Boxes by their labels in the profile."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def look(self, deadline: Deadline) -> Mapping[str, Box]:
        """Every box as it is now. Raises DeviceError where that cannot be known."""
        ...

    def open_box(self, box: str, deadline: Deadline) -> OpenOutcome:
        """See that the door of ``box`` stands open. A box that is open already is Opened, and its lock left alone.

        An intent: asking again is harmless. Raises nothing that an outcome can say.
        """
        ...
