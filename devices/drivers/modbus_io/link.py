"""One request, one answer on a Modbus line, and a named error for each way to fail.

An RTU frame has no number that ties an answer to its request, so an answer that comes too late could be taken for the
next one. After a silence the line is therefore left alone until the late answer has come or cannot come any more.

Several boards may hang on one pair of wires: their drivers share one link, and their exchanges take turns.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.modbus_io import protocol
from devices.drivers.modbus_io.protocol import EXCEPTION_ADU, EXCEPTION_BIT, Request, WrongAnswer
from devices.transports.stream import ByteStream, ReadTimeout, Unplugged

BITS_PER_CHARACTER = 11  # serial line V1.02, 2.5.1: start, eight, parity or second stop, stop
FAST = 19_200  # above it the silence between frames is fixed (2.5.1.1)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, all inside the caller's deadline."""

    answer: float = 0.6  # until an answer begins
    frame: float = 0.1  # of silence inside one
    late: float = 1.0  # after a silence: as long as the answer may still come
    settle: float = 0.02  # of quiet after anything went wrong
    attempts: int = 2  # of a request whose answer came damaged; one that stays without answer is not repeated


class NoAnswer(DeviceError):
    """Not one byte came."""

    def __init__(self, what: str) -> None:
        advice = "Check power, cable, speed and unit number of the board."
        super().__init__("no-answer", f"the board did not answer {what}", advice=advice, retryable=True)


class Truncated(DeviceError):
    """The answer stopped before its end."""

    def __init__(self, what: str, wanted: int, received: int) -> None:
        message = f"the answer to {what} ended after {received} of {wanted} bytes"
        super().__init__("truncated", message, advice="Check the cable of the board.", retryable=True)


class BadChecksum(DeviceError):
    """An answer came whole, its CRC is wrong."""

    def __init__(self, what: str) -> None:
        advice = "Check that speed and parity are the board's; then its cable, its shield and the terminating resistor."
        super().__init__("checksum", f"the answer to {what} has a wrong CRC", advice=advice, retryable=True)


class LineBusy(DeviceError):
    """Another board on the same line had its turn until the time was up."""

    def __init__(self, what: str) -> None:
        advice = "Try again; if it stays so, another board on the line does not answer: look at that one."
        super().__init__("line-busy", f"there was no turn for {what} in time", advice=advice, retryable=True)


class ModbusLink:
    """The one master on a ByteStream. One request at a time, each after the silence that ends a frame.

    May be shared by drivers in several threads; each is a user from its ``open`` to its ``close``."""

    def __init__(self, stream: ByteStream, baud: int = 9_600, patience: Patience | None = None) -> None:
        self._stream = stream
        self._users: set[object] = set()
        self._turn = threading.Lock()
        self.counts: Counter[str] = Counter()
        self._patience = patience or Patience()
        self._silence = 3.5 * BITS_PER_CHARACTER / baud if baud <= FAST else 0.00175
        self._free_at = 0.0  # when the next frame may begin
        self._owed_until = 0.0  # until when an answer that is overdue may still come
        self._doubtful = False

    @property
    def is_open(self) -> bool:
        return self._stream.is_open

    def open(self, user: object, deadline: Deadline) -> None:
        """Open the line afresh, unless another user has it open. Raises StreamError."""
        with self._turn_of("opening", deadline):
            if not self._stream.is_open or not self._users - {user}:
                self._stream.open(deadline)
            self._users.add(user)

    def close(self, user: object) -> None:
        """The last user closes the line."""
        with self._turn:  # an exchange ends by its deadline, so this does too
            self._users.discard(user)
            if not self._users:
                self._stream.close()

    def ask(self, unit: int, request: Request, deadline: Deadline, *, at_once: bool = False) -> tuple[int, ...]:
        """The values read, or () when writing. Requests here are safe to repeat: each names a state, not a change.

        ``at_once`` does not wait for an answer that is overdue. It is for a write that must not wait, and whose echo
        cannot be taken for the overdue one because its value differs.

        Raises NoAnswer, Truncated, BadChecksum, WrongAnswer, Refused, LineBusy, or a StreamError of the line.
        """
        with self._turn_of(request.name, deadline):
            for attempt in range(1, self._patience.attempts + 1):
                try:
                    return self._exchange(unit, request, deadline, at_once)
                except protocol.Refused as error:
                    error.repeated = attempt > 1
                    raise
                except (Truncated, BadChecksum):
                    if attempt == self._patience.attempts or deadline.expired:
                        raise
                except Unplugged:
                    self._stream.close()  # every user is to see it, whoever asks next
                    raise
        raise AssertionError("attempts is 1 or more")

    @contextmanager
    def _turn_of(self, what: str, deadline: Deadline) -> Iterator[None]:
        if not self._turn.acquire(timeout=deadline.remaining()):
            self.counts["line-busy"] += 1
            raise LineBusy(what)
        try:
            yield
        finally:
            self._turn.release()

    def _exchange(self, unit: int, request: Request, deadline: Deadline, at_once: bool) -> tuple[int, ...]:
        self.counts["requests"] += 1
        try:
            if not at_once:
                self._quieten(deadline)
            self._keep_apart(deadline)
            asked = protocol.frame(unit, protocol.encode_request(request))
            self._stream.write(asked, deadline)
            answer = self._answer(request, asked, deadline)
            if answer[0] != unit:
                raise WrongAnswer(request.name, f"unit {answer[0]} answered for {unit}")
            return protocol.decode_answer(request, answer[1 : -protocol.CRC_BYTES])
        except DeviceError as error:
            self._doubtful = self._doubtful or not isinstance(error, protocol.Refused)
            if at_once:  # what came may have been the overdue answer: its own may come yet
                self._owed_until = time.monotonic() + self._patience.late
            self.counts[error.code] += 1
            raise
        finally:
            self._free_at = time.monotonic() + self._silence

    def _answer(self, request: Request, asked: bytes, deadline: Deadline) -> bytes:
        """A whole sound frame. The first five bytes tell whether it is an exception, which ends there."""
        wanted = protocol.answer_bytes(request)
        begin = deadline.sooner(self._patience.answer)
        try:
            head = self._stream.read_exact(1, begin)
        except ReadTimeout:
            self._owed_until = time.monotonic() + self._patience.late
            raise NoAnswer(request.name) from None
        for size in (EXCEPTION_ADU, wanted):
            if size > len(head) and not (len(head) == EXCEPTION_ADU and head[1] & EXCEPTION_BIT):
                try:
                    head += self._stream.read_exact(size - len(head), deadline, self._patience.frame)
                except ReadTimeout as timeout:
                    raise Truncated(request.name, wanted, len(head) + len(timeout.received)) from None
        sound = protocol.sound(head)
        echo = head == asked or (not sound and asked.startswith(head))  # an answer may be shorter than its question
        if echo and request.function in protocol.READS:
            raise WrongAnswer(request.name, "it is our own question: the adapter echoes what is sent")
        if not sound:
            raise BadChecksum(request.name)
        return head

    def _quieten(self, deadline: Deadline) -> None:
        """Let an overdue answer come, and what is left of a damaged one."""
        if self._doubtful:
            while not deadline.expired:
                owed = max(self._owed_until - time.monotonic(), self._patience.settle)
                try:
                    self._stream.read_exact(1, deadline.sooner(owed))
                except ReadTimeout:
                    break
                self._owed_until = 0.0  # it has come: what is left of it ends with a moment of quiet
                self._stream.drain()
            self._doubtful = deadline.expired
        if self._doubtful:
            raise NoAnswer("anything: the line was not quiet in time")

    def _keep_apart(self, deadline: Deadline) -> None:
        """Drop what waits, keep the pause between frames."""
        self.counts["dropped_bytes"] += self._stream.drain()
        pause = self._free_at - time.monotonic()
        if pause > 0:
            time.sleep(min(pause, deadline.remaining()))
