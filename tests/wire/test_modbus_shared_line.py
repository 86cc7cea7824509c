"""A board and a locker on one pair of wires: their drivers take turns, and neither is the other's trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.locker import Opened
from devices.contracts.sensors import Door, Light, LightState
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.modbus_io.line import ModbusPort
from devices.drivers.modbus_io.link import ModbusLink, Patience
from devices.simulators.modbus import ModbusTwin

BOARD: dict[str, Any] = {"doors": {"upper": {"input": 0}}, "lights": {"reader": {"coil": 0}}}
BOXES = {f"A{place}": {"lock": {"coil": place}, "door": {"input": place}} for place in range(6)}
LOCKER: dict[str, Any] = {"unit": 2, "pulse_seconds": 0.1, "door_seconds": 0.1, "boxes": BOXES}


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def twin() -> Iterator[ModbusTwin]:
    twin = ModbusTwin("line", board=BOARD, locker=LOCKER)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def both(twin: ModbusTwin) -> Iterator[tuple[ModbusBoard, ModbusLocker]]:
    link = ModbusLink(ModbusPort(twin.port), 115_200, Patience(answer=0.3, late=0.1))
    board = ModbusBoard(twin.port, board_map(BOARD), link=link)
    locker = ModbusLocker(twin.port, locker_map(LOCKER), link=link)
    board.open(soon())
    locker.open(soon())
    yield board, locker
    board.close()
    locker.close()


def test_they_work_side_by_side(twin: ModbusTwin, both: tuple[ModbusBoard, ModbusLocker]) -> None:
    board, locker = both
    opened: list[object] = []
    hand = threading.Thread(target=lambda: opened.extend(locker.open_box(label, soon()) for label in BOXES))
    hand.start()
    rounds = 0
    while hand.is_alive() or rounds < 20:
        on = rounds % 2 == 0
        twin.act("door-open" if on else "door-close", {"name": "upper"})
        assert board.read(soon()).doors["upper"] is (Door.OPEN if on else Door.CLOSED)
        assert board.set_light(Light.READER, on, soon()) is (LightState.ON if on else LightState.OFF)
        rounds += 1
    hand.join()
    assert opened == [Opened(label) for label in BOXES]
    assert twin.state()["energised"] == []


def test_one_that_is_dead_is_not_the_others_trouble(twin: ModbusTwin, both: tuple[ModbusBoard, ModbusLocker]) -> None:
    board, locker = both
    twin.act("dead", {"unit": 2})
    with pytest.raises(DeviceError) as caught:
        locker.poll(soon())
    assert caught.value.code == "no-answer"
    locker.close()  # as the manager does
    assert board.poll(soon()).state is State.ONLINE
    with pytest.raises(DeviceError):
        locker.open(soon())
    assert board.poll(soon()).state is State.ONLINE
    twin.act("ok", {})
    locker.open(soon())
    assert locker.poll(soon()).usable


def test_a_turn_that_does_not_come_is_an_error_in_time(
    twin: ModbusTwin, both: tuple[ModbusBoard, ModbusLocker]
) -> None:
    board, locker = both
    twin.act("slow", {"unit": 2, "seconds": 0.25, "times": 1})
    before = twin.state()["requests"]
    hand = threading.Thread(target=locker.look, args=(soon(),))
    hand.start()
    end = soon()
    while twin.state()["requests"] == before and not end.expired:
        time.sleep(0.001)  # until the locker has its turn
    deadline = Deadline.after(0.05)
    with pytest.raises(DeviceError) as caught:
        board.read(deadline)
    assert (caught.value.code, caught.value.retryable) == ("line-busy", True)
    hand.join()
    assert board.read(soon()).doors["upper"] is Door.CLOSED


def test_a_pulled_plug_is_seen_by_both_and_either_opens_the_line_again(
    twin: ModbusTwin, both: tuple[ModbusBoard, ModbusLocker]
) -> None:
    board, locker = both
    twin.act("unplug", {})
    for device in both:
        with pytest.raises(DeviceError) as caught:
            device.poll(soon())
        assert caught.value.code == "unplugged"
    locker.close()
    with pytest.raises(DeviceError) as caught:
        locker.open(soon())
    assert caught.value.code == "port-missing"
    twin.act("replug", {})
    locker.open(soon())
    assert board.poll(soon()).usable  # the line is there again, whoever opened it
    assert locker.poll(soon()).usable
