"""Both of the driver's conversations in one file, and both played back: libcups with cupsd, we with the printer.

libcups is told a gate as its server (``transports.gate_capture``), so that what is written down is what cupsd hears:
the IPP of a foreign library. Compared is every operation, attribute and byte of a document; what may differ is a
request's number, the user's name and language, and ``job-cancel-after``, which is the time that was left. The marks by
which jobs are known at the printer are chance: a replay hands out those of the capture. How often the driver looks
follows from the answers, but not while a job is taken back (there the clock has a say): such a capture need not replay.
What failed, libcups asks again by itself, once more or less as it heard of the end before or after it had asked: the
same question fails the same way as often as it comes.

Lines are those of ``transports.http_capture`` with ``wire`` cupsd or printer, and ``{"wire": "mark", "mark": …}``.
Titles and documents are in a capture: take it with test pages only. A login never is.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.cups.wires import Direct
from devices.drivers.ipp.protocol import Attribute, IppFormatError, Message, decode
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.gate_capture import Gate, Player, Relay
from devices.transports.http import MAX_ANSWER, HttpAnswer
from devices.transports.http_capture import CapturingHttp, ExchangeNotes, ReplayHttp, first_byte

CUPSD, PRINTER, MARK = "cupsd", "printer", "mark"
OURS = ("requesting-user-name", "attributes-natural-language", "job-cancel-after")
KNOCK = "CONNECT"  # the method under which a knock stands in a capture
IPP_PORT = 631


class CapturingWires(Direct):
    """Lets all through and writes it down."""

    def __init__(self, path: Path) -> None:
        self._file = CaptureFile(path)
        self.carry = CapturingHttp(self._file, PRINTER)
        self._knocks = ExchangeNotes(self._file, PRINTER)
        self._gate: Gate | None = None

    def knock(self, address: str, deadline: Deadline) -> None:
        began = self._knocks.now()
        try:
            super().knock(address, deadline)
        except DeviceError as error:
            self._knocks.note(began, KNOCK, "", "", b"", error)
            raise
        self._knocks.note(began, KNOCK, "", "", b"", HttpAnswer(200, {}, b""))

    def server(self, name: str, number: int) -> tuple[str, int]:
        server = default_server() if not name else name if name.startswith("/") else (name, number)
        self._gate = Gate(Relay(server, ExchangeNotes(self._file, CUPSD)).serve)
        return self._gate.path, number

    def open(self) -> None:
        if self._gate is not None:
            self._gate.open()

    def close(self) -> None:
        if self._gate is not None:
            self._gate.close()

    def mark(self) -> str:
        mark = super().mark()
        self._file.note({"wire": MARK, "mark": mark})
        return mark


class ReplayWires:
    """Plays cupsd and the printer, as fast as they are asked. Needs libcups, but neither cupsd nor printer."""

    def __init__(self, cupsd: ReplayHttp, printer: ReplayHttp, marks: list[str]) -> None:
        self._cupsd, self._printer, self._marks = cupsd, printer, marks
        self._player = Player(_Insistent(_Answers(cupsd)))
        self._gate = Gate(self._player.serve)
        self.carry = _Answers(printer)

    @classmethod
    def load(cls, path: Path) -> ReplayWires:
        """Raises ValueError where the file is no whole capture."""
        marks = [str(entry["mark"]) for entry in entries_of(path) if entry.get("wire") == MARK]
        return cls(ReplayHttp.load(path, CUPSD, differs), ReplayHttp.load(path, PRINTER, differs), marks)

    @property
    def finished(self) -> bool:
        """Whether both conversations have been played."""
        return self._cupsd.finished and self._printer.finished and not self._marks

    def knock(self, address: str, deadline: Deadline) -> None:
        self._printer("", 0, "", b"", content_type="", deadline=deadline, method=KNOCK)

    def server(self, name: str, number: int) -> tuple[str, int]:
        return self._gate.path, number

    def open(self) -> None:
        self._gate.open()

    def close(self) -> None:
        self._gate.close()

    def check(self) -> None:
        self._player.check()

    def mark(self) -> str:
        if not self._marks:
            raise ReplayMismatch("a job was begun, the capture has no more")
        return self._marks.pop(0)


class _Answers:
    """Captured answers under the number of today's request."""

    def __init__(self, replay: ReplayHttp) -> None:
        self._replay = replay

    def __call__(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes,
        *,
        content_type: str,
        deadline: Deadline,
        method: str = "POST",
        max_answer: int = MAX_ANSWER,
    ) -> HttpAnswer:
        answer = self._replay(host, port, path, body, content_type=content_type, deadline=deadline, method=method)
        if len(answer.body) < 8:
            return answer
        return replace(answer, body=answer.body[:4] + body[4:8] + answer.body[8:])


class _Insistent:
    """Answers for a client that asks again by itself: what failed, fails again."""

    def __init__(self, answers: _Answers) -> None:
        self._answers = answers
        self._failed: tuple[bytes, DeviceError] | None = None

    def __call__(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes,
        *,
        content_type: str,
        deadline: Deadline,
        method: str = "POST",
        max_answer: int = MAX_ANSWER,
    ) -> HttpAnswer:
        try:
            answer = self._answers(host, port, path, body, content_type=content_type, deadline=deadline, method=method)
        except ReplayMismatch:
            if self._failed is None or differs(body, self._failed[0]):
                raise
            raise self._failed[1] from None
        except DeviceError as error:
            self._failed = (body, error)
            raise
        self._failed = None
        return answer


def differs(sent: bytes, captured: bytes) -> str:
    """The first place where two IPP requests differ beyond what may; values stay unsaid, they may name a person."""
    try:
        ours, theirs = decode(sent), decode(captured)
    except IppFormatError:
        return first_byte(sent, captured)
    if (ours.version, ours.code) != (theirs.version, theirs.code):
        return f"operation {ours.code:#06x}, captured {theirs.code:#06x}"
    for ours_now, theirs_now in zip_longest(_said(ours), _said(theirs)):
        if ours_now != theirs_now:
            return f"operation {ours.code:#06x}: {(ours_now or theirs_now)[1].name} differs"
    return first_byte(ours.document, theirs.document).replace("body", "document")


def _said(message: Message) -> list[tuple[int, Attribute]]:
    """Attributes with their groups, without those that may differ."""
    every = [(group.tag, attribute) for group in message.groups for attribute in group.attributes]
    return [(tag, attribute) for tag, attribute in every if attribute.name not in OURS]


def default_server() -> str | tuple[str, int]:
    """Where libcups looks when it is told nothing: CUPS_SERVER, Debian's socket, port 631. No client.conf is read."""
    named = os.environ.get("CUPS_SERVER", "").partition("/version=")[0]
    if named and not named.startswith("/"):
        host, _, number = named.partition(":")
        return host, int(number or IPP_PORT)
    socket = named or "/run/cups/cups.sock"
    return socket if os.path.exists(socket) else ("localhost", IPP_PORT)
