"""A foreign program that takes bytes on its standard input and may hang anywhere: fed, watched and killed in time.

It is killed with SIGKILL only: aplay, blocked in opening an output, was seen to ignore SIGTERM.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence

from devices.contracts.deadline import Deadline

PIPE_BYTES = 4096  # what waits in the pipe is still to be played: little of it, so that a setting is heard soon
_LAST_WORDS = 4096
_REAP = 0.3  # seconds for a killed child to go; one that is stuck inside the kernel is left to a thread


class Program:
    """One run of one command. Usable once."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **environment, "LC_ALL": "C"}
        self._process: subprocess.Popen[bytes] | None = None
        self._words = bytearray()
        self._ends = threading.Lock()  # a number of a closed descriptor may be another's already
        self._wake_read, self._wake_write = os.pipe()
        self.fed = 0  # bytes handed to the pipe

    @property
    def installed(self) -> bool:
        return shutil.which(self._command[0]) is not None

    def start(self) -> None:
        """Raises OSError where it cannot be started."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
            bufsize=0,
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stderr is not None  # noqa: S101
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stderr.fileno(), False)
        with contextlib.suppress(OSError):  # a kernel that grants no smaller pipe: settings are heard later
            fcntl.fcntl(process.stdin.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def feed(self, data: bytes, deadline: Deadline) -> int:
        """How many bytes it took at once; 0: none until the deadline, or we were woken; -1: it has ended."""
        process = self._running()
        assert process.stdin is not None  # noqa: S101
        if not self._wait((process.stdin.fileno(), select.POLLOUT), deadline):
            return 0
        try:
            taken = os.write(process.stdin.fileno(), data[:PIPE_BYTES])
        except BlockingIOError:
            return 0
        except OSError:
            return -1
        self.fed += taken
        return taken

    def finish(self, deadline: Deadline) -> int | None:
        """Close its input and wait for its end: exit status (negative: signal), None when it still runs or we were
        woken."""
        process = self._running()
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()
        with _pidfd(process.pid) as handle:
            self._wait((handle, select.POLLIN), deadline)
        self._listen()
        return process.poll()

    def unheard(self) -> int:
        """Bytes that still wait in the pipe; all that was fed where that cannot be told."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.closed:
            return 0
        try:
            answer = fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, bytes(4))
        except OSError:
            return self.fed
        return int(struct.unpack("i", answer)[0])

    def status(self) -> int | None:
        """Exit status where it has ended."""
        return None if self._process is None else self._process.poll()

    def wake(self) -> None:
        """End a wait, from any thread."""
        with self._ends:
            if self._wake_write >= 0:
                os.write(self._wake_write, b"!")

    def kill(self) -> None:
        """End it now and free everything. Harmless when it has ended."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                try:
                    process.wait(_REAP)
                except subprocess.TimeoutExpired:
                    threading.Thread(target=process.wait, name="program-reaper", daemon=True).start()
            self._listen_to(process)
            for pipe in (process.stdin, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        with self._ends:
            if self._wake_read >= 0:
                os.close(self._wake_read)
                os.close(self._wake_write)
            self._wake_read = self._wake_write = -1

    def words(self) -> str:
        """The end of what it wrote to stderr, ASCII only."""
        self._listen()
        return bytes(self._words).decode("ascii", "replace")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the program is not running")
        return self._process

    def _wait(self, wanted: tuple[int, int], deadline: Deadline) -> bool:
        """Whether the descriptor became ready; reads stderr meanwhile, so that the program never blocks on it."""
        poll = select.poll()
        poll.register(*wanted)
        poll.register(self._wake_read, select.POLLIN)
        process = self._running()
        assert process.stderr is not None  # noqa: S101
        poll.register(process.stderr.fileno(), select.POLLIN)
        while True:
            ready = dict(poll.poll(max(0, int(deadline.remaining() * 1000))))
            if process.stderr.fileno() in ready and not self._listen():
                poll.unregister(process.stderr.fileno())
            if wanted[0] in ready:
                return True
            if self._wake_read in ready or deadline.expired:
                return False

    def _listen(self) -> bool:
        return self._process is not None and self._listen_to(self._process)

    def _listen_to(self, process: subprocess.Popen[bytes]) -> bool:
        """Take in what is on stderr; False at its end."""
        if process.stderr is None or process.stderr.closed:
            return False
        try:
            while piece := os.read(process.stderr.fileno(), 4096):
                self._words += piece
                del self._words[:-_LAST_WORDS]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    """A descriptor that becomes readable when the process ends."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)
