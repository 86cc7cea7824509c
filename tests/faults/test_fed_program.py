"""A program that is fed may hang anywhere, and ends with us whatever it hangs in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.program import FedProgram

PIPE = 4096


def soon() -> Deadline:
    return Deadline.after(5)


def test_what_it_is_fed_arrives_and_its_end_is_told() -> None:
    program = FedProgram(["sh", "-c", "wc -c >&2; exit 3"], pipe=PIPE)
    data = bytes(20_000)
    while data:
        taken = program.feed(data, soon())
        assert 0 < taken <= PIPE
        data = data[taken:]
    assert program.finish(soon()) == 3
    assert (program.said().strip(), program.fed, program.unheard()) == ("20000", 20_000, 0)
    program.free()
    program.free()


def test_one_that_does_not_read_is_told_and_what_it_did_not_hear() -> None:
    program = FedProgram(["sleep", "331"], pipe=PIPE)
    try:
        while program.feed(bytes(PIPE), Deadline.after(0.05)):
            pass
        assert program.unheard() == program.fed > 0
        assert program.finish(Deadline.after(0.05)) is None
    finally:
        program.free()
    assert not Path(f"/proc/{program.pid}").exists()


def test_one_that_has_ended_takes_nothing() -> None:
    program = FedProgram(["true"], pipe=PIPE)
    try:
        while (taken := program.feed(b"x", soon())) > 0:
            pass
        assert taken == -1
    finally:
        program.free()


def test_a_wait_is_ended_from_another_thread_and_later_waking_harms_nothing() -> None:
    program = FedProgram(["sleep", "332"], pipe=PIPE)
    waker = threading.Timer(0.05, program.wake)
    waker.start()
    start = time.monotonic()
    assert program.finish(Deadline.after(20)) is None
    assert time.monotonic() - start < 5
    waker.join()
    program.free()
    program.wake()


def test_one_that_is_not_installed_is_named() -> None:
    with pytest.raises(DeviceError) as caught:
        FedProgram(["no-such-program-724"], pipe=PIPE)
    assert caught.value.code == "program-missing"


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (Debian package util-linux)")
def test_it_dies_with_its_parent_though_it_never_reads() -> None:
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from devices.transports.program import FedProgram\n"
        "p = FedProgram(['sleep', '333'], pipe=4096)\n"
        "while open(f'/proc/{p.pid}/comm').read() != 'sleep\\n': pass\n"  # setpriv has armed the signal and is gone
        "print(p.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.wait(10)
    parent.stdout.close()
    end, tick = soon(), threading.Event()
    while (path := Path(f"/proc/{pid}/cmdline")).exists() and b"333" in path.read_bytes():
        assert not end.expired
        tick.wait(0.02)
