"""A master that nobody here wrote (Debian's mbpoll, libmodbus) against our twin of a board and of a locker."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from devices.simulators.modbus import ModbusTwin

BOARD: dict[str, Any] = {
    "doors": {"upper": {"input": 0, "open": 1}, "bin": {"input": 3, "open": 1}},
    "lights": {"reader": {"coil": 2}},
}
LOCKER: dict[str, Any] = {"unit": 2, "boxes": {"A1": {"lock": {"coil": 1}, "door": {"input": 1}}}}

pytestmark = pytest.mark.skipif(shutil.which("mbpoll") is None, reason="needs the Debian package mbpoll")


@pytest.fixture
def twin() -> Iterator[ModbusTwin]:
    twin = ModbusTwin("line", board=BOARD, locker=LOCKER)
    twin.start()
    yield twin
    twin.stop()


def mbpoll(twin: ModbusTwin, unit: int, kind: str, first: int, *values: int, count: int = 1) -> tuple[int, str]:
    """Exit status and what it says. ``kind``: 0 coils, 1 inputs, 4 holding registers; addresses from 0."""
    amount = [] if values else ["-c", str(count)]
    command = ["mbpoll", "-m", "rtu", "-a", str(unit), "-b", "9600", "-P", "none", "-t", kind, "-0", "-r", str(first)]
    command += [*amount, "-1", "-o", "0.3", twin.port, *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


def read(twin: ModbusTwin, unit: int, kind: str, first: int, count: int) -> list[int]:
    status, said = mbpoll(twin, unit, kind, first, count=count)
    assert status == 0, said
    return [int(value) for value in re.findall(r"^\[\d+\]:\s+(\d+)", said, re.MULTILINE)]


def test_doors_are_inputs(twin: ModbusTwin) -> None:
    assert read(twin, 1, "1", 0, 5) == [0, 0, 0, 0, 0]
    twin.act("door-open", {"name": "bin"})
    assert read(twin, 1, "1", 0, 5) == [0, 0, 0, 1, 0]


def test_lights_are_coils(twin: ModbusTwin) -> None:
    status, said = mbpoll(twin, 1, "0", 2, 1)
    assert status == 0, said
    assert twin.state()["lights"] == {"reader": True}
    assert read(twin, 1, "0", 0, 4) == [0, 0, 1, 0]


def test_several_coils_and_registers_are_written_at_once(twin: ModbusTwin) -> None:
    assert mbpoll(twin, 1, "0", 8, 1, 0, 1, 1)[0] == 0
    assert read(twin, 1, "0", 8, 4) == [1, 0, 1, 1]
    assert mbpoll(twin, 1, "4", 0, 7)[0] == 0
    assert mbpoll(twin, 1, "4", 1, 724, 65_535)[0] == 0
    assert read(twin, 1, "4", 0, 3) == [7, 724, 65_535]


def test_a_lock_opens_a_box(twin: ModbusTwin) -> None:
    assert mbpoll(twin, 2, "0", 1, 1)[0] == 0
    assert twin.state()["boxes"] == {"A1": True}
    assert read(twin, 2, "1", 0, 3) == [0, 1, 0]


def test_exceptions_are_understood(twin: ModbusTwin) -> None:
    status, said = mbpoll(twin, 1, "1", 60, count=10)
    assert status != 0
    assert "Illegal data address" in said
    twin.act("exception", {"code": 6})
    assert "busy" in mbpoll(twin, 1, "1", 0)[1].lower()


def test_faults_are_faults_for_a_foreign_master_too(twin: ModbusTwin) -> None:
    twin.act("wrong-crc", {})
    status, said = mbpoll(twin, 1, "1", 0)
    assert status != 0
    assert "CRC" in said
    twin.act("mute", {})
    assert "timed out" in mbpoll(twin, 1, "1", 0)[1]
    twin.act("ok", {})
    assert read(twin, 1, "1", 0, 1) == [0]


def test_another_unit_is_silent(twin: ModbusTwin) -> None:
    assert "timed out" in mbpoll(twin, 3, "1", 0)[1]
