"""``kiosk run``: a profile becomes a terminal behind its window, and ends in good order when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import running, trial
from kiosk.demo.run import Demo, Wanted
from kiosk.journal import commands, reading
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import load

EXAMPLE = Path(__file__).parents[2] / "deploy" / "profiles" / "example.toml"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Demo]:
    wanted = Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN")
    with Demo(wanted) as demo:
        yield demo


def profile_for(world: Demo, folder: Path) -> Path:
    """The example profile, in front of the twins."""
    text = EXAMPLE.read_text(encoding="utf-8")
    changes = {
        "/dev/serial/by-id/usb-SDT_Reader-if00-port0": world.ports["id_reader"],
        "ipp://a4-printer.local:631/ipp/print": world.ports["page_printer"],
        "/dev/usb/lp0": world.ports["receipt_printer"],
        "/dev/video0": world.ports["camera"],
        "https://kiosk-backend.example": world.ports["network"],
        "/var/lib/kiosk": str(folder / "data"),
        'staff_secret_file = "/etc/kiosk/staff.secret"': "",
        'enrolment_code = ""': f'enrolment_code = "{world.enrolment_code}"',
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file = folder / "profile.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_profile_is_a_good_one() -> None:
    profile = load(EXAMPLE)
    assert {device.kind for device in profile.devices} == {"id_reader", "page_printer", "receipt_printer", "camera"}
    assert not profile.test


def test_a_terminal_runs_enrols_itself_and_ends_when_told(world: Demo, tmp_path: Path) -> None:
    file = profile_for(world, tmp_path)
    status, said = run_until_in_use(world, file)
    assert status == 0, said
    assert commands.verify(tmp_path / "data") == 0


def test_a_profile_on_trial_with_which_it_cannot_start_goes_and_the_one_before_serves(
    world: Demo, tmp_path: Path
) -> None:
    """Status 78 would be the end of it: systemd does not start it anew. So it begins anew by itself, and tells it."""
    file = profile_for(world, tmp_path)
    before = file.read_text("utf-8")
    trial.begin(file, before.replace('driver = "camera"', 'driver = "nobody-has-it"').encode(), "0001")
    status, said = run_until_in_use(world, file)
    assert status == 0, said
    assert file.read_text("utf-8") == before
    assert trial.standing_of(file) == trial.Standing()
    folder = tmp_path / "data" / "journal"
    with reading.reading(folder, load_or_create_key(folder)) as connection:
        told = connection.execute("SELECT details FROM audit WHERE event = 'profile.rolled_back'").fetchall()
    assert [json.loads(details) for (details,) in told] == [{"reason": trial.BROKEN, "staff": "0001"}]


def run_until_in_use(world: Demo, file: Path) -> tuple[int, str]:
    """`kiosk run` with this profile, ended when it is in use: its exit status, and what it said."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    terminal = subprocess.Popen(
        [sys.executable, "-m", "kiosk.cli", "run", "--profile", str(file)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        in_use = until_in_use(world)
        terminal.send_signal(signal.SIGTERM)
        said, _ = terminal.communicate(timeout=30)
    finally:
        if terminal.poll() is None:
            terminal.kill()
            terminal.wait()
    assert in_use, said
    return terminal.returncode, said


def until_in_use(world: Demo) -> bool:
    """Whether the terminal came to the point of asking the backend and looking for cards."""
    limit, pause = time.monotonic() + 30, threading.Event()
    while time.monotonic() < limit:
        states: Any = world.control.state()
        if states["network"]["connections"] > 0 and states["id_reader"]["commands"] > 5:
            return True
        pause.wait(0.05)  # between two questions to the twins
    return False


def test_a_profile_that_cannot_be_used_is_said_with_its_cure(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[terminal]\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "run", "--profile", str(broken)], capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 2
    assert "broken.toml: terminal." in ended.stderr


# -- how it ends when something is wrong -------------------------------------------------------------------------

BUG_IN_THE_WINDOW = """
from PySide6.QtCore import QCoreApplication, QTimer
from kiosk import running, trial
running.end_at_bugs()
app = QCoreApplication([])
def slot():
    raise ValueError("Wang Xiaoming 140213195803010021")
QTimer.singleShot(0, slot)
QTimer.singleShot(3000, app.quit)
app.exec()
"""
GIVES_UP = """
from kiosk import running, trial
from kiosk.journal.errors import JournalError
from kiosk.profile import ProfileError
running._give_up({error}, started={started}, trial=None)
"""
DISK = 'JournalError("journal-uncertain", "the disk failed", advice="Look at the disk.")'


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_a_bug_on_the_windows_thread_ends_the_process_and_tells_no_values() -> None:
    process = ended(BUG_IN_THE_WINDOW)
    assert process.returncode == running.BUG
    assert "ValueError" in process.stderr
    assert "in slot" in process.stderr
    assert "Wang" not in process.stderr + process.stdout
    assert "1402131958" not in process.stderr + process.stdout


@pytest.mark.parametrize(
    ("error", "started", "status"),
    [
        (DISK, False, running.BROKEN),
        (DISK, True, running.BUG),
        ('ProfileError("devices.camera: there is no driver")', False, running.BROKEN),
        ('ValueError("a bug")', False, running.BUG),
    ],
)
def test_only_what_keeps_it_from_starting_is_the_profiles_fault(error: str, started: bool, status: int) -> None:
    process = ended(GIVES_UP.format(error=error, started=started))
    assert process.returncode == status
    assert ("cannot start" in process.stderr) is (status == running.BROKEN)
    assert ("Look at the disk." in process.stderr) is ("disk" in error)
    assert "a bug" not in process.stderr


@pytest.mark.parametrize("where", ["window", "thread"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_fails_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QGuiApplication

    import ui.app

    def bug() -> None:
        raise ValueError("a bug")

    def run(*_: Any, **__: Any) -> int:
        app = QGuiApplication.instance() or QGuiApplication([])
        if where == "window":
            QTimer.singleShot(0, bug)
        else:
            thread = threading.Thread(target=bug)
            thread.start()
            thread.join()
        QTimer.singleShot(10, app.quit)
        return int(app.exec())

    monkeypatch.setattr(ui.app, "run", run)
    demo = Demo(Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN"))
    monkeypatch.setattr(demo, "stage", None, raising=False)
    terminal = SimpleNamespace(start=lambda: None, stop=lambda: None)
    monkeypatch.setattr(demo, "make_terminal", lambda: terminal)
    hooks = sys.excepthook, threading.excepthook
    report = demo.play([])
    assert not report.ok
    assert "ValueError" in (report.error or "")
    assert (sys.excepthook, threading.excepthook) == hooks
