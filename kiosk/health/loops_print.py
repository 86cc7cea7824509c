"""Closed loops of printers: a test page is printed, laid under the document camera, read back, looked at for streaks.

On most cabinets a person carries the page from the exit to the glass, so ``print_it`` and ``read_it`` are two steps of
a repair. Where the profile says that a camera sees the exit (``night.exit_seen_by``), ``run``
does both, also at night. A receipt cannot be read back: that it was printed is what the printer says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault
from devices.contracts.document_camera import DocumentHint, DocumentUnavailable, NotCaptured
from devices.contracts.inspection import ReadBack, ReadingBack
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Raster
from kiosk.health.asking import CANNOT, ask
from kiosk.health.proofs import Outcome, Proof

if TYPE_CHECKING:
    from kiosk.counter.actors import Actor
    from kiosk.domain.papers import PaperContent, RenderedPaper

PRINT_SECONDS, READ_SECONDS, DRAW_SECONDS = 120.0, 25.0, 30.0
SLICE_SECONDS = 10.0  # of looking for the page, after which it is asked whether anybody still waits for it
CARRIED_SECONDS = 90.0  # in which a person carries the page from the exit to the camera
PAGE_TITLE = "kiosk-test-page"  # a job's name: no personal data


@dataclass(frozen=True, slots=True)
class Bench:
    """What both printers' tests need. ``draw``: the documents worker's render. ``content``: the test paper of a
    printer's kind for a moment and a serial number. ``serial``: the number of the next test page. ``going``: whether
    the page is still waited for: whoever comes next needs the camera."""

    draw: Callable[[PaperContent, float], RenderedPaper]
    content: Callable[[str, datetime, str], PaperContent]
    serial: Callable[[], str]
    now: Callable[[], datetime]
    going: Callable[[], bool] = lambda: True


class TestPage:
    """The A4 printer. ``camera``: the one that the page is laid under, or that sees the exit."""

    __test__ = False  # pytest must not take it for a test class
    subject, test = "page_printer", "streaks"

    def __init__(
        self, bench: Bench, printer: Actor | None, camera: Actor | None, read_seconds: float = READ_SECONDS
    ) -> None:
        self._bench, self._printer, self._camera, self._read_seconds = bench, printer, camera, read_seconds
        self._code = ""  # of the page printed last

    def run(self) -> Proof:
        printed = self.print_it()
        return printed if printed.outcome != "passed" else self.read_it()

    def print_it(self) -> Proof:
        """Passed: the printer has said that the page lies in its tray."""
        now = self._bench.now()
        paper = self._bench.content(self.subject, now, self._bench.serial())
        pdf = _drawn(self._bench, paper)
        if pdf is None:
            return self._proof("failed", "print-not-drawn", test="print")
        self._code = paper.qr

        def command(printer: Any, deadline: Deadline) -> PrintOutcome:
            outcome: PrintOutcome = printer.print_pdf(pdf.pdf, title=PAGE_TITLE, pages=1, deadline=deadline)
            return outcome

        return _printed(self._proof, ask(self._printer, command, PRINT_SECONDS))

    def read_it(self) -> Proof:
        """The page lies under the camera, or will within ``read_seconds``."""
        found: ReadBack | NotCaptured | DocumentUnavailable | Fault = NotCaptured(DocumentHint.NO_DOCUMENT)
        left = self._read_seconds
        while left > 0 and isinstance(found, NotCaptured) and self._bench.going():
            found = ask(self._camera, _read_back, min(left, SLICE_SECONDS))
            left -= SLICE_SECONDS
        if isinstance(found, Fault):
            return self._proof("unsure", "print-not-seen", found.code)
        if isinstance(found, DocumentUnavailable):
            return self._proof("unsure", "print-not-seen", found.reason.code)
        if isinstance(found, NotCaptured):
            return self._proof("unsure", "print-not-laid", found.hint.value)
        return self._judged(found)

    def _judged(self, found: ReadBack) -> Proof:
        if found.streaks is None:
            if not found.code:
                return self._proof("unsure", "print-no-test-page")
            return self._proof("failed", "print-faded", f"{found.contrast * 100:.0f}")
        if found.code and self._code and found.code != self._code:
            return self._proof("unsure", "print-other-page")
        if found.streaks:
            thirds = dict.fromkeys(third.value for third in found.streaks)
            where = next(iter(thirds)) if len(thirds) == 1 else "several"
            return self._proof("failed", f"print-streaked-{where}", str(len(found.streaks)))
        if not found.code:
            return self._proof("failed", "print-code-unread")
        return self._proof("passed", "print-clean", f"{found.contrast * 100:.0f}")

    def _proof(self, outcome: Outcome, code: str, *values: str, test: str = "") -> Proof:
        return Proof(self._bench.now(), self.subject, test or self.test, outcome, code, values)


class PrintedPage(TestPage):
    """The A4 printer: the page is printed, as far as it can tell; how it looks, a person says."""

    test = "print"

    def run(self) -> Proof:
        return self.print_it()


class TestReceipt:
    """The receipt printer: printed, as far as it can tell; how it looks, a person says."""

    __test__ = False
    subject, test = "receipt_printer", "print"

    def __init__(self, bench: Bench, printer: Actor | None) -> None:
        self._bench, self._printer = bench, printer

    def run(self) -> Proof:
        paper = self._bench.content(self.subject, self._bench.now(), self._bench.serial())
        drawn = _drawn(self._bench, paper)
        if drawn is None:
            return self._proof("failed", "print-not-drawn")
        raster = Raster(drawn.raster_width, drawn.raster_height, drawn.raster_rows)

        def command(printer: Any, deadline: Deadline) -> PrintOutcome:
            outcome: PrintOutcome = printer.print_raster(raster, cut=True, deadline=deadline)
            return outcome

        return _printed(self._proof, ask(self._printer, command, PRINT_SECONDS))

    def _proof(self, outcome: Outcome, code: str, *values: str, test: str = "") -> Proof:
        return Proof(self._bench.now(), self.subject, test or self.test, outcome, code, values)


def _drawn(bench: Bench, paper: PaperContent) -> RenderedPaper | None:
    from kiosk.documents.glyphs import GlyphMissing
    from kiosk.workers import WorkerError

    try:
        return bench.draw(paper, DRAW_SECONDS)
    except (WorkerError, GlyphMissing):
        return None


def _printed(proof: Callable[..., Proof], found: PrintOutcome | Fault) -> Proof:
    """What the printer has said, as the proof of ``print``."""
    match found:
        case Printed(pages):
            return proof("passed", "print-done", str(pages), test="print")
        case NotPrinted(reason):
            return proof("failed", "print-not-printed", reason.code, test="print")
        case Fault(code):
            return proof("failed", "print-not-printed", code, test="print")
        case _:
            return proof("unsure", "print-unknown", found.reason.code, test="print")


def _read_back(camera: Any, deadline: Deadline) -> ReadBack | NotCaptured | DocumentUnavailable | Fault:
    return camera.read_back(deadline) if isinstance(camera, ReadingBack) else CANNOT
