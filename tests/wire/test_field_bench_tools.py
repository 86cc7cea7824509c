"""The bench tools of scanner, IO board, locker and UPS, as a person or a script at the terminal calls them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.modbus import ModbusTwin
from devices.simulators.nut import NutTwin
from devices.simulators.scanner import ScannerTwin

BOARD = """
tamper = { input = 2, tripped = 0 }
help_button = { input = 5, pressed = 1 }
[doors]
upper = { input = 0, open = 0 }
[lights]
reader = { coil = 0 }
"""
LOCKER = """
unit = 2
pulse_seconds = 0.05
door_seconds = 0.1
[boxes]
A1 = { lock = { coil = 0 }, door = { input = 0 } }
"""


def in_a_process(driver: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """As a script calls it."""
    command = [sys.executable, "-m", f"devices.drivers.{driver}", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env={"LC_ALL": "C"})
    assert done.stderr == b"", done.stderr
    return done.returncode, one_object(done.stdout.decode("utf-8"))


def one_object(said: str) -> dict[str, Any]:
    (line,) = said.splitlines()
    report: dict[str, Any] = json.loads(line)
    return report


Tool = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Tool:
    """The same without the cost of a process."""

    def called(driver: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        status = import_module(f"devices.drivers.{driver}.__main__").main([*arguments, "--json"])
        said, complaint = capsys.readouterr()
        assert complaint == ""
        return status, one_object(said)

    return called


@pytest.fixture
def line(tmp_path: Path) -> Iterator[ModbusTwin]:
    twin = ModbusTwin("line", board=tomllib.loads(BOARD), locker=tomllib.loads(LOCKER))
    (tmp_path / "board.toml").write_text(BOARD)
    (tmp_path / "locker.toml").write_text(LOCKER)
    twin.start()
    yield twin
    twin.stop()


def test_a_board_is_read_and_its_light_switched(line: ModbusTwin, tmp_path: Path, call: Tool) -> None:
    where = ("--port", line.port, "--map", str(tmp_path / "board.toml"), "--baud", "115200")
    code, report = in_a_process("modbus_io", "status", *where)
    assert (code, report["state"], report["usable"], report["door:upper"]) == (0, "online", True, "closed")
    line.act("door-open", {"name": "upper"})
    code, report = call("modbus_io", "read", *where)
    assert (code, report["door:upper"], report["light:reader"]) == (0, "open", "off")
    assert call("modbus_io", "light", "reader", "on", *where) == (0, {"light": "reader", "state": "on"})
    assert line.state()["lights"] == {"reader": True}
    assert call("modbus_io", "selftest", *where)[1]["passed"] is True


def test_a_box_is_opened_and_a_stuck_one_is_an_error(line: ModbusTwin, tmp_path: Path, call: Tool) -> None:
    where = ("--port", line.port, "--map", str(tmp_path / "locker.toml"), "--baud", "115200")
    assert call("locker", "open", "A1", *where) == (0, {"outcome": "opened", "box": "A1"})
    assert in_a_process("locker", "read", *where) == (0, {"A1": {"door": "open", "occupancy": "notSupported"}})
    line.act("shut", {"box": "A1"})
    line.act("jam", {"box": "A1"})
    code, report = call("locker", "open", "A1", *where)
    assert (code, report["outcome"], report["error"]["code"]) == (1, "notOpened", "door-stuck")
    assert call("locker", "status", *where)[1]["box:A1"] == "closed notSupported"


def test_a_code_is_waited_for_and_shown_unescaped() -> None:
    twin = ScannerTwin("scanner", aim=True)
    twin.start()
    finger = threading.Event()

    def show() -> None:  # until the tool has opened the port and reads
        while not finger.wait(0.1):
            twin.act("scan", {"text": "样例 7×24", "aim": "]Q3"})

    hand = threading.Thread(target=show)
    hand.start()
    try:
        code, report = in_a_process("code_scanner", "read", "--port", twin.port, "--aim")
    finally:
        finger.set()
        hand.join()
        twin.stop()
    assert (code, report["text"], report["aim"], report["symbology"]) == (0, "样例 7×24", "]Q3", "qr")


def test_no_code_in_time_and_a_scanner_that_cannot_be_asked(call: Tool) -> None:
    twin = ScannerTwin("scanner")
    twin.start()
    try:
        code, report = call("code_scanner", "read", "--port", twin.port, "--timeout", "0.2")
        assert (code, report["error"]["code"], report["error"]["retryable"]) == (1, "no-code", True)
        code, report = call("code_scanner", "status", "--port", twin.port)
        assert (code, report["state"], report["faults"][0]["code"]) == (0, "unknown", "cannot-be-asked")
    finally:
        twin.stop()


def test_a_ups_is_read_and_one_that_is_lost_is_told(call: Tool) -> None:
    twin = NutTwin("ups")
    twin.start()
    try:
        twin.act("low", {})
        code, report = in_a_process("nut", "read", "--port", twin.port)
        assert (code, report["supply"], report["charge"], report["critical"]) == (0, "onBattery", 8, True)
        twin.act("stale", {})
        assert call("nut", "read", "--port", twin.port)[1]["why"] == "data-stale"
        assert call("nut", "status", "--port", twin.port)[1]["state"] == "unknown"
        code, report = call("nut", "status", "--port", twin.port, "--ups", "cellar")
        assert (code, report["error"]["code"], report["error"]["retryable"]) == (1, "ups-unknown", False)
    finally:
        twin.stop()


@pytest.mark.parametrize(
    ("driver", "arguments", "code"),
    [
        ("code_scanner", ("status", "--port", "/nonexistent/scanner"), "port-missing"),
        ("code_scanner", ("status", "--port", "/nonexistent/scanner", "--terminator", "tab"), "profile"),
        ("modbus_io", ("status", "--port", "/nonexistent/board", "--map", "/nonexistent/map"), "file"),
        ("modbus_io", ("status", "--port", "/nonexistent/board", "--map", "pyproject.toml"), "profile"),
        ("nut", ("status", "--port", "tcp://127.0.0.1:1"), "port-missing"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_advice(
    call: Tool, driver: str, arguments: tuple[str, ...], code: str
) -> None:
    status, report = call(driver, *arguments)
    assert (status, report["error"]["code"]) == (1, code)
    assert report["error"]["advice"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("code_scanner", "print"),
        ("modbus_io", "light", "--port", "x", "--map", "y"),
        ("locker", "open", "--port", "x", "--map", "y"),
        ("nut", "shutdown"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    driver, *rest = arguments
    with pytest.raises(SystemExit) as caught:
        import_module(f"devices.drivers.{driver}.__main__").main(rest)
    assert caught.value.code == 2
