"""The bench tool as a person or a script at the terminal calls it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devices.simulators.sdt import SdtTwin


@pytest.fixture
def twin() -> Iterator[SdtTwin]:
    twin = SdtTwin("id_reader", baud=0)
    twin.start()
    yield twin
    twin.stop()


def bench_tool(*arguments: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "devices.drivers.sdt", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env={"LC_ALL": "C"})
    assert done.stderr == b""
    lines = done.stdout.decode("utf-8").splitlines()
    assert len(lines) == 1
    report: dict[str, Any] = json.loads(lines[0])
    return done.returncode, report


def test_read_prints_every_item_of_the_card_unescaped(twin: SdtTwin) -> None:
    twin.act("put", {"card": "minority"})
    code, report = bench_tool("read", "--port", twin.port)
    card = twin.deck["minority"]
    assert code == 0
    assert report["name"] == card.document.name
    assert (report["ethnic"], report["ethnic_name"]) == ("05", "维吾尔")
    assert report["sex_name"] in ("男", "女")
    assert report["birth"] == card.document.birth.isoformat()
    assert (report["long_term"], report["valid_to"]) == (False, card.document.valid_to.isoformat())  # type: ignore[union-attr]
    assert report["photo"] == {"encoding": "wlt", "bytes": 1024, "sha256": hashlib.sha256(card.photo).hexdigest()}
    raw = subprocess.run(
        [sys.executable, "-m", "devices.drivers.sdt", "read", "--port", twin.port, "--json"],
        capture_output=True, timeout=30, check=True,
    ).stdout  # fmt: skip
    assert card.document.name.encode() in raw


def test_long_term_validity_has_no_end(twin: SdtTwin) -> None:
    twin.act("put", {"card": "long_term"})
    _, report = bench_tool("read", "--port", twin.port)
    assert (report["valid_to"], report["long_term"]) == (None, True)


def test_no_card_in_time_is_an_error_with_advice(twin: SdtTwin) -> None:
    code, report = bench_tool("read", "--port", twin.port, "--timeout", "0.7")
    assert code == 1
    assert report["error"]["code"] == "no-card"
    assert report["error"]["advice"]
    assert report["error"]["retryable"] is True


def test_a_missing_port_is_an_error_with_advice() -> None:
    code, report = bench_tool("status", "--port", "/nonexistent/reader")
    assert (code, report["error"]["code"]) == (1, "port-missing")


def test_a_recording_that_cannot_be_written_is_an_error_and_no_traceback(twin: SdtTwin) -> None:
    code, report = bench_tool("status", "--port", twin.port, "--capture", "/nonexistent/capture")
    assert (code, report["error"]["code"]) == (1, "file")
    assert "/nonexistent/capture" in report["error"]["message"]


def test_status_and_self_test(twin: SdtTwin) -> None:
    code, report = bench_tool("status", "--port", twin.port)
    assert (code, report["state"], report["faults"]) == (0, "online", [])
    code, report = bench_tool("selftest", "--port", twin.port)
    assert (code, report["passed"]) == (0, True)


def test_wrong_usage_exits_with_2() -> None:
    done = subprocess.run([sys.executable, "-m", "devices.drivers.sdt", "write"], capture_output=True, check=False)
    assert done.returncode == 2


def test_a_card_costs_hardly_more_than_its_time_on_the_wire() -> None:
    from devices.simulators.bench_sdt import measure

    result = measure(8)
    assert result["ratio"] <= 1.05
