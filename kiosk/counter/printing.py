"""Papers, one after another: rendered in the documents child, printed by the device that takes them.

A paper that cannot be rendered or has no printer is NotPrinted with its reason; the case stays as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.printing import (
    NotPrinted,
    PagePrinter,
    Printed,
    PrintOutcome,
    PrintProgress,
    Raster,
    ReceiptPrinter,
    Unknown,
)
from kiosk.counter.actors import Actor
from kiosk.documents.glyphs import GlyphMissing
from kiosk.documents.worker import DocumentsWorker
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.visit.events import PaperEnded, PaperProgressed
from kiosk.visit.ports import Post
from kiosk.workers import WorkerError

RENDER_SECONDS = 20.0
PRINT_SECONDS = 75.0  # a citizen waits no longer for one paper
NOBODY = Fault("no-printer", Action.CONFIGURE)
NoteBegun = Callable[[PaperContent], None]
NoteEnd = Callable[[PaperContent, PrintOutcome], None]


class PrintDesk:
    """Runs on a worker thread; ``begun`` is told of a paper before its device, ``note`` of each ending."""

    def __init__(
        self,
        documents: DocumentsWorker,
        page_printer: Actor | None,
        receipt_printer: Actor | None,
        post: Post,
        begun: NoteBegun,
        note: NoteEnd,
        *,
        seconds: float = PRINT_SECONDS,
    ) -> None:
        self._documents, self._post, self._begun = documents, post, begun
        self._note, self._seconds = note, seconds
        self._printers = {"certificate": page_printer, "receipt": receipt_printer}

    def print_papers(self, papers: tuple[PaperContent, ...]) -> None:
        for paper in papers:
            outcome = self._print(paper)
            actor = self._printers[paper.kind]
            if actor is not None and not isinstance(outcome, Printed):
                actor.refresh()  # a line that broke is opened anew before the citizen asks for the paper again
            self._note(paper, outcome)
            self._post(PaperEnded(paper.paper_id, outcome))

    def _print(self, paper: PaperContent) -> PrintOutcome:
        actor = self._printers[paper.kind]
        if actor is None:
            return NotPrinted(NOBODY)
        self._post(PaperProgressed(paper.paper_id, 0, 0))
        try:
            rendered = self._documents.render(paper, RENDER_SECONDS)
        except (GlyphMissing, WorkerError) as error:
            return NotPrinted(Fault(error.code, Action.CALL_TECHNICIAN, error.advice))
        self._begun(paper)
        begun = threading.Event()
        future = actor.submit(self._job(paper, rendered, begun), self._seconds)
        try:
            return future.result(timeout=self._seconds + 10)
        except DeviceError as error:
            return Unknown(error.fault()) if begun.is_set() else NotPrinted(error.fault())
        except (FutureTimeout, CancelledError):
            return Unknown(Fault("no-answer", Action.RESET))

    def _job(
        self, paper: PaperContent, rendered: RenderedPaper, begun: threading.Event
    ) -> Callable[[Any, Deadline], PrintOutcome]:
        """The command for the printer's actor; ``begun`` is set once the device has it in hand."""

        def tell(progress: PrintProgress) -> None:
            waiting = progress.waiting_for.code if progress.waiting_for else ""
            self._post(PaperProgressed(paper.paper_id, progress.pages_done, progress.pages_total, waiting))

        def page(printer: PagePrinter, deadline: Deadline) -> PrintOutcome:
            begun.set()
            return printer.print_pdf(
                rendered.pdf, title=paper.paper_id, pages=rendered.pages, deadline=deadline, progress=tell
            )

        def receipt(printer: ReceiptPrinter, deadline: Deadline) -> PrintOutcome:
            begun.set()
            raster = Raster(rendered.raster_width, rendered.raster_height, rendered.raster_rows)
            return printer.print_raster(raster, cut=True, deadline=deadline, progress=tell)

        return page if paper.kind == "certificate" else receipt
