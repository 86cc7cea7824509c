"""The XFS4IoT bench tool as a person or a script at the terminal calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devices.simulators.cabinet import make_twin
from devices.simulators.xfs4iot import XfsTwin


@pytest.fixture(scope="module")
def twin() -> Iterator[XfsTwin]:
    twin = make_twin("machine", "xfs4iot", {})
    assert isinstance(twin, XfsTwin)
    twin.start()
    yield twin
    twin.stop()


def bench_tool(*arguments: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "devices.drivers.xfs4iot", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env={"LC_ALL": "C"})
    assert b"Traceback" not in done.stderr
    lines = done.stdout.decode("utf-8").splitlines()
    assert len(lines) == 1
    report: dict[str, Any] = json.loads(lines[0])
    return done.returncode, report


def test_find_lists_every_service_of_a_machine(twin: XfsTwin) -> None:
    code, report = bench_tool("find", "--ports", str(twin.number))
    assert code == 0
    assert [service["uri"] for service in report["services"]] == [twin.address(name) for name in twin.services]
    assert {service["state"] for service in report["services"]} == {"online"}


def test_status_selftest_and_print_of_a_printer(twin: XfsTwin) -> None:
    twin.act("ok", {})
    port = twin.address("ReceiptPrinter1")
    code, report = bench_tool("status", "--port", port)
    assert (code, report["state"], report["paper"], report["faults"]) == (0, "online", "full", [])
    assert "twin only" in report["capabilities"]["verified"]
    assert bench_tool("selftest", "--port", port)[1]["passed"] is True
    assert bench_tool("print", "--port", port) == (0, {"outcome": "printed", "pages": 1})
    twin.act("paper-out", {"service": "DocumentPrinter1"})
    code, report = bench_tool("print", "--port", twin.address("DocumentPrinter1"), "--kind", "page_printer")
    assert (code, report["outcome"], report["error"]["code"]) == (1, "notPrinted", "media-empty")


def test_read_waits_for_a_card_and_tells_its_atr(twin: XfsTwin) -> None:
    port = twin.address("CardReader1")
    code, report = bench_tool("read", "--port", port, "--timeout", "1.5")
    assert (code, report["error"]["code"], report["error"]["retryable"]) == (1, "no-card", True)
    twin.act("put", {})
    assert bench_tool("read", "--port", port) == (0, {"atr": "3B 65 00 00 20 63 CB A0 00"})


def test_failures_are_error_objects_with_advice(twin: XfsTwin) -> None:
    for arguments, wanted in (
        (("status",), "port-unknown"),
        (("status", "--port", "ws://127.0.0.1:1/x"), "port-missing"),
        (("status", "--port", twin.address("Nobody")), "not-websocket"),
        (("read", "--port", twin.address("Camera1")), "wrong-service"),
        (("find", "--ports", "1", "--timeout", "1"), "no-publisher"),
    ):
        code, report = bench_tool(*arguments)
        assert (code, report["error"]["code"]) == (1, wanted)
        assert report["error"]["advice"]


def test_wrong_usage_exits_with_2() -> None:
    done = subprocess.run([sys.executable, "-m", "devices.drivers.xfs4iot", "sing"], capture_output=True, check=False)
    assert done.returncode == 2
