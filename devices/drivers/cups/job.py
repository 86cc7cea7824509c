"""One job on its way: handed to cupsd, followed at the printer itself, taken back when it does not come out.

cupsd's word counts only where the printer has none: it says ``canceled`` while the printer goes on printing, and
counts pages that were sent. Looks are taken in the order cupsd, job at the printer, printer, so that a job that moves
from one to the other in between is seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, PrintProgress, ProgressListener, Unknown
from devices.drivers.cups import errors
from devices.drivers.cups.behind import Behind
from devices.drivers.cups.server import CupsServer
from devices.drivers.ipp.looks import Course, JobLook, PrinterLook
from devices.drivers.ipp.protocol import JobState, PrinterState

PACE = (0.1, 0.5)  # seconds between two looks: first, longest
RESERVE = (2.0, 5.0)  # seconds kept back for taking the job back: a fifth of the time, within these
BACKEND_ENDS = 1.0  # seconds after a cancellation in which cupsd's backend may still reach the printer
CUPS_AGAIN = 2.0  # seconds before a cupsd that did not answer is asked again
TAKE_BACK = 4.0  # longest for taking back a job whose printer is silent
FORGOTTEN = JobLook(None, ("job-forgotten",), None, "")
UNLISTED = Fault("job-forgotten", Action.CLEAR, "nobody knows the job any more")
UNCONFIRMED = Fault("no-confirmation", Action.NONE, "CUPS knows that the pages were sent, not that they came out")
LATE = Fault("timeout", Action.CLEAR, "the job did not end in time")


@dataclass(frozen=True, slots=True)
class Sight:
    """What one round of looks has shown. None: no answer, or (``here``) the printer lists no such job."""

    carried: JobLook | None
    here: JobLook | None
    printer: PrinterLook | None
    trouble: Fault | None

    @property
    def waits_in_queue(self) -> bool:
        return self.carried is not None and self.carried.state in (JobState.PENDING, JobState.HELD)


class Carried:
    """``mark`` is the part of the job's name by which it is known at the printer."""

    def __init__(
        self, server: CupsServer, behind: Behind, number: int, mark: str, pages: int, progress: ProgressListener
    ) -> None:
        self._server, self._behind, self._progress = server, behind, progress
        self.number, self.mark, self._pages = number, mark, pages
        self._course = Course(pages)
        self._ask_cups_at = 0.0
        self._started = False  # cupsd began to hand it over
        self._told: PrintProgress | None = None
        self._printed = False
        self._cups_was_lost = False  # it may have come back, and begun the job again

    def follow(self, deadline: Deadline, patience: float, pause: Callable[[float], None]) -> PrintOutcome:
        left = deadline.remaining()
        following = Deadline(deadline.at - min(max(RESERVE[0], 0.2 * left), RESERVE[1], 0.5 * left))
        heard, wait = time.monotonic(), PACE[0]
        while True:
            sight = self._look(deadline)
            waiting = self._note(sight, deadline)
            outcome = self._decide(sight)
            if isinstance(outcome, Printed):
                self._printed = True
                self._progress(PrintProgress(self._pages, self._pages))
            elif isinstance(outcome, NotPrinted) and not _over(sight.carried):  # cupsd might begin it afresh
                return self.take_back(outcome.reason, deadline.sooner(TAKE_BACK), pause)
            if outcome:
                return outcome
            self._tell(waiting)
            now = time.monotonic()
            if sight.printer is not None and (sight.here or sight.carried):
                heard = now
            if now - heard > patience:
                return self.take_back(waiting or LATE, deadline.sooner(TAKE_BACK), pause)
            if following.expired:
                return self.take_back(waiting or LATE, deadline, pause)
            pause(min(wait, following.remaining()))
            wait = min(PACE[1], wait * 1.5)

    def take_back(self, reason: Fault, deadline: Deadline, pause: Callable[[float], None]) -> PrintOutcome:
        """Cancel at cupsd and at the printer. NotPrinted only when both say that nothing came out."""
        self._cancel(deadline)
        cancelled_at = time.monotonic()
        while True:
            sight = self._look(deadline)
            if outcome := self._taken_back(sight, reason, time.monotonic() - cancelled_at):
                self._printed = isinstance(outcome, Printed)
                return outcome
            gone = sight.printer is None and (sight.carried is None or _over(sight.carried))
            if deadline.expired or gone:
                return Unknown(reason)
            pause(min(PACE[0], deadline.remaining()))
            self._cancel(deadline)  # the backend may have handed it over in this very moment

    def settle(self, deadline: Deadline) -> None:
        """Remove job and document from cupsd's spool, and take back at the printer what did not come out.

        In this order: purging kills cupsd's backend, so that it cannot hand the job over any more. A printed job is
        looked for too where cupsd was lost: one that comes back begins it again, and a backend killed after its
        Create-Job leaves a job without a document, which keeps a printer busy (ippeveprinter: for ever). Raises
        DeviceError while either cannot be reached; may be repeated."""
        try:
            self._server.remove(self.number, deadline)
        except DeviceError:
            self._cups_was_lost = True
            raise
        if not self._printed or self._cups_was_lost:
            self._behind.cancel(self.mark, deadline)

    # ---- looking ----

    def _look(self, deadline: Deadline) -> Sight:
        trouble: Fault | None = None
        carried = here = printer = None
        if time.monotonic() >= self._ask_cups_at:
            try:
                carried, began = self._server.job(self.number, deadline)
                self._started = self._started or began
            except errors.CupsRefused as error:
                carried = FORGOTTEN if error.status == errors.NOT_FOUND else None
                trouble = error.fault()
            except DeviceError as error:
                self._ask_cups_at, trouble = time.monotonic() + CUPS_AGAIN, error.fault()
                self._cups_was_lost = True
        try:
            here = self._behind.find(self.mark, deadline)
            printer = self._printer(deadline)
        except DeviceError as error:
            here, trouble = None, error.fault()
        self._started = self._started or here is not None or carried is FORGOTTEN
        return Sight(carried, here, printer, trouble)

    def _printer(self, deadline: Deadline) -> PrinterLook | None:
        """A printer that can only be knocked at is not disturbed in the middle of a job: the queue's word counts."""
        if self._behind.probe == "ipp":
            return self._behind.look(deadline)
        return PrinterLook.of(self._server.look(deadline))

    def _note(self, sight: Sight, deadline: Deadline) -> Fault | None:
        """What the job waits for, or None."""
        if sight.printer is None:
            return self._course.seen or sight.trouble
        job = sight.here or sight.carried
        waiting = self._course.note(job, sight.printer) if job else sight.trouble
        if waiting or not sight.waits_in_queue:
            return waiting
        if sight.carried and sight.carried.state == JobState.HELD:
            return errors.QUEUE_HELD
        return errors.QUEUE_STOPPED if self._queue_stopped(deadline) else None

    def _queue_stopped(self, deadline: Deadline) -> bool:
        try:
            return PrinterLook.of(self._server.look(deadline.sooner(1.0))).state == PrinterState.STOPPED
        except DeviceError:
            return False  # the next look at the job tells what is wrong with cupsd

    def _tell(self, waiting: Fault | None) -> None:
        done = self._course.done or 0
        news = PrintProgress(min(done, self._pages or done), self._pages, waiting)
        if news != self._told:
            self._told = news
            self._progress(news)

    # ---- deciding ----

    def _decide(self, sight: Sight) -> PrintOutcome | None:
        """The outcome, or None while the job still runs. ``_note`` comes first."""
        if sight.printer is None:
            return None
        if sight.here is not None:
            if sight.here.state is None:
                return Unknown(UNLISTED)
            return self._course.decide(sight.here, sight.printer)
        carried = sight.carried
        if carried is FORGOTTEN:
            return Unknown(UNLISTED)
        if carried is None or not carried.over:
            return None
        if carried.state in (JobState.CANCELED, JobState.ABORTED):
            word = "job-cancelled" if carried.state == JobState.CANCELED else "job-aborted"
            reason = self._course.seen or Fault(word, Action.RESET, ", ".join(carried.reasons))
            return NotPrinted(reason) if self._behind.lists else Unknown(reason)
        if self._behind.confirms == "none":
            return Unknown(sight.printer.blocking or UNCONFIRMED)
        if self._behind.lists:
            return Unknown(UNLISTED)
        return self._course.decide(carried, sight.printer)

    def _taken_back(self, sight: Sight, reason: Fault, since: float) -> PrintOutcome | None:
        if sight.here is not None and sight.printer is not None:
            self._course.note(sight.here, sight.printer)
            if sight.here.state is None:
                return Unknown(reason)
            outcome = self._course.decide(sight.here, sight.printer)
            if outcome is None or isinstance(outcome, Printed):
                return outcome
            if not isinstance(outcome, NotPrinted) or sight.here.done != 0:
                return Unknown(reason)
            return NotPrinted(reason) if _over(sight.carried) else None
        if not _over(sight.carried):
            return None
        if not self._started:
            return NotPrinted(reason)
        if sight.printer is None:
            return None
        if not self._behind.lists:
            return Unknown(reason)
        return NotPrinted(reason) if since >= BACKEND_ENDS else None

    def _cancel(self, deadline: Deadline) -> None:
        """As far as it goes: the look afterwards tells what came of it. Not purged, for that would kill the backend
        before it can tell the printer."""
        with suppress(DeviceError):
            self._behind.cancel(self.mark, deadline)
        if time.monotonic() < self._ask_cups_at:
            return
        try:
            self._server.cancel(self.number, deadline.sooner(CUPS_AGAIN))
        except errors.CupsRefused:
            return  # over already, or forgotten
        except DeviceError:
            self._ask_cups_at = time.monotonic() + CUPS_AGAIN


def _over(carried: JobLook | None) -> bool:
    """Whether cupsd has said that it does nothing more for the job."""
    return carried is not None and (carried.over or carried is FORGOTTEN)
