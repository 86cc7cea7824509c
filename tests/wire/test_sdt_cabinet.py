"""The cabinet of twins: one control point for tests, demo and DevDock."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.identity import CardRead
from devices.drivers.sdt.driver import SdtReader
from devices.simulators.cabinet import Cabinet, SpecError, make_twins
from devices.simulators.control import Control, ControlError

SPEC = {"devices": {"id_reader": {"kind": "sdt", "baud": 0}, "second": {"kind": "sdt", "baud": 0}}}


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    cabinet = Cabinet(make_twins(SPEC), tmp_path / "control", tmp_path / "state.json")
    cabinet.start()
    yield cabinet
    cabinet.stop()
    assert not (tmp_path / "control").exists()


@pytest.fixture
def control(cabinet: Cabinet, tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control") as control:
        yield control


def test_a_card_put_by_the_control_is_read_on_the_wire(cabinet: Cabinet, control: Control) -> None:
    state = control.do("id_reader", "put", card="resident", fields={"name": "样例新名"})
    assert state["card"] == "resident"
    reader = SdtReader(cabinet.ports["id_reader"])
    reader.open(Deadline.after(5))
    outcome = reader.read(Deadline.after(5))
    reader.close()
    assert isinstance(outcome, CardRead)
    assert outcome.document.name == "样例新名"


def test_state_tells_all_devices_and_the_file_follows(cabinet: Cabinet, control: Control, tmp_path: Path) -> None:
    control.do("second", "put", card="elder")
    told = control.state()
    assert {name: state["card"] for name, state in told.items()} == {"id_reader": None, "second": "elder"}  # type: ignore[index,call-overload]
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["second"]["card"] == "elder"
    assert "周" not in (tmp_path / "state.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("device", "action", "arguments", "says"),
    [
        ("id_reader", "explode", {}, "has no action 'explode'"),
        ("id_reader", "put", {"card": "queen"}, "one of resident"),
        ("id_reader", "put", {"card": "resident", "fields": {"name": "长" * 40}}, "do not fit"),
        ("oven", "state", {}, "no device 'oven'"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    control: Control, device: str, action: str, arguments: dict[str, str], says: str
) -> None:
    with pytest.raises(ControlError, match=says):
        control.do(device, action, **arguments)  # type: ignore[arg-type]


def test_nonsense_on_the_socket_is_answered_and_harms_nobody(control: Control, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(str(tmp_path / "control"))
        raw.sendall(b"nonsense\n[1]\n")
        assert b"not JSON" in raw.recv(4096)
    assert control.state("id_reader")["kind"] == "sdt"


def test_unknown_kinds_and_options_are_named() -> None:
    with pytest.raises(SpecError, match="no kind 'teapot'"):
        make_twins({"x": {"kind": "teapot"}})
    with pytest.raises(SpecError, match="colour"):
        make_twins({"x": {"kind": "sdt", "colour": "red"}})


@pytest.mark.parametrize("end", ["stdin", "signal"])
def test_the_process_says_when_it_is_ready_and_ends_when_told(tmp_path: Path, end: str) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text('[devices.id_reader]\nkind = "sdt"\nbaud = 0\n', encoding="utf-8")
    command = [sys.executable, "-m", "devices.simulators", "--socket", str(tmp_path / "s"), "--spec", str(spec)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        assert Path(ready["ports"]["id_reader"]).exists()
        if end == "signal":
            process.send_signal(signal.SIGTERM)
        process.stdin.close() if end == "stdin" else None
        assert process.wait(10) == 0
        assert not Path(ready["ports"]["id_reader"]).exists()
