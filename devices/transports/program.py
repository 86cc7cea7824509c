"""A foreign program that is run once and can be killed at any time: for tools that may block or crash.

Unlike ``child.py`` this is not Python and speaks no messages: it has arguments, an environment, and what it writes to
stdout and stderr. It is its own session, so that one signal ends all of it; where ``setpriv`` (util-linux) is there it
dies with its parent. Who waits for it waits on descriptors: its output and, for its end, ``pidfd``.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError

_KEPT = 64 * 1024  # bytes of stderr that are kept: the end of them
_GRACE = 1.0  # seconds between asking and killing


class Program:
    """One run of a program. Belongs to one thread. stdout and stderr never block it: ``hear`` takes them in."""

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
                    kept += piece
                    del kept[:-_KEPT]
                pipe.close()  # its end

    def said(self) -> str:
        """stderr so far (its last 64 KB)."""
        return self._err.decode("utf-8", "replace")

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
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:  # inside the kernel: it is left to a thread
            threading.Thread(target=self._process.wait, name="program-reaper", daemon=True).start()
        self.hear()
        for pipe in (self._process.stdout, self._process.stderr):
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
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
            bufsize=0,
        )


def tethered(command: Sequence[str]) -> list[str]:
    """The command, made to die with the thread that starts it (see ``spawner``), where util-linux is installed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else list(command)


@cache
def spawner() -> ThreadPoolExecutor:
    """The parent-death signal follows the thread that forked: this one lives as long as the process."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="program-spawner")
