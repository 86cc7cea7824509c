"""A foreign program that is run once and can be killed at any time: for tools that may block or crash.

Unlike ``child.py`` this is not Python and speaks no messages: it has arguments, an environment, and what it writes to
stdout and stderr, and where it is a ``FedProgram`` what it is given on stdin. It is its own session, so that one signal
ends all of it; where ``setpriv`` (util-linux) is there it dies with its parent. Who waits for it waits on descriptors:
its output and, for its end, ``pidfd``.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError

_KEPT = 64 * 1024  # bytes of stderr that are kept: the end of them
_GRACE = 1.0  # seconds between asking and killing
_REAP = 0.3  # seconds for a killed program to go; one that is stuck inside the kernel is left to a thread


class Program:
    """One run of a program. Belongs to one thread. stdout and stderr never block it: ``hear`` takes them in."""

    _stdin = subprocess.DEVNULL

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Starts at once. Raises DeviceError ``program-missing`` or ``program-failed``."""
        path = shutil.which(command[0])
        if path is None:
            raise DeviceError(
                "program-missing",
                f"there is no program {command[0]}",
                advice="Install the package that it belongs to.",
                retryable=False,
                action=Action.CONFIGURE,
            )
        self._command = tethered([path, *command[1:]])
        self._environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C", **(environment or {})}
        try:
            self._process = spawner().submit(self._spawn).result()
        except OSError as error:
            raise DeviceError(
                "program-failed",
                f"{command[0]} could not be started: {error.strerror}",
                advice="free memory or processes on the terminal",
                retryable=True,
            ) from error
        self.pidfd = os.pidfd_open(self._process.pid)
        self._out, self._err = bytearray(), bytearray()
        for pipe in self._pipes():
            os.set_blocking(pipe, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What to poll for news: its end, stdout, stderr (those that are still open)."""
        return (self.pidfd, *self._pipes())

    def hear(self) -> None:
        """Take in what has been written; never waits."""
        for pipe, kept in ((self._process.stdout, self._out), (self._process.stderr, self._err)):
            if pipe is None or pipe.closed:
                continue
            with suppress(BlockingIOError):
                while piece := os.read(pipe.fileno(), 4096):
                    self._take(kept, piece)
                pipe.close()  # its end

    def _take(self, kept: bytearray, piece: bytes) -> None:
        kept += piece
        del kept[:-_KEPT]

    def said(self) -> str:
        """stderr so far (its last 64 KB)."""
        return self._err.decode("utf-8", "replace")

    def raw_output(self) -> bytes:
        """stdout so far (its last 64 KB), as bytes."""
        return bytes(self._out)

    def output(self) -> str:
        """stdout so far (its last 64 KB)."""
        return self._out.decode("utf-8", "replace")

    def wait(self, deadline: Deadline) -> int | None:
        """Take in output until it ends; its status, or None when the deadline passed first."""
        while self.status is None and not deadline.expired:
            poller = select.poll()
            for descriptor in self.descriptors:
                poller.register(descriptor, select.POLLIN)
            poller.poll(deadline.remaining() * 1000)
            self.hear()
        self.hear()
        return self.status

    def end(self, deadline: Deadline) -> None:
        """Ask it to end (SIGTERM), kill it when it does not within a second or by the deadline; reap and free it."""
        if self.status is None:
            self._signal(signal.SIGTERM)
            self.wait(deadline.sooner(_GRACE))
        if self.status is None:
            self._signal(signal.SIGKILL)
        self.free()

    def free(self) -> None:
        """Kill what still runs and give back every descriptor. May be called twice."""
        if self.status is None:
            self._signal(signal.SIGKILL)
        try:
            self._process.wait(_REAP)
        except subprocess.TimeoutExpired:
            threading.Thread(target=self._process.wait, name="program-reaper", daemon=True).start()
        self.hear()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1

    def _pipes(self) -> tuple[int, ...]:
        pipes = (self._process.stdout, self._process.stderr)
        return tuple(pipe.fileno() for pipe in pipes if pipe is not None and not pipe.closed)

    def _signal(self, which: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, which)  # the id stays ours until wait() has reaped it

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=self._stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
            bufsize=0,
        )


class FedProgram(Program):
    """A program that takes bytes on its stdin and may hang anywhere. ``wake`` is for any thread.

    End it by ``free``: aplay, blocked in opening an output, was seen to ignore SIGTERM."""

    _stdin = subprocess.PIPE

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None, *, pipe: int) -> None:
        """``pipe``: bytes that may wait in its stdin, for a kernel that grants so small a one."""
        super().__init__(command, environment)
        self._ends = threading.Lock()  # a number of a closed descriptor may be another's already
        self._woken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.fed = 0  # bytes handed to the pipe
        os.set_blocking(self._input, False)
        with suppress(OSError):
            fcntl.fcntl(self._input, fcntl.F_SETPIPE_SZ, pipe)
        self._piece = pipe

    def feed(self, data: bytes, deadline: Deadline) -> int:
        """How many bytes it took at once; 0: none until the deadline, or we were woken; -1: it has ended."""
        if not self._await(self._input, select.POLLOUT, deadline):
            return 0
        try:
            taken = os.write(self._input, data[: self._piece])
        except BlockingIOError:
            return 0
        except OSError:
            return -1
        self.fed += taken
        return taken

    def finish(self, deadline: Deadline) -> int | None:
        """Close its stdin and wait for its end: exit status (negative: signal), None when it still runs or we were
        woken."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        self._await(self.pidfd, select.POLLIN, deadline)
        self.hear()
        return self.status

    def unheard(self) -> int:
        """Bytes that still wait in the pipe; all that was fed where that cannot be told."""
        if self._process.stdin is None or self._process.stdin.closed:
            return 0
        try:
            answer = fcntl.ioctl(self._input, termios.FIONREAD, bytes(4))
        except OSError:
            return self.fed
        return int(struct.unpack("i", answer)[0])

    def wake(self) -> None:
        """End a wait."""
        with self._ends:
            if self._woken >= 0:
                os.eventfd_write(self._woken, 1)

    def free(self) -> None:
        super().free()
        with self._ends:
            if self._woken >= 0:
                os.close(self._woken)
            self._woken = -1

    @property
    def _input(self) -> int:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        return self._process.stdin.fileno()

    def _await(self, wanted: int, event: int, deadline: Deadline) -> bool:
        """Whether the descriptor became ready; hears it meanwhile, so that it never blocks on what it writes."""
        while True:
            poll = select.poll()
            for pipe in (*self._pipes(), self._woken):
                poll.register(pipe, select.POLLIN)
            poll.register(wanted, event)
            ready = dict(poll.poll(deadline.remaining() * 1000))
            self.hear()
            if wanted in ready:
                return True
            if self._woken in ready or deadline.expired:
                return False


class Programs(Protocol):
    """How a driver starts programs, and reads the pipes that they write into. A capture or a replay stands in."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: str = "") -> Program:
        """``folder``: of the pipes among the words. Raises DeviceError."""
        ...

    def read(self, descriptor: int, count: int, name: str) -> bytes:
        """As os.read; ``name`` is the pipe's in its folder."""
        ...


class Direct:
    """Programs with nothing in between."""

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: str = "") -> Program:
        return Program(command, environment)

    def read(self, descriptor: int, count: int, name: str) -> bytes:
        return os.read(descriptor, count)


def tethered(command: Sequence[str]) -> list[str]:
    """The command, made to die with the thread that starts it (see ``spawner``), where util-linux is installed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else list(command)


@cache
def spawner() -> ThreadPoolExecutor:
    """The one thread that forks. The parent-death signal follows the *thread* that forked, not the process: a child
    forked from a passing thread would be killed when that thread ends. This one lives as long as the process."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="program-spawner")
