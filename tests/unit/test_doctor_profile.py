"""kiosk doctor: what a profile names and cannot be used is told, and ends no report."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kiosk import doctor, wire
from kiosk.health import books, readiness
from kiosk.health.readiness import Check
from tests.unit.doctor_room import PROFILE


@pytest.mark.parametrize("text", [None, "not toml [", '[terminal]\narea_code = "1"'])
def test_a_profile_that_cannot_be_read_is_told_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "kiosk.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert doctor.examine(file, as_json=False) == 2
    assert str(file) in capsys.readouterr().err
    assert doctor.examine(file, as_json=True) == 2
    assert json.loads(capsys.readouterr().out)["ok"] is False


@pytest.mark.parametrize(("area", "state"), [("140213", ""), ("440300", "broken")])
def test_an_enrolment_for_another_area_than_the_profiles_is_told(area: str, state: str) -> None:
    enrolment = wire.Enrolment("140213-ABCDEF", "140213", "", "", "", "", "2026-11-22T10:00:00+00:00")
    (found, *_) = [*doctor.area(area, enrolment), readiness.good("none", "")]
    assert found.state == (state or "ok")
    if state:
        assert "140213" in found.finding
        assert "440300" in found.finding
        assert "area_code" in found.advice
    assert doctor.area(area, None) == []


def test_what_this_user_may_not_look_at_is_told_and_the_report_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name in ("secret", "journal.db"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert doctor._unreadable(tmp_path / "secret") == doctor.DENIED
    assert doctor._unreadable(tmp_path / "none") == "is not there"
    assert doctor._unreadable(tmp_path) == "is no file"
    (check,) = books.examine(tmp_path).checks
    assert (check.state, check.finding) == ("broken", "cannot be read: Permission denied")


def test_a_package_that_is_missing_ends_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(_: object) -> list[Check]:
        raise ModuleNotFoundError("No module named 'sqlcipher3'", name="sqlcipher3")

    monkeypatch.setattr(doctor, "of_terminal", lacking)
    file = tmp_path / "kiosk.toml"
    file.write_text(PROFILE.format(url="http://127.0.0.1:9"), encoding="utf-8")
    assert doctor.examine(file, as_json=True) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "'sqlcipher3' is not installed" in checks["profile"]["finding"]
    assert "packages" in checks


@pytest.mark.parametrize(
    ("content", "state"), [("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n", "ok"), ("", "broken"), ("GEZD", "broken")]
)
def test_a_staff_secret_that_no_terminal_takes_is_broken(tmp_path: Path, content: str, state: str) -> None:
    file = tmp_path / "staff.secret"
    file.write_text(content, encoding="ascii")
    check = doctor._secret(file)
    assert check.state == state
    assert "GEZD" not in check.finding
