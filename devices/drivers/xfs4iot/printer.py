"""Printers of an ATM-class machine (XFS4IoT Printer): pages by PrintNative, receipts by PrintRaw and ControlMedia.

The service's completion is the printer's word. A success is Printed; an error code of the command is NotPrinted, where
nothing was presented before; a completion that leaves open how far it went (jam, hardware error, time-out, cancelled),
and no completion, are Unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Level, TestResult
from devices.contracts.printing import (
    NotPrinted,
    Paper,
    Printed,
    PrintOutcome,
    PrintProgress,
    ProgressListener,
    Raster,
    Unknown,
)
from devices.drivers.escpos import protocol as escpos
from devices.drivers.escpos import testpattern
from devices.drivers.ipp.testpage import page
from devices.drivers.xfs4iot.codes import PAPER_FAULTS, CommandFailed, paper_of
from devices.drivers.xfs4iot.driver import XfsDevice
from devices.drivers.xfs4iot.protocol import Message
from devices.drivers.xfs4iot.shapes import dig, pack, word
from devices.transports.stream import StreamError, WriteTimeout
from devices.transports.websocket import MessageTooLong

DOTS = 576
LOOK = 0.3  # seconds between two looks while waiting
SOURCES = ("upper", "lower", "external", "aux", "aux2", "park")
_NOTHING_SENT = (WriteTimeout, MessageTooLong)  # of the sending: half a message is no message, the service drops it
_SUPPLIES = ("toner", "ink")
_NOT_PRESENTED = Fault("not-presented", Action.NONE, "the printer says it is done, and did not say that it came out")


class XfsPrinter(XfsDevice):
    """What both kinds share. ``source`` names the paper source; empty takes the first that the printer has."""

    interface = "Printer"
    key = "printer"
    job_word: ClassVar[str]

    def __init__(self, port: str, *, source: str = "", **options: Any) -> None:
        super().__init__(port, **options)
        self._source = source

    # -- for both ----------------------------------------------------------------------------------------

    def taken(self, deadline: Deadline) -> bool:
        """Wait until nothing lies in the exit; False when something still does at the deadline. Raises DeviceError
        where the printer cannot tell."""
        while (media := word(self._ask_status(deadline), self.key, "media")) == "present":
            if deadline.remaining() <= LOOK:
                return False
            self._session.pump(deadline.sooner(LOOK))
        if media != "notPresent":
            advice = "See whether the paper was taken; the printer has no sensor for it."
            raise DeviceError("media-unknown", "the printer cannot tell", advice=advice, retryable=False)
        return True

    def retract(self, deadline: Deadline) -> None:
        """Draw in again what nobody took. Harmless where nothing lies there."""
        try:
            self._session.request("Printer.RetractMedia", deadline=deadline)
        except CommandFailed as error:
            if error.code != "no-media":
                raise

    def reset(self, deadline: Deadline) -> None:
        self._ensure_open(deadline)
        super().reset(deadline)

    def _reset_payload(self) -> Mapping[str, Any]:
        return {"mediaControl": "eject"}

    def _told(self) -> Mapping[str, str]:
        control = dig(self._abilities, "control")
        can = sorted(name for name, has in control.items() if has is True) if isinstance(control, dict) else []
        presented = dig(self._abilities, "mediaPresented")
        return {"control": " ".join(can), "tells_presentation": str(presented).lower() if presented is not None else ""}

    def _look(self, part: Mapping[str, Any]) -> tuple[tuple[Fault, ...], Mapping[str, str]]:
        paper = self._paper(part)
        faults = [PAPER_FAULTS[paper]] if paper in PAPER_FAULTS else []
        media = word(part, "media") or "unknown"
        if media == "jammed" and paper is not Paper.JAMMED:
            faults.append(PAPER_FAULTS[Paper.JAMMED])
        for supply in _SUPPLIES:
            level = word(part, supply)
            if level in ("out", "low"):
                name = f"{supply}-empty" if level == "out" else f"{supply}-low"
                faults.append(Fault(name, Action.REPLENISH, blocking=level == "out"))
        if word(part, "lamp") == "inop":
            faults.append(Fault("lamp", Action.CALL_TECHNICIAN, blocking=False))
        bins = part.get("retractBins")
        if isinstance(bins, list) and any(word(entry, "state") == "full" for entry in bins):
            faults.append(Fault("retract-bin-full", Action.REPLENISH, blocking=False))
        return tuple(faults), {"paper": paper.value, "media": media}

    def _paper(self, part: Mapping[str, Any]) -> Paper:
        """The supply of our source; without a source named, that of the first which the printer has."""
        told = dig(part, "paper")
        if not isinstance(told, dict):
            return Paper.UNKNOWN
        if self._source:
            return paper_of(told.get(self._source))
        supplies = [paper_of(told[name]) for name in (*SOURCES, *sorted(told)) if name in told]
        return next((supply for supply in supplies if supply is not Paper.NOT_SUPPORTED), Paper.UNKNOWN)

    def _counted(self, outcome: PrintOutcome) -> PrintOutcome:
        counts = self._session.counts
        counts["jobs"] += 1
        counts[{Printed: "printed", NotPrinted: "not_printed", Unknown: "unknown"}[type(outcome)]] += 1
        return outcome

    def _ready(self, deadline: Deadline) -> NotPrinted | None:
        """What keeps a job from being begun."""
        try:
            self._ensure_open(deadline)
            try:
                self._session.pump()
            except StreamError:  # the service was restarted since; nothing of this job has been sent
                self.open(deadline)
            status = self.poll(deadline)
        except DeviceError as error:
            return NotPrinted(error.fault())
        blocking = next((fault for fault in status.faults if fault.blocking), None)
        return NotPrinted(blocking) if blocking else None

    def _do(self, name: str, payload: Mapping[str, Any], job: _Job, deadline: Deadline) -> NotPrinted | Unknown | None:
        """One command of a job; what it came to where that is not a success."""
        try:
            pending = self._session.post(name, payload, deadline=deadline, on_event=job.on_event)
        except _NOTHING_SENT as error:
            return NotPrinted(error.fault())
        except DeviceError as error:
            return _failed(error, job)
        try:
            self._session.await_acknowledge(pending, deadline)
            self._session.wait(pending, deadline)
        except DeviceError as error:
            return _failed(error, job)
        return None

    def _finished(self, job: _Job, deadline: Deadline) -> PrintOutcome:
        """Every command was a success: is there anything that speaks against it?"""
        if dig(self._abilities, "mediaPresented") is True and not job.presented:
            return Unknown(_NOT_PRESENTED)
        try:
            after = self.poll(deadline)
        except DeviceError:
            after = None  # it has said that it printed; that it says nothing now takes nothing away
        jam = next((fault for fault in after.faults if fault.code == "media-jam"), None) if after else None
        if jam is not None:
            return Unknown(jam)
        job.progress(PrintProgress(job.pages, job.pages))
        return Printed(job.pages)


class _Job:
    """What the events of a running job tell."""

    def __init__(self, pages: int, progress: ProgressListener | None) -> None:
        self.pages, self.progress = pages, progress or (lambda _: None)
        self.presented = False

    def on_event(self, message: Message) -> None:
        if message.name == "Printer.MediaPresentedEvent":
            self.presented = True
        elif message.name == "Printer.NoMediaEvent":
            self._waits(Fault("no-media", Action.REPLENISH))
        elif message.name == "Printer.PaperThresholdEvent":
            fault = PAPER_FAULTS.get(paper_of(message.payload.get("threshold")))
            if fault is not None and fault.blocking:
                self._waits(fault)

    def _waits(self, fault: Fault) -> None:
        self.progress(PrintProgress(0, self.pages, fault))


def _failed(error: DeviceError, job: _Job) -> NotPrinted | Unknown:
    """What has come out cannot be taken back by an error: then nobody knows how much of it there is."""
    if isinstance(error, CommandFailed) and error.sure and not job.presented:
        return NotPrinted(error.fault())
    return Unknown(error.fault())


class XfsPagePrinter(XfsPrinter):
    """PagePrinter. The PDF goes to PrintNative as it is. **Unverified**: the standard leaves the format of the data to
    the printer ("native"); a service that takes another one refuses it (``data-unsupported``)."""

    kind = "page_printer"

    def print_pdf(
        self, pdf: bytes, *, title: str, pages: int, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome:
        """Print once. ``title`` has no place in XFS4IoT and stays here."""
        return self._counted(self._ready(deadline) or self._print(pdf, _Job(pages, progress), deadline))

    def _print(self, pdf: bytes, job: _Job, deadline: Deadline) -> PrintOutcome:
        job.progress(PrintProgress(0, job.pages))
        payload: dict[str, Any] = {"data": pack(pdf), "mediaControl": {"eject": True}}
        if self._source:
            payload["paperSource"] = self._source
        return self._do("Printer.PrintNative", payload, job, deadline) or self._finished(job, deadline)

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        outcome = self.print_pdf(page("XFS4IoT self-test"), title="self-test", pages=1, deadline=deadline)
        return _tested(level, outcome)


class XfsReceiptPrinter(XfsPrinter):
    """ReceiptPrinter. The dots go to PrintRaw as ESC/POS raster. **Unverified**: raw data are the printer's own
    language; a printer that speaks another one prints nonsense, which its first self-test shows."""

    kind = "receipt_printer"

    def print_raster(
        self, raster: Raster, *, cut: bool, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome:
        """Print once; ``pages`` are receipts, so progress goes from 0 to 1 of 1."""
        if raster.width > DOTS:
            refused = Fault("too-wide", Action.CONFIGURE, f"{raster.width} dots on a head of {DOTS}")
            return self._counted(NotPrinted(refused))
        return self._counted(self._ready(deadline) or self._print(raster, cut, _Job(1, progress), deadline))

    def _print(self, raster: Raster, cut: bool, job: _Job, deadline: Deadline) -> PrintOutcome:
        job.progress(PrintProgress(0, 1))
        control = {name: True for name in ("cut", "eject") if dig(self._abilities, "control", name) is True}
        if not cut:
            control.pop("cut", None)
        own_cut = cut and "cut" not in control
        end = escpos.cut() if own_cut else b"" if control else escpos.feed(1)
        data = escpos.INITIALISE + b"".join(escpos.bands(raster)) + end
        trouble = self._do("Printer.PrintRaw", {"inputData": "no", "data": pack(data)}, job, deadline)
        if trouble is None and control:
            trouble = self._do("Printer.ControlMedia", {"mediaControl": control}, job, deadline)
            if trouble is not None:  # the dots are on the paper; only whether it came out is not known
                trouble = Unknown(trouble.reason)
        return trouble or self._finished(job, deadline)

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        outcome = self.print_raster(testpattern.pattern(DOTS), cut=True, deadline=deadline)
        return _tested(level, outcome)


def _tested(level: Level, outcome: PrintOutcome) -> TestResult:
    if isinstance(outcome, Printed):
        return TestResult(level, None if level is Level.INTERACTIVE else True, "one test print came out")
    return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")
