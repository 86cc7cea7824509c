"""One receipt on its way: bands out, confirmations in, and a decision."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.printing import (
    NotPrinted,
    Printed,
    PrintOutcome,
    PrintProgress,
    ProgressListener,
    Unknown,
)
from devices.drivers.escpos.line import Line

WINDOW = 2  # parts on the way without confirmation
PROBE = 0.5  # seconds to wait for a confirmation before asking how the printer is
UNCONFIRMED_AFTER = 2.0  # seconds of answers out of turn only
SILENCE = ("no-answer", "write-timeout")
LATE = Fault("timeout", Action.RESET, "the receipt did not end in time")
UNCONFIRMED = Fault("no-confirmation", Action.NONE, "the printer takes data but does not say when it has printed")


class Job:
    """``drop`` makes the printer forget what it has not printed yet. ``settled`` says whether answers of an earlier
    receipt are ruled out: else none is believed and the outcome is Unknown."""

    def __init__(
        self,
        line: Line,
        deadline: Deadline,
        progress: ProgressListener,
        patience: float,
        drop: Callable[[Deadline], None],
        settled: bool,
    ) -> None:
        self._settled = settled
        self._line, self._progress, self._patience, self._drop = line, progress, patience, drop
        self._end = deadline
        self._deadline = Deadline(deadline.at - min(0.5, 0.1 * deadline.remaining()))  # the rest is for dropping
        self._sent = 0

    @property
    def began(self) -> bool:
        """Whether dots may be on the paper: the first part only sets defaults."""
        return self._sent > 1

    def run(self, parts: list[bytes]) -> PrintOutcome:
        """``parts`` in their order; only with the last one is it a receipt."""
        try:
            for index, part in enumerate(parts):
                if fault := self._confirm(WINDOW - 1):
                    return self._stop(fault, whole=False)
                self._sent = index + 1  # from here on the printer may have it
                self._line.stream.write(part, self._deadline)
                self._line.send_barrier(self._deadline)
            if fault := self._confirm(0):
                return self._stop(fault, whole=True)
            after = self._line.look(self._deadline)
        except DeviceError as error:
            return Unknown(error.fault()) if self.began else NotPrinted(error.fault())
        if after.blocking:
            return Unknown(after.blocking)
        if self._line.confirms is False or not self._settled:
            return Unknown(UNCONFIRMED)
        self._progress(PrintProgress(1, 1))
        return Printed(1)

    def _confirm(self, allowed: int) -> Fault | None:
        """Wait until at most ``allowed`` parts are unconfirmed. Returns the fault that prevents it."""
        confirmed_at = heard = time.monotonic()
        while self._settled and self._line.outstanding > allowed and self._line.confirms is not False:
            if self._deadline.expired:
                return LATE
            if self._line.await_barrier(self._deadline.sooner(PROBE)):
                self._line.confirms, confirmed_at = True, time.monotonic()
                heard = confirmed_at
                continue
            try:
                if fault := self._line.look(self._deadline).blocking:
                    return fault
                heard = time.monotonic()
            except DeviceError as error:
                silent = time.monotonic() - heard > self._patience
                if error.code not in SILENCE or silent:
                    raise
                continue  # at the deadline the question was cut short by us: no silence of the printer's
            if self._line.confirms is None and heard - confirmed_at > UNCONFIRMED_AFTER:
                self._line.confirms = False  # it answers, but never in its turn: go on without
        return None

    def _stop(self, fault: Fault, *, whole: bool) -> PrintOutcome:
        """Drop the rest. While the receipt's end is still here it cannot have come out."""
        self._progress(PrintProgress(0, 1, fault))
        try:
            self._drop(self._end)
        except DeviceError:
            return Unknown(fault)
        return Unknown(fault) if whole else NotPrinted(fault)
