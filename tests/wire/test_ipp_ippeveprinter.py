"""The IPP driver against a printer we did not write, Debian's ippeveprinter: faults before and during a job."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import State
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, PrintProgress, Unknown
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.drivers.ipp.protocol import Operation
from devices.transports.descriptor import ConnectionLost
from devices.transports.http import HttpAnswer, exchange
from tests.wire.ippeve_printer import EMPTY, LOADED, RealPrinter

PDF = testpage.page("ippeveprinter")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealPrinter]:
    printer = RealPrinter(tmp_path)
    yield printer
    printer.close()


class Printing:
    """A job on its way in another thread, and what it has reported."""

    def __init__(self, real: RealPrinter, seconds: float) -> None:
        self.reports: list[PrintProgress] = []
        self.outcome: PrintOutcome | None = None
        self._waits = threading.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(IppPrinter(real.port), seconds))
        self._thread.start()

    def _run(self, printer: IppPrinter, seconds: float) -> None:
        self.outcome = printer.print_pdf(
            PDF, title="case", pages=1, deadline=Deadline.after(seconds), progress=self._hear
        )

    def _hear(self, progress: PrintProgress) -> None:
        self.reports.append(progress)
        self._begun.set()
        if progress.waiting_for:
            self._waits.set()

    def begun(self) -> None:
        assert self._begun.wait(10)

    def waits_for(self) -> str:
        assert self._waits.wait(10)
        (fault,) = [r.waiting_for for r in self.reports if r.waiting_for][:1]
        return fault.code

    def ended(self) -> PrintOutcome:
        self._thread.join(20)
        assert self.outcome is not None
        return self.outcome


def print_once(real: RealPrinter, seconds: float = 10.0) -> PrintOutcome:
    return IppPrinter(real.port).print_pdf(PDF, title="case", pages=1, deadline=Deadline.after(seconds))


def test_the_printer_gets_the_document_byte_for_byte(real: RealPrinter) -> None:
    assert print_once(real) == Printed(1)
    assert real.spooled() == [PDF]


def test_a_large_document_arrives_byte_for_byte(real: RealPrinter) -> None:
    large = PDF + b"%" + bytes(range(256)) * 8000
    outcome = IppPrinter(real.port).print_pdf(large, title="case", pages=1, deadline=Deadline.after(10))
    assert outcome == Printed(1)
    assert real.spooled() == [large]


def test_an_empty_tray_is_seen_before_anything_is_sent_and_after_loading_the_next_job_prints(real: RealPrinter) -> None:
    real.media(EMPTY)
    outcome = print_once(real)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "media-empty"
    assert real.spooled() == []
    assert IppPrinter(real.port).poll(Deadline.after(5)).details["paper"] == "out"
    real.media(LOADED)
    assert print_once(real) == Printed(1)


def test_paper_that_ends_while_printing_is_never_printed_though_the_printer_completes_the_job(
    real: RealPrinter,
) -> None:
    real.fault('read go < "$dir/gate"\n')
    job = Printing(real, 15)
    job.begun()
    real.media(EMPTY)
    assert job.waits_for() == "media-empty"
    real.open_gate()
    outcome = job.ended()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"


@pytest.mark.parametrize("reason", ["media-jam", "cover-open"])
def test_a_fault_reported_while_printing_is_never_printed_though_the_job_completes(
    real: RealPrinter, reason: str
) -> None:
    real.fault(f'echo "STATE: +{reason}" >&2\nread go < "$dir/gate"\nexit 0\n')
    job = Printing(real, 15)
    assert job.waits_for() == reason
    real.open_gate()
    outcome = job.ended()
    assert isinstance(outcome, NotPrinted | Unknown)
    assert outcome.reason.code == reason


def test_a_fault_that_was_taken_back_by_a_printer_that_never_stopped_is_not_believed(real: RealPrinter) -> None:
    real.fault('echo "STATE: +media-jam" >&2\nread go < "$dir/gate"\necho "STATE: -media-jam" >&2\nexit 0\n')
    job = Printing(real, 15)
    assert job.waits_for() == "media-jam"
    real.open_gate()
    outcome = job.ended()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-jam"


def test_a_fault_that_stays_until_the_deadline_ends_with_the_job_cancelled(real: RealPrinter) -> None:
    real.fault('echo "STATE: +cover-open" >&2\nread go < "$dir/gate"\n')
    deadline = Deadline.after(3)
    outcome = IppPrinter(real.port).print_pdf(PDF, title="case", pages=1, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.2
    assert isinstance(outcome, NotPrinted | Unknown)
    assert outcome.reason.code == "cover-open"


def test_a_job_that_the_printer_aborts_is_not_printed(real: RealPrinter) -> None:
    real.fault("exit 1\n")
    outcome = print_once(real)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "job-aborted"


def test_a_printer_that_dies_in_the_middle_of_a_job_leaves_it_unknown(real: RealPrinter) -> None:
    real.fault('read go < "$dir/gate"\n')
    job = Printing(real, 5)
    job.begun()
    real.kill()
    assert isinstance(job.ended(), Unknown)


def test_a_printer_that_is_gone_before_the_job_prints_nothing(real: RealPrinter) -> None:
    real.kill()
    outcome = print_once(real)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code in ("port-missing", "connection-lost")


def test_reset_by_a_new_process_cancels_the_job_of_the_one_before(real: RealPrinter) -> None:
    real.fault('read go < "$dir/gate"\n')
    job = Printing(real, 20)
    job.begun()
    heir = IppPrinter(real.port)
    heir.reset(Deadline.after(5))
    assert heir.statistics()["cancelled"] == 1
    real.open_gate()
    assert isinstance(job.ended(), NotPrinted | Unknown)
    heir.reset(Deadline.after(5))
    assert heir.statistics()["cancelled"] == 1


def test_the_printer_tells_who_it_is_and_that_it_is_well(real: RealPrinter) -> None:
    printer = IppPrinter(real.port)
    status = printer.poll(Deadline.after(5))
    assert (status.state, status.usable, status.details["paper"]) == (State.ONLINE, True, "full")
    assert printer.info.model == "Kiosk Laser A4"


def test_a_refused_document_leaves_no_empty_job_that_keeps_the_next_paper_waiting(real: RealPrinter) -> None:
    def spoil(host: str, port: int, path: str, body: bytes, **how: Any) -> HttpAnswer:
        """What a printer that refuses this one document gets to see: a kind of it that nobody knows."""
        if int.from_bytes(body[2:4], "big") == Operation.SEND_DOCUMENT:
            body = body.replace(b"application/pdf", b"application/foo", 1)
        return exchange(host, port, path, body, **how)

    refused = IppPrinter(real.port, carry=spoil).print_pdf(PDF, title="case", pages=1, deadline=Deadline.after(10))
    assert isinstance(refused, NotPrinted)
    outcome = IppPrinter(real.port).print_pdf(PDF, title="case", pages=1, deadline=Deadline.after(10))
    assert outcome == Printed(1)


def test_a_job_whose_number_was_lost_on_its_way_does_not_keep_the_next_paper_waiting(real: RealPrinter) -> None:
    def lose(host: str, port: int, path: str, body: bytes, **how: Any) -> HttpAnswer:
        answer = exchange(host, port, path, body, **how)
        if int.from_bytes(body[2:4], "big") == Operation.CREATE_JOB:
            raise ConnectionLost(f"tcp://{host}:{port}", "in the middle of the answer")
        return answer

    lost = IppPrinter(real.port, carry=lose).print_pdf(PDF, title="case-7", pages=1, deadline=Deadline.after(10))
    assert isinstance(lost, NotPrinted)
    assert lost.reason.code == "connection-lost"
    outcome = IppPrinter(real.port).print_pdf(PDF, title="case-8", pages=1, deadline=Deadline.after(10))
    assert outcome == Printed(1)
