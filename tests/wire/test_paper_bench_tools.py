"""The bench tools of the CUPS printer and the scanner, and what those and the IPP printer's capture."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from devices.contracts.deadline import Deadline
from devices.contracts.document_scanner import Scanned, ScanSettings
from devices.drivers.cups.capture import ReplayWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp.driver import IppPrinter
from devices.drivers.sane.driver import SaneScanner
from devices.simulators import cups_daemon
from devices.simulators.cups import CupsTwin
from devices.simulators.ipp import IppTwin
from devices.simulators.sane import SaneTwin
from devices.transports.http_capture import ReplayHttp
from devices.transports.program_capture import ReplayPrograms
from tests.wire.sane_room import sane_scanner

ROOT = Path(__file__).resolve().parents[2]


def bench(driver: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", f"devices.drivers.{driver}", *arguments, "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


@pytest.fixture
def scanner() -> Iterator[SaneTwin]:
    with sane_scanner() as twin:
        yield twin


def test_the_cups_tool_tells_prints_and_says_what_is_wrong() -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)
    twin = CupsTwin("page_printer", pace=0.01)
    twin.start()
    try:
        code, status = bench("cups", "status", "--port", twin.port)
        assert (code, status["state"], status["usable"], status["paper"]) == (0, "online", True, "full")
        assert status["capabilities"]["confirmation"] == "printer"
        code, outcome = bench("cups", "print", "--port", twin.port)
        assert (code, outcome["outcome"]) == (0, "printed")
        assert twin.daemon
        assert twin.daemon.spooled == []
        twin.act("queue-stop", {})
        code, outcome = bench("cups", "print", "--port", twin.port)
        assert (code, outcome["outcome"], outcome["error"]["code"]) == (1, "notPrinted", "queue-stopped")
    finally:
        twin.stop()
    code, report = bench("cups", "status", "--port", "cups:///nowhere/s#Kiosk")
    assert (code, report["error"]["code"]) == (1, "cups-gone")
    assert set(report["error"]) == {"code", "message", "advice", "retryable"}


def test_the_scanner_tool_tells_and_scans_into_files_only_where_it_is_told(scanner: SaneTwin, tmp_path: Path) -> None:
    code, status = bench("sane", "status", "--port", scanner.port)
    assert (code, status["state"], status["capabilities"]["sources"]) == (0, "online", "flatbed, feeder")
    code, report = bench("sane", "scan", "--port", scanner.port, "--dpi", "75", "--out", str(tmp_path / "pages"))
    assert (code, report["outcome"], len(report["pages"])) == (0, "scanned", 1)
    (file,) = (tmp_path / "pages").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with Image.open(file) as picture:
        assert picture.size == (report["pages"][0]["width"], report["pages"][0]["height"])
    scanner.act("no-docs", {})
    code, report = bench("sane", "scan", "--port", scanner.port, "--dpi", "75", "--source", "feeder")
    assert (code, report["outcome"], report["error"]["code"]) == (1, "notScanned", "no-docs")
    scanner.act("gone", {})
    code, report = bench("sane", "selftest", "--port", scanner.port)
    assert (code, report["error"]["code"]) == (1, "port-missing")


def test_what_the_ipp_tool_captures_can_be_replayed(tmp_path: Path) -> None:
    twin = IppTwin("page_printer", pace=0.01)
    twin.start()
    try:
        code, _ = bench("ipp", "status", "--port", twin.port, "--capture", str(tmp_path / "c.jsonl"))
        assert code == 0
    finally:
        twin.stop()
    assert stat.S_IMODE((tmp_path / "c.jsonl").stat().st_mode) == 0o600
    replay = ReplayHttp.load(tmp_path / "c.jsonl")
    assert IppPrinter(twin.port, carry=replay).poll(Deadline.after(1)).usable
    assert replay.finished


def test_what_the_cups_tool_captures_can_be_replayed(tmp_path: Path) -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)
    file = tmp_path / "c.jsonl"
    twin = CupsTwin("page_printer", pace=0.01)
    twin.start()
    try:
        code, _ = bench("cups", "status", "--port", twin.port, "--capture", str(file))
        assert code == 0
    finally:
        twin.stop()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    replay = ReplayWires.load(file)
    printer = CupsPrinter("cups:Kiosk", wires=replay)
    try:
        assert printer.poll(Deadline.after(5)).usable
    finally:
        printer.close()
    assert replay.finished


def test_what_the_scanner_tool_captures_can_be_replayed(scanner: SaneTwin, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    code, told = bench("sane", "scan", "--port", scanner.port, "--dpi", "75", "--capture", str(file))
    assert code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    replay = ReplayPrograms(file)
    outcome = SaneScanner("sane:test:1", programs=replay).scan(ScanSettings(dpi=75), deadline=Deadline.after(10))
    assert isinstance(outcome, Scanned)
    assert [page.width for page in outcome.pages] == [page["width"] for page in told["pages"]]
    assert replay.finished
