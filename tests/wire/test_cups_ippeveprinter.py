"""The CUPS driver with nothing of ours on the way: Debian's cupsd in front of Debian's ippeveprinter."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, PrintProgress, Unknown
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage
from devices.simulators import cups_daemon
from devices.simulators.cups_daemon import CupsDaemon
from tests.wire.ippeve_printer import EMPTY, LOADED, RealPrinter

PDF = testpage.page("cups and ippeveprinter")
WAITS_AT_THE_GATE = 'touch "$dir/there"\nread go < "$dir/gate"\n'


class Office:
    """ippeveprinter, cupsd and the driver."""

    def __init__(self, printer: RealPrinter, daemon: CupsDaemon, driver: CupsPrinter) -> None:
        self.printer, self.daemon, self.driver = printer, daemon, driver
        self.spooled_before = 0

    def came_out(self) -> list[bytes]:
        """Documents that reached the printer in this test."""
        return self.printer.spooled()[self.spooled_before :]

    def print(self, seconds: float = 15.0) -> PrintOutcome:
        return self.driver.print_pdf(PDF, title="case", pages=1, deadline=Deadline.after(seconds))


@contextmanager
def furnished(folder: Path) -> Iterator[Office]:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)
    printer = RealPrinter(folder)
    daemon = CupsDaemon({"Laser": printer.port})
    try:
        daemon.start()
        driver = CupsPrinter(daemon.port("Laser"), patience=1.0)
        driver.open(Deadline.after(10))
        yield Office(printer, daemon, driver)
        driver.close()
    finally:
        daemon.stop()
        printer.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests that leave it whole: it takes two seconds to start."""
    with furnished(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(shared: Office) -> Office:
    shared.printer.media(LOADED)
    shared.printer.supplies(10, 90)
    shared.printer.fault("exit 0\n")
    (shared.printer.folder / "there").unlink(missing_ok=True)
    shared.spooled_before = len(shared.printer.spooled())
    return shared


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[Office]:
    """An office of one's own, to kill its printer."""
    with furnished(tmp_path) as office:
        yield office


class Printing:
    """A job on its way in another thread."""

    def __init__(self, office: Office, seconds: float) -> None:
        self.outcome: PrintOutcome | None = None
        self._changed = threading.Condition()
        self._reports: list[PrintProgress] = []
        self._thread = threading.Thread(target=self._run, args=(office, seconds))
        self._thread.start()

    def _run(self, office: Office, seconds: float) -> None:
        self.outcome = office.driver.print_pdf(
            PDF, title="case", pages=1, deadline=Deadline.after(seconds), progress=self._hear
        )

    def _hear(self, progress: PrintProgress) -> None:
        with self._changed:
            self._reports.append(progress)
            self._changed.notify_all()

    def waits_for(self, code: str) -> None:
        with self._changed:
            assert self._changed.wait_for(
                lambda: any(r.waiting_for and r.waiting_for.code == code for r in self._reports), timeout=10
            )

    def ended(self) -> PrintOutcome:
        self._thread.join(20)
        assert self.outcome is not None
        return self.outcome


def at_the_gate(office: Office) -> None:
    """Returns when the printer's job command waits at its gate: the document is at the printer."""
    end, tick = Deadline.after(10), threading.Event()
    while not (office.printer.folder / "there").exists():
        assert not end.expired
        tick.wait(0.02)


def test_the_document_arrives_byte_for_byte_and_leaves_no_trace_in_the_spool(office: Office) -> None:
    assert office.print() == Printed(1)
    assert office.came_out() == [PDF]
    assert office.daemon.spooled == []
    status = office.driver.poll(Deadline.after(5))
    assert (status.usable, status.details["paper"], office.driver.info.model) == (True, "full", "Kiosk Laser A4")


def test_an_empty_tray_and_an_empty_cartridge_are_seen_before_anything_is_sent(office: Office) -> None:
    office.printer.supplies(10, 5)
    assert [fault.code for fault in office.driver.poll(Deadline.after(5)).faults] == ["toner-low"]
    office.printer.media(EMPTY)
    outcome = office.print()
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "media-empty"
    office.printer.media(LOADED)
    assert office.print() == Printed(1)
    assert len(office.came_out()) == 1


def test_paper_that_ends_while_printing_is_never_printed_though_printer_and_cupsd_complete_the_job(
    office: Office,
) -> None:
    office.printer.fault(WAITS_AT_THE_GATE)
    job = Printing(office, 15)
    at_the_gate(office)
    office.printer.media(EMPTY)
    job.waits_for("media-empty")
    office.printer.open_gate()
    outcome = job.ended()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"


@pytest.mark.parametrize("reason", ["media-jam", "cover-open"])
def test_a_fault_while_printing_is_never_printed(office: Office, reason: str) -> None:
    office.printer.fault(
        f'echo "STATE: +{reason}" >&2\n{WAITS_AT_THE_GATE}echo "STATE: -{reason}" >&2\n'  # mended, but it never stopped
    )
    job = Printing(office, 15)
    job.waits_for(reason)
    office.printer.open_gate()
    outcome = job.ended()
    assert isinstance(outcome, NotPrinted | Unknown)
    assert outcome.reason.code == reason


def test_a_job_that_the_printer_aborts_is_not_printed_and_not_tried_again(office: Office) -> None:
    office.printer.fault("exit 1\n")
    outcome = office.print()
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "job-aborted"
    assert len(office.came_out()) == 1


def test_a_printer_that_dies_in_the_middle_leaves_it_unknown_though_cupsd_still_says_processing(
    doomed: Office,
) -> None:
    doomed.printer.fault(WAITS_AT_THE_GATE)
    job = Printing(doomed, 10)
    at_the_gate(doomed)
    doomed.printer.kill()
    assert isinstance(job.ended(), Unknown)
    assert doomed.daemon.spooled == []
    with pytest.raises(DeviceError) as error:
        doomed.driver.poll(Deadline.after(5))
    assert error.value.code in ("port-missing", "connection-lost")


def test_a_cupsd_that_dies_in_the_middle_is_overtaken_by_the_printers_own_word(office: Office) -> None:
    office.printer.fault(WAITS_AT_THE_GATE)
    job = Printing(office, 15)
    at_the_gate(office)
    office.daemon.kill()
    office.printer.open_gate()
    assert job.ended() == Printed(1)
    with pytest.raises(DeviceError) as error:
        office.driver.poll(Deadline.after(5))
    assert error.value.code == "cups-gone"
    office.daemon.start()
    office.printer.fault("exit 0\n")
    assert office.driver.poll(Deadline.after(5)).state in (State.ONLINE, State.DEVICE_BUSY)
    assert office.driver.statistics()["left_over"] == 0
