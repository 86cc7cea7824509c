"""The smart card drivers' bench tools as a person or a script at the terminal calls them, through a real pcscd."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.pcsc import __main__ as pcsc_tool
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard import __main__ as sscard_tool
from devices.drivers.staff_card import __main__ as staff_card_tool
from devices.simulators.applets import piv
from devices.simulators.applets.social_security import holder
from tests.wire.pcsc_room import PcscRoom, until

SOCIAL = "devices.simulators.applets.social_security:v2"
STAFF = "devices.simulators.applets.piv:staff"
MAINS = {"pcsc": pcsc_tool.main, "sscard": sscard_tool.main, "staff_card": staff_card_tool.main}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    with PcscRoom(tmp_path_factory.mktemp("pcsc")) as room:
        yield room


def put(room: PcscRoom, applet: str, **options: Any) -> None:
    """Exchange the card, and wait until pcscd has seen it."""
    atr = bytes.fromhex(room.insert(applet, **options)["atr"])
    reader = PcscReader(room.readers[0])

    def lies_there() -> bool:
        try:
            card = reader.connect(Deadline.after(5))
        except DeviceError:
            return False
        return getattr(card, "atr", b"") == atr

    assert until(lies_there)
    reader.close()


Tool = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def tool(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A bench tool with its arguments, in this process: its exit status and its report."""

    def run(driver: str, *arguments: str, line: str = "") -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr("sys.stdin", io.StringIO(line))
        capsys.readouterr()
        code = MAINS[driver]([*arguments, "--json"])
        said, complaints = capsys.readouterr()
        assert complaints == ""
        assert said.count("\n") == 1
        return code, json.loads(said)

    return run


def test_as_a_script_calls_it_whatever_the_locale(room: PcscRoom) -> None:
    put(room, SOCIAL, role="minority")
    command = [sys.executable, "-m", "devices.drivers.sscard", "read", "--port", room.readers[0], "--json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=True, env={**os.environ, "LC_ALL": "C"})
    assert done.stderr == b""
    assert holder("minority", "2.00").name.encode() in done.stdout
    failed = subprocess.run([*command[:-2], "No Such Reader", "--json"], capture_output=True, timeout=30, check=False)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["error"]["code"] == "port-missing"


def test_status_and_self_test(room: PcscRoom, tool: Tool) -> None:
    code, report = tool("pcsc", "status", "--port", room.readers[0])
    assert (code, report["state"], report["reader"]) == (0, "online", room.readers[0])
    put(room, SOCIAL)
    code, report = tool("sscard", "selftest", "--port", room.readers[0], "--level", "external")
    assert (code, report["passed"]) == (0, True)
    assert "version 2.00" in report["report"]
    code, report = tool("staff_card", "selftest", "--port", room.readers[0], "--level", "interactive")
    assert (code, report["passed"]) == (1, False)


def test_what_kind_of_card_it_is(room: PcscRoom, tool: Tool) -> None:
    put(room, SOCIAL)
    code, report = tool("pcsc", "read", "--port", room.readers[0])
    assert (code, report["kind"], report["protocols"]) == (0, "social_security", ["T=0"])
    put(room, STAFF)
    code, report = tool("pcsc", "read", "--port", room.readers[0])
    assert (code, report["kinds"], report["protocols"]) == (0, ["piv"], ["T=0", "T=1"])


def test_everything_on_a_social_security_card_unescaped(room: PcscRoom, tool: Tool, tmp_path: Path) -> None:
    put(room, SOCIAL, role="minority")
    capture = tmp_path / "card.jsonl"
    code, report = tool("sscard", "read", "--port", room.readers[0], "--capture", str(capture))
    card = holder("minority", "2.00")
    assert code == 0
    assert (report["outcome"], report["name"], report["number"]) == ("read", card.name, card.number)
    assert (report["sex_name"], report["ethnic_name"]) == ({"1": "男", "2": "女"}[card.sex], "维吾尔")
    assert report["birth"] == card.birth.isoformat()  # type: ignore[union-attr]  # every sample has one
    assert capture.read_text(encoding="ascii").count('"dir": "out"') > 10


def test_a_guarded_card_is_no_failure(room: PcscRoom, tool: Tool) -> None:
    put(room, SOCIAL[:-1] + "3")
    code, report = tool("sscard", "read", "--port", room.readers[0])
    assert (code, report["outcome"], report["name"], report["version"]) == (0, "authentication-required", "", "3.00")


def test_a_staff_card_proves_itself_and_checks_its_pin(room: PcscRoom, tool: Tool) -> None:
    put(room, STAFF)
    code, report = tool("staff_card", "read", "--port", room.readers[0])
    assert (code, report["proof"], report["tries_left"], report["key"]) == (0, "genuine", 3, "9E")
    code, report = tool("staff_card", "read", "--port", room.readers[0], "--ask-pin", line=f"{piv.DEFAULT_PIN}\n")
    assert (code, report["pin"], report["key"]) == (0, "accepted", "9A")
    code, report = tool("staff_card", "read", "--port", room.readers[0], "--ask-pin", line="000000\n")
    assert (report["pin"], report["tries_left"]) == ("wrong", 2)


def test_read_waits_for_the_card(room: PcscRoom, tool: Tool) -> None:
    put(room, SOCIAL)
    room.pull()
    reader = PcscReader(room.readers[0])
    assert until(lambda: not reader.present(Deadline.after(5)))
    reader.close()
    hand = threading.Timer(0.5, room.act, ["insert"])
    hand.start()
    code, report = tool("pcsc", "read", "--port", room.readers[0])
    hand.join()
    assert (code, report["kind"]) == (0, "social_security")


def test_no_card_in_time_and_a_missing_reader_are_errors_with_advice(room: PcscRoom, tool: Tool) -> None:
    for arguments, wanted in (
        (("sscard", "read", "--port", room.readers[1], "--timeout", "0.8"), "no-card"),
        (("staff_card", "status", "--port", "No Such Reader"), "port-missing"),
        (("pcsc", "status"), "port-ambiguous"),
    ):
        code, report = tool(*arguments)
        assert (code, report["error"]["code"]) == (1, wanted)
        assert report["error"]["advice"]


@pytest.mark.parametrize("main", MAINS.values(), ids=MAINS)
def test_wrong_usage_exits_with_2(main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["write"])
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
