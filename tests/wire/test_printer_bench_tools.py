"""The printers' bench tools: one JSON object on stdout; a failure is an error object and a non-zero exit."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.escpos import testpattern
from devices.simulators.escpos import EscPosTwin
from devices.simulators.ipp import IppTwin
from devices.simulators.png import png

ROOT = Path(__file__).resolve().parents[2]


def bench(driver: str, *arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", f"devices.drivers.{driver}", *arguments, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert "Traceback" not in done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return done.returncode, report


@pytest.fixture
def twins() -> Iterator[dict[str, IppTwin | EscPosTwin]]:
    twins: dict[str, IppTwin | EscPosTwin] = {"ipp": IppTwin("p", pace=0.01), "escpos": EscPosTwin("r")}
    for twin in twins.values():
        twin.start()
    yield twins
    for twin in twins.values():
        twin.stop()


@pytest.mark.parametrize("driver", ["ipp", "escpos"])
def test_status_print_and_selftest_of_a_well_printer(driver: str, twins: dict[str, IppTwin | EscPosTwin]) -> None:
    port = twins[driver].port
    code, status = bench(driver, "status", "--port", port)
    assert (code, status["state"], status["usable"], status["paper"]) == (0, "online", True, "full")
    code, outcome = bench(driver, "print", "--port", port)
    assert (code, outcome["outcome"]) == (0, "printed")
    code, result = bench(driver, "selftest", "--port", port, "--level", "external")
    assert (code, result["passed"]) == (0, True)


@pytest.mark.parametrize("driver", ["ipp", "escpos"])
def test_without_paper_printing_fails_with_the_reason(driver: str, twins: dict[str, IppTwin | EscPosTwin]) -> None:
    twins[driver].act("paper-out", {})
    code, outcome = bench(driver, "print", "--port", twins[driver].port)
    assert (code, outcome["outcome"]) == (1, "notPrinted")
    error = outcome["error"]
    assert isinstance(error, dict)
    assert (error["code"], error["retryable"]) == ("media-empty", True)
    assert error["advice"]
    code, result = bench(driver, "selftest", "--port", twins[driver].port)
    assert (code, result["passed"]) == (1, False)


@pytest.mark.parametrize(("driver", "scheme", "path"), [("ipp", "ipp", "/ipp/print"), ("escpos", "tcp", "")])
def test_nobody_there_is_an_error_object(driver: str, scheme: str, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    code, report = bench(driver, "status", "--port", f"{scheme}://127.0.0.1:{number}{path}", "--timeout", "3")
    error = report["error"]
    assert isinstance(error, dict)
    assert (code, error["code"], set(error)) == (1, "port-missing", {"code", "message", "advice", "retryable"})


def test_a_picture_file_is_printed_dot_by_dot(twins: dict[str, IppTwin | EscPosTwin], tmp_path: Path) -> None:
    raster = testpattern.pattern(576, 100)
    (tmp_path / "a.png").write_bytes(png(raster))
    twin = twins["escpos"]
    assert isinstance(twin, EscPosTwin)
    assert bench("escpos", "print", str(tmp_path / "a.png"), "--port", twin.port)[0] == 0
    assert twin.last == raster


@pytest.mark.parametrize("driver", ["ipp", "escpos"])
def test_a_file_that_is_not_there_is_an_error_object(driver: str, twins: dict[str, IppTwin | EscPosTwin]) -> None:
    code, report = bench(driver, "print", "/nowhere/file", "--port", twins[driver].port)
    error = report["error"]
    assert isinstance(error, dict)
    assert (code, error["code"]) == (1, "file")
