"""The board's and the locker's driver against a slave that nobody here wrote: pymodbus on the other end of a line."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.locker import NotOpened, Opened
from devices.contracts.sensors import Button, Door, Light, LightState, Tamper
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.modbus_io.line import ModbusPort
from devices.drivers.modbus_io.link import ModbusLink
from devices.drivers.modbus_io.protocol import Function, Refused, Request
from devices.simulators.pty import PtyWire

PEER = Path(__file__).with_name("pymodbus_peer.py")
ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "1")) * 40
UNIT = 17
BOARD: dict[str, Any] = {
    "unit": UNIT,
    "tamper": {"input": 9, "tripped": 1},
    "help_button": {"input": 20, "pressed": 1},
    "doors": {"upper": {"input": 3, "open": 1}},
    "lights": {"reader": {"coil": 5}, "status": {"coil": 21, "on": 0}},
}
LOCKER: dict[str, Any] = {
    "unit": UNIT,
    "pulse_seconds": 0.1,
    "door_seconds": 0.15,
    "boxes": {f"A{place}": {"lock": {"coil": place}, "door": {"input": place}} for place in range(4)},
}

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pymodbus") is None, reason="needs the package pymodbus")


class Slave:
    """pymodbus in a process of its own; two pseudo-terminals are the two ends of its line."""

    def __init__(self) -> None:
        self.near = PtyWire("master", lambda data: self.far.send(data))
        self.far = PtyWire("slave", lambda data: self.near.send(data))
        self.near.plug()
        self.far.plug()
        command = [sys.executable, str(PEER), self.far.port, "115200", str(UNIT)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._line() == "ready"

    def tell(self, command: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self.near.stop()
            self.far.stop()


@pytest.fixture(scope="module")
def slave() -> Iterator[Slave]:
    slave = Slave()
    yield slave
    slave.close()


def soon() -> Deadline:
    return Deadline.after(5)


def test_every_sensor_and_light_of_a_foreign_board(slave: Slave) -> None:
    board = ModbusBoard(slave.near.port, board_map(BOARD), baud=115_200)
    try:
        board.open(soon())
        assert board.poll(soon()).state is State.ONLINE
        for command in ("input 3 1", "input 9 1", "input 20 1"):
            assert slave.tell(command) == "done"
        reading = board.read(soon())
        assert (reading.doors["upper"], reading.tamper, reading.help_button) == (
            Door.OPEN,
            Tamper.TRIPPED,
            Button.PRESSED,
        )
        assert board.poll(soon()).state is State.FRAUD_ATTEMPT
        for command in ("input 3 0", "input 9 0", "input 20 0"):
            slave.tell(command)
        assert board.poll(soon()).state is State.ONLINE
        assert board.lights(soon()) == {Light.READER: LightState.OFF, Light.STATUS: LightState.ON}
        assert board.set_light(Light.READER, True, soon()) is LightState.ON
        assert board.set_light(Light.STATUS, False, soon()) is LightState.OFF
        assert slave.tell("coils") == "5 21"
        board.set_light(Light.READER, False, soon())
        board.set_light(Light.STATUS, True, soon())
        assert slave.tell("coils") == ""
    finally:
        board.close()


def test_boxes_of_a_foreign_lock_board(slave: Slave) -> None:
    slave.tell("follow 1 1")
    locker = ModbusLocker(slave.near.port, locker_map(LOCKER), baud=115_200)
    try:
        locker.open(soon())
        assert locker.open_box("A1", soon()) == Opened("A1")
        stuck = locker.open_box("A2", soon())
        assert isinstance(stuck, NotOpened)
        assert stuck.reason.code == "door-stuck"
        assert slave.tell("coils") == ""
        slave.tell("input 1 0")
    finally:
        locker.close()


def test_a_foreign_board_refuses_what_it_does_not_have(slave: Slave) -> None:
    board = ModbusBoard(slave.near.port, board_map({"unit": UNIT, "doors": {"x": {"input": 300}}}), baud=115_200)
    try:
        with pytest.raises(DeviceError) as caught:
            board.open(soon())
        assert caught.value.code == "illegal-data-address"
    finally:
        board.close()


def test_random_writes_are_read_back_bit_by_bit(slave: Slave) -> None:
    """Coils singly and in blocks, against a model; KIOSK_PEER_ROUNDS multiplies the count."""
    random, model = Random(724), [0] * 48
    port = ModbusPort(slave.near.port, 115_200)
    port.open(soon())
    link = ModbusLink(port, 115_200)
    try:
        for _ in range(ROUNDS):
            address = random.randrange(40)
            values = tuple(random.randrange(2) for _ in range(random.randrange(1, 48 - address + 1)))
            if random.random() < 0.5:
                request = Request(Function.WRITE_SINGLE_COIL, address, values=values[:1])
            else:
                request = Request(Function.WRITE_MULTIPLE_COILS, address, len(values), values)
            assert link.ask(UNIT, request, soon()) == ()
            model[address : address + request.count] = request.values
            first = random.randrange(48)
            count = random.randrange(1, 48 - first + 1)
            read = link.ask(UNIT, Request(Function.READ_COILS, first, count), soon())
            assert read == tuple(model[first : first + count])
        assert slave.tell("coils") == " ".join(str(place) for place, on in enumerate(model) if on)
        link.ask(UNIT, Request(Function.WRITE_MULTIPLE_COILS, 0, 48, (0,) * 48), soon())
        with pytest.raises(Refused):
            link.ask(UNIT, Request(Function.READ_COILS, 40, 20), soon())
    finally:
        port.close()
    assert {code for code in link.counts if link.counts[code]} == {"requests", "illegal-data-address"}
