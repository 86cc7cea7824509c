"""Papers, one after another: rendered in the documents child, printed by the device that takes them.

A paper that cannot be rendered or has no printer is NotPrinted with its reason; the case stays as it is. One of which
nobody knows may still come out, before another citizen's eyes: it is called back when its visit ends, or at the start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Status
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
from kiosk.domain.waiting import NOT_FETCHED, OFFICE
from kiosk.visit.events import PaperEnded, PaperProgressed
from kiosk.visit.ports import Post
from kiosk.workers import WorkerError

RENDER_SECONDS = 20.0
PRINT_SECONDS = 75.0  # a citizen waits no longer for one paper
RESET_SECONDS = 5.0  # the start page and the next citizen wait no longer for a printer that is to forget its jobs
STOP_SECONDS = 5.0  # a paper under way when the terminal stops has as long to come out
NOBODY = Fault("no-printer", Action.CONFIGURE)
STOPPED = Fault("stopped", Action.NONE)
AT_OFFICE = Fault(NOT_FETCHED, Action.NONE, "the line to the backend, or the seal there")
Marks = Callable[[PaperContent], PaperContent]
SealedPaper = Callable[[PaperContent], bytes]
NoteBegun = Callable[[PaperContent], None]
NoteEnd = Callable[[PaperContent, PrintOutcome], None]


class PrintDesk:
    """Runs on a worker thread; ``begun`` is told of a paper before its device, ``note`` of each ending.

    ``crashed`` hears of what a printer's reset did not expect. ``mark`` puts the terminal's signature into the code, at
    the last moment: a copy's says that it is one, and the key is the one of that day. ``sealed`` gives a certificate as
    the office has sealed it, with the office's mark; empty where that is not to be had now.
    """

    def __init__(
        self,
        documents: DocumentsWorker,
        page_printer: Actor | None,
        receipt_printer: Actor | None,
        post: Post,
        begun: NoteBegun,
        note: NoteEnd,
        crashed: Callable[[BaseException], None],
        *,
        seconds: float = PRINT_SECONDS,
        mark: Marks = lambda paper: paper,
        sealed: SealedPaper = lambda paper: b"",
    ) -> None:
        self._documents, self._post, self._begun = documents, post, begun
        self._note, self._crashed, self._seconds, self._mark = note, crashed, seconds, mark
        self._sealed = sealed
        self._printers = {"certificate": page_printer, "receipt": receipt_printer}
        self._closing: Future[None] = Future()
        self._uncertain = False  # a paper of this visit may still come out
        self._owed: dict[str, Future[None]] = {}  # printers that are to forget their jobs, and the last try
        for kind, actor in self._printers.items():
            if actor is not None:
                actor.subscribe(partial(self._status_changed, kind))

    def close(self) -> None:
        """From another thread: no further paper is begun, and one under way is not waited for much longer."""
        if not self._closing.done():
            self._closing.set_result(None)

    def call_back(self) -> None:
        """Both printers forget what they still hold. Waits a bounded time; one that is away does it on its return."""
        self._uncertain = False
        tries = [self._reset(kind) for kind, actor in self._printers.items() if actor is not None]
        wait(tries, RESET_SECONDS)

    def settle(self) -> None:
        """The visit is over: whatever of it may still come out is called back."""
        if self._uncertain or self._owed:
            self.call_back()

    def _reset(self, kind: str) -> Future[None]:
        actor = self._printers[kind]
        if actor is None:
            raise AssertionError(f"no printer takes a {kind}")
        future: Future[None] = actor.submit(lambda printer, deadline: printer.reset(deadline), RESET_SECONDS)
        self._owed[kind] = future
        future.add_done_callback(partial(self._was_reset, kind))
        return future

    def _was_reset(self, kind: str, future: Future[None]) -> None:
        error = future.exception()
        if error is None:
            self._owed.pop(kind, None)
        elif not isinstance(error, DeviceError):
            self._crashed(error)

    def _status_changed(self, kind: str, status: Status) -> None:
        last = self._owed.get(kind)
        if last is not None and last.done():
            self._reset(kind)

    def print_papers(self, papers: tuple[PaperContent, ...]) -> None:
        for paper in papers:
            if self._closing.done():
                return
            outcome = self._print(paper)
            self._uncertain = self._uncertain or isinstance(outcome, Unknown)
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
            rendered = self._rendered(paper)
            if rendered is None:
                return NotPrinted(AT_OFFICE)
        except (GlyphMissing, WorkerError) as error:
            return NotPrinted(Fault(error.code, Action.CALL_TECHNICIAN, error.advice))
        if self._closing.done():
            return NotPrinted(STOPPED)
        self._begun(paper)
        begun = threading.Event()
        future = actor.submit(self._job(paper, rendered, begun), self._seconds)
        either: list[Future[Any]] = [future, self._closing]
        wait(either, self._seconds + 10, FIRST_COMPLETED)
        if not future.done() and not wait([future], STOP_SECONDS).done:
            return Unknown(Fault("no-answer", Action.RESET))
        try:
            return future.result()
        except DeviceError as error:
            return Unknown(error.fault()) if begun.is_set() else NotPrinted(error.fault())

    def _rendered(self, paper: PaperContent) -> RenderedPaper | None:
        """A certificate as the office has sealed it where that is to be had, else drawn here; None for one that lies at
        the office alone and is not to be had now. Raises WorkerError.
        """
        pdf = self._sealed(paper) if paper.kind == "certificate" else b""
        if pdf:
            return RenderedPaper(paper.paper_id, paper.kind, 1, pdf=pdf)
        if paper.template == OFFICE:
            return None
        return self._documents.render(self._mark(paper), RENDER_SECONDS)

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
