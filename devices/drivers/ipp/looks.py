"""What one look at the printer and at a job has shown, and what follows from it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.device import Action, Fault
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Unknown
from devices.drivers.ipp import reasons
from devices.drivers.ipp.protocol import AttributeGroup, JobState, Operation, PrinterState

PDF = "application/pdf"
PRINTER_WANTED = (
    "printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "printer-make-and-model", "printer-up-time",
    "document-format-supported", "operations-supported", "media-supported", "media-ready", "sides-supported",
    "queued-job-count", "marker-names", "marker-levels", "printer-supply", "printer-supply-description",
)  # fmt: skip
JOB_WANTED = ("job-state", "job-state-reasons", "job-impressions-completed", "job-media-sheets-completed", "job-uuid")


@dataclass(frozen=True, slots=True)
class PrinterLook:
    """Get-Printer-Attributes, read. ``state`` None and empty reasons mean that the printer did not say."""

    state: int | None
    reasons: tuple[str, ...]
    accepting: bool
    operations: frozenset[int]
    attributes: AttributeGroup

    @classmethod
    def of(cls, group: AttributeGroup) -> PrinterLook:
        return cls(
            group.number("printer-state"),
            group.words("printer-state-reasons"),
            group.first("printer-is-accepting-jobs") is not False,
            frozenset(value for value in group.all("operations-supported") if isinstance(value, int)),
            group,
        )

    @property
    def stopped(self) -> bool:
        return self.state == PrinterState.STOPPED

    @property
    def faults(self) -> tuple[Fault, ...]:
        return reasons.faults(self.reasons, stopped=self.stopped)

    @property
    def blocking(self) -> Fault | None:
        return next((fault for fault in self.faults if fault.blocking), None)

    def obstacle(self) -> Fault | None:
        """Why a job must not be sent now, or None."""
        if self.blocking:
            return self.blocking
        if self.state is None:
            return Fault("no-state", Action.CONFIGURE, "the printer does not tell its state")
        if self.stopped:
            return Fault("stopped", Action.RESET, "the printer has stopped and gives no reason")
        if not self.accepting:
            return Fault("not-accepting-jobs", Action.RESET)
        if PDF not in self.attributes.words("document-format-supported"):
            return Fault("document-format", Action.CONFIGURE, "the printer does not take PDF")
        return None

    def can(self, operation: Operation) -> bool:
        return operation in self.operations


@dataclass(frozen=True, slots=True)
class JobLook:
    """Get-Job-Attributes, read. ``done`` is None where the printer counts nothing."""

    state: int | None
    reasons: tuple[str, ...]
    done: int | None
    uuid: str

    @classmethod
    def of(cls, group: AttributeGroup) -> JobLook:
        counts = (group.number("job-impressions-completed"), group.number("job-media-sheets-completed"))
        uuid = group.first("job-uuid")
        return cls(
            group.number("job-state"),
            group.words("job-state-reasons"),
            max((count for count in counts if count is not None), default=None),
            uuid if isinstance(uuid, str) else "",
        )

    @property
    def over(self) -> bool:
        return self.state is not None and self.state >= JobState.CANCELED


@dataclass(slots=True)
class Course:
    """What has been seen of a job so far."""

    pages: int
    seen: Fault | None = None  # the last blocking fault while the job ran
    stopped_for_it: bool = False  # the printer itself held the job because of that fault
    done: int | None = None

    def note(self, job: JobLook, printer: PrinterLook) -> Fault | None:
        """Remember a look; returns what the job waits for, or None."""
        self.done = job.done if job.done is not None else self.done
        held = job.state == JobState.STOPPED or printer.stopped
        waiting = printer.blocking
        if waiting is None and job.state == JobState.STOPPED:
            waiting = Fault("job-stopped", Action.RESET, ", ".join(job.reasons))
        if waiting:
            if self.seen is None or self.seen.code != waiting.code:
                self.stopped_for_it = False
            self.seen = waiting
            self.stopped_for_it = self.stopped_for_it or held
        return waiting

    def decide(self, job: JobLook, printer: PrinterLook) -> PrintOutcome | None:
        """The outcome, or None while the job still runs. ``note`` comes first."""
        if job.state in (JobState.CANCELED, JobState.ABORTED):
            word = "job-cancelled" if job.state == JobState.CANCELED else "job-aborted"
            reason = self.seen or Fault(word, Action.RESET, ", ".join(job.reasons))
            all_out = job.done is not None and 0 < self.pages <= job.done
            return Unknown(reason) if all_out else NotPrinted(reason)
        if job.state != JobState.COMPLETED:
            return None
        if printer.blocking:
            return Unknown(printer.blocking)
        if printer.state is None:
            return Unknown(Fault("no-state", Action.CONFIGURE, "the printer does not tell its state"))
        if self.seen and not self.stopped_for_it:
            # it reported the fault and went on as if nothing were: its "completed" proves nothing
            return Unknown(self.seen)
        if "job-completed-with-errors" in job.reasons:
            return Unknown(Fault("completed-with-errors", Action.CLEAR, ", ".join(job.reasons)))
        return Printed(self.pages)
