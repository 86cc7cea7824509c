"""The units of systemd say the same as the code: times, exit statuses, what is never given up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk import running
from kiosk.health import guard, watchdog
from kiosk.health.guard import Times

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0}


def unit(name: str) -> dict[str, list[str]]:
    """``Section.Key`` to its values, in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(f"{section}.{key}", []).append(value)
    return found


def seconds(text: str) -> float:
    number = text.rstrip("ms")
    return float(number) * SECONDS[text[len(number) :]]


TERMINAL = unit("kiosk724.service")
AGAIN = unit("kiosk724-again.service")


@pytest.mark.parametrize(
    ("key", "ours"),
    [("Service.WatchdogSec", watchdog.WATCHDOG), ("Service.WatchdogSec", Times().watchdog),
     ("Service.TimeoutStartSec", Times().start), ("Service.TimeoutStopSec", Times().stop),
     ("Service.TimeoutStopSec", watchdog.SLOW), ("Service.RestartSec", Times().again),
     ("Unit.StartLimitIntervalSec", guard.WITHIN), ("Unit.StartLimitBurst", guard.BEGINS + 1.0)],
)  # fmt: skip
def test_the_times_are_those_of_the_code(key: str, ours: float) -> None:
    assert [seconds(value) for value in TERMINAL[key]] == [ours]


def test_a_freeze_is_bitten_soon_enough_for_a_start_within_twenty_seconds() -> None:
    longest = watchdog.PULSE + watchdog.FRESH + watchdog.WATCHDOG
    assert watchdog.PULSE + watchdog.FRESH <= 10.0, "seen"
    assert longest + Times().again <= 12.0, "which leaves 8 s for a start"
    assert watchdog.PULSE * 4 <= watchdog.FRESH, "three signs of life may be lost"


def test_it_is_one_that_tells_and_its_children_end_behind_it() -> None:
    assert TERMINAL["Service.Type"] == ["notify"]
    assert TERMINAL["Service.NotifyAccess"] == ["main"], "nobody else can feed"
    assert TERMINAL["Service.KillMode"] == ["mixed"]
    assert TERMINAL["Service.WatchdogSignal"] == ["SIGKILL"]
    assert TERMINAL["Service.Restart"] == ["always"]
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictSUIDSGID", "LockPersonality"):
        assert TERMINAL[f"Service.{key}"] == ["yes"]
    assert TERMINAL["Service.CapabilityBoundingSet"] == [""]


def test_what_cannot_start_waits_and_nothing_is_given_up() -> None:
    assert (guard.POWER, guard.BROKEN) == (running.POWER, running.BROKEN)
    waits, notes = TERMINAL["Service.ExecStopPost"]
    assert f"{running.POWER}|{running.BROKEN})" in waits
    assert f"sleep {Times().rest:g};;" in waits
    assert f'echo {watchdog.WHOLE} > "$STATE_DIRECTORY/{watchdog.FILE}"' in notes
    assert TERMINAL["Unit.OnFailure"] == ["kiosk724-again.service"]
    assert AGAIN["Service.ExecStart"][0] == "/bin/sleep 300"
    assert 300.0 in Times().tired
    assert TERMINAL["Service.StateDirectory"] == ["kiosk"]
    example = (FOLDER.parent / "profiles" / "example.toml").read_text(encoding="utf-8")
    assert 'folder = "/var/lib/kiosk"' in example, "where the note is looked for"


@pytest.mark.parametrize(
    ("result", "status", "before", "noted", "waited"),
    [("watchdog", "KILL", "", "process", False), ("watchdog", "KILL", "core", "core", False),
     ("success", "0", "", "", False), ("exit-code", "78", "", "", True), ("exit-code", "70", "", "", False)],
)  # fmt: skip
def test_what_is_done_behind_its_end(
    tmp_path: Path, result: str, status: str, before: str, noted: str, waited: bool
) -> None:
    """The two commands, played by the shell; `sleep` and `systemctl` are ours."""
    for name, text in (("sleep", f"echo $1 > {tmp_path}/slept"), ("systemctl", "echo running")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    note = tmp_path / watchdog.FILE
    if before:
        note.write_text(before)
    for command in TERMINAL["Service.ExecStopPost"]:
        script = command.removeprefix("/bin/sh -c '").removesuffix("'")
        environment = {"SERVICE_RESULT": result, "EXIT_STATUS": status, "STATE_DIRECTORY": str(tmp_path)}
        subprocess.run(["/bin/sh", "-c", script], env=environment | {"PATH": str(tmp_path)}, check=True, timeout=20)
    assert (note.read_text().strip() if note.exists() else "") == noted
    assert (tmp_path / "slept").exists() is waited


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (package systemd)")
def test_systemd_itself_takes_them(tmp_path: Path) -> None:
    for name in ("kiosk724.service", "kiosk724-again.service"):
        text = (FOLDER / name).read_text(encoding="utf-8").replace("/opt/kiosk724/.venv/bin/kiosk", "/bin/true")
        (tmp_path / name).write_text(text.replace("Documentation=file:/opt", "Documentation=file:/usr"))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
