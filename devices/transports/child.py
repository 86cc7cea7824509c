"""A Python child process that can be killed at any time: messages over a socket pair, every wait with a deadline.

For work that may block for ever or crash inside native code (OpenCV captures, document rendering, speech). The
child is its own session, so that one signal ends all of it, and dies with its parent. A message is a JSON object
and an optional binary body, both of bounded size; there is no pickle, so a child that went wrong cannot make the
parent run anything.

Parent: ``ChildProcess``. Child: ``attach()`` as the first thing its ``__main__`` does.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.child_channel import MAX_BODY, Channel, Garbage, Message
from devices.transports.program import spawner

_PARENT_VARIABLE = "DEVICES_CHILD_OF"
_LAST_WORDS = 4096
_PR_SET_PDEATHSIG = 1
_REAP = 1.0  # seconds for a killed child to go
STUCK = 3  # killed children of one module that have not gone: one more would not fare better

_stuck: dict[subprocess.Popen[bytes], str] = {}  # with their modules
_counting = threading.Lock()


class ChildProcess:
    """``python -m module`` as a killable child. Not running until ``start``; usable again after any end of it.

    Errors are DeviceErrors: ``child-died``, ``child-silent`` (at the deadline; the child still runs: kill it or wait
    on), ``child-garbage`` (it was killed), ``child-stuck`` (several that were killed hang inside the kernel: no more
    are started until one has gone). ``start``, ``kill`` and ``stop`` belong to one thread; another may receive.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        self._module = module
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = dict(environment or {})
        self._max_body = max_body
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._ring = _Ring()
        self.starts = 0

    @property
    def running(self) -> bool:
        return self._process is not None and not _has_ended(self._process, 0.0)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    def start(self) -> None:
        """Start the child; a child that runs already is left alone. Does not wait for its first message."""
        if self.running:
            return
        self.kill()
        if list(_stuck.values()).count(self._module) >= STUCK:
            raise DeviceError(
                "child-stuck",
                f"{STUCK} child processes were killed and still hang inside the kernel",
                advice="Pull the device out and plug it in again; if that does not help, restart the machine.",
                retryable=True,
                action=Action.CALL_TECHNICIAN,
            )
        ours, theirs = socket.socketpair()
        try:
            process = spawner().submit(self._spawn, theirs).result()
        except OSError as error:
            ours.close()
            raise DeviceError(
                "child-died",
                f"child process could not be started: {error.strerror}",
                advice="free memory or processes on the terminal",
                retryable=True,
            ) from error
        finally:
            theirs.close()
        self._process, self._channel, self._ring = process, Channel(ours, max_body=self._max_body), _Ring()
        self._ring.drain(process)
        self.starts += 1

    def send(self, head: Mapping[str, Any], body: bytes = b"", *, deadline: Deadline) -> None:
        channel = self._open_channel()
        try:
            channel.send(head, body, deadline=deadline)
        except EOFError:
            raise self._died(deadline) from None
        except TimeoutError:
            raise self._silent() from None

    def receive(self, deadline: Deadline | None) -> Message:
        channel = self._open_channel()
        try:
            return channel.receive(deadline)
        except EOFError:
            raise self._died(deadline) from None
        except TimeoutError:
            raise self._silent() from None
        except Garbage as error:
            self._signal()
            raise DeviceError(
                "child-garbage",
                f"child process sent garbage: {error}",
                advice="the child was ended; try again, and update the software if it happens again",
                retryable=True,
            ) from None

    def kill(self) -> None:
        """End the child and all it started, now. Reaped when this returns. Harmless when not running."""
        process, channel = self._process, self._channel
        if process is None:
            return
        self._signal()
        self._reap(process)
        if channel is not None:
            channel.close()
        self._ring.join()
        self._process = self._channel = None

    def abandon(self) -> None:
        """End the child, from any thread, within a second; its owner learns of it as of any other end."""
        process = self._process
        if process is not None:
            self._signal()
            _has_ended(process, 1.0)

    def stop(self, deadline: Deadline) -> None:
        """Close the channel, which a well child takes as the end; kill it if it still runs at the deadline."""
        if self._process is not None and self._channel is not None:
            self._channel.close()
            _has_ended(self._process, deadline.remaining())
        self.kill()

    def resident_bytes(self) -> int:
        """Memory of the child (resident set, bytes); 0 when it does not run."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def last_words(self) -> str:
        """The end of what the child wrote to stderr (<= 4 KB): ASCII only, log-ins and long numbers masked."""
        return self._ring.text()

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
            **self._environment,
            _PARENT_VARIABLE: str(os.getpid()),
        }
        return subprocess.Popen(
            self._command,
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,  # a stray print must not reach the channel
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise DeviceError("child-died", "child process is not running", advice="start it again", retryable=True)
        return self._channel

    def _signal(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return  # reaped: its number may be another's by now
        try:
            os.killpg(process.pid, signal.SIGKILL)  # the id stays ours until wait() has reaped it
        except (ProcessLookupError, PermissionError):
            if process.poll() is None:  # between fork and setsid: not yet its own group
                process.kill()

    def _died(self, deadline: Deadline | None) -> DeviceError:
        process, channel = self._process, self._channel
        status: int | None = None
        if process is not None and channel is not None and not channel.closed:  # else it is being stopped, in its time
            _has_ended(process, 0.5 if deadline is None else deadline.sooner(0.5).remaining())
            self._signal()  # one that closed its channel but lives is of no use any more
            status = self._reap(process)
        return DeviceError(
            "child-died",
            f"child process ended (status {status})",
            advice="it is started again at the next use; call a technician if it ends again",
            retryable=True,
        )

    def _reap(self, process: subprocess.Popen[bytes]) -> int | None:
        """Wait for a killed process. One that hangs inside the kernel (a USB camera's driver) takes the signal only
        when the kernel lets go of it: it is left to a thread, counted, and the caller goes on."""
        try:
            return process.wait(_REAP)
        except subprocess.TimeoutExpired:
            with _counting:
                known = process in _stuck
                _stuck[process] = self._module
            if not known:
                threading.Thread(target=_outwait, args=(process,), name="child-reaper", daemon=True).start()
            return None

    def _silent(self) -> DeviceError:
        return DeviceError(
            "child-silent",
            "child process did not answer in time",
            advice="it is ended and started again",
            retryable=True,
            action=Action.RESET,
        )


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ended in time. It is not reaped: until it is, its number and its group's cannot become another's, and
    what it started can still be killed with it."""
    if process.returncode is not None:
        return True
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:  # reaped meanwhile
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def _outwait(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    with _counting:
        del _stuck[process]


class _Ring:
    """The last bytes of a child's output, drained by a thread so that the child never blocks on writing."""

    _LOGIN = re.compile(r"[^/@\s]+@")
    _NUMBER = re.compile(r"\d{6,}[\dXx]?")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._thread: threading.Thread | None = None

    def drain(self, process: subprocess.Popen[bytes]) -> None:
        self._thread = threading.Thread(target=self._run, args=(process,), name="child-output", daemon=True)
        self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join(1.0)

    def text(self) -> str:
        words = bytes(self._bytes).decode("utf-8", "replace").encode("ascii", "replace").decode("ascii")
        return self._NUMBER.sub("######", self._LOGIN.sub("***@", words))

    def _run(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - given to Popen above
        with process.stdout as pipe:
            while piece := os.read(pipe.fileno(), 4096):
                self._bytes += piece
                del self._bytes[:-_LAST_WORDS]


def attach(*, max_body: int = MAX_BODY) -> Channel:
    """In the child: die with the parent, and take the channel from standard input. Call it first, and once."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(os.environ.get(_PARENT_VARIABLE, "-1")):
        os._exit(3)  # the parent died before the signal was armed, or nobody started us as a child
    connection = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Channel(connection, max_body=max_body)
