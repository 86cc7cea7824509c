"""What every locker promises: twin unpaced, twin at the pace of its line, capture replay, and (marked) the device."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.locker import BoxDoor, Locker, NotOpened, Occupancy, Opened, Unknown
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io.link import Patience
from devices.simulators.modbus import ModbusTwin
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.serial import SerialPort

QUICK = Patience(answer=0.3, frame=0.1, late=0.05)
MAP: dict[str, Any] = {
    "unit": 2,
    "pulse_seconds": 0.1,
    "door_seconds": 0.15,
    "boxes": {
        "A1": {"lock": {"coil": 0}, "door": {"input": 0}, "occupied": {"input": 16}},
        "A2": {"lock": {"coil": 1}, "door": {"input": 1}, "occupied": {"input": 17}},
        "A3": {"lock": {"coil": 2}},
    },
}


def soon() -> Deadline:
    return Deadline.after(5)


class LockerContract:
    """Subclasses give ``locker``, open."""

    def test_it_is_a_device_and_says_who_it_is(self, locker: Locker) -> None:
        assert isinstance(locker, Device)
        assert (locker.info.kind, bool(locker.info.port)) == ("locker", True)
        assert int(locker.capabilities["boxes"]) == len(locker.labels)

    def test_every_box_is_seen_and_the_locker_is_online(self, locker: Locker) -> None:
        seen = locker.look(soon())
        assert tuple(seen) == locker.labels
        assert not any(box.door is BoxDoor.UNKNOWN for box in seen.values())
        assert locker.poll(soon()).state is State.ONLINE

    def test_a_box_that_is_not_there_is_not_opened(self, locker: Locker) -> None:
        outcome = locker.open_box("no such box", soon())
        assert isinstance(outcome, NotOpened)
        assert outcome.reason.code == "no-such-box"

    def test_too_little_time_opens_nothing(self, locker: Locker) -> None:
        deadline = Deadline.after(0.05)
        outcome = locker.open_box(locker.labels[0], deadline)
        assert isinstance(outcome, NotOpened)
        assert locker.statistics().get("pulses", 0) == 0

    def test_reset_open_and_close_may_be_repeated(self, locker: Locker) -> None:
        for _ in range(2):
            locker.reset(soon())
            locker.open(soon())
        locker.close()
        locker.close()
        locker.open(soon())
        assert locker.poll(soon()).state is State.ONLINE

    def test_self_tests_at_the_two_lower_levels_open_nothing(self, locker: Locker) -> None:
        before = locker.look(soon())
        assert locker.self_test(Level.INTERNAL, soon()).passed is True
        assert locker.self_test(Level.EXTERNAL, soon()).passed is True
        assert locker.look(soon()) == before


class TwinContract(LockerContract):
    baud = 0
    spring = 0.0

    @pytest.fixture
    def table(self) -> dict[str, Any]:
        return MAP

    @pytest.fixture
    def twin(self, table: dict[str, Any]) -> Iterator[ModbusTwin]:
        twin = ModbusTwin("locker", baud=self.baud, locker=table, spring_seconds=self.spring)
        twin.start()
        yield twin
        assert twin.state()["energised"] == [], "a lock was left on"
        twin.stop()

    @pytest.fixture
    def locker(self, twin: ModbusTwin, table: dict[str, Any]) -> Iterator[ModbusLocker]:
        locker = ModbusLocker(twin.port, locker_map(table), baud=self.baud or 115_200, patience=QUICK)
        locker.open(soon())
        yield locker
        locker.close()

    def test_a_box_opens_and_the_lock_is_left_off(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        assert locker.open_box("A1", soon()) == Opened("A1")
        assert twin.state()["boxes"] == {"A1": True, "A2": False, "A3": False}
        status = locker.poll(soon())
        assert (status.usable, [(f.code, f.blocking) for f in status.faults]) == (True, [("box-open", False)])
        twin.act("shut", {"box": "A1"})
        assert locker.look(soon())["A1"].door is BoxDoor.CLOSED
        assert locker.poll(soon()).faults == ()

    def test_a_box_that_is_open_is_not_told_again(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        for _ in range(3):
            assert locker.open_box("A1", soon()) == Opened("A1")
        assert twin.state()["pulses"] == 1
        assert locker.statistics()["opened"] == 3

    def test_a_jammed_door_is_not_opened_and_needs_a_technician(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        twin.act("jam", {"box": "A2"})
        outcome = locker.open_box("A2", soon())
        assert isinstance(outcome, NotOpened)
        assert (outcome.reason.code, outcome.reason.action.value) == ("door-stuck", "callTechnician")
        twin.act("free", {"box": "A2"})
        assert locker.open_box("A2", soon()) == Opened("A2")

    def test_a_box_without_a_contact_is_never_said_to_be_open(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        outcome = locker.open_box("A3", soon())
        assert isinstance(outcome, Unknown)
        assert outcome.reason.code == "no-door-contact"
        assert twin.state()["pulses"] == 1

    def test_what_lies_in_a_box_is_seen(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        twin.act("occupied", {"box": "A2"})
        seen = locker.look(soon())
        assert [box.occupancy for box in seen.values()] == [
            Occupancy.EMPTY,
            Occupancy.OCCUPIED,
            Occupancy.NOT_SUPPORTED,
        ]

    def test_the_interactive_test_opens_empty_boxes_only(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        twin.act("occupied", {"box": "A2"})
        assert locker.self_test(Level.INTERACTIVE, soon()).passed is True
        assert twin.state()["boxes"] == {"A1": True, "A2": False, "A3": False}

    def test_a_deadline_that_ends_before_the_door_can_open_leaves_it_unknown(
        self, twin: ModbusTwin, locker: ModbusLocker
    ) -> None:
        twin.act("jam", {"box": "A1"})
        deadline = Deadline.after(0.5)
        outcome = locker.open_box("A1", deadline)
        assert not deadline.expired
        assert isinstance(outcome, Unknown)
        assert outcome.reason.code in ("no-time", "no-answer")  # the last look may have been cut short

    def test_a_pulled_plug_is_an_error_and_a_new_one_works(self, twin: ModbusTwin, locker: ModbusLocker) -> None:
        twin.act("unplug", {})
        with pytest.raises(DeviceError) as caught:
            locker.poll(soon())
        assert caught.value.code == "unplugged"
        assert isinstance(locker.open_box("A1", soon()), NotOpened)
        locker.close()
        twin.act("replug", {})
        locker.open(soon())
        assert locker.open_box("A1", soon()) == Opened("A1")


class TestLockerTwin(TwinContract):
    def test_a_lock_that_an_earlier_process_left_on_is_switched_off(
        self, twin: ModbusTwin, locker: ModbusLocker
    ) -> None:
        twin.act("jam", {"box": "A1"})
        twin.act("dead", {"skip": 2})  # the look and the pulse get through, nothing after them
        outcome = locker.open_box("A1", Deadline.after(1.5))
        assert isinstance(outcome, Unknown)
        assert twin.state()["energised"] == ["A1"]
        locker.close()
        twin.act("ok", {})
        fresh = ModbusLocker(twin.port, locker_map(MAP), baud=self.baud or 115_200, patience=QUICK)
        fresh.open(soon())
        fresh.close()
        assert twin.state()["energised"] == []
        assert fresh.statistics()["found_energised"] == 1


class TestLockerAtTheLinesPace(TwinContract):
    baud = 9_600
    spring = 0.05


class TestLockerThatEndsThePulseItself(TwinContract):
    @pytest.fixture
    def table(self) -> dict[str, Any]:
        return {**MAP, "pulse": "board"}


def test_a_captured_conversation_replays_to_the_same_outcome(tmp_path: Path) -> None:
    twin = ModbusTwin("locker", locker=MAP)
    twin.start()
    try:
        stream = CapturingStream(SerialPort(twin.port), tmp_path / "locker.jsonl")
        live = ModbusLocker(twin.port, locker_map(MAP), stream=stream, patience=QUICK)
        live.open(soon())
        first = live.open_box("A1", soon())
        live.close()
    finally:
        twin.stop()
    replay = ReplayStream.load(tmp_path / "locker.jsonl")
    replayed = ModbusLocker("replay", locker_map(MAP), stream=replay, patience=QUICK)
    replayed.open(soon())
    assert replayed.open_box("A1", soon()) == first == Opened("A1")
    assert replay.finished


@pytest.mark.hardware
class TestLockerOnADevice(LockerContract):
    """HARDWARE_LOCKER names the serial port, HARDWARE_LOCKER_MAP a TOML file with the map. No box is opened."""

    @pytest.fixture
    def locker(self) -> Iterator[ModbusLocker]:
        table = tomllib.loads(Path(os.environ["HARDWARE_LOCKER_MAP"]).read_text(encoding="utf-8"))
        locker = ModbusLocker(os.environ["HARDWARE_LOCKER"], locker_map(table))
        locker.open(soon())
        yield locker
        locker.close()
