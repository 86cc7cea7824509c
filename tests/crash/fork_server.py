"""A fork server: one process that has done once what takes long, and gives birth to others, which are killed.

A child is a process like any other, with threads, files and sockets of its own, and SIGKILL ends it as it ends any
other. Orders come as JSON lines on stdin: ``{"role", "name", "errors", …}`` is a birth (``errors``: the file that its
standard error goes to; ``stdin`` and ``stdout``: paths to be opened as these, else nothing and the server's own),
``{"name", "signal"}`` a signal: who is not buried yet cannot be mistaken for another. What happens is said on stdout:
``{"name", "born": pid}``, ``{"name", "died": pid, "status", "cpu"}`` (seconds). The end of stdin ends the server and
all its children. It has one thread whenever it forks, and no open database.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

BUG = 70
_PR_SET_PDEATHSIG = 1
Role = Callable[[dict[str, Any]], None]


def say(**words: Any) -> None:
    """One line, written at once: short, so that it comes whole where several write."""
    os.write(1, json.dumps(words).encode() + b"\n")


def bear(order: dict[str, Any], role: Role) -> int:
    """The child's process id, to the parent; the child does not return."""
    parent = os.getpid()
    # opened before the birth is told: whoever gave their names may close his own ends then
    inputs = os.open(order.get("stdin", os.devnull), os.O_RDONLY)
    output = os.open(order["stdout"], os.O_WRONLY) if "stdout" in order else os.dup(1)
    pid = os.fork()
    if pid:
        os.close(inputs)
        os.close(output)
        return pid
    status = BUG
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(BUG)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        errors = os.open(order["errors"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for place, handle in enumerate((inputs, output, errors)):
            os.dup2(handle, place)
            os.close(handle)
        threading.excepthook = _end_at_bugs
        role(order)
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


def serve(roles: Mapping[str, Role], before: Callable[[], None] = lambda: None) -> None:
    """Until stdin ends. ``before`` is called before each birth."""
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
                found, status, used = os.wait4(pid, os.WNOHANG)
                if found:
                    cpu = round(used.ru_utime + used.ru_stime, 3)
                    say(name=children.pop(pid), died=pid, status=os.waitstatus_to_exitcode(status), cpu=cpu)
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
                    before()
                    pid = bear(order, roles[order["role"]])
                    children[pid] = order["name"]
                    say(name=order["name"], born=pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
