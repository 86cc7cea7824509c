"""The cabinet holds scanner, board, locker and UPS too, and what it cannot do it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.code_scanner import ScannedCode
from devices.contracts.deadline import Deadline
from devices.contracts.sensors import Door
from devices.drivers.code_scanner.driver import SerialScanner
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.nut.driver import NutUps
from devices.simulators.cabinet import Cabinet, SpecError, make_twins
from devices.simulators.control import Control, ControlError

MAP: dict[str, Any] = {"doors": {"upper": {"input": 0, "open": 0}}}
SPEC: dict[str, Any] = {
    "devices": {
        "code_scanner": {"kind": "scanner"},
        "board": {"kind": "modbus", "board": MAP},
        "ups": {"kind": "nut", "ups": "kiosk"},
    }
}


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    cabinet = Cabinet(make_twins(SPEC), tmp_path / "control", tmp_path / "state.json")
    cabinet.start()
    yield cabinet
    cabinet.stop()


@pytest.fixture
def control(cabinet: Cabinet, tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control") as control:
        yield control


def test_what_the_control_does_is_seen_on_the_wires(cabinet: Cabinet, control: Control, tmp_path: Path) -> None:
    scanner = SerialScanner(cabinet.ports["code_scanner"])
    board = ModbusBoard(cabinet.ports["board"], board_map(MAP))
    ups = NutUps(cabinet.ports["ups"], "kiosk")
    for device in (scanner, board, ups):
        device.open(soon())
    try:
        scanner.begin(soon())
        control.do("code_scanner", "scan", text="样例")
        code = scanner.scan(soon())
        assert isinstance(code, ScannedCode)
        assert code.text == "样例"
        control.do("board", "door-open", name="upper")
        assert board.read(soon()).doors["upper"] is Door.OPEN
        control.do("ups", "low")
        assert ups.power(soon()).critical
    finally:
        for device in (scanner, board, ups):
            device.close()
    assert "样例" not in (tmp_path / "state.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("device", "action", "arguments", "says"),
    [
        ("code_scanner", "explode", {}, "it has scan"),
        ("code_scanner", "scan", {}, "text must be"),
        ("code_scanner", "slow", {"byte_seconds": "long"}, "number"),
        ("board", "door-open", {"name": "lower"}, "no door lower"),
        ("board", "door-open", {}, "name must be a word"),
        ("board", "press", {}, "no help_button"),
        ("board", "jam", {"box": "A1"}, "no box A1"),
        ("board", "mute", {"times": -1}, "whole number"),
        ("board", "explode", {}, "it has door-open"),
        ("ups", "explode", {}, "it has on-line"),
        ("ups", "charge", {"percent": True}, "whole number"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    control: Control, device: str, action: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(ControlError, match=says):
        control.do(device, action, **arguments)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"kind": "modbus", "colour": 1}, "colour"),
        ({"kind": "modbus", "board": MAP, "locker": {"boxes": {"A1": {"lock": {"coil": 0}}}}}, "units of their own"),
        ({"kind": "modbus"}, "a map is needed"),
        ({"kind": "modbus", "board": {"doors": {"x": {"input": -1}}}}, "0 to 65535"),
        ({"kind": "scanner", "terminator": "tab"}, "no terminator"),
        ({"kind": "scanner", "trigger": "foot"}, "foot"),
        ({"kind": "nut", "volts": 230}, "volts"),
    ],
)
def test_a_wrong_spec_is_refused(entry: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        make_twins({"x": entry})


def test_a_poll_costs_next_to_nothing(cabinet: Cabinet) -> None:
    """At one poll a second, 2 ms are 0.2 % of a core; what the driver's own thread uses, the twins' apart."""
    scanner = SerialScanner(cabinet.ports["code_scanner"])
    board = ModbusBoard(cabinet.ports["board"], board_map(MAP), baud=115_200)
    ups = NutUps(cabinet.ports["ups"], "kiosk")
    for device in (scanner, board, ups):
        device.open(soon())
        begin = time.thread_time()
        for _ in range(50):
            device.poll(soon())
        cost = (time.thread_time() - begin) / 50
        device.close()
        assert cost < 0.002, f"{device.info.kind}: {cost * 1e6:.0f} us"
