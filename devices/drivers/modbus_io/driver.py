"""An IO board by Modbus RTU: Sensors over one line and one unit."""

from __future__ import annotations

import time
from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, DeviceInfo, Level, State, Status, TestResult
from devices.contracts.sensors import Button, Light, LightState, SensorReading, judge
from devices.drivers.modbus_io.board import BoardMap, span
from devices.drivers.modbus_io.line import ModbusPort
from devices.drivers.modbus_io.link import ModbusLink, Patience
from devices.drivers.modbus_io.protocol import Function, Request
from devices.transports.stream import ByteStream

LOOK = 0.1  # seconds between two looks at the help button in the interactive test


class ModbusBoard:
    """One board. ``stream`` replaces the serial line (capture, replay, faults); ``link`` is a line shared with others.

    Called from one thread at a time (an actor's, and those of the actors that use its line); ``last`` from any."""

    def __init__(
        self,
        port: str,
        board: BoardMap,
        *,
        baud: int = 9_600,
        parity: str = "none",
        stream: ByteStream | None = None,
        link: ModbusLink | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._port, self._map, self._baud, self._parity = port, board, baud, parity
        self._link = link or ModbusLink(stream or ModbusPort(port, baud, parity), baud, patience)
        self._inputs = span(board.input_table, board.inputs)
        self._outputs = span(Function.READ_COILS, tuple(board.lights.values()))
        self._last = board.reading(dict.fromkeys((wire.address for wire in board.inputs), 0)).forgotten()

    @property
    def link(self) -> ModbusLink:
        """The line, for another board's driver on the same wires."""
        return self._link

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("sensors", "modbus_io", self._port, model=f"Modbus RTU, unit {self._map.unit}")

    @property
    def capabilities(self) -> Mapping[str, str]:
        single = ("tamper", "presence", "headphone", "help_button")
        sensors = [f"door:{name}" for name in self._map.doors]
        sensors += [name for name in single if getattr(self._map, name) is not None]
        lights = " ".join(light.value for light in self._map.lights)
        return {"sensors": " ".join(sensors), "lights": lights, "line": f"{self._baud} {self._parity}"}

    def open(self, deadline: Deadline) -> None:
        """Open the line and read everything once: a map that the board refuses is found out here."""
        self._last = self._last.forgotten()
        self._link.open(self, deadline)
        try:
            self.read(deadline)
            self.lights(deadline)
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        self._last = self._last.forgotten()
        self._link.close(self)

    def poll(self, deadline: Deadline) -> Status:
        if self._inputs is None:
            lights = self.lights(deadline)
            return Status(State.ONLINE, details={f"light:{light.value}": now.value for light, now in lights.items()})
        reading = self.read(deadline)
        state, faults = judge(reading, self._map.roles)
        return Status(state, faults, details=describe(reading))

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Internal: read everything. External: each light on and off, told by the board's outputs, and put back.
        Interactive: the same, then wait for the help button; None where there is none, for a person to judge."""
        self.read(deadline)
        before = self.lights(deadline)
        report = f"{len(self._map.inputs)} inputs and {len(before)} lights answer"
        if level is Level.INTERNAL:
            return TestResult(level, True, report)
        stuck = [light.value for light in before if not self._switches(light, before[light], deadline)]
        if stuck:
            return TestResult(level, False, f"{report}; does not follow: {', '.join(stuck)}")
        if level is Level.EXTERNAL:
            return TestResult(level, True, f"{report}; every light was switched on and off")
        if self._map.help_button is None:
            return TestResult(level, None, f"{report}; did every light go on and off?")
        pressed = self._wait_for_button(deadline)
        return TestResult(level, pressed, f"{report}; the help button was {'' if pressed else 'not '}pressed")

    def reset(self, deadline: Deadline) -> None:
        """Switch every light off."""
        for light in self._map.lights:
            self.set_light(light, False, deadline)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: requests, dropped_bytes, and one per error code."""
        return dict(self._link.counts)

    # ---- Sensors ----

    @property
    def last(self) -> SensorReading:
        return self._last.as_of()

    def read(self, deadline: Deadline) -> SensorReading:
        try:
            bits = self._bits(self._inputs, deadline)
        except DeviceError:
            self._last = self._last.forgotten()
            raise
        self._last = self._map.reading(bits)
        return self._last

    def lights(self, deadline: Deadline) -> Mapping[Light, LightState]:
        bits = self._bits(self._outputs, deadline)
        return {
            light: LightState.ON if wire.means(bits[wire.address]) else LightState.OFF
            for light, wire in self._map.lights.items()
        }

    def set_light(self, light: Light, on: bool, deadline: Deadline) -> LightState:
        wire = self._map.lights.get(light)
        if wire is None:
            return LightState.NOT_SUPPORTED
        values = (wire.value(on),)
        self._link.ask(self._map.unit, Request(Function.WRITE_SINGLE_COIL, wire.address, values=values), deadline)
        return self.lights(deadline)[light]

    # ---- the line ----

    def _bits(self, request: Request | None, deadline: Deadline) -> dict[int, int]:
        """Values by address."""
        if request is None:
            return {}
        values = self._link.ask(self._map.unit, request, deadline)
        return dict(enumerate(values, request.address))

    def _switches(self, light: Light, before: LightState, deadline: Deadline) -> bool:
        follows = all(
            self.set_light(light, on, deadline) is (LightState.ON if on else LightState.OFF) for on in (True, False)
        )
        self.set_light(light, before is LightState.ON, deadline)
        return follows

    def _wait_for_button(self, deadline: Deadline) -> bool:
        while self.read(deadline).help_button is not Button.PRESSED:
            if deadline.remaining() <= 2 * LOOK:
                return False
            time.sleep(LOOK)
        return True


def describe(reading: SensorReading) -> dict[str, str]:
    """A reading as a status tells it: words by sensor, those that do not exist left out."""
    words = {f"door:{name}": door.value for name, door in reading.doors.items()}
    words["tamper"] = reading.tamper.value
    words["presence"] = reading.presence.value
    words["headphone"] = reading.headphone.value
    words["help_button"] = reading.help_button.value
    return {name: word for name, word in words.items() if word != "notSupported"}
