"""kiosk doctor: the machine itself - disk, clock, Python, packages, fonts and window."""

from __future__ import annotations

import os
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from kiosk.health import machine


@pytest.mark.parametrize(("free", "state"), [(50 << 30, "ok"), (500 << 20, "attention"), (100 << 20, "broken")])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    import shutil

    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert machine.disk(tmp_path / "not" / "yet").state == state


def test_a_data_folder_that_can_hold_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert machine.disk(tmp_path).state == "ok"
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        check = machine.disk(folder)
        assert (check.state, check.finding) == ("broken", f"{tmp_path / 'file'} is no folder")
    real = os.statvfs(tmp_path)
    for flags, files, words in ((os.ST_RDONLY, 5, "read-only"), (0, 0, "no file can be made")):
        fields = list(real)  # of its ten: f_files, f_ffree, f_favail, f_flag from the sixth on
        fields[5:9] = [100, files, files, flags]
        full = os.statvfs_result(fields)
        monkeypatch.setattr(os, "statvfs", lambda _, full=full: full)
        check = machine.disk(tmp_path)
        assert check.state == "broken"
        assert words in check.finding


@pytest.mark.parametrize(("year", "names"), [(1970, ["clock"]), (2025, ["clock"]), (2031, []), (2100, ["clock"])])
def test_a_clock_that_has_lost_its_battery_is_told_without_a_backend(
    monkeypatch: pytest.MonkeyPatch, year: int, names: list[str]
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(year, 1, 2, tzinfo=tz)

    monkeypatch.setattr(machine, "datetime", Clock)
    assert [check.name for check in machine.clock()] == names
    assert all(check.state == "broken" and str(year) in check.finding for check in machine.clock())


def test_a_python_that_cannot_be_started_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    check = machine.window()
    assert check.state == "broken"
    assert "/nonexistent/python cannot be started" in check.finding


def test_missing_fonts_and_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.documents import fonts

    monkeypatch.setattr(fonts, "RARE", ((Path("/none/HanaMinA.ttf"), ""),))
    assert machine.fonts().state == "attention"
    monkeypatch.setattr(fonts, "FACES", {"text": ((Path("/none/NotoSansCJK-Regular.ttc"), ""),)})
    assert machine.fonts().state == "broken"
    assert "NotoSansCJK-Regular.ttc" in machine.fonts().finding
    monkeypatch.setattr(
        "importlib.metadata.requires", lambda _: ["no-such-package>=1", "pytest==0.1", "x; extra == 'y'"]
    )
    assert machine.packages().state == "broken"
    assert "no-such-package" in machine.packages().finding
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["pytest==0.1"])
    assert machine.packages().state == "attention"


def test_a_window_that_cannot_be_loaded_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "WINDOW", "raise ImportError('libEGL.so.1: cannot open shared object file')")
    check = machine.window()
    assert check.state == "broken"
    assert "libEGL.so.1" in check.finding
