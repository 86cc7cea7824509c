"""What every IO board promises: twin unpaced, twin at the pace of its line, capture replay, and (marked) the device."""

from __future__ import annotations

import os
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.sensors import Button, Door, Headphone, Light, LightState, Presence, Sensors, Tamper
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.modbus_io.link import Patience
from devices.simulators.modbus import ModbusTwin
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.serial import SerialPort

QUICK = Patience(answer=0.3, frame=0.1, late=0.05)
MAP: dict[str, Any] = {
    "tamper": {"input": 2, "tripped": 0},
    "presence": {"input": 3, "present": 1},
    "headphone": {"input": 4, "plugged": 1},
    "help_button": {"input": 5, "pressed": 1},
    "doors": {"upper": {"input": 0, "open": 0}, "bin": {"input": 1, "open": 1, "role": "flap"}},
    "lights": {"reader": {"coil": 0}, "help": {"coil": 2, "on": 0}},
}


def soon() -> Deadline:
    return Deadline.after(5)


class SensorsContract:
    """Subclasses give ``board``, open, all doors shut."""

    def test_it_is_a_device_and_says_who_it_is(self, board: Sensors) -> None:
        assert isinstance(board, Device)
        assert (board.info.kind, bool(board.info.port)) == ("sensors", True)
        assert board.capabilities["sensors"]

    def test_a_well_board_is_online_and_tells_every_sensor(self, board: Sensors) -> None:
        status = board.poll(soon())
        assert status.usable
        assert status.details
        assert Door.UNKNOWN not in board.last.doors.values()

    def test_lights_do_what_they_are_told_and_may_be_told_again(self, board: Sensors) -> None:
        for on in (True, True, False, False):
            for light, state in board.lights(soon()).items():
                assert state in (LightState.ON, LightState.OFF)
                assert board.set_light(light, on, soon()) is (LightState.ON if on else LightState.OFF)
        assert board.set_light(Light.STATUS, True, soon()) in (LightState.NOT_SUPPORTED, LightState.ON)

    def test_reset_open_and_close_may_be_repeated(self, board: Sensors) -> None:
        for _ in range(2):
            board.reset(soon())
            board.open(soon())
        board.close()
        board.close()
        board.open(soon())
        assert board.poll(soon()).state is State.ONLINE

    def test_self_tests_at_the_two_lower_levels(self, board: Sensors) -> None:
        assert board.self_test(Level.INTERNAL, soon()).passed is True
        assert board.self_test(Level.EXTERNAL, soon()).passed is True

    def test_it_counts(self, board: Sensors) -> None:
        before = board.statistics()["requests"]
        board.read(soon())
        assert board.statistics()["requests"] == before + 1

    def test_closed_it_knows_nothing(self, board: Sensors) -> None:
        board.close()
        assert set(board.last.doors.values()) <= {Door.UNKNOWN}
        assert board.last.tamper in (Tamper.UNKNOWN, Tamper.NOT_SUPPORTED)


class TwinContract(SensorsContract):
    baud = 0

    @pytest.fixture
    def twin(self) -> Iterator[ModbusTwin]:
        twin = ModbusTwin("board", baud=self.baud, board=MAP)
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def board(self, twin: ModbusTwin) -> Iterator[ModbusBoard]:
        board = ModbusBoard(twin.port, board_map(MAP), baud=self.baud or 115_200, patience=QUICK)
        board.open(soon())
        yield board
        board.close()

    def test_every_sensor_is_seen_both_ways(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        for action, arguments, name, value in (
            ("door-open", {"name": "upper"}, "upper", Door.OPEN),
            ("door-close", {"name": "upper"}, "upper", Door.CLOSED),
            ("door-open", {"name": "bin"}, "bin", Door.OPEN),
            ("tamper", {}, "tamper", Tamper.TRIPPED),
            ("tamper-off", {}, "tamper", Tamper.QUIET),
            ("arrive", {}, "presence", Presence.PRESENT),
            ("leave", {}, "presence", Presence.NOT_PRESENT),
            ("plug-headphone", {}, "headphone", Headphone.PLUGGED),
            ("unplug-headphone", {}, "headphone", Headphone.UNPLUGGED),
            ("press", {}, "help_button", Button.PRESSED),
            ("release", {}, "help_button", Button.RELEASED),
        ):
            twin.act(action, arguments)
            reading = board.read(soon())
            assert (reading.doors.get(name) or getattr(reading, name)) is value, action
        assert board.last.doors == {"upper": Door.CLOSED, "bin": Door.OPEN}

    @pytest.mark.parametrize(
        ("action", "arguments", "state", "code"),
        [
            ("door-open", {"name": "upper"}, State.POTENTIAL_FRAUD, "door-open"),
            ("door-open", {"name": "bin"}, State.USER_ERROR, "door-open"),
            ("tamper", {}, State.FRAUD_ATTEMPT, "tamper"),
        ],
    )
    def test_what_is_wrong_has_its_state_and_its_fault(
        self, twin: ModbusTwin, board: ModbusBoard, action: str, arguments: dict[str, str], state: State, code: str
    ) -> None:
        twin.act(action, arguments)
        status = board.poll(soon())
        assert (status.state, status.usable, [fault.code for fault in status.faults]) == (state, False, [code])

    def test_the_lamps_really_burn(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        board.set_light(Light.HELP, True, soon())
        assert twin.state()["lights"] == {"reader": False, "help": True}
        assert board.set_light(Light.PRINTER, True, soon()) is LightState.NOT_SUPPORTED

    def test_the_external_test_leaves_the_lights_as_they_were(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        board.set_light(Light.READER, True, soon())
        board.self_test(Level.EXTERNAL, soon())
        assert twin.state()["lights"] == {"reader": True, "help": False}

    def test_silence_is_no_status_and_makes_everything_unknown(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        board.read(soon())
        twin.act("mute", {})
        deadline = Deadline.after(1)
        with pytest.raises(DeviceError) as caught:
            board.poll(deadline)
        assert not deadline.expired
        assert (caught.value.code, caught.value.retryable) == ("no-answer", True)
        assert set(board.last.doors.values()) == {Door.UNKNOWN}
        assert board.last.tamper is Tamper.UNKNOWN

    def test_a_pulled_plug_is_an_error_and_a_new_one_works(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        twin.act("unplug", {})
        with pytest.raises(DeviceError) as caught:
            board.poll(soon())
        assert caught.value.code == "unplugged"
        board.close()
        with pytest.raises(DeviceError) as caught:
            board.open(soon())
        assert caught.value.code == "port-missing"
        twin.act("replug", {})
        board.open(soon())
        assert board.poll(soon()).usable


class TestModbusTwin(TwinContract):
    def test_the_interactive_test_waits_for_the_help_button(self, twin: ModbusTwin, board: ModbusBoard) -> None:
        assert board.self_test(Level.INTERACTIVE, Deadline.after(1)).passed is False
        finger = threading.Timer(0.1, twin.act, ("press", {}))
        finger.start()
        assert board.self_test(Level.INTERACTIVE, soon()).passed is True
        finger.join()


class TestModbusAtTheLinesPace(TwinContract):
    baud = 9_600


def test_a_board_that_does_not_know_an_address_is_not_opened() -> None:
    twin = ModbusTwin("board", board=MAP)
    twin.start()
    beyond = board_map({**MAP, "presence": {"input": 64, "present": 1}})
    board = ModbusBoard(twin.port, beyond, patience=QUICK)
    try:
        with pytest.raises(DeviceError) as caught:
            board.open(soon())
        assert (caught.value.code, caught.value.retryable) == ("illegal-data-address", False)
    finally:
        board.close()
        twin.stop()


def test_a_board_of_lights_alone_is_a_board() -> None:
    only = {"unit": 9, "lights": {"status": {"coil": 3}}}
    twin = ModbusTwin("board", board=only)
    twin.start()
    board = ModbusBoard(twin.port, board_map(only), patience=QUICK)
    try:
        board.open(soon())
        board.set_light(Light.STATUS, True, soon())
        assert board.poll(soon()).details == {"light:status": "on"}
        assert board.last.tamper is Tamper.NOT_SUPPORTED
    finally:
        board.close()
        twin.stop()


def test_a_captured_conversation_replays_to_the_same_reading(tmp_path: Path) -> None:
    twin = ModbusTwin("board", board=MAP)
    twin.start()
    try:
        stream = CapturingStream(SerialPort(twin.port), tmp_path / "board.jsonl")
        live = ModbusBoard(twin.port, board_map(MAP), stream=stream, patience=QUICK)
        live.open(soon())
        twin.act("door-open", {"name": "bin"})
        first = live.read(soon())
        live.set_light(Light.READER, True, soon())
        live.close()
    finally:
        twin.stop()
    replay = ReplayStream.load(tmp_path / "board.jsonl")
    replayed = ModbusBoard("replay", board_map(MAP), stream=replay, patience=QUICK)
    replayed.open(soon())
    assert replayed.read(soon()) == first
    assert first.doors["bin"] is Door.OPEN
    assert replayed.set_light(Light.READER, True, soon()) is LightState.ON
    assert replay.finished


@pytest.mark.hardware
class TestModbusOnADevice(SensorsContract):
    """HARDWARE_BOARD names the serial port, HARDWARE_BOARD_MAP a TOML file with the map. Lights will go on and off."""

    @pytest.fixture
    def board(self) -> Iterator[ModbusBoard]:
        table = tomllib.loads(Path(os.environ["HARDWARE_BOARD_MAP"]).read_text(encoding="utf-8"))
        board = ModbusBoard(os.environ["HARDWARE_BOARD"], board_map(table))
        board.open(soon())
        yield board
        board.close()
