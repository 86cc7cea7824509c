"""Sensors and lights of the cabinet: doors, tamper (防拆), presence, headphone, help button; guide lights.

A sensor that was not read lately is UNKNOWN: never closed, never quiet.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol, TypeVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Device, Fault, State

LATELY = 5.0  # seconds after which a reading says nothing any more


class Door(Enum):
    """XFS4IoT Auxiliaries: cabinet and safe doors."""

    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    CLOSED = "closed"
    OPEN = "open"


class Tamper(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    QUIET = "quiet"
    TRIPPED = "tripped"


class Presence(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    NOT_PRESENT = "notPresent"
    PRESENT = "present"


class Headphone(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"


class Button(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    RELEASED = "released"
    PRESSED = "pressed"


class Light(Enum):
    """Which light: those that guide the hand, and the one that is seen from across the street."""

    READER = "reader"
    PRINTER = "printer"
    HELP = "help"
    STATUS = "status"


class LightState(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    OFF = "off"
    ON = "on"


class DoorRole(Enum):
    """What an open door means. The value is the device state that it leads to."""

    CABINET = "potentialFraud"  # 机柜门: behind it are the devices and the disk
    FLAP = "userError"  # a flap that the public or staff opens: paper tray, collecting bin


_Read = TypeVar("_Read", Door, Tamper, Presence, Headphone, Button)


@dataclass(frozen=True, slots=True)
class SensorReading:
    """All sensors at one moment (``read_at``, monotonic seconds). Doors by their names in the profile."""

    doors: Mapping[str, Door] = field(default_factory=dict)
    tamper: Tamper = Tamper.NOT_SUPPORTED
    presence: Presence = Presence.NOT_SUPPORTED
    headphone: Headphone = Headphone.NOT_SUPPORTED
    help_button: Button = Button.NOT_SUPPORTED
    read_at: float = field(default_factory=time.monotonic, compare=False)

    def as_of(self, now: float | None = None, limit: float = LATELY) -> SensorReading:
        """This reading while it is young, else one in which every sensor that exists is UNKNOWN."""
        age = (time.monotonic() if now is None else now) - self.read_at
        return self if 0 <= age <= limit else self.forgotten()

    def forgotten(self) -> SensorReading:
        """The same sensors, nothing known of them."""
        return replace(
            self,
            doors={name: _forget(door) for name, door in self.doors.items()},
            tamper=_forget(self.tamper),
            presence=_forget(self.presence),
            headphone=_forget(self.headphone),
            help_button=_forget(self.help_button),
        )


def _forget(value: _Read) -> _Read:
    kind = type(value)
    return value if value is kind.NOT_SUPPORTED else kind.UNKNOWN


def judge(reading: SensorReading, roles: Mapping[str, DoorRole]) -> tuple[State, tuple[Fault, ...]]:
    """What a reading means for the terminal, the worst first.

    Tripped tamper is ``fraudAttempt``; an open cabinet door ``potentialFraud``, an open flap ``userError``. Whether
    staff stand before the open door is known to whoever asks, not to the board. A door or tamper contact that is
    unknown makes the whole unknown; presence, headphone and button only inform.
    """
    faults = []
    states = []
    if reading.tamper is Tamper.TRIPPED:
        states.append(State.FRAUD_ATTEMPT)
        faults.append(Fault("tamper", Action.CALL_TECHNICIAN, "the tamper contact is tripped"))
    for name, door in sorted(reading.doors.items(), key=lambda item: _role(roles, item[0]) is not DoorRole.CABINET):
        if door is Door.OPEN:
            states.append(State(_role(roles, name).value))
            faults.append(Fault("door-open", Action.CLEAR, f"door {name} is open"))
    if reading.tamper is Tamper.UNKNOWN or Door.UNKNOWN in reading.doors.values():
        states.append(State.UNKNOWN)
        faults.append(Fault("not-read", Action.RESET, "a door or tamper contact was not read lately"))
    return (states[0] if states else State.ONLINE), tuple(faults)


def _role(roles: Mapping[str, DoorRole], name: str) -> DoorRole:
    return roles.get(name, DoorRole.CABINET)


class Sensors(Device, Protocol):
    """An IO board. ``poll`` reads all sensors and judges them."""

    @property
    def last(self) -> SensorReading:
        """What was read last, or UNKNOWN where that is longer ago than LATELY. Never asks; from any thread."""
        ...

    def read(self, deadline: Deadline) -> SensorReading:
        """Read every sensor now. Raises DeviceError, after which ``last`` is unknown."""
        ...

    def lights(self, deadline: Deadline) -> Mapping[Light, LightState]:
        """Every light, as the board's outputs say. Raises DeviceError."""
        ...

    def set_light(self, light: Light, on: bool, deadline: Deadline) -> LightState:
        """Switch a light and read it back; NOT_SUPPORTED where there is none. May be repeated. Raises DeviceError."""
        ...
