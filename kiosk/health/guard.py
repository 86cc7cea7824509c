"""``kiosk guard -- COMMAND...``: what systemd does for a terminal, where there is no systemd. Standard library alone.

It starts the command and listens to it by the same words (sd_notify(3)). One that has not said READY in time, or whose
watchdog was not fed in time, is killed with everything it started, and begun anew; so is one that ends by itself, but
not quickly when it says that it cannot start (78) or has no power (75), and ever more slowly when it keeps ending.
One that ends with 0 was asked to: so does the guard. SIGTERM and SIGINT are passed on; what is left is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kiosk.health import notify
from kiosk.health.budget import Budget

POWER, BROKEN = 75, 78  # of kiosk/running.py, which is too heavy to be read here
TERMS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. Those of deploy/systemd/kiosk724.service."""

    watchdog: float = 6.0  # between two feedings
    start: float = 180.0  # until READY; a damaged journal is put right meanwhile
    stop: float = 120.0  # from SIGTERM to its end, the profile's power.command included
    again: float = 0.2  # before it is begun anew
    rest: float = 60.0  # before it is begun anew after 75 and 78
    tired: tuple[float, ...] = (30.0, 60.0, 120.0, 300.0, 600.0)  # the same beyond its budget


BEGINS, WITHIN = 5, 600.0
"""So many begins anew within so many seconds are done at once; beyond them it waits."""


class Guard:
    """One command, begun anew until it is asked to end. ``told`` gets a line for every turn of things."""

    def __init__(self, command: Sequence[str], times: Times, told: Callable[[str], None] | None = None) -> None:
        self._command, self._times = list(command), times
        self._told = told or _to_stderr
        self._above = notify.of_environment()  # whoever watches over the guard
        self._budget = Budget(BEGINS, WITHIN, time.monotonic)
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._ears.bind("")  # an abstract name that the kernel chooses: nothing lies about afterwards
        self._ears.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._others: frozenset[int] = frozenset()  # children of this process that are not the command's
        self._asked = 0  # the signal that asked to end
        self._here, self._there = socket.socketpair()
        self._there.setblocking(False)

    def run(self) -> int:
        """Until it was asked to end or the command ended with 0; the command's last exit status."""
        self._others = frozenset(_children())
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what the command leaves behind becomes ours
        before = signal.set_wakeup_fd(self._there.fileno())
        handlers = {number: signal.signal(number, self._ask) for number in TERMS}
        try:
            return self._run()
        finally:
            bury(self._others)
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            for each in (self._ears, self._here, self._there):
                each.close()
            self._above.close()

    def _run(self) -> int:
        silent = False
        while True:
            status, silent = Life(self._command, self._times, self._ears, self._here, self, silent=silent).run()
            left = bury(self._others)
            words = "was killed: it said nothing any more" if silent else f"ended with status {status}"
            more = f"; {left} processes that it left were killed" if left else ""
            if self._asked or (status == 0 and not silent):
                self._say(f"the command {words}{more}")
                return 128 - status if status < 0 else status
            pause = self._pause(status)
            self._say(f"the command {words}{more}; it is begun anew in {pause:g} s")
            if self._sleep(pause):
                return 128 - status if status < 0 else status

    def _pause(self, status: int) -> float:
        """Before the next begin."""
        beyond = self._budget.spend()
        if status in (POWER, BROKEN):
            return self._times.rest
        if beyond == 0:
            return self._times.again
        return self._times.tired[min(beyond, len(self._times.tired)) - 1]

    @property
    def asked(self) -> int:
        """The signal by which this process was asked to end; 0 while it was not."""
        return self._asked

    def _ask(self, number: int, _: object) -> None:
        self._asked = self._asked or number

    def _sleep(self, seconds: float) -> bool:
        """Whether it was asked to end meanwhile."""
        until = time.monotonic() + seconds
        while not self._asked and (left := until - time.monotonic()) > 0:
            if select.select([self._here], [], [], left)[0]:
                self._here.recv(64)
        return self._asked != 0

    def _say(self, line: str) -> None:
        self._above.tell(STATUS=line)
        self._told(line)


class Life:
    """One process of the command, from its start to its end."""

    def __init__(
        self, command: Sequence[str], times: Times, ears: socket.socket, woken: socket.socket, guard: Guard, *,
        silent: bool,
    ) -> None:  # fmt: skip
        self._times, self._ears, self._woken, self._guard = times, ears, woken, guard
        self._interval = times.watchdog
        self._ready = False
        self._due = time.monotonic() + times.start  # of its next word
        self._end = math.inf  # of an end that has begun
        more = {notify.SILENT: "1"} if silent else {}
        self._process = _begin(command, ears.getsockname(), times.watchdog, more)

    def run(self) -> tuple[int, bool]:
        """Its exit status (negative: the signal), and whether it was killed for its silence."""
        handle = os.pidfd_open(self._process.pid)
        try:
            while True:
                if self._guard.asked and self._end == math.inf:
                    self._end = time.monotonic() + self._times.stop
                    os.kill(self._process.pid, signal.SIGTERM)
                left = min(self._due, self._end) - time.monotonic()
                if left <= 0:
                    if self._hear() and self._end > time.monotonic():  # it came while this process had no turn
                        continue
                    return self._kill(), True
                ready, _, _ = select.select((handle, self._ears.fileno(), self._woken.fileno()), (), (), left)
                if self._woken.fileno() in ready:
                    self._woken.recv(64)
                if self._ears.fileno() in ready:
                    self._hear()
                if handle in ready:
                    return self._kill(), False
        finally:
            os.close(handle)

    def _kill(self) -> int:
        """The whole group, then wait. One that has ended keeps its number until here, and its group with it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def _hear(self) -> bool:
        """Everything it has said; whether that gave it more time."""
        due = self._due
        while True:
            try:
                data, extra, _, _ = self._ears.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
            except BlockingIOError:
                return self._due > due
            if _sender(extra) == self._process.pid:
                self._take(dict(line.partition("=")[::2] for line in data.decode("utf-8", "replace").splitlines()))

    def _take(self, words: Mapping[str, str]) -> None:
        text = words.get(notify.INTERVAL, "")
        if text.isdecimal() and int(text) > 0:
            self._interval = int(text) / notify.MICROSECONDS
        self._ready = self._ready or words.get("READY") == "1"
        if words.get("STOPPING") == "1":
            self._end = min(self._end, time.monotonic() + self._times.stop)
        if self._ready and ("WATCHDOG" in words or "READY" in words):
            self._due = time.monotonic() + self._interval


def bury(others: frozenset[int]) -> int:
    """Kill and reap every child that is left, whoever started it, but ``others``; how many there were."""
    count = 0
    while children := [pid for pid in _children() if pid not in others]:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)
            count += 1
    return count


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def _begin(command: Sequence[str], address: bytes, interval: float, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The command as the leader of a group. It is asked to end when the guard dies, however that comes about."""
    known = {name: text for name, text in os.environ.items() if name not in (notify.SILENT, notify.WHOM)}
    own = {
        notify.SOCKET: "@" + address[1:].decode("ascii"),
        notify.INTERVAL: str(round(interval * notify.MICROSECONDS)),
        **more,
    }
    guard = os.getpid()

    def tied() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(1)

    return subprocess.Popen(command, env=known | own, process_group=0, preexec_fn=tied)


def _sender(extra: Sequence[tuple[int, int, bytes]]) -> int:
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0])
    return 0


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"kiosk guard: {line}\n")
    sys.stderr.flush()


def main(command: Sequence[str], times: Times) -> int:
    """What ``kiosk guard`` does; 127 where the command cannot be started."""
    if not command:
        sys.stderr.write("kiosk guard: name a command, such as: kiosk guard -- kiosk run --profile FILE\n")
        return 2
    try:
        return Guard(command, times).run()
    except (FileNotFoundError, PermissionError) as error:
        sys.stderr.write(f"kiosk guard: {command[0]}: {error.strerror}\n")
        return 127
