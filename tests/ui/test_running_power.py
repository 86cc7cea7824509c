"""``kiosk run`` on a low battery: it closes its journal, runs the profile's command and ends with its own status."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk import running
from kiosk.demo.run import Demo, Wanted
from kiosk.journal import commands
from tests.ui.test_running import profile_for, until_in_use


class PoweredDemo(Demo):
    def _more_twins(self) -> dict[str, dict[str, Any]]:
        return {"ups": {"kind": "nut"}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Demo]:
    wanted = Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN")
    with PoweredDemo(wanted) as demo:
        yield demo


def test_the_terminal_ends_with_its_status_and_its_journal_is_closed_before_the_command(
    world: Demo, tmp_path: Path
) -> None:
    file, said = profile_for(world, tmp_path), tmp_path / "said"
    lock = tmp_path / "data" / "journal" / "journal.lock"
    command = f'flock --nonblock --conflict-exit-code 9 "{lock}" true; echo $? > "{said}"'
    with file.open("a", encoding="utf-8") as profile:
        profile.write(f'\n[devices.ups]\ndriver = "nut"\nport = "{world.ports["ups"]}"\nups = "kiosk"\n')
        profile.write(f"\n[power]\ncommand = ['/bin/sh', '-c', '''{command}''']\n")
    terminal = subprocess.Popen(
        [sys.executable, "-m", "kiosk.cli", "run", "--profile", str(file)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert until_in_use(world)
        world.control.do("ups", "low")
        told, _ = terminal.communicate(timeout=45)
    finally:
        if terminal.poll() is None:
            terminal.kill()
            terminal.wait()
    assert terminal.returncode == running.POWER, told
    assert "the battery is low" in told
    assert said.read_text(encoding="ascii").strip() == "0", "whoever comes after the terminal finds its journal free"
    assert commands.verify(tmp_path / "data") == 0


def test_a_command_that_fails_is_told_and_changes_nothing_of_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert running.powered_down(("/bin/false",)) == running.POWER
    assert "power.command /bin/false ended with status 1" in capsys.readouterr().err
    assert running.powered_down(("/nowhere/poweroff",)) == running.POWER
    assert "could not be run: No such file" in capsys.readouterr().err
    assert running.powered_down(()) == running.POWER
