"""Which coil or input is which door, light or button: the board's map, from the profile's table.

    [devices.sensors.map]
    unit = 1
    inputs = "discrete"                     # discrete (02) | coils (01): where the board shows its inputs
    tamper = { input = 2, tripped = 0 }     # a contact is best closed when all is well: a cut wire reads as trouble
    presence = { input = 3, present = 1 }
    headphone = { input = 4, plugged = 1 }
    help_button = { input = 5, pressed = 1 }
    [devices.sensors.map.doors]
    upper = { input = 0, open = 0 }                     # 0: the contact opens with the door
    collecting-bin = { input = 1, open = 1, role = "flap" }
    [devices.sensors.map.lights]
    reader = { coil = 0 }
    help = { coil = 2, on = 0 }                         # a relay that is wired the other way round

Numbers are protocol addresses, counted from 0 (a manual that says 10001 or 1 means 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from devices.contracts.device import Action, DeviceError
from devices.contracts.sensors import Button, Door, DoorRole, Headphone, Light, Presence, SensorReading, Tamper
from devices.drivers.modbus_io.protocol import MOST, UNITS, Function, Request

_T = TypeVar("_T")
INPUT_TABLES = {"discrete": Function.READ_DISCRETE_INPUTS, "coils": Function.READ_COILS}
_ROLES = {"cabinet": DoorRole.CABINET, "flap": DoorRole.FLAP}


class BadMap(DeviceError):
    """The profile's map cannot be used."""

    def __init__(self, detail: str) -> None:
        advice = "Mend the device's map in the profile; the driver's README shows one."
        super().__init__("profile", detail, advice=advice, retryable=False, action=Action.CONFIGURE)


@dataclass(frozen=True, slots=True)
class Wire:
    """One coil or input, and the value that means yes (open, tripped, pressed, on …)."""

    address: int
    yes: int = 1

    def means(self, bit: int) -> bool:
        return bit == self.yes

    def value(self, wanted: bool) -> int:
        return self.yes if wanted else 1 - self.yes


@dataclass(frozen=True, slots=True)
class BoardMap:
    unit: int = 1
    input_table: Function = Function.READ_DISCRETE_INPUTS
    doors: Mapping[str, Wire] = field(default_factory=dict)
    roles: Mapping[str, DoorRole] = field(default_factory=dict)
    tamper: Wire | None = None
    presence: Wire | None = None
    headphone: Wire | None = None
    help_button: Wire | None = None
    lights: Mapping[Light, Wire] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.inputs and not self.lights:
            raise BadMap("the map names neither an input nor a light")
        for what, wires in (("input", self.inputs), ("coil", tuple(self.lights.values()))):
            addresses = [wire.address for wire in wires]
            if len(set(addresses)) != len(addresses):
                raise BadMap(f"one {what} is named twice")
            span(self.input_table, wires)

    @property
    def inputs(self) -> tuple[Wire, ...]:
        single = (self.tamper, self.presence, self.headphone, self.help_button)
        return (*self.doors.values(), *(wire for wire in single if wire is not None))

    def reading(self, bits: Mapping[int, int]) -> SensorReading:
        """What the inputs say; ``bits`` by address."""

        def told(wire: Wire | None, yes: Any, no: Any, absent: Any) -> Any:
            return absent if wire is None else yes if wire.means(bits[wire.address]) else no

        return SensorReading(
            {name: told(wire, Door.OPEN, Door.CLOSED, None) for name, wire in self.doors.items()},
            told(self.tamper, Tamper.TRIPPED, Tamper.QUIET, Tamper.NOT_SUPPORTED),
            told(self.presence, Presence.PRESENT, Presence.NOT_PRESENT, Presence.NOT_SUPPORTED),
            told(self.headphone, Headphone.PLUGGED, Headphone.UNPLUGGED, Headphone.NOT_SUPPORTED),
            told(self.help_button, Button.PRESSED, Button.RELEASED, Button.NOT_SUPPORTED),
        )


def span(function: Function, wires: tuple[Wire, ...]) -> Request | None:
    """The one request that reads all of them; None where there is none to read. Raises BadMap."""
    if not wires:
        return None
    first = min(wire.address for wire in wires)
    count = max(wire.address for wire in wires) - first + 1
    try:
        return Request(function, first, count)
    except ValueError as error:
        raise BadMap(f"addresses must be 0 to 65535 and within {MOST[function]} of each other") from error


def wire(table: Mapping[str, Any], what: str, kind: str, yes: str) -> Wire:
    """``{ input = 3, open = 0 }``: ``kind`` is input or coil, ``yes`` the word for the value. Raises BadMap."""
    if not isinstance(table, Mapping) or not table.keys() <= {kind, yes, "role"}:
        raise BadMap(f"{what} must be a table of {kind} and {yes}")
    address, value = table.get(kind), table.get(yes, 1)
    if isinstance(address, bool) or not isinstance(address, int) or not 0 <= address <= 0xFFFF:
        raise BadMap(f"{what}: {kind} must be an address, 0 to 65535")
    if isinstance(value, bool) or value not in (0, 1):
        raise BadMap(f"{what}: {yes} must be 0 or 1")
    return Wire(address, value)


def one_of(words: Mapping[str, _T], word: object, what: str) -> _T:
    """The meaning of a word. Raises BadMap with the words there are."""
    if not isinstance(word, str) or word not in words:
        raise BadMap(f"{what} must be one of {', '.join(words)}")
    return words[word]


def unit_number(table: Mapping[str, Any]) -> int:
    """The board's number on its line; 1 where none is named. Raises BadMap."""
    unit = table.get("unit", 1)
    if isinstance(unit, bool) or not isinstance(unit, int) or unit not in UNITS:
        raise BadMap("unit must be 1 to 247")
    return unit


def board_map(table: Mapping[str, Any]) -> BoardMap:
    """A map from the profile's table. Raises BadMap, which names what is wrong."""
    singles = {"tamper": "tripped", "presence": "present", "headphone": "plugged", "help_button": "pressed"}
    known = {"unit", "inputs", "doors", "lights", *singles}
    if unknown := table.keys() - known:
        raise BadMap(f"{', '.join(sorted(unknown))}: the map knows {', '.join(sorted(known))}")
    inputs, doors, lights = table.get("inputs", "discrete"), table.get("doors", {}), table.get("lights", {})
    if not isinstance(doors, Mapping) or not isinstance(lights, Mapping):
        raise BadMap("doors and lights must be tables")
    names = {light.value: light for light in Light}
    if unknown := lights.keys() - names.keys():
        raise BadMap(f"{', '.join(sorted(unknown))}: there are the lights {', '.join(names)}")
    roles = {}
    for name, entry in doors.items():
        role = entry.get("role", "cabinet") if isinstance(entry, Mapping) else ""
        roles[name] = one_of(_ROLES, role, f"door {name}: role")
    return BoardMap(
        unit=unit_number(table),
        input_table=one_of(INPUT_TABLES, inputs, "inputs"),
        doors={name: wire(entry, f"door {name}", "input", "open") for name, entry in doors.items()},
        roles=roles,
        lights={names[name]: wire(entry, f"light {name}", "coil", "on") for name, entry in lights.items()},
        **{name: wire(table[name], name, "input", yes) for name, yes in singles.items() if name in table},
    )
