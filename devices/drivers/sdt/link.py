"""One request, one answer: the exchange with the reader, and a named error for each way it can fail."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.sdt.frames import HEADER_BYTES, MAX_GARBAGE, BadFrame, Frame, FrameDecoder
from devices.drivers.sdt.protocol import Command, Truncated
from devices.transports.stream import ByteStream, ReadTimeout

_ADVICE = "Lay the card down again; if it stays so, check the cable of the reader and what lies near it."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the line may be silent, in seconds, before that means something. All inside the caller's deadline."""

    command: float = 5.0  # until an answer begins
    frame: float = 1.0  # inside a frame
    noise: float = 2.0  # after noise: the real answer may still be on its way
    settle: float = 0.06  # after a failure, before the next command: a late answer must not be taken for the next


class NoAnswer(DeviceError):
    """Not one byte came."""

    def __init__(self, command: str) -> None:
        advice = "Check power, cable and speed of the reader; reset it if it stays silent."
        super().__init__("no-answer", f"the reader did not answer {command}", advice=advice, retryable=True)


class BadChecksum(DeviceError):
    """A frame came whole, its check byte is wrong."""

    def __init__(self, command: str) -> None:
        super().__init__("checksum", f"the answer to {command} has a wrong check byte", advice=_ADVICE, retryable=True)


class TornFrame(DeviceError):
    """A frame broke off and another one began in it."""

    def __init__(self, command: str) -> None:
        message = f"the answer to {command} broke off and another began"
        super().__init__("torn-frame", message, advice=_ADVICE, retryable=True)


class Garbage(DeviceError):
    """Bytes came, no frame among them."""

    def __init__(self, command: str, count: int) -> None:
        message = f"{count} bytes came after {command}, no answer among them"
        advice = "Check that the port and the speed are the reader's; then check its cable."
        super().__init__("garbage", message, advice=advice, retryable=True)


class Link:
    """Exchanges over a ByteStream. After any failure the next exchange begins on a quiet line."""

    def __init__(self, stream: ByteStream, patience: Patience) -> None:
        self.stream = stream
        self.counts: Counter[str] = Counter()
        self._patience = patience
        self._doubtful = False

    def exchange(self, command: Command, deadline: Deadline) -> Frame:
        """Send a command, return the sound frame that answers it, whatever its SW3 says.

        Raises NoAnswer, Garbage, Truncated, TornFrame, BadChecksum, or a StreamError of the line.
        """
        self.counts["commands"] += 1
        try:
            self._quieten(deadline)
            self.stream.write(command.frame, deadline)
            frame = self._answer(command.name, deadline)
        except DeviceError as error:
            self._doubtful = True
            self.counts[error.code] += 1
            raise
        self.counts["skipped_bytes"] += frame.skipped
        return frame

    def _quieten(self, deadline: Deadline) -> None:
        """Drop what is left of earlier answers; after a failure wait until the line has been quiet for a moment."""
        self.stream.drain()
        if not self._doubtful:
            return
        try:
            while not deadline.expired:
                self.stream.read_exact(1, deadline.sooner(self._patience.settle))
                self.stream.drain()
        except ReadTimeout:
            self._doubtful = False

    def _answer(self, command: str, deadline: Deadline) -> Frame:
        decoder = FrameDecoder()
        begin = deadline.sooner(self._patience.command)
        bad: DeviceError | None = None
        while True:
            data, ended = self._more(decoder, begin, deadline)
            for item in decoder.feed(data):
                if isinstance(item, Frame):
                    return item
                bad = self._bad(item, command)
                if not item.torn:
                    raise bad
            if ended:
                return self._rescued(decoder, bad, command)
            if decoder.skipped > MAX_GARBAGE:
                raise Garbage(command, decoder.skipped)

    def _more(self, decoder: FrameDecoder, begin: Deadline, deadline: Deadline) -> tuple[bytes, bool]:
        """Bytes that bring the decoder further, and whether the line has fallen silent or time is up."""
        try:
            if decoder.in_frame:  # as long as bytes keep coming, only the caller's deadline counts
                return self.stream.read_exact(decoder.wanted, deadline, self._patience.frame), False
            if decoder.skipped or decoder.pending:
                return self.stream.read_exact(decoder.wanted, begin, self._patience.noise), False
            return self.stream.read_exact(1, begin), False
        except ReadTimeout as timeout:
            return timeout.received, True

    def _rescued(self, decoder: FrameDecoder, bad: DeviceError | None, command: str) -> Frame:
        """The line is silent: take a whole answer that follows a torn one, or raise what went wrong."""
        error = bad or self._ended(decoder, command)
        while decoder.in_frame:
            frames = [item for item in decoder.abandon() if isinstance(item, Frame)]
            if frames:
                return frames[0]
            if decoder.in_frame:  # another frame had begun inside the one that broke off
                error = TornFrame(command)
        raise error

    @staticmethod
    def _bad(item: BadFrame, command: str) -> DeviceError:
        return TornFrame(command) if item.torn else BadChecksum(command)

    @staticmethod
    def _ended(decoder: FrameDecoder, command: str) -> DeviceError:
        if decoder.in_frame:
            return Truncated(decoder.pending + decoder.wanted, decoder.pending)
        if decoder.pending and not decoder.skipped:
            return Truncated(HEADER_BYTES, decoder.pending)
        if decoder.skipped or decoder.pending:
            return Garbage(command, decoder.skipped + decoder.pending)
        return NoAnswer(command)
