"""`kiosk guard`: whoever is silent is ended with all it started, and begun anew, but not for ever and at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.health import guard
from kiosk.health.guard import Guard, Times

ROOT = Path(__file__).parents[2]
FAST = Times(watchdog=0.4, start=10.0, stop=5.0, again=0.01, rest=0.02, tired=(0.03, 0.04))
TALK = """
import os, signal, socket, subprocess, sys, time
says = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = chr(0) + os.environ["NOTIFY_SOCKET"][1:]
def say(*words): says.sendto("\\n".join(words).encode(), to)
lives = sys.argv[1]
with open(lives, "a") as file: print(os.getpid(), os.environ.get("KIOSK_LAST_WAS_SILENT", ""), file=file)
life = len(open(lives).readlines())
"""


class Run:
    """A guard over a small program whose first argument is a file with a line for each of its lives."""

    def __init__(self, folder: Path, program: str, times: Times = FAST) -> None:
        self.file, self.told = folder / "lives", list[str]()
        self.guard = Guard([sys.executable, "-S", "-c", TALK + program, str(self.file)], times, self.told.append)

    def run(self) -> int:
        return self.guard.run()

    @property
    def lives(self) -> list[list[str]]:
        return [line.split() for line in self.file.read_text().splitlines()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_silent_one_is_killed_with_all_it_started_and_begun_anew(tmp_path: Path) -> None:
    program = """
if life == 2: sys.exit(0)
other = subprocess.Popen(["sleep", "60"], start_new_session=True)  # a session of its own, as the house's children have
open(lives + ".child", "w").write(str(other.pid))
say("READY=1", "WATCHDOG=1")
signal.pause()
"""
    began = time.monotonic()
    run = Run(tmp_path, program)
    assert run.run() == 0
    assert time.monotonic() - began < 15
    assert [len(life) for life in run.lives] == [1, 2], "the second is told that the first was silent"
    assert gone(int(run.lives[0][0]))
    assert gone(int((tmp_path / "lives.child").read_text()))
    assert run.told[0] == (
        "the command was killed: it said nothing any more; 1 processes that it left were killed; "
        "it is begun anew in 0.01 s"
    )


def test_one_that_is_stopped_as_a_whole_is_killed_too(tmp_path: Path) -> None:
    program = "if life == 2: sys.exit(0)\nsay('READY=1'); os.kill(os.getpid(), signal.SIGSTOP)"
    run = Run(tmp_path, program)
    assert run.run() == 0
    assert len(run.lives) == 2


def test_one_that_feeds_is_left_alone_and_may_ask_for_another_interval(tmp_path: Path) -> None:
    program = """
say("READY=1")
for _ in range(12):
    time.sleep(0.05); say("WATCHDOG=1")
say("WATCHDOG_USEC=20000000", "WATCHDOG=1")
time.sleep(0.6)
"""
    run = Run(tmp_path, program)
    assert run.run() == 0
    assert len(run.lives) == 1


def test_one_that_never_gets_ready_is_killed_at_the_end_of_its_start(tmp_path: Path) -> None:
    program = "if life == 2: sys.exit(0)\nsay('WATCHDOG=1'); signal.pause()"
    run = Run(tmp_path, program, Times(watchdog=0.1, start=0.6, again=0.01))
    assert run.run() == 0
    assert "it said nothing any more" in run.told[0]


def test_another_process_cannot_feed_in_its_place(tmp_path: Path) -> None:
    program = """
if life == 2: sys.exit(0)
say("READY=1")
if os.fork() == 0:
    while True: time.sleep(0.05); say("WATCHDOG=1")
signal.pause()
"""
    run = Run(tmp_path, program)
    assert run.run() == 0
    assert len(run.lives) == 2


@pytest.mark.parametrize(("status", "pause"), [(70, 0.01), (guard.POWER, 0.02), (guard.BROKEN, 0.02), (-9, 0.01)])
def test_one_that_ends_is_begun_anew_and_not_quickly_when_it_cannot_start(
    tmp_path: Path, status: int, pause: float
) -> None:
    end = "os.kill(os.getpid(), 9)" if status == -9 else f"sys.exit({status})"
    run = Run(tmp_path, f"if life == 2: sys.exit(0)\n{end}")
    assert run.run() == 0
    assert run.told[0] == f"the command ended with status {status}; it is begun anew in {pause:g} s"


def test_one_that_keeps_ending_waits_longer_and_longer(tmp_path: Path) -> None:
    run = Run(tmp_path, f"sys.exit(0 if life == {guard.BEGINS + 4} else 70)")
    assert run.run() == 0
    pauses = [line.rsplit(" ", 2)[1] for line in run.told[:-1]]
    assert pauses == ["0.01"] * guard.BEGINS + ["0.03", "0.04", "0.04"]


def test_asked_to_end_it_passes_that_on_and_says_what_came_of_it(tmp_path: Path) -> None:
    program = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
say("READY=1", "WATCHDOG_USEC=60000000", "WATCHDOG=1")
while True: time.sleep(1)
"""
    status, pid, said = asked(tmp_path, program, signal.SIGTERM)
    assert (status, gone(pid)) == (0, True), said


def test_one_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    program = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
say("READY=1", "WATCHDOG=1")
signal.pause()
"""
    status, pid, said = asked(tmp_path, program, signal.SIGTERM)
    assert (status, gone(pid)) == (128 + signal.SIGKILL, True), said


def test_a_guard_that_is_killed_takes_the_command_with_it(tmp_path: Path) -> None:
    status, pid, _ = asked(tmp_path, "say('READY=1', 'WATCHDOG_USEC=60000000', 'WATCHDOG=1')\nsignal.pause()", 9)
    assert status == -9
    until(lambda: gone(pid))


def asked(folder: Path, program: str, number: int) -> tuple[int, int, str]:
    """`kiosk guard` as a process, asked to end once its command stands: exit status, the command's id, its words."""
    lives = folder / "lives"
    process = subprocess.Popen(
        [sys.executable, "-S", "-m", "kiosk.cli", "guard", "--watchdog", "0.5", "--",
         sys.executable, "-S", "-c", TALK + program + "\n", str(lives)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until(lambda: lives.exists() and lives.read_text().endswith("\n"))
        pid = int(lives.read_text().split()[0])
        until(lambda: sleeps(pid))
        os.kill(process.pid, number)
        said = process.communicate(timeout=30)[1]
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return process.returncode, pid, said


def sleeps(pid: int) -> bool:
    """Whether it has said what it has to say and waits."""
    try:
        return Path(f"/proc/{pid}/wchan").read_text() != "0" and Path(f"/proc/{pid}/stat").read_text().split()[2] == "S"
    except OSError:
        return True


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        threading.Event().wait(0.01)


def test_a_command_that_is_not_there_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert guard.main(["/nowhere/kiosk"], FAST) == 127
    assert guard.main([], FAST) == 2
    assert "/nowhere/kiosk" in capfd.readouterr().err
