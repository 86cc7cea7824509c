"""A fork server: a process that has everything imported and gives birth to the ends, which are then killed.

A start costs a fork (about 20 ms) instead of two seconds of imports; the child is a process like any other, with
threads, files and sockets of its own, and SIGKILL ends it as it ends any other. Orders come as JSON lines on stdin,
what happens is said on stdout: ``{"name", "born": pid}``, ``{"name", "died": pid, "status"}``. ``{"name", "signal"}``
is an order too: who is not buried yet cannot be mistaken for another. The end of stdin ends it
and all its children. It has one thread whenever it forks, and no open database.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

from kiosk.backend.api import create_app
from kiosk.backend.settings import Settings
from kiosk.health import failpoints
from kiosk.journal.journal import Journal
from tests.crash.ends_children import BUG, ROLES, say

_PR_SET_PDEATHSIG = 1


def warm() -> None:
    """Whatever is imported only when it is used."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_app(Settings(str(folder / "warm.db"), str(folder / "blobs"))).state.backend.close()
        Journal.open(folder / "journal", bytes(32), durable=False).close()
    assert threading.active_count() == 1, "a fork would leave threads behind"
    gc.collect()
    gc.freeze()


def bear(order: dict[str, Any]) -> int:
    """The child's process id, to the parent; the child does not return."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = BUG
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(BUG)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        errors = os.open(order["errors"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(errors, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        threading.excepthook = _end_at_bugs
        failpoints.arm(order["failpoints"])
        ROLES[order["role"]](order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _end_at_bugs(hook: threading.ExceptHookArgs) -> None:
    traceback.print_exception(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.stderr.flush()
    os._exit(BUG)


def main() -> None:
    warm()
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, str] = {}
    rest = b""
    say(zygote=os.getpid())
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            for pid in list(children):
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    say(name=children.pop(pid), died=pid, status=os.waitstatus_to_exitcode(status))
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "signal" in order:
                    for pid in (pid for pid, name in children.items() if name == order["name"]):
                        os.kill(pid, order["signal"])
                else:
                    pid = bear(order)
                    children[pid] = order["name"]
                    say(name=order["name"], born=pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
