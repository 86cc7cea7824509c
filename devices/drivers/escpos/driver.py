"""A receipt printer by ESC/POS.

Dots go out in bands with at most two not yet confirmed (GS r is answered in its turn), so that what the printer holds
is known. A receipt torn in two by an empty roll is no receipt: at the first blocking fault the rest is dropped and the
outcome is NotPrinted while the end of the receipt is still here, Unknown once it has been handed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.printing import (
    NotPrinted,
    Printed,
    PrintOutcome,
    PrintProgress,
    ProgressListener,
    Raster,
    Unknown,
)
from devices.drivers.escpos import protocol, testpattern
from devices.drivers.escpos.job import LATE, WINDOW, Job
from devices.drivers.escpos.line import STEP, Line
from devices.transports.serial import SerialPort
from devices.transports.stream import ByteStream
from devices.transports.tcp import TcpStream
from devices.transports.usblp import UsbPrinterFile

PATIENCE = 5.0  # seconds of silence to every question before nothing is known any more
DOTS = 576


def stream_for(port: str, baud: int) -> ByteStream:
    """``tcp://host:port``, a device file (``/dev/usb/lp0``), else a serial line."""
    if port.startswith("tcp://"):
        return TcpStream(port)
    return UsbPrinterFile(port) if port.startswith("/dev/usb/lp") else SerialPort(port, baud)


class EscPosPrinter:
    """``stream`` replaces the line made from ``port`` (capture, replay, faults)."""

    def __init__(
        self, port: str, *, baud: int = 115_200, stream: ByteStream | None = None, patience: float = PATIENCE
    ) -> None:
        self._port, self._patience = port, patience
        self._line = Line(stream or stream_for(port, baud))
        self._dirty = False  # the beginning of a failed receipt may hang from the printer
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("receipt_printer", "escpos", self._port)

    @property
    def capabilities(self) -> Mapping[str, str]:
        known = {None: "unknown", True: "gs-r", False: "none"}[self._line.confirms]
        status = {None: "unknown", True: "dle-eot", False: "gs-a"}[self._line.realtime]
        automatic = "yes" if self._line.told else "unknown"
        return {
            "dots": str(DOTS),
            "cutter": "unknown",
            "confirmation": known,
            "status": status,
            "automatic-status": automatic,
        }

    def open(self, deadline: Deadline) -> None:
        """Open the line and put the printer to its defaults, with automatic status on. A printer that stays silent is
        open all the same."""
        self._line.stream.open(deadline)
        self._line.opened()
        self._line.stream.write(protocol.START, deadline.sooner(STEP))

    def close(self) -> None:
        self._line.stream.close()

    def poll(self, deadline: Deadline) -> Status:
        self._opened(deadline)
        look = self._line.look(deadline)
        faults = look.faults
        state = State.ONLINE
        if any(fault.action is Action.CALL_TECHNICIAN for fault in faults):
            state = State.HARDWARE_ERROR
        elif look.offline and protocol.OFFLINE in faults:
            state = State.OFFLINE
        return Status(state, faults, details={"paper": look.paper.value})

    def reset(self, deadline: Deadline) -> None:
        """Drop what the printer still holds, of an earlier process too, and start afresh; idempotent."""
        self._opened(deadline)
        self._drop_rest(deadline)
        self._line.outstanding = max(self._line.outstanding, WINDOW)  # what an earlier process may have left
        if self._line.look(deadline).blocking is None and self._line.confirms is not False:
            self._line.settle(deadline)  # where it does not come about, the next receipt tries it again

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL asks; EXTERNAL prints a pattern and waits for it; INTERACTIVE prints one for a person to judge."""
        self._opened(deadline)
        look = self._line.look(deadline)
        if level is Level.INTERNAL or look.blocking:
            return TestResult(level, look.blocking is None, look.blocking.code if look.blocking else "ready")
        outcome = self.print_raster(testpattern.pattern(DOTS), cut=True, deadline=deadline)
        if isinstance(outcome, Printed):
            return TestResult(level, None if level is Level.INTERACTIVE else True, "one pattern printed")
        return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")

    def statistics(self) -> Mapping[str, int]:
        return {**self._count, "exchanges": self._line.exchanges, "strange_bytes": self._line.strange}

    # ---- ReceiptPrinter ----

    def print_raster(
        self, raster: Raster, *, cut: bool, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome:
        """Print once; ``pages`` are receipts, so progress goes from 0 to 1 of 1."""
        outcome = self._print(raster, cut, deadline, progress or (lambda _: None))
        word = {Printed: "printed", NotPrinted: "not_printed", Unknown: "unknown"}[type(outcome)]
        self._count["jobs"] += 1
        self._count[word] += 1
        if isinstance(outcome, Printed):
            self._count["rows"] += raster.height
            self._count["cuts"] += cut
        return outcome

    def _print(self, raster: Raster, cut: bool, deadline: Deadline, progress: ProgressListener) -> PrintOutcome:
        if raster.width > DOTS:
            return NotPrinted(Fault("too-wide", Action.CONFIGURE, f"{raster.width} dots on a head of {DOTS}"))
        try:
            self._opened(deadline)
        except DeviceError as error:
            return NotPrinted(error.fault())
        try:
            if fault := self._line.look(deadline).blocking:
                return NotPrinted(fault)
            settled = self._settle(deadline)
            if fault := self._line.look(deadline).blocking if not settled else None:
                return NotPrinted(fault)
        except DeviceError as error:
            if error.code != "no-answer":
                return NotPrinted(error.fault())
            if deadline.expired:  # the question was cut short by us: no silence of the printer's, and nothing is sent
                return NotPrinted(LATE)
            return self._print_blind(raster, cut, deadline, error)
        progress(PrintProgress(0, 1))
        job = Job(self._line, deadline, progress, self._patience, self._drop_rest, settled)
        outcome = job.run(self._parts(raster, cut))
        self._dirty = job.began and not isinstance(outcome, Printed)
        return outcome

    def _settle(self, deadline: Deadline) -> bool:
        """Whether confirmations from now on belong to what is sent from now on."""
        if not self._line.outstanding or self._line.confirms is False:
            return True
        self._drop_rest(deadline)
        return self._line.settle(deadline)

    def _parts(self, raster: Raster, cut: bool) -> list[bytes]:
        """What is sent, one confirmation each; the last part makes it a receipt."""
        start = protocol.START + protocol.STANDARD_LEFT
        if self._dirty:
            start += protocol.feed(2) + protocol.cut()
        return [start, *protocol.bands(raster), protocol.cut() if cut else protocol.feed(1)]

    def _print_blind(self, raster: Raster, cut: bool, deadline: Deadline, silence: DeviceError) -> PrintOutcome:
        """A printer that answers nothing may still print: send, and admit that nobody knows."""
        try:
            parts = self._parts(raster, cut)
            self._dirty = True
            for part in parts:
                self._line.stream.write(part, deadline)
        except DeviceError as error:
            return Unknown(error.fault())
        return Unknown(silence.fault())

    def _drop_rest(self, deadline: Deadline) -> None:
        self._line.stream.write(protocol.CLEAR_BUFFERS + protocol.START, deadline.sooner(STEP))

    def _opened(self, deadline: Deadline) -> None:
        if not self._line.stream.is_open:
            self.open(deadline)
