"""What every A4 printer promises, whatever it is made of.

Run against the twin on its wire, the twin behind a private cupsd, replays of captured conversations, and (marked) the
device.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.printing import NotPrinted, PagePrinter, Printed, PrintProgress, Unknown
from devices.drivers.cups.capture import CapturingWires, ReplayWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.simulators import cups_daemon
from devices.simulators.cups import CupsTwin
from devices.simulators.ipp import IppTwin
from devices.simulators.twin import Twin
from devices.transports.http_capture import CapturingHttp, ReplayHttp

PDF = testpage.page("contract")
TITLE = "job-with-a-telltale-title"


def soon() -> Deadline:
    return Deadline.after(10)


class PagePrinterContract:
    """Subclasses give ``printer``; those with a twin give ``twin`` too."""

    def test_it_is_a_device(self, printer: PagePrinter) -> None:
        assert isinstance(printer, Device)
        assert (printer.info.kind, bool(printer.info.port)) == ("page_printer", True)

    def test_a_well_printer_is_usable_and_tells_its_paper(self, printer: PagePrinter) -> None:
        status = printer.poll(soon())
        assert status.usable
        assert status.details["paper"] in ("full", "low")

    def test_a_job_ends_printed_with_its_pages_and_progress(self, printer: PagePrinter) -> None:
        reports: list[PrintProgress] = []
        assert printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon(), progress=reports.append) == Printed(1)
        assert reports[-1] == PrintProgress(1, 1)
        assert printer.statistics()["printed"] == 1

    @pytest.mark.parametrize(
        ("level", "passed"), [(Level.INTERNAL, True), (Level.EXTERNAL, True), (Level.INTERACTIVE, None)]
    )
    def test_self_tests_pass_or_leave_it_to_a_person(
        self, printer: PagePrinter, level: Level, passed: bool | None
    ) -> None:
        assert printer.self_test(level, soon()).passed is passed

    def test_reset_open_and_close_may_be_repeated(self, printer: PagePrinter) -> None:
        for _ in range(2):
            printer.open(soon())
            printer.reset(soon())
        printer.close()
        printer.close()
        printer.open(soon())
        assert printer.poll(soon()).state is State.ONLINE

    def test_nothing_it_shows_holds_the_title_of_a_job(self, printer: PagePrinter) -> None:
        printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon())
        shown = f"{printer!r} {printer.info} {printer.capabilities} {printer.statistics()} {printer.poll(soon())}"
        assert TITLE not in shown


class TwinContract(PagePrinterContract):
    """With a twin that can be put into trouble."""

    @pytest.mark.parametrize("fault", ["paper-out", "jam", "cover-open", "toner-empty"])
    def test_a_blocking_fault_makes_it_unusable_and_is_never_printed(
        self, twin: Twin, printer: PagePrinter, fault: str
    ) -> None:
        twin.act(fault, {})
        assert not printer.poll(soon()).usable
        assert isinstance(printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon()), NotPrinted | Unknown)
        twin.act("ok", {})
        assert isinstance(printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon()), Printed)

    @pytest.mark.parametrize("silence", ["mute", "gone"])
    def test_no_answer_is_an_error_and_never_a_status(self, twin: Twin, printer: PagePrinter, silence: str) -> None:
        twin.act(silence, {})
        with pytest.raises(DeviceError) as error:
            printer.poll(Deadline.after(0.3))
        assert error.value.retryable
        assert error.value.advice

    @pytest.mark.parametrize("trouble", ["abort", "mute", "gone"])
    def test_trouble_on_the_wire_is_never_printed(self, twin: Twin, printer: PagePrinter, trouble: str) -> None:
        twin.act(trouble, {})
        outcome = printer.print_pdf(PDF, title=TITLE, pages=1, deadline=Deadline.after(1))
        assert isinstance(outcome, NotPrinted | Unknown)
        assert outcome.reason.code


class TestIppOnItsWire(TwinContract):
    @pytest.fixture
    def twin(self) -> Iterator[Twin]:
        twin = IppTwin("page_printer", pace=0.01)
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def printer(self, twin: Twin) -> PagePrinter:
        return IppPrinter(twin.port, patience=0.3)

    def test_an_answer_that_is_lost_is_never_printed(self, twin: Twin, printer: PagePrinter) -> None:
        twin.act("lost-answer", {})
        assert isinstance(printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon()), Unknown)


@pytest.mark.skipif(bool(cups_daemon.missing()), reason=cups_daemon.missing())
class TestCupsOnItsWire(TwinContract):
    @pytest.fixture
    def twin(self) -> Iterator[Twin]:
        pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
        twin = CupsTwin("page_printer", pace=0.01)
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def printer(self, twin: Twin) -> Iterator[PagePrinter]:
        printer = CupsPrinter(twin.port, patience=0.3)
        yield printer
        printer.close()


LEVELS: dict[str, dict[str, object]] = {
    level.value: {"level": level, "passed": None if level is Level.INTERACTIVE else True} for level in Level
}
PROMISES = [(name, {}) for name in vars(PagePrinterContract) if name.startswith("test_") and "self_tests" not in name]
PROMISES += [("test_self_tests_pass_or_leave_it_to_a_person", extra) for extra in LEVELS.values()]


@pytest.mark.parametrize(("promise", "extra"), PROMISES, ids=[name.removeprefix("test_")[:32] for name, _ in PROMISES])
def test_a_promise_kept_on_the_wire_is_kept_on_the_replay(
    promise: str, extra: dict[str, object], tmp_path: Path
) -> None:
    keep = getattr(PagePrinterContract(), promise)
    twin = IppTwin("page_printer", pace=0.01)
    twin.start()
    try:
        keep(printer=IppPrinter(twin.port, carry=CapturingHttp(tmp_path / "c.jsonl")), **extra)
    finally:
        twin.stop()
    if not (tmp_path / "c.jsonl").exists():
        return  # a promise that needs no word from the printer
    replay = ReplayHttp.load(tmp_path / "c.jsonl")
    keep(printer=IppPrinter(twin.port, carry=replay, pause=lambda _: None), **extra)
    assert replay.finished


@pytest.mark.skipif(bool(cups_daemon.missing()), reason=cups_daemon.missing())
@pytest.mark.parametrize(("promise", "extra"), PROMISES, ids=[name.removeprefix("test_")[:32] for name, _ in PROMISES])
def test_a_promise_kept_behind_cupsd_is_kept_on_the_replay_of_both_wires(
    promise: str, extra: dict[str, object], tmp_path: Path
) -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    keep, path = getattr(PagePrinterContract(), promise), tmp_path / "c.jsonl"
    twin = CupsTwin("page_printer", pace=0.01)
    twin.start()
    live = CupsPrinter(twin.port, wires=CapturingWires(path))
    try:
        keep(printer=live, **extra)
    finally:
        live.close()
        twin.stop()
    if not path.exists():
        return  # a promise that needs no word from anybody
    replay = ReplayWires.load(path)
    printer = CupsPrinter("cups:Kiosk", wires=replay, pause=lambda _: None)
    try:
        keep(printer=printer, **extra)
    finally:
        printer.close()
    assert replay.finished


@pytest.mark.hardware
class TestIppOnADevice(PagePrinterContract):
    """HARDWARE_IPP names the printer: ipp://host/ipp/print. It prints a few test pages."""

    @pytest.fixture
    def printer(self) -> PagePrinter:
        return IppPrinter(os.environ["HARDWARE_IPP"])


@pytest.mark.hardware
class TestCupsOnADevice(PagePrinterContract):
    """HARDWARE_CUPS names the queue: cups:QUEUE. It prints a few test pages."""

    @pytest.fixture
    def printer(self) -> Iterator[PagePrinter]:
        printer = CupsPrinter(os.environ["HARDWARE_CUPS"])
        yield printer
        printer.close()
