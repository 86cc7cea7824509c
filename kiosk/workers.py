"""Child processes with deadlines for work that must never stall the window or outlive the terminal: papers, speech.

A worker is ``python -m <module>`` that calls :func:`serve`; under it lies the one mechanism of the house for killable
children, ``devices.transports.child``. Messages hold personal data, so nothing goes through files, arguments,
environment or logs. A call that overruns its deadline kills the child; the next call starts another.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.child import ChildProcess, attach

Head = dict[str, Any]
IN_A_ROW = 4  # failures; two papers, each tried twice
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # s
Handler = Callable[[Head, bytes], tuple[Mapping[str, Any], bytes]]


class WorkerError(Exception):
    """The worker could not do it. ``code`` is a message key."""

    code = "worker-failed"
    advice = "Try once more; the worker starts anew."
    retryable = True


class WorkerOverran(WorkerError):
    """The deadline passed; the child was killed."""

    code = "worker-overran"


class WorkerDied(WorkerError):
    """The child ended before it answered, or answered nonsense."""

    code = "worker-died"


class WorkerRests(WorkerDied):
    """It failed several times in a row: no other child is started before a pause is over."""

    code = "worker-rests"
    advice = "It is started again after a pause; where that does not help, call a technician."


class WorkerRefused(WorkerError):
    """The child answered with an error of its own: ``code`` and ``details`` as it gave them. ``worker-message``: the
    message cannot be sent, because it is too large."""

    def __init__(self, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code = code
        self.details = dict(details)
        self.retryable = False


class Worker:
    """One child, started at the first call. Calls from several threads run one after another.

    One that died or was killed IN_A_ROW times without an answer between is left alone for a pause, which doubles with
    every further failure: a child that cannot live must not cost the terminal a start for every paper.
    """

    def __init__(self, module: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._module = module
        self._clock = clock
        self._lock = threading.Lock()
        self._child = ChildProcess(module)
        self._failures = self._in_a_row = 0
        self._rests_until = 0.0
        self._abandoned = False

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid

    @property
    def starts(self) -> int:
        """How often a child was started."""
        return self._child.starts

    @property
    def failures(self) -> int:
        """How often a child died or had to be killed."""
        return self._failures

    def call(self, head: Mapping[str, Any], body: bytes = b"", *, deadline_s: float) -> tuple[Head, bytes]:
        """Send one message and wait for its answer. Raises WorkerOverran, WorkerDied or WorkerRefused."""
        deadline = Deadline.after(deadline_s)
        if not self._lock.acquire(timeout=deadline.remaining()):
            raise WorkerOverran(f"{self._module} was busy for {deadline_s:g} s")
        try:
            if self._clock() < self._rests_until:
                raise WorkerRests(f"{self._module} failed {self._in_a_row} times in a row")
            self._abandoned = False
            answer, data = self._exchange(head, body, deadline)
            self._in_a_row = 0
        except BaseException as fault:
            self._child.kill()
            if isinstance(fault, WorkerOverran | WorkerDied) and not isinstance(fault, WorkerRests):
                self._note_failure()
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
            self._child.kill()

    def abandon(self) -> None:
        """End the child, from any thread, in the middle of a call: whoever waits for it gets WorkerDied."""
        self._abandoned = True
        self._child.abandon()

    def _note_failure(self) -> None:
        if self._abandoned:
            return
        self._failures += 1
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW:
            pause = min(FIRST_PAUSE * 2.0 ** (self._in_a_row - IN_A_ROW), LONGEST_PAUSE)
            self._rests_until = self._clock() + pause

    def _exchange(self, head: Mapping[str, Any], body: bytes, deadline: Deadline) -> tuple[Head, bytes]:
        try:
            self._child.start()
            self._send(head, body, deadline)
            answer = self._child.receive(deadline)
        except DeviceError as error:
            raise (WorkerOverran if error.code == "child-silent" else WorkerDied)(str(error)) from None
        return dict(answer.head), answer.body

    def _send(self, head: Mapping[str, Any], body: bytes, deadline: Deadline) -> None:
        try:
            self._child.send(head, body, deadline=deadline)
        except ValueError:  # larger than the channel takes, or text that is no text: nothing was sent
            raise WorkerRefused("worker-message", {}) from None


def serve(handler: Handler, refusals: Callable[[Exception], Head | None]) -> NoReturn:
    """In the child: answer messages until the parent is gone. ``refusals`` turns an expected error into an answer with
    ``error``.

    Any other error is a bug: the child ends, the parent sees WorkerDied.
    """
    import resource

    channel = attach()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no memory image with somebody's name in it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    while True:
        try:
            message = channel.receive()
        except EOFError:
            raise SystemExit(0) from None
        try:
            answer, data = handler(dict(message.head), message.body)
        except Exception as error:
            refusal = refusals(error)
            if refusal is None:
                raise
            answer, data = refusal, b""
        channel.send(answer, data)
