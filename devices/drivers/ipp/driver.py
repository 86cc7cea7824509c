"""An A4 printer by IPP: look, send, follow, decide.

A job ends as Printed only when the printer says ``completed`` and reports nothing that blocks in the same look
(some printers complete a job with no paper in the tray). Once bytes of the document have left this machine and
the answer is lost, the outcome is Unknown.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.printing import (
    NotPrinted,
    Printed,
    PrintOutcome,
    PrintProgress,
    ProgressListener,
    Unknown,
)
from devices.drivers.ipp import reasons, testpage
from devices.drivers.ipp.client import IppClient, Refused
from devices.drivers.ipp.looks import PDF, Course, PrinterLook
from devices.drivers.ipp.protocol import Attribute, Group, JobState, Message, Operation, PrinterState, Tag, attribute
from devices.drivers.ipp.questions import STEP, JobAtPrinter, Questions
from devices.transports.http import Exchange, exchange
from devices.transports.stream import PortMissing

A4 = "iso_a4_210x297mm"
PATIENCE = 10.0  # seconds without any answer after which a running job is given up as unknown
PACE = (0.1, 0.5)  # seconds between two looks at a running job: first, longest
NAME = "kiosk"
NOT_A_PDF = Fault("not-a-pdf", Action.CONFIGURE, "the document does not begin as a PDF")


class IppPrinter:
    """``port`` is ``ipp://host:port/path``. ``pause`` waits between two looks at a job, ``carry`` makes the HTTP
    exchanges (tests, captures and replays put their own in these places)."""

    def __init__(
        self,
        port: str,
        *,
        media: str = A4,
        patience: float = PATIENCE,
        pause: Callable[[float], None] = time.sleep,
        carry: Exchange = exchange,
    ) -> None:
        self._client = IppClient(port, carry)
        self._ask = Questions(self._client, NAME)
        self._port, self._media, self._patience, self._pause = port, media, patience, pause
        self._model = ""
        self._operations: frozenset[int] = frozenset()
        self._current: JobAtPrinter | None = None
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("page_printer", "ipp", self._port, model=self._model)

    @property
    def capabilities(self) -> Mapping[str, str]:
        two_steps = {Operation.CREATE_JOB, Operation.SEND_DOCUMENT} <= self._operations
        return {"formats": PDF, "media": self._media, "send": "create-job" if two_steps else "print-job"}

    def open(self, deadline: Deadline) -> None:
        """One look; IPP keeps no connection. Raises DeviceError."""
        self._look(deadline)

    def close(self) -> None:
        """Nothing is held open."""

    def poll(self, deadline: Deadline) -> Status:
        look = self._look(deadline)
        faults = look.faults
        if look.state is None:
            state = State.UNKNOWN
        elif look.stopped and not look.blocking:
            state, faults = State.HARDWARE_ERROR, (*faults, Fault("stopped", Action.RESET))
        elif look.state == PrinterState.PROCESSING:
            state = State.DEVICE_BUSY
        else:
            state = State.ONLINE
        if not look.accepting:
            faults = (*faults, Fault("not-accepting-jobs", Action.RESET))
        return Status(state, faults, details=details(look))

    def reset(self, deadline: Deadline) -> None:
        """Cancel every unfinished job of this terminal's, of an earlier process too, then look; idempotent.

        Raises DeviceError when the printer does not answer."""
        numbers = self._ask.unfinished(deadline)
        if self._current and self._current.number not in numbers:
            numbers.append(self._current.number)
        for number in numbers:
            try:
                self._cancel(number, deadline)
            except Refused:
                self._count["cancel_refused"] += 1  # over already, or forgotten: both are what reset wants
        self._current = None
        self._look(deadline)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL looks; EXTERNAL prints a page and waits for it; INTERACTIVE prints one for a person to judge."""
        look = self._look(deadline)
        obstacle = look.obstacle()
        if level is Level.INTERNAL or obstacle:
            return TestResult(level, obstacle is None, f"{self._model}: {obstacle.code if obstacle else 'ready'}")
        outcome = self.print_pdf(
            testpage.page(f"Self-test {level.value}"), title="self-test", pages=1, deadline=deadline
        )
        if isinstance(outcome, Printed):
            return TestResult(level, None if level is Level.INTERACTIVE else True, "one test page printed")
        return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")

    def statistics(self) -> Mapping[str, int]:
        return {**self._count, "exchanges": self._client.exchanges}

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
        try:
            before = self._look(deadline)
            if fault := before.obstacle():
                return NotPrinted(fault)
        except DeviceError as error:
            return NotPrinted(error.fault())
        two_steps = before.can(Operation.CREATE_JOB) and before.can(Operation.SEND_DOCUMENT)
        try:
            job = self._create(title, before, deadline) if two_steps else None
        except DeviceError as error:
            if not isinstance(error, Refused | PortMissing):
                self._remove_empty(self._lost(title, deadline), deadline)
            return NotPrinted(error.fault())  # the document is still here: a job without one prints nothing
        try:
            job = self._send(job, pdf, title, before, deadline)
        except DeviceError as error:
            return self._not_sent(job, error, deadline)
        self._current = job
        return self._follow(job, pages, deadline, progress)

    def _template(self, look: PrinterLook) -> tuple[Attribute, ...]:
        wanted = (("media", self._media), ("sides", "one-sided"))
        return tuple(
            attribute(name, Tag.KEYWORD, value)
            for name, value in wanted
            if value in look.attributes.words(f"{name}-supported")
        )

    def _create(self, title: str, look: PrinterLook, deadline: Deadline) -> JobAtPrinter:
        name = attribute("job-name", Tag.NAME, title)
        step = deadline.sooner(STEP)
        return self._job_of(self._client.call(Operation.CREATE_JOB, step, self._ask.me, name, job=self._template(look)))

    def _send(
        self, job: JobAtPrinter | None, pdf: bytes, title: str, look: PrinterLook, deadline: Deadline
    ) -> JobAtPrinter:
        kind = attribute("document-format", Tag.MIME_TYPE, PDF)
        if job is None:
            name = attribute("job-name", Tag.NAME, title)
            answer = self._client.call(
                Operation.PRINT_JOB, deadline, self._ask.me, name, kind, job=self._template(look), document=pdf
            )
            return self._job_of(answer)
        last = attribute("last-document", Tag.BOOLEAN, True)
        number = attribute("job-id", Tag.INTEGER, job.number)
        self._client.call(Operation.SEND_DOCUMENT, deadline, number, self._ask.me, kind, last, document=pdf)
        return job

    def _not_sent(self, job: JobAtPrinter | None, error: DeviceError, deadline: Deadline) -> PrintOutcome:
        """The document was refused (nothing prints), or never left, or its answer was lost (nobody can say)."""
        if isinstance(error, Refused | PortMissing):
            self._remove_empty([job] if job else [], deadline)
            return NotPrinted(error.fault())
        self._count["lost_answers"] += 1
        if job is None:
            return Unknown(error.fault())
        self._current = job
        try:
            look = self._ask.job(job, deadline)
        except DeviceError:
            return Unknown(error.fault())
        if look.state in (JobState.ABORTED, JobState.CANCELED) and not look.done:
            return NotPrinted(Fault("job-aborted", Action.RESET, ", ".join(look.reasons)))
        return Unknown(error.fault())  # even "completed" does not say that the whole document had arrived

    def _lost(self, title: str, deadline: Deadline) -> list[JobAtPrinter]:
        """Jobs that were made although the answer, and with it their number, was lost."""
        try:
            return self._ask.named(title, deadline, over=False)
        except DeviceError:
            return []  # if there are any, reset removes them

    def _remove_empty(self, jobs: list[JobAtPrinter], deadline: Deadline) -> None:
        """Jobs without a document: until they are gone some printers are busy with them and take no other one."""
        for job in jobs:
            try:
                self._cancel(job.number, deadline)
            except DeviceError:
                self._count["cancel_refused"] += 1
                self._current = job  # it stays behind: reset removes it

    # ---- following a job ----

    def _follow(self, job: JobAtPrinter, pages: int, deadline: Deadline, progress: ProgressListener) -> PrintOutcome:
        course, heard, told = Course(pages), time.monotonic(), None
        following = Deadline(deadline.at - min(STEP, 0.2 * deadline.remaining()))  # the rest is for cancelling
        pause = PACE[0]
        while True:
            waiting: Fault | None
            try:
                seen = self._ask.job(job, deadline)
                printer = self._look(deadline)
            except DeviceError as error:
                if isinstance(error, Refused) and error.code == "not-found":
                    return Unknown(Fault("job-forgotten", Action.CLEAR, "the printer does not know the job any more"))
                waiting = course.seen or error.fault()
                if time.monotonic() - heard > self._patience or deadline.expired:
                    return Unknown(waiting)
            else:
                heard = time.monotonic()
                waiting = course.note(seen, printer)
                if outcome := course.decide(seen, printer):
                    if isinstance(outcome, Printed):
                        progress(PrintProgress(pages, pages))
                    self._current = None
                    return outcome
            news = PrintProgress(min(course.done or 0, pages or course.done or 0), pages, waiting)
            if news != told:
                progress(news)
                told = news
            if following.expired:
                return self._give_up(job, course, waiting, deadline)
            self._pause(min(pause, following.remaining()))
            pause = min(PACE[1], pause * 1.5)

    def _give_up(self, job: JobAtPrinter, course: Course, waiting: Fault | None, deadline: Deadline) -> PrintOutcome:
        """The time is over: cancel, and believe only a confirmed cancellation of a job with no page out."""
        reason = waiting or Fault("timeout", Action.CLEAR, "the job did not end in time")
        try:
            self._cancel(job.number, deadline)
        except Refused:
            self._count["cancel_refused"] += 1  # perhaps it ended this very moment: the look below tells
        except DeviceError:
            return Unknown(reason)
        while not deadline.expired:
            try:
                seen, printer = self._ask.job(job, deadline), self._look(deadline)
            except DeviceError:
                return Unknown(reason)
            course.note(seen, printer)
            if outcome := course.decide(seen, printer):
                self._current = None
                if isinstance(outcome, Printed):
                    return outcome
                return NotPrinted(reason) if isinstance(outcome, NotPrinted) and seen.done == 0 else Unknown(reason)
            self._pause(min(PACE[0], deadline.remaining()))
        return Unknown(reason)

    # ---- questions ----

    def _look(self, deadline: Deadline) -> PrinterLook:
        look = self._ask.printer(deadline)
        self._model = str(look.attributes.first("printer-make-and-model") or self._model)
        self._operations = look.operations
        return look

    def _cancel(self, number: int, deadline: Deadline) -> None:
        self._ask.cancel(number, deadline)
        self._count["cancelled"] += 1

    @staticmethod
    def _job_of(answer: Message) -> JobAtPrinter:
        job = JobAtPrinter.of(answer.group(Group.JOB))
        if job is None:
            raise DeviceError(
                "bad-ipp",
                "the printer gave the job no number",
                advice="Update the printer's firmware.",
                retryable=False,
            )
        return job


def details(look: PrinterLook) -> dict[str, str]:
    """What a look tells beside state and faults."""
    told = {"paper": reasons.paper(look.reasons).value}
    if ready := look.attributes.words("media-ready"):
        told["media-ready"] = ", ".join(ready)
    if (queued := look.attributes.number("queued-job-count")) is not None:
        told["queued-jobs"] = str(queued)
    for name, level in zip(look.attributes.words("marker-names"), look.attributes.all("marker-levels"), strict=False):
        told[f"level {name}"] = str(level)
    return told
