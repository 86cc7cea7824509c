"""An A4 printer by IPP: look, send, follow, decide.

A job ends as Printed only when the printer says ``completed`` and reports nothing that blocks in the same look
(some printers complete a job with no paper in the tray). Once bytes of the document have left this machine and
the answer is lost, the outcome is Unknown.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from devices.drivers.ipp.looks import JOB_WANTED, PDF, PRINTER_WANTED, Course, JobLook, PrinterLook
from devices.drivers.ipp.protocol import Attribute, Group, JobState, Message, Operation, PrinterState, Tag, attribute
from devices.transports.stream import PortMissing

A4 = "iso_a4_210x297mm"
STEP = 5.0  # seconds for one question
PATIENCE = 10.0  # seconds without any answer after which a running job is given up as unknown
PACE = (0.1, 0.5)  # seconds between two looks at a running job: first, longest
NAME = "kiosk"
USER = attribute("requesting-user-name", Tag.NAME, NAME)


@dataclass(frozen=True, slots=True)
class _Job:
    number: int
    uuid: str


class IppPrinter:
    """``port`` is ``ipp://host:port/path``. ``pause`` waits between two looks at a job (injected by tests)."""

    def __init__(
        self, port: str, *, media: str = A4, patience: float = PATIENCE, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = IppClient(port)
        self._port, self._media, self._patience, self._pause = port, media, patience, pause
        self._model = ""
        self._operations: frozenset[int] = frozenset()
        self._current: _Job | None = None
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
        return Status(state, faults, details=self._details(look))

    def reset(self, deadline: Deadline) -> None:
        """Cancel every unfinished job of this terminal's, of an earlier process too, then look; idempotent.

        Raises DeviceError when the printer does not answer."""
        numbers = self._unfinished(deadline)
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
            return NotPrinted(Fault("not-a-pdf", Action.CONFIGURE, "the document does not begin as a PDF"))
        try:
            before = self._look(deadline)
            if fault := before.obstacle():
                return NotPrinted(fault)
            two_steps = before.can(Operation.CREATE_JOB) and before.can(Operation.SEND_DOCUMENT)
            job = self._create(title, before, deadline) if two_steps else None
        except DeviceError as error:
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

    def _create(self, title: str, look: PrinterLook, deadline: Deadline) -> _Job:
        name = attribute("job-name", Tag.NAME, title)
        step = deadline.sooner(STEP)
        return self._job_of(self._client.call(Operation.CREATE_JOB, step, USER, name, job=self._template(look)))

    def _send(self, job: _Job | None, pdf: bytes, title: str, look: PrinterLook, deadline: Deadline) -> _Job:
        kind = attribute("document-format", Tag.MIME_TYPE, PDF)
        if job is None:
            name = attribute("job-name", Tag.NAME, title)
            answer = self._client.call(
                Operation.PRINT_JOB, deadline, USER, name, kind, job=self._template(look), document=pdf
            )
            return self._job_of(answer)
        last = attribute("last-document", Tag.BOOLEAN, True)
        number = attribute("job-id", Tag.INTEGER, job.number)
        self._client.call(Operation.SEND_DOCUMENT, deadline, number, USER, kind, last, document=pdf)
        return job

    def _not_sent(self, job: _Job | None, error: DeviceError, deadline: Deadline) -> PrintOutcome:
        """The document was refused (nothing prints), or never left, or its answer was lost (nobody can say)."""
        if isinstance(error, Refused | PortMissing):
            self._current = job  # an empty job may stay behind: reset removes it
            return NotPrinted(error.fault())
        self._count["lost_answers"] += 1
        if job is None:
            return Unknown(error.fault())
        self._current = job
        try:
            look = self._look_at(job, deadline)
        except DeviceError:
            return Unknown(error.fault())
        if look.state in (JobState.ABORTED, JobState.CANCELED) and not look.done:
            return NotPrinted(Fault("job-aborted", Action.RESET, ", ".join(look.reasons)))
        return Unknown(error.fault())  # even "completed" does not say that the whole document had arrived

    # ---- following a job ----

    def _follow(self, job: _Job, pages: int, deadline: Deadline, progress: ProgressListener) -> PrintOutcome:
        course, heard, told = Course(pages), time.monotonic(), None
        following = Deadline(deadline.at - min(STEP, 0.2 * deadline.remaining()))  # the rest is for cancelling
        pause = PACE[0]
        while True:
            waiting: Fault | None
            try:
                seen = self._look_at(job, deadline)
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

    def _give_up(self, job: _Job, course: Course, waiting: Fault | None, deadline: Deadline) -> PrintOutcome:
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
                seen, printer = self._look_at(job, deadline), self._look(deadline)
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
        wanted = attribute("requested-attributes", Tag.KEYWORD, *PRINTER_WANTED)
        answer = self._client.call(Operation.GET_PRINTER_ATTRIBUTES, deadline.sooner(STEP), USER, wanted)
        look = PrinterLook.of(answer.group(Group.PRINTER))
        self._model = str(look.attributes.first("printer-make-and-model") or self._model)
        self._operations = look.operations
        return look

    def _look_at(self, job: _Job, deadline: Deadline) -> JobLook:
        """Raises Refused ``not-found`` also when the number now belongs to another job (the printer restarted)."""
        number = attribute("job-id", Tag.INTEGER, job.number)
        wanted = attribute("requested-attributes", Tag.KEYWORD, *JOB_WANTED)
        answer = self._client.call(Operation.GET_JOB_ATTRIBUTES, deadline.sooner(STEP), number, USER, wanted)
        look = JobLook.of(answer.group(Group.JOB))
        if job.uuid and look.uuid and job.uuid != look.uuid:
            raise Refused(Operation.GET_JOB_ATTRIBUTES, 0x0406)
        return look

    def _unfinished(self, deadline: Deadline) -> list[int]:
        """Numbers of our jobs that are not over; a printer that ignores ``my-jobs`` names others' too."""
        wanted = attribute("requested-attributes", Tag.KEYWORD, "job-id", "job-originating-user-name")
        which = attribute("which-jobs", Tag.KEYWORD, "not-completed")
        mine = attribute("my-jobs", Tag.BOOLEAN, True)
        try:
            answer = self._client.call(Operation.GET_JOBS, deadline.sooner(STEP), USER, wanted, which, mine)
        except Refused:
            return []  # it keeps no list: only what this process remembers can be cancelled
        jobs = (group for group in answer.groups if group.tag == Group.JOB)
        ours = (job.number("job-id") for job in jobs if job.first("job-originating-user-name") in (None, NAME))
        return [number for number in ours if number is not None]

    def _cancel(self, number: int, deadline: Deadline) -> None:
        job = attribute("job-id", Tag.INTEGER, number)
        self._client.call(Operation.CANCEL_JOB, deadline.sooner(STEP), job, USER)
        self._count["cancelled"] += 1

    @staticmethod
    def _job_of(answer: Message) -> _Job:
        group = answer.group(Group.JOB)
        number, uuid = group.number("job-id"), group.first("job-uuid")
        if number is None:
            raise DeviceError(
                "bad-ipp",
                "the printer gave the job no number",
                advice="Update the printer's firmware.",
                retryable=False,
            )
        return _Job(number, uuid if isinstance(uuid, str) else "")

    def _details(self, look: PrinterLook) -> dict[str, str]:
        details = {"paper": reasons.paper(look.reasons).value}
        if ready := look.attributes.words("media-ready"):
            details["media-ready"] = ", ".join(ready)
        if (queued := look.attributes.number("queued-job-count")) is not None:
            details["queued-jobs"] = str(queued)
        for name, level in zip(
            look.attributes.words("marker-names"), look.attributes.all("marker-levels"), strict=False
        ):
            details[f"level {name}"] = str(level)
        return details
