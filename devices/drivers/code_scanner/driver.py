"""A code scanner on a serial line: a CodeScanner over lines of bytes.

Most scanners only talk: they cannot be asked how they are. Such a scanner is ``unknown`` for as long as it lives, with
a fault that says why and does not block; one whose profile has a question and its answer is asked.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from devices.contracts.code_scanner import NoCode, ScannedCode, ScanOutcome, Unreadable
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.drivers.code_scanner.protocol import Commands, Framing, Line, LineDecoder, decode_line
from devices.transports.arrived import arrived
from devices.transports.serial import SerialPort
from devices.transports.stream import ByteStream

CHUNK = 4_096
MUTE = Fault(
    "cannot-be-asked", Action.NONE, "this scanner answers no question: only a code shows that it works", blocking=False
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, all inside the caller's deadline."""

    gap: float = 0.3  # of silence inside a code, after which it has broken off
    answer: float = 1.0  # to a question


class NoAnswer(DeviceError):
    """The scanner was asked and did not say what its profile expects."""

    def __init__(self, count: int) -> None:
        told = "nothing" if not count else f"{count} other bytes"
        message = f"the scanner was asked how it is and sent {told}"
        advice = "Check power, cable and speed of the scanner, and that the profile's question is one it knows."
        super().__init__("no-answer" if not count else "garbage", message, advice=advice, retryable=True)


class Babbling(DeviceError):
    """The line does not fall silent, so that no code can be told from another."""

    def __init__(self) -> None:
        advice = "Check that the port and the speed are the scanner's, and that it is not set to test itself."
        super().__init__("garbage", "bytes come from the scanner without end", advice=advice, retryable=True)


class SerialScanner:
    """One scanner on one port. ``stream`` replaces the serial line (capture, replay, faults)."""

    def __init__(
        self,
        port: str,
        baud: int = 9_600,
        *,
        framing: Framing | None = None,
        commands: Commands | None = None,
        stream: ByteStream | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._port = port
        self._stream = stream or SerialPort(port, baud)
        self._framing = framing or Framing()
        self._commands = commands or Commands()
        self._patience = patience or Patience()
        self._decoder = LineDecoder(self._framing)
        self._ready: deque[ScannedCode | Unreadable] = deque()
        self._begun = False
        self._last_byte = 0.0
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("code_scanner", "code_scanner", self._port)

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {
            "symbology": "told" if self._framing.aim else "notSupported",
            "encodings": " ".join(self._framing.encodings),
            "trigger": "command" if self._commands.trigger_on else "none",
            "status": "asked" if self._commands.ask else "notSupported",
        }

    def open(self, deadline: Deadline) -> None:
        """Open the port and, where it can be asked, see that the scanner is well."""
        self._forget()
        self._begun = False
        self._stream.open(deadline)
        try:
            if self._commands.ask:
                self._ask(deadline)
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        self._stream.close()

    def poll(self, deadline: Deadline) -> Status:
        """Ask, where there is a question; else see only that the port is still there, and say so."""
        if self._commands.ask:
            self._ask(deadline)
            return Status(State.ONLINE)
        self._take(self._arrived(Deadline(0.0)))
        return Status(State.UNKNOWN, (MUTE,))

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Internal: the line, and the question. External: the trigger too. Interactive: waits for a code."""
        status = self.poll(deadline)
        passed = True if status.state is State.ONLINE else None
        report = "the scanner answers" if passed else "the port is there; this scanner answers no question"
        if level is Level.INTERNAL:
            return TestResult(level, passed, report)
        self.begin(deadline)
        try:
            if level is Level.EXTERNAL:
                return TestResult(level, passed, f"{report}; the trigger was switched on and off")
            outcome = self.scan(deadline)
        finally:
            self.end(Deadline.after(self._patience.answer) if deadline.expired else deadline)
        if isinstance(outcome, ScannedCode):
            return TestResult(level, True, f"a code of {len(outcome.data)} bytes was read")
        why = outcome.reason.code if isinstance(outcome, Unreadable) else "no code was shown"
        return TestResult(level, False, f"{report}; {why}")

    def reset(self, deadline: Deadline) -> None:
        """Forget what was scanned, switch the scanner off."""
        self.end(deadline)

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: codes, bytes, dropped_bytes (nobody had asked), and one per fault or error code."""
        return dict(self._count)

    # ---- CodeScanner ----

    def begin(self, deadline: Deadline) -> None:
        self._quieten(deadline)
        self._begun = True
        self._tell(self._commands.trigger_on, deadline)

    def scan(self, deadline: Deadline) -> ScanOutcome:
        if not self._begun:
            self.begin(deadline)
        elif not self._ready and not self._decoder.pending:
            self._tell(self._commands.trigger_on, deadline)  # many switch themselves off after a code
        while not self._ready:
            self._listen(deadline)
            if deadline.expired and not self._ready:  # also where bytes never cease to come
                return NoCode()
        return self._ready.popleft()

    def end(self, deadline: Deadline) -> None:
        begun, self._begun = self._begun, False
        self._forget()
        if begun:
            self._tell(self._commands.trigger_off, deadline)

    # ---- the line ----

    def _forget(self) -> None:
        self._ready.clear()
        self._decoder = LineDecoder(self._framing)

    def _quieten(self, deadline: Deadline) -> None:
        """Drop what waits, and a code that is under way up to its end: its tail must not be taken for a code."""
        self._forget()
        old = LineDecoder(self._framing)
        while data := self._arrived(deadline.sooner(self._patience.gap) if old.pending else Deadline(0.0)):
            self._count["dropped_bytes"] += len(data)
            old.feed(data)
            if deadline.expired:
                break
        if old.pending and deadline.expired:  # it was the time that ended, not the bytes
            raise self._told(Babbling())

    def _listen(self, deadline: Deadline) -> None:
        """Take in what comes by the deadline, or by the end of the gap inside a code."""
        gap_ends = self._last_byte + self._patience.gap
        pending = self._decoder.pending
        until = Deadline(min(deadline.at, gap_ends)) if pending else deadline
        data = self._arrived(until)
        self._take(data)
        if pending and not data and time.monotonic() >= gap_ends:
            self._note(self._decoder.abandon())

    def _take(self, data: bytes) -> None:
        """Bytes from the line: into the decoder while codes are wanted, else dropped."""
        if not data:
            return
        if not self._begun:
            self._count["dropped_bytes"] += len(data)
            return
        now = time.monotonic()
        if now - self._last_byte > self._patience.gap:  # nobody listened meanwhile: these may be another code's bytes
            self._decoder.spoil()
        self._last_byte = now
        self._count["bytes"] += len(data)
        for item in self._decoder.feed(data):
            self._note(decode_line(item, self._framing) if isinstance(item, Line) else item)

    def _note(self, item: ScannedCode | Fault | None) -> None:
        if item is None:
            return
        if isinstance(item, ScannedCode):
            self._count["codes"] += 1
            self._ready.append(item)
        else:
            self._count[item.code] += 1
            self._ready.append(Unreadable(item))

    def _ask(self, deadline: Deadline) -> None:
        """The question and its answer. A code that comes meanwhile is kept when codes are wanted."""
        step = deadline.sooner(self._patience.answer)
        if not self._begun:
            self._count["dropped_bytes"] += self._stream.drain()
        self._tell(self._commands.ask, step)
        came = b""
        while self._commands.answer not in came and len(came) <= CHUNK:
            part = self._arrived(step)
            if not part:
                break
            came += part
        before, answer, after = came.partition(self._commands.answer)
        self._take(before + after)
        if not answer:
            raise self._told(NoAnswer(len(came)))

    def _tell(self, command: bytes, deadline: Deadline) -> None:
        if not command:
            return
        try:
            self._stream.write(command, deadline)
        except DeviceError as error:
            raise self._told(error) from None

    def _arrived(self, deadline: Deadline) -> bytes:
        try:
            return arrived(self._stream, CHUNK, deadline)
        except DeviceError as error:
            raise self._told(error) from None

    def _told(self, error: DeviceError) -> DeviceError:
        self._count[error.code] += 1
        return error
