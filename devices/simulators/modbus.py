"""IO board and locker on their wire: a Modbus RTU slave on a pty, with doors, lights, buttons and boxes behind it.

One twin is one line. ``board`` and ``locker`` are the maps of the drivers' profiles; each answers under its own unit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devices.contracts.sensors import Light
from devices.drivers.locker.boxes import locker_map
from devices.drivers.modbus_io import protocol
from devices.drivers.modbus_io.board import BadMap, Wire, board_map
from devices.drivers.modbus_io.protocol import Exc, Refused
from devices.simulators.modbus_unit import Fault, Unit
from devices.simulators.pty import PtyWire
from devices.simulators.twin import Json, UnknownAction

SILENCE = 0.05  # seconds after which a frame that has begun is given up; more than a real line's: a pty has no clock
FAULTS = ("mute", "dead", "wrong-crc", "half-frame", "exception", "slow", "garbage", "wrong-unit", "pulled")
SENSORS = {
    "tamper": ("tamper", True),
    "tamper-off": ("tamper", False),
    "arrive": ("presence", True),
    "leave": ("presence", False),
    "plug-headphone": ("headphone", True),
    "unplug-headphone": ("headphone", False),
    "press": ("help_button", True),
    "release": ("help_button", False),
}
BOXES = ("jam", "free", "shut", "pull-open", "occupied", "empty")
OTHERS = ("door-open", "door-close", "unplug", "replug", "ok")


class ModbusTwin:
    """Options: ``link`` path of the port · ``baud`` 0 = unpaced · ``board``, ``locker`` the maps · ``size`` of each
    unit's memory · ``spring_seconds`` after which an unlocked door stands open."""

    def __init__(
        self,
        name: str,
        *,
        link: str = "",
        baud: int = 0,
        board: Mapping[str, Any] | None = None,
        locker: Mapping[str, Any] | None = None,
        size: int = 64,
        spring_seconds: float = 0.0,
    ) -> None:
        self.name = name
        try:
            self._board = board_map(board) if board is not None else None
            self._locker = locker_map(locker) if locker is not None else None
        except BadMap as error:
            raise TypeError(str(error)) from error
        if self._board and self._locker and self._board.unit == self._locker.unit:
            raise TypeError("board and locker need units of their own")
        self._units = {part.unit: Unit(size) for part in (self._board, self._locker) if part is not None}
        if not self._units:
            raise TypeError("a map is needed: board, locker or both")
        self.wire = PtyWire(name, self._received, link=link, baud=baud)
        self._spring = spring_seconds
        self._lock = threading.Lock()
        self._buffer = b""
        self._last_byte = 0.0
        self._fault: Fault | None = None
        self._jammed: set[str] = set()
        self._requests = self._pulses = 0
        self._springs: list[threading.Timer] = []
        self._settle()

    @property
    def port(self) -> str:
        return self.wire.port

    def start(self) -> None:
        self._plug()

    def stop(self) -> None:
        self.wire.stop()
        for spring in self._springs:
            spring.cancel()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``door-open``/``door-close`` name= · SENSORS · BOXES with box= · ``unplug`` ``replug`` ``ok`` · a fault:
        ``mute`` (obeys and says nothing) ``dead`` (neither) ``wrong-crc`` ``half-frame`` ``exception`` code= ``slow``
        seconds= ``garbage`` ``wrong-unit`` ``pulled`` at=byte, each with times= (0 = until ``ok``), skip= and unit=
        (one board's answers only)."""
        if action in FAULTS:
            self._arm(action, arguments)
        elif action in BOXES:
            self._box(action, _word(arguments, "box"))
        elif action in SENSORS:
            name, yes = SENSORS[action]
            self._set_input(getattr(self._board, name, None), yes, name)
        elif action in ("door-open", "door-close"):
            door = _word(arguments, "name")
            doors = self._board.doors if self._board else {}
            self._set_input(doors.get(door), action == "door-open", f"door {door}")
        elif action == "unplug":
            self.wire.unplug()
        elif action in ("replug", "ok"):
            with self._lock:
                self._fault = None if action == "ok" else self._fault
            self._plug()
        else:
            known = ", ".join([*OTHERS, *SENSORS, *BOXES, *FAULTS])
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {known}")

    def state(self) -> dict[str, Json]:
        with self._lock:
            state: dict[str, Json] = {
                "kind": "modbus",
                "port": self.port,
                "plugged": self.wire.plugged,
                "fault": self._fault.name if self._fault else None,
                "requests": self._requests,
            }
            if self._board:
                state["doors"] = {name: self._is(self._board.unit, wire) for name, wire in self._board.doors.items()}
                state["lights"] = {light.value: self._lit(light) for light in self._board.lights}
            if self._locker:
                unit, boxes = self._locker.unit, self._locker.boxes.items()
                state["boxes"] = {label: bool(wires.door and self._is(unit, wires.door)) for label, wires in boxes}
                energised: list[Json] = [label for label, wires in boxes if self._is(unit, wires.lock, "coils")]
                state["energised"] = energised
                state["jammed"] = [*sorted(self._jammed)]
                state["pulses"] = self._pulses
            return state

    # ---- the world behind the board ----

    def _settle(self) -> None:
        """Everything as it should be: doors shut, nobody there, lights off, boxes shut and empty."""
        if self._board:
            for wire in self._board.inputs:
                self._units[self._board.unit].inputs[wire.address] = wire.value(False)
            for wire in self._board.lights.values():
                self._units[self._board.unit].coils[wire.address] = wire.value(False)
        if self._locker:
            unit = self._units[self._locker.unit]
            for wires in self._locker.boxes.values():
                unit.coils[wires.lock.address] = wires.lock.value(False)
                for contact in (wires.door, wires.occupied):
                    if contact is not None:
                        unit.inputs[contact.address] = contact.value(False)

    def _set_input(self, wire: Wire | None, yes: bool, what: str) -> None:
        if wire is None or self._board is None:
            raise UnknownAction(f"{self.name} has no {what}")
        with self._lock:
            self._units[self._board.unit].inputs[wire.address] = wire.value(yes)

    def _box(self, action: str, label: str) -> None:
        wires = self._locker.boxes.get(label) if self._locker else None
        if wires is None or self._locker is None:
            raise UnknownAction(f"{self.name} has no box {label}")
        contact = wires.door if action in ("shut", "pull-open") else wires.occupied
        with self._lock:
            if action == "jam":
                self._jammed.add(label)
            elif action == "free":
                self._jammed.discard(label)
            elif contact is None:
                raise UnknownAction(f"box {label} has no such contact")
            else:
                yes = action in ("pull-open", "occupied")
                self._units[self._locker.unit].inputs[contact.address] = contact.value(yes)

    def _unlock(self, before: list[int]) -> None:
        """A lock that has just been energised lets its door spring open, unless it is jammed."""
        if self._locker is None:
            return
        unit = self._units[self._locker.unit]
        for label, wires in self._locker.boxes.items():
            on = wires.lock.means(unit.coils[wires.lock.address])
            if not on or wires.lock.means(before[wires.lock.address]):
                continue
            self._pulses += 1
            if not self._locker.host_pulse:  # the board ends the pulse by itself
                unit.coils[wires.lock.address] = wires.lock.value(False)
            if label not in self._jammed and wires.door is not None:
                self._spring_open(unit, wires.door)

    def _spring_open(self, unit: Unit, door: Wire) -> None:
        if not self._spring:
            unit.inputs[door.address] = door.value(True)
            return

        def spring() -> None:
            with self._lock:
                unit.inputs[door.address] = door.value(True)

        timer = threading.Timer(self._spring, spring)
        timer.daemon = True
        self._springs.append(timer)
        timer.start()

    def _is(self, unit: int, wire: Wire, bank: str = "inputs") -> bool:
        return wire.means(getattr(self._units[unit], bank)[wire.address])

    def _lit(self, light: Light) -> bool:
        return self._board is not None and self._is(self._board.unit, self._board.lights[light], "coils")

    # ---- the wire ----

    def _plug(self) -> None:
        self._buffer = b""
        self.wire.plug()

    def _received(self, data: bytes) -> None:
        now = time.monotonic()
        if now - self._last_byte > SILENCE:
            self._buffer = b""
        self._last_byte = now
        self._buffer += data
        while len(self._buffer) > 1:
            size = protocol.request_bytes(self._buffer)
            if size is None or size > len(self._buffer):
                return
            adu, self._buffer = self._buffer[: size or None], self._buffer[size:] if size else b""
            if not protocol.sound(adu):
                self._buffer = b""  # a slave answers nothing to a damaged frame, and waits for silence
                return
            if adu[0] in self._units:
                self._answer(adu[0], adu[1 : -protocol.CRC_BYTES])

    def _answer(self, number: int, pdu: bytes) -> None:
        with self._lock:
            self._requests += 1
            fault = self._due_fault(number)
            answer = self._obey(self._units[number], pdu, fault)
        self._send(number, answer, fault)

    def _obey(self, unit: Unit, pdu: bytes, fault: Fault | None) -> bytes:
        if fault is not None and fault.name == "dead":
            return b""
        if fault is not None and fault.name == "exception":
            return protocol.encode_exception(pdu[0], fault.exception)
        try:
            request = protocol.decode_request(pdu)
            before = list(unit.coils)
            values = unit.obey(request)
        except Refused as error:
            return protocol.encode_exception(pdu[0], error.exception)
        if self._locker and unit is self._units[self._locker.unit]:
            self._unlock(before)
        return protocol.encode_answer(request, values)

    def _send(self, unit: int, answer: bytes, fault: Fault | None) -> None:
        name = fault.name if fault else ""
        adu = protocol.frame(unit % 247 + 1 if name == "wrong-unit" else unit, answer)
        if name in ("mute", "dead"):
            return
        if name == "wrong-crc":
            adu = adu[:-1] + bytes([adu[-1] ^ 0x5A])
        elif name == "half-frame":
            adu = adu[: len(adu) // 2]
        elif name == "garbage":
            adu = bytes((37 * place + 11) % 256 for place in range(40))
        elif name == "pulled" and fault is not None:
            self.wire.send(adu[: fault.at])
            self.wire.unplug()
            return
        self.wire.send(adu, after=fault.seconds if fault is not None and name == "slow" else 0.0)

    # ---- faults ----

    def _arm(self, name: str, arguments: Mapping[str, Json]) -> None:
        seconds = arguments.get("seconds", 0.3)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise UnknownAction(f"{name}: seconds must be a number")
        numbers = {
            "times": _integer(arguments, "times", 0),
            "skip": _integer(arguments, "skip", 0),
            "exception": _integer(arguments, "code", Exc.SERVER_DEVICE_FAILURE),
            "at": _integer(arguments, "at", 3),
            "unit": _integer(arguments, "unit", 0),
        }
        with self._lock:
            self._fault = Fault(name, seconds=float(seconds), **numbers)

    def _due_fault(self, unit: int) -> Fault | None:
        fault = self._fault
        if fault is None or fault.unit not in (0, unit):
            return None
        if fault.skip:
            self._fault = replace(fault, skip=fault.skip - 1)
            return None
        if fault.times:
            self._fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None
        return fault


def _word(arguments: Mapping[str, Json], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str):
        raise UnknownAction(f"{key} must be a word")
    return value


def _integer(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownAction(f"{key} must be a whole number, 0 or more")
    return value
