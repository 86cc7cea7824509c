"""Which coil opens which box, and which input tells of its door: the locker's map, from the profile's table.

[devices.locker.map]
unit = 2
pulse = "host"                 # host: we switch the coil off again | board: the board does it by itself
pulse_seconds = 0.5            # how long a lock may be energised
door_seconds = 2.0             # how long a door may take to spring open
[devices.locker.map.boxes]
A1 = { lock = { coil = 0 }, door = { input = 0, open = 1 }, occupied = { input = 16, occupied = 1 } }
A2 = { lock = { coil = 1 }, door = { input = 1, open = 1 } }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts.locker import Box, BoxDoor, Occupancy
from devices.drivers.modbus_io.board import INPUT_TABLES, BadMap, Wire, one_of, span, unit_number, wire
from devices.drivers.modbus_io.protocol import Function, Request

_PULSES = {"host": True, "board": False}
LONGEST_PULSE = 5.0  # seconds: the coils of door locks are not made to be held


@dataclass(frozen=True, slots=True)
class BoxWires:
    lock: Wire
    door: Wire | None = None
    occupied: Wire | None = None


@dataclass(frozen=True, slots=True)
class LockerMap:
    """``host_pulse``: the coil stays on until we switch it off. Seconds."""

    boxes: Mapping[str, BoxWires]
    unit: int = 1
    input_table: Function = Function.READ_DISCRETE_INPUTS
    host_pulse: bool = True
    pulse_seconds: float = 0.5
    door_seconds: float = 2.0

    @property
    def inputs(self) -> Request | None:
        """The one request that sees every door and every box."""
        return span(self.input_table, self._inputs)

    @property
    def locks(self) -> Request:
        """The one request that reads every lock's coil."""
        request = span(Function.READ_COILS, tuple(wires.lock for wires in self.boxes.values()))
        if request is None:
            raise BadMap("the map names no box")
        return request

    @property
    def _inputs(self) -> tuple[Wire, ...]:
        both = ((wires.door, wires.occupied) for wires in self.boxes.values())
        return tuple(wire for pair in both for wire in pair if wire is not None)

    def __post_init__(self) -> None:
        _ = self.locks, self.inputs
        for what, wires in (("lock", [w.lock for w in self.boxes.values()]), ("input", list(self._inputs))):
            if len({wire.address for wire in wires}) != len(wires):
                raise BadMap(f"one {what} belongs to two boxes")

    def seen(self, bits: Mapping[int, int]) -> dict[str, Box]:
        """What the inputs say of every box; ``bits`` by address."""
        return {label: _seen(wires, bits) for label, wires in self.boxes.items()}


def _seen(wires: BoxWires, bits: Mapping[int, int]) -> Box:
    door, occupancy = BoxDoor.NOT_SUPPORTED, Occupancy.NOT_SUPPORTED
    if wires.door is not None:
        door = BoxDoor.OPEN if wires.door.means(bits[wires.door.address]) else BoxDoor.CLOSED
    if wires.occupied is not None:
        occupancy = Occupancy.OCCUPIED if wires.occupied.means(bits[wires.occupied.address]) else Occupancy.EMPTY
    return Box(door, occupancy)


def locker_map(table: Mapping[str, Any]) -> LockerMap:
    """A map from the profile's table. Raises BadMap, which names what is wrong."""
    known = {"unit", "inputs", "pulse", "pulse_seconds", "door_seconds", "boxes"}
    if unknown := table.keys() - known:
        raise BadMap(f"{', '.join(sorted(unknown))}: the map knows {', '.join(sorted(known))}")
    boxes = table.get("boxes", {})
    if not isinstance(boxes, Mapping):
        raise BadMap("boxes must be a table")
    return LockerMap(
        {label: _wires(label, entry) for label, entry in boxes.items()},
        unit=unit_number(table),
        input_table=one_of(INPUT_TABLES, table.get("inputs", "discrete"), "inputs"),
        host_pulse=one_of(_PULSES, table.get("pulse", "host"), "pulse"),
        pulse_seconds=_seconds(table, "pulse_seconds", 0.5, LONGEST_PULSE),
        door_seconds=_seconds(table, "door_seconds", 2.0, 60.0),
    )


def _wires(label: str, entry: object) -> BoxWires:
    if not isinstance(entry, Mapping) or not {"lock"} <= entry.keys() <= {"lock", "door", "occupied"}:
        raise BadMap(f"box {label} must be a table of lock, and where there are any door and occupied")
    return BoxWires(
        wire(entry["lock"], f"box {label}: lock", "coil", "on"),
        wire(entry["door"], f"box {label}: door", "input", "open") if "door" in entry else None,
        wire(entry["occupied"], f"box {label}: occupied", "input", "occupied") if "occupied" in entry else None,
    )


def _seconds(table: Mapping[str, Any], name: str, default: float, most: float) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise BadMap(f"{name} must be seconds, above 0 and at most {most}")
    return float(value)
