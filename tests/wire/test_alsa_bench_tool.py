"""The sound bench tool as a person or a script at the terminal calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.alsa import AlsaTwin
from devices.simulators.cabinet import make_twin
from tests.unit.test_sound_samples import wav

pytestmark = pytest.mark.skipif(not shutil.which("aplay"), reason="needs the Debian package alsa-utils")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[AlsaTwin]:
    twin = make_twin("sound", "alsa", {"folder": str(tmp_path / "card")})
    assert isinstance(twin, AlsaTwin)
    twin.start()
    yield twin
    twin.stop()


def bench_tool(*arguments: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "devices.drivers.alsa", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert b"Traceback" not in done.stderr
    lines = done.stdout.decode("utf-8").splitlines()
    assert len(lines) == 1
    report: dict[str, Any] = json.loads(lines[0])
    return done.returncode, report


def test_status_selftest_and_play(twin: AlsaTwin, tmp_path: Path) -> None:
    code, report = bench_tool("status", "--port", twin.port)
    assert (code, report["state"], report["usable"]) == (0, "online", True)
    assert "no sound card" in report["capabilities"]["verified"]
    assert bench_tool("selftest", "--port", twin.port, "--level", "external")[1]["passed"] is True
    (tmp_path / "a.wav").write_bytes(wav(b"\x01\x02" * 1600))
    code, report = bench_tool("play", str(tmp_path / "a.wav"), "--port", twin.port, "--volume", "100")
    assert (code, report) == (0, {"outcome": "played", "seconds": 0.1})
    assert twin.played()[-1] == b"\x01\x02" * 1600


def test_failures_are_error_objects_with_advice(twin: AlsaTwin, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    for arguments, wanted in (
        (("status", "--port", f"nothing@{tmp_path}/none.conf"), "port-missing"),
        (("play", str(tmp_path / "song.mp3"), "--port", twin.port), "file"),
        (("play", str(tmp_path / "absent.wav"), "--port", twin.port), "file"),
    ):
        code, report = bench_tool(*arguments)
        assert (code, report["error"]["code"]) == (1, wanted)
        assert report["error"]["advice"]
    twin.act("full", {})
    code, report = bench_tool("play", "--port", twin.port)
    assert (code, report["outcome"]) == (1, "cutShort")


def test_wrong_usage_exits_with_2() -> None:
    done = subprocess.run([sys.executable, "-m", "devices.drivers.alsa", "sing"], capture_output=True, check=False)
    assert done.returncode == 2
