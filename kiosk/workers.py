"""Child processes with deadlines: one mechanism for work that must never stall the window or outlive the terminal.

A worker is ``python -m <module>`` that calls :func:`serve`. Messages run over its pipes, each a JSON head and a binary
body, both with their length in front; nothing goes through files, arguments, environment or logs, because the
messages hold personal data. A call that overruns its deadline kills the child; the next call starts another.
The child dies with its parent: by PR_SET_PDEATHSIG, and by the end of its input.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import IO, Any, NoReturn

Head = dict[str, Any]
Handler = Callable[[Head, bytes], tuple[Mapping[str, Any], bytes]]

_LENGTHS = struct.Struct(">II")
_LARGEST = 64 << 20
_PR_SET_PDEATHSIG = 1
_PIPE_STEP = 1 << 16


class WorkerError(Exception):
    """The worker could not do it. ``code`` is a message key."""

    code = "worker-failed"
    advice = "Try once more; the worker starts anew."
    retryable = True


class WorkerOverran(WorkerError):
    """The deadline passed; the child was killed."""

    code = "worker-overran"


class WorkerDied(WorkerError):
    """The child ended before it answered."""

    code = "worker-died"


class WorkerRefused(WorkerError):
    """The child answered with an error of its own: ``code`` and ``details`` as it gave them."""

    def __init__(self, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code = code
        self.details = dict(details)
        self.retryable = False


@cache
def _launcher() -> ThreadPoolExecutor:
    """PDEATHSIG follows the *thread* that started the child: one thread, living as long as the process, starts all."""
    return ThreadPoolExecutor(1, thread_name_prefix="worker-launcher")


class Worker:
    """One child, started at the first call. Calls from several threads run one after another."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def call(self, head: Mapping[str, Any], body: bytes = b"", *, deadline_s: float) -> tuple[Head, bytes]:
        """Send one message and wait for its answer. Raises WorkerOverran, WorkerDied or WorkerRefused."""
        until = time.monotonic() + deadline_s
        if not self._lock.acquire(timeout=max(0.0, deadline_s)):
            raise WorkerOverran(f"{self._module} was busy for {deadline_s:g} s")
        try:
            child = self._running()
            try:
                _send(child, _packed(head, body), until)
                answer, data = _receive(child, until)
            except BaseException:
                self._end(child)
                raise
        finally:
            self._lock.release()
        error = answer.pop("error", None)
        if error is not None:
            raise WorkerRefused(error, answer)
        return answer, data

    def release(self) -> None:
        """End the child and give its memory back. Waits for a call in progress; the next call starts another."""
        with self._lock:
            if self._child is not None:
                self._end(self._child)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            if self._child is not None:
                self._end(self._child)
            self._child = _launcher().submit(self._start).result()
            self.starts += 1
        return self._child

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", self._module]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        if child.stdin is None or child.stdout is None:
            raise AssertionError("pipes were asked for")
        os.set_blocking(child.stdin.fileno(), False)
        os.set_blocking(child.stdout.fileno(), False)
        return child

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        self._child = None


def _packed(head: Mapping[str, Any], body: bytes) -> bytes:
    text = json.dumps(head, ensure_ascii=False).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def _wait(pipe: IO[bytes], event: int, until: float) -> None:
    """Until the pipe is ready or the deadline has passed (WorkerOverran)."""
    left = until - time.monotonic()
    poll = select.poll()
    poll.register(pipe.fileno(), event)
    if left <= 0 or not poll.poll(left * 1000):
        raise WorkerOverran("the deadline passed")


def _send(child: subprocess.Popen[bytes], data: bytes, until: float) -> None:
    if child.stdin is None:
        raise AssertionError("pipes were asked for")
    view = memoryview(data)
    while view:
        _wait(child.stdin, select.POLLOUT, until)
        try:
            view = view[os.write(child.stdin.fileno(), view[:_PIPE_STEP]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            raise WorkerDied("the child ended") from None


def _receive(child: subprocess.Popen[bytes], until: float) -> tuple[Head, bytes]:
    if child.stdout is None:
        raise AssertionError("pipes were asked for")
    data = bytearray()
    wanted = _LENGTHS.size
    head_length = body_length = -1
    while len(data) < wanted:
        _wait(child.stdout, select.POLLIN, until)
        try:
            part = os.read(child.stdout.fileno(), min(1 << 20, wanted - len(data)))
        except BlockingIOError:
            continue
        if not part:
            raise WorkerDied("the child ended")
        data += part
        if head_length < 0 and len(data) >= _LENGTHS.size:
            head_length, body_length = _LENGTHS.unpack_from(data)
            if head_length + body_length > _LARGEST:
                raise WorkerDied("the child's answer has no sensible length")
            wanted = _LENGTHS.size + head_length + body_length
    start = _LENGTHS.size
    head: Head = json.loads(data[start : start + head_length])
    return head, bytes(data[start + head_length :])


# -- in the child --------------------------------------------------------------------------------------


def serve(handler: Handler, refusals: Callable[[Exception], Head | None]) -> NoReturn:
    """Answer messages until the input ends. ``refusals`` turns an expected error into an answer with ``error``.

    Any other error is a bug: the child ends, the parent sees WorkerDied.
    """
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a stray print must not look like an answer
    messages = _inbox(os.fdopen(0, "rb", buffering=0, closefd=False))
    while True:
        head, body = messages()
        try:
            answer, data = handler(head, body)
        except Exception as error:
            refusal = refusals(error)
            if refusal is None:
                raise
            answer, data = refusal, b""
        _write_all(answers, _packed(answer, data))


def _die_with_parent() -> None:
    import ctypes
    import resource

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no memory image with somebody's name in it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def _inbox(source: IO[bytes]) -> Callable[[], tuple[Head, bytes]]:
    """A thread reads, so that the end of the input ends the child even in the middle of its work."""
    from queue import SimpleQueue

    messages: SimpleQueue[tuple[Head, bytes]] = SimpleQueue()

    def read(count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            part = source.read(count - len(data))
            if not part:
                os._exit(0)
            data += part
        return bytes(data)

    def run() -> None:
        while True:
            head_length, body_length = _LENGTHS.unpack(read(_LENGTHS.size))
            head = json.loads(read(head_length))
            messages.put((head, read(body_length)))

    threading.Thread(target=run, name="inbox", daemon=True).start()
    return messages.get


def _write_all(sink: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]
