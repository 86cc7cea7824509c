"""One run of scanimage: pages in, status out, and a decision.

scanimage tells ``status 5`` (end of page) and exit status 0 for a page of which only the head came (observed), so
its word is believed only for a page whose every byte is there.
"""

from __future__ import annotations

import select
import time
from functools import partial

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.document_scanner import (
    NotScanned,
    Page,
    ScanListener,
    Scanned,
    ScanOutcome,
    ScanProgress,
    ScanSettings,
    Source,
    Unknown,
)
from devices.drivers.sane import protocol
from devices.drivers.sane.pages import Incoming, PagePipes, pipe_name
from devices.drivers.sane.port import SanePort, failure
from devices.drivers.sane.protocol import PnmError
from devices.transports.program import Program, Programs

RESERVE = 1.5  # seconds, or a fifth of the time, kept back for ending scanimage gently
LINGER = 2.0  # seconds for it to end once the last page is there; some backends never come back from closing
BETWEEN_REPORTS = 0.2  # seconds
NO_ANSWER = Fault("no-answer", Action.RESET, "the scanner fell silent")
CRASHED = Fault("backend-crashed", Action.RESET, "the SANE backend crashed")
STRANGE = Fault("strange-page", Action.CALL_TECHNICIAN, "what came is no page")
TOO_MANY = Fault("too-many-pages", Action.CLEAR, "more sheets in the feeder than one document may have")
NOTHING = Fault("no-page", Action.RESET, "the scanner ended without a page")
LOST = (protocol.IO_ERROR, 10)  # after these nobody knows where the sheet is


class Run:
    """``settings`` are such that the device can do them; ``words`` are they, for scanimage."""

    def __init__(
        self,
        port: SanePort,
        program: str,
        words: list[str],
        settings: ScanSettings,
        progress: ScanListener,
        programs: Programs,
    ) -> None:
        self._port, self._settings, self._progress = port, settings, progress
        self._programs = programs
        self._program = program
        self._words = [f"--device-name={port.device}", "--format=pnm", *words]
        self._pages: list[Page] = []
        self._told_at = 0.0
        self._fed = settings.source is not Source.FLATBED
        self.killed = False

    def scan(self, deadline: Deadline) -> ScanOutcome:
        working = Deadline(deadline.at - min(RESERVE, 0.2 * deadline.remaining()))
        count = self._settings.pages + self._fed  # one sheet too many is a document cut off, and must be seen
        pipes = PagePipes(count)
        program: Program | None = None
        try:
            batch = [f"--batch={pipes.pattern}", f"--batch-count={count}"]
            command = [self._program, *self._words, *batch]
            program = self._programs.start(command, self._port.environment, pipes.folder)
            return self._follow(program, pipes, working)
        except DeviceError as error:
            return NotScanned(error.fault())
        finally:
            if program is not None:
                self.killed = program.status is None
                program.end(deadline)
            pipes.close()

    def _follow(self, program: Program, pipes: PagePipes, working: Deadline) -> ScanOutcome:
        incoming, done = self._next(pipes), False
        while not done:
            self._await(program, incoming, working)
            program.hear()
            ended = program.status is not None  # before the pipe is emptied: then nothing can come after it
            try:
                incoming.take()
            except PnmError:
                return Unknown(STRANGE, len(self._pages))
            if incoming.begun and len(self._pages) == self._settings.pages:
                return NotScanned(TOO_MANY, len(self._pages))
            if incoming.ended:
                page = incoming.page(self._dpi(program))
                if page is None:
                    return self._half(program, working)
                self._pages.append(page)
                self._progress(ScanProgress(len(self._pages), 0.0))
                done = not self._fed
                if not done:
                    incoming = self._next(pipes)
                continue
            self._tell(incoming)
            if ended:
                break
            if working.expired:
                return Unknown(NO_ANSWER, len(self._pages))
        program.wait(working.sooner(LINGER))
        return self._decide(program, half=False)

    def _half(self, program: Program, working: Deadline) -> ScanOutcome:
        """A page that is not whole: scanimage tells why, right after it. It is not let go on to the next sheet."""
        number, told = len(self._pages) + 1, working.sooner(LINGER)
        while (status := protocol.page_status(program.said(), number)) is None:
            if told.expired:
                return self._decide(program, half=True)
            if program.status is not None:
                program.hear()
                status = protocol.page_status(program.said(), number)
                return self._decide(program, half=True) if status is None else self._reason(status, number - 1)
            poller = select.poll()
            for descriptor in program.descriptors:
                poller.register(descriptor, select.POLLIN)
            poller.poll(told.remaining() * 1000)
            program.hear()
        return self._reason(status, len(self._pages))

    def _next(self, pipes: PagePipes) -> Incoming:
        width, height = (mm / 25.4 * self._settings.dpi + 64 for mm in self._settings.size)
        number = len(self._pages) + 1
        read = partial(self._programs.read, name=pipe_name(number))
        return Incoming(pipes.end(number), int(width * height * 3) + protocol.MAX_HEAD, read)

    @staticmethod
    def _await(program: Program, incoming: Incoming, working: Deadline) -> None:
        poller = select.poll()
        for descriptor in (*program.descriptors, incoming.descriptor):
            poller.register(descriptor, select.POLLIN)
        poller.poll(working.remaining() * 1000)

    def _dpi(self, program: Program) -> int:
        """What the scanner really used: it may round what was asked for."""
        rounded = protocol.rounded_dpi(program.said())
        return self._settings.dpi if rounded is None else round(rounded)

    def _tell(self, incoming: Incoming) -> None:
        now = time.monotonic()
        if incoming.begun and now - self._told_at >= BETWEEN_REPORTS:
            self._told_at = now
            self._progress(ScanProgress(len(self._pages), incoming.part))

    def _decide(self, program: Program, *, half: bool) -> ScanOutcome:
        whole = len(self._pages)
        status = protocol.status_of(program.said())
        if whole and not half and (not self._fed or status == protocol.NO_DOCS):
            return Scanned(tuple(self._pages))
        if protocol.not_opened(program.said()):
            return NotScanned(failure(self._port.device, program.status, program.said()).fault())
        if program.status is None:
            return Unknown(NO_ANSWER, whole) if status in (None, protocol.EOF) else self._reason(status, whole)
        if program.status < 0:
            return Unknown(CRASHED, whole)
        if status is None and program.status != 0:
            return NotScanned(failure(self._port.device, program.status, program.said()).fault(), whole)
        return self._reason(status, whole) if status is not None else NotScanned(NOTHING, whole)

    @staticmethod
    def _reason(status: int, whole: int) -> ScanOutcome:
        fault = protocol.STATUS.get(status, protocol.STATUS[protocol.IO_ERROR])
        return Unknown(fault, whole) if status in LOST else NotScanned(fault, whole)
