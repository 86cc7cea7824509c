"""Commands to one chip under one deadline, in the clear or protected, and whole files out of READ BINARY.

A read is bounded twice: by the file's cap, whatever length it announces, and by the number of exchanges, whatever
the chip sends (each brings at least one byte).
"""

from __future__ import annotations

from collections import Counter

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.smart_card import Response, SmartCard
from devices.drivers import tlv
from devices.drivers.emrtd import protocol
from devices.drivers.emrtd.protocol import Command, File, is_wrong_length, refusal, trouble
from devices.drivers.emrtd.secure_messaging import Session, SessionLost

# Bytes asked for at once. 223 is what fits, enciphered and sealed, into a short answer, with 3DES as with AES.
SHORT_CHUNKS = (223, 128, 64, 32)
HEADER_BYTES = 6  # tag and length of a file; no file of the application is shorter
_EOF_WARNING = 0x6282


class SmallerChunk(Exception):
    """The chip does not take this much at once, and the session may be gone: open it again and ask for less."""


class Channel:
    """One chip. ``session`` is set once access was granted; ``chunk`` is what to ask for at once."""

    def __init__(self, card: SmartCard, deadline: Deadline, counts: Counter[str]) -> None:
        self._card = card
        self._deadline = deadline
        self._counts = counts
        self.chunk = SHORT_CHUNKS[-1]
        self.session: Session | None = None

    def exchange(self, command: Command) -> Response:
        """One command, one answer. After an answer that is not sound the session is gone."""
        if self._deadline.expired:
            raise trouble("read-timeout")
        self._counts["commands"] += 1
        if self.session is None:
            return self._card.transmit(command.encode(), self._deadline)
        session, self.session = self.session, None  # spent, unless the answer below is sound
        response = session.reveal(self._card.transmit(session.protect(command).encode(), self._deadline))
        self.session = session
        return response

    def read(self, file: File) -> bytes:
        """The file from its tag to the length that it announces. Errors name the file."""
        self._select(file)
        start = self._read(file, 0, HEADER_BYTES)
        try:
            head = tlv.header(start)
        except tlv.BadTlv as error:
            raise trouble("file-content", file.name) from error
        if head.tag != file.tag:
            raise trouble("file-content", f"{file.name}: another tag")
        if head.total > file.cap:
            raise trouble("file-too-long", f"{file.name}: {head.total} bytes, at most {file.cap}")
        content = bytearray(start[: head.total])
        while len(content) < head.total:
            content += self._read(file, len(content), min(self.chunk, head.total - len(content)))
        self._counts["bytes"] += len(content)
        return bytes(content)

    def _select(self, file: File) -> None:
        try:
            answer = self.exchange(protocol.select_file(file.identifier))
        except SessionLost as lost:
            if lost.sw:  # said in the clear: a chip may answer so when it has no such file
                raise refusal(lost.sw, file.name) from lost
            raise
        if not answer.ok:
            raise refusal(answer.sw, file.name)

    def _read(self, file: File, offset: int, count: int) -> bytes:
        """Between one and ``count`` bytes from ``offset``."""
        far = offset > protocol.MAX_SHORT_OFFSET
        try:
            answer = self.exchange(protocol.read_binary(offset, _with_wrapper(count) if far else count))
        except SessionLost as lost:
            # The transport asks once more after 6Cxx, which a chip takes for a breach of the protocol.
            if is_wrong_length(lost.sw) or lost.sw in (0x6987, 0x6988):
                raise SmallerChunk from lost
            raise
        except DeviceError as error:  # a reader that cannot carry that much says so in its own way
            if count > SHORT_CHUNKS[0] and error.code not in _GONE:
                raise SmallerChunk from error
            raise
        if is_wrong_length(answer.sw):
            raise SmallerChunk
        if not (answer.ok or (answer.sw == _EOF_WARNING and answer.data)):
            ended = answer.sw in (0x6B00, _EOF_WARNING)
            raise trouble("file-truncated", file.name) if ended else refusal(answer.sw, file.name)
        data = _unwrapped(answer.data, file) if far else answer.data
        if not data:
            raise trouble("file-truncated", file.name)
        if len(data) > count:
            raise trouble("short-answer", f"{file.name}: more than was asked for")
        return data


_GONE = frozenset({"short-answer", "card-pulled", "no-card", "unplugged", "pcscd-gone", "no-answer", "read-timeout"})


def _with_wrapper(count: int) -> int:
    """Le of READ BINARY B1: the data and the header of DO'53' around them."""
    return len(tlv.encode(0x53, bytes(count)))


def _unwrapped(data: bytes, file: File) -> bytes:
    try:
        return tlv.only(data, 0x53)
    except tlv.BadTlv as error:
        raise trouble("file-content", f"{file.name}: answer not in DO'53'") from error
