"""Where no window can be shown that is said before anything is begun or cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import display
from kiosk.cli import main


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"QT_QPA_PLATFORM": "xcb"}, False),
        ({"QT_QPA_PLATFORM": "eglfs"}, True),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
)
def test_a_display_is_looked_for_where_qt_will_look(environment: dict[str, str], there: bool) -> None:
    assert (display.missing(environment) == "") is there


def test_a_demo_without_a_display_is_refused_and_leaves_an_earlier_report_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    report = tmp_path / "report.json"
    report.write_text("{}")
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert "--headless" in capsys.readouterr().err
    assert report.exists()


def test_a_terminal_without_a_display_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    profile = Path(__file__).parents[2] / "deploy" / "profiles" / "example.toml"
    assert main(["run", "--profile", str(profile)]) == 2
    assert "no display" in capsys.readouterr().err
