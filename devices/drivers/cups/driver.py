"""An A4 printer behind a CUPS queue.

The document goes through cupsd; how the printer is and how the job ends is asked of the printer itself wherever its
device URI allows (ipp). Looks, outcomes and reasons are the IPP driver's. What could not be taken back at once is
remembered and taken back at the next call that reaches cupsd, so that no paper comes out for the next citizen.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, ProgressListener, Unknown
from devices.drivers.cups import errors
from devices.drivers.cups.behind import Behind, behind
from devices.drivers.cups.job import Carried
from devices.drivers.cups.server import CupsServer
from devices.drivers.cups.wires import Direct, Wires
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import A4, NOT_A_PDF, details
from devices.drivers.ipp.looks import PDF, PrinterLook
from devices.drivers.ipp.protocol import AttributeGroup, PrinterState
from devices.transports.child_channel import MAX_BODY

PATIENCE = 10.0  # seconds without a word from the printer, or from cupsd before the printer has the job
CHATTER = ("cups-waiting-for-job-completed", "connecting-to-device", "cups-remote-", "paused")  # no fault of a printer
TOO_LARGE = Fault("too-large", Action.CONFIGURE, f"more than {MAX_BODY >> 20} MB")
LEFT_OVER = 1.0  # seconds for one job that an earlier call left behind


class CupsPrinter:
    """``port`` is ``cups:QUEUE``, ``cups://host[:631]/QUEUE`` or ``cups:///path/of/cups.sock#QUEUE``.

    ``pause`` waits between two looks at a job (injected by tests); ``wires`` are a capture's or a replay's."""

    def __init__(
        self,
        port: str,
        *,
        media: str = A4,
        patience: float = PATIENCE,
        pause: Callable[[float], None] = time.sleep,
        wires: Wires | None = None,
    ) -> None:
        self._wires = wires or Direct()
        self._server = CupsServer(port, self._wires)
        self._port, self._media, self._patience, self._pause = port, media, patience, pause
        self._behind: Behind | None = None
        self._uri = self._model = ""
        self._left: list[Carried] = []  # jobs to be taken back, or whose document is to be removed from the spool
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("page_printer", "cups", self._port, model=self._model)

    @property
    def capabilities(self) -> Mapping[str, str]:
        """``confirmation``: who says that a page came out; with ``none`` no job ever ends as Printed."""
        known = self._behind
        return {
            "formats": PDF,
            "media": self._media,
            "send": "cups",
            "confirmation": known.confirms if known else "unknown",
            "probe": known.probe if known else "unknown",
        }

    def open(self, deadline: Deadline) -> None:
        """One look at queue and printer. Raises DeviceError."""
        self._look(deadline)
        self._settle_left(deadline)

    def close(self) -> None:
        try:
            self._settle_left(Deadline.after(LEFT_OVER))
        finally:
            self._server.close()

    def poll(self, deadline: Deadline) -> Status:
        """Raises ``cups-gone``, ``queue-missing`` …, or ``port-missing`` when the printer itself is gone."""
        queue, look = self._look(deadline)
        self._settle_left(deadline)
        faults = (*self._queue_faults(queue, look), *look.faults)
        state = State.ONLINE
        if look.state is None:
            state = State.UNKNOWN
        elif look.stopped and not look.blocking:
            state = State.HARDWARE_ERROR
        elif PrinterState.PROCESSING in (look.state, queue.number("printer-state")):
            state = State.DEVICE_BUSY
        told = details(look)
        if (queued := queue.number("queued-job-count")) is not None:
            told["queued-jobs"] = str(queued)
        return Status(state, faults, details=told)

    def reset(self, deadline: Deadline) -> None:
        """Remove this user's jobs from queue and printer, those of an earlier process too; start a stopped queue.

        A queue that still holds jobs of others is not started: their papers would come out now. Raises DeviceError,
        ``port-denied`` where starting the queue is not allowed."""
        for number in self._server.mine(deadline):  # first, for the printer may be gone
            self._server.remove(number, deadline)
        queue, _ = self._look(deadline)
        if self._behind:
            self._count["cancelled"] += self._behind.cancel_all(deadline)
        self._left.clear()
        asleep = queue.number("printer-state") == PrinterState.STOPPED or self._rejects(queue)
        if asleep and not queue.number("queued-job-count"):
            self._server.enable(deadline)
        self._look(deadline)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL looks; EXTERNAL prints a page and waits for it; INTERACTIVE prints one for a person to judge."""
        obstacle = self._obstacle(*self._look(deadline))
        if level is Level.INTERNAL or obstacle:
            return TestResult(level, obstacle is None, f"{self._model}: {obstacle.code if obstacle else 'ready'}")
        page = testpage.page(f"Self-test {level.value}")
        outcome = self.print_pdf(page, title="self-test", pages=1, deadline=deadline)
        if isinstance(outcome, Printed):
            return TestResult(level, None if level is Level.INTERACTIVE else True, "one test page printed")
        return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")

    def statistics(self) -> Mapping[str, int]:
        return {
            **self._count,
            "exchanges": self._server.exchanges,
            "child_starts": self._server.child_starts,
            "left_over": len(self._left),
        }

    @property
    def child_pid(self) -> int | None:
        """The process that speaks to cupsd, for maintenance and tests."""
        return self._server.child_pid

    # ---- PagePrinter ----

    def print_pdf(
        self, pdf: bytes, *, title: str, pages: int, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome:
        outcome = self._print(pdf, title, pages, deadline, progress or (lambda _: None))
        word = {Printed: "printed", NotPrinted: "not_printed", Unknown: "unknown"}[type(outcome)]
        self._count["jobs"] += 1
        self._count[word] += 1
        if isinstance(outcome, Printed):
            self._count["pages"] += outcome.pages
        return outcome

    def _print(
        self, pdf: bytes, title: str, pages: int, deadline: Deadline, progress: ProgressListener
    ) -> PrintOutcome:
        if not pdf.startswith(b"%PDF-"):
            return NotPrinted(NOT_A_PDF)
        if len(pdf) > MAX_BODY:
            return NotPrinted(TOO_LARGE)
        try:
            queue, look = self._look(deadline)
            if fault := self._obstacle(queue, look):
                return NotPrinted(fault)
            self._settle_left(deadline)
            mark = self._wires.mark()
            name = f"{title} {mark}"
            number = self._server.create(name, self._options(queue, deadline), deadline)
        except DeviceError as error:
            return NotPrinted(error.fault())  # the document is still here
        assert self._behind is not None  # noqa: S101 - made by the look
        job = Carried(self._server, self._behind, number, mark, pages, progress)
        self._left.append(job)
        try:
            self._server.send(number, name, pdf, deadline)
        except errors.CupsRefused as error:
            outcome: PrintOutcome = NotPrinted(error.fault())  # an empty job stays behind: it is removed below
        except DeviceError as error:
            self._count["lost_answers"] += 1
            outcome = job.take_back(error.fault(), deadline, self._pause)
        else:
            outcome = job.follow(deadline, self._patience, self._pause)
        self._settle_left(deadline)  # at once: a backend that lost the printer's answer would print it again
        return outcome

    def _options(self, queue: AttributeGroup, deadline: Deadline) -> dict[str, str]:
        """``job-cancel-after`` has cupsd itself give up a job that outlives us."""
        options = {"job-cancel-after": str(1 + int(deadline.remaining())), "job-sheets": "none"}
        for name, value in (("media", self._media), ("sides", "one-sided")):
            if value in queue.words(f"{name}-supported"):
                options[name] = value
        return options

    # ---- looking ----

    def _look(self, deadline: Deadline) -> tuple[AttributeGroup, PrinterLook]:
        """The queue, and the printer: by its own word where it has one, else by the queue's. Raises DeviceError."""
        queue = self._server.look(deadline)
        uri = str(queue.first("device-uri") or "")
        if self._behind is None or uri != self._uri:
            self._behind, self._uri = behind(uri, self._server.user, self._wires), uri
        look = self._behind.look(deadline)
        if look is None:
            look = PrinterLook.of(queue)
            heard = tuple(reason for reason in look.reasons if not reason.startswith(CHATTER))
            look = replace(look, reasons=heard or (("none",) if look.reasons else ()), accepting=True)
            if look.stopped:
                look = replace(look, state=PrinterState.IDLE)  # that is the queue, and told as such
        self._model = str(look.attributes.first("printer-make-and-model") or self._model)
        return queue, look

    @staticmethod
    def _rejects(queue: AttributeGroup) -> bool:
        return queue.first("printer-is-accepting-jobs") is False

    def _queue_faults(self, queue: AttributeGroup, look: PrinterLook) -> tuple[Fault, ...]:
        found = []
        if queue.number("printer-state") == PrinterState.STOPPED:
            found.append(errors.QUEUE_STOPPED)
        if self._rejects(queue) or not look.accepting:
            found.append(errors.QUEUE_REJECTING)
        if PDF not in queue.words("document-format-supported"):
            found.append(errors.NO_FILTER)
        return tuple(found)

    def _obstacle(self, queue: AttributeGroup, look: PrinterLook) -> Fault | None:
        """Why a job must not be handed over now, or None."""
        return look.obstacle() or next(iter(self._queue_faults(queue, look)), None)

    # ---- what is left over ----

    def _settle_left(self, deadline: Deadline) -> None:
        """Take back what is still under way and remove documents from the spool; what cannot be reached stays."""
        for job in list(self._left):
            if deadline.expired:
                return
            try:
                job.settle(deadline.sooner(LEFT_OVER))
            except DeviceError:
                self._count["left_waiting"] += 1
                return
            self._left.remove(job)
