"""What every receipt printer promises: run against the twin over TCP and over a line, replays, (marked) the device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.printing import NotPrinted, Printed, PrintProgress, Raster, ReceiptPrinter, Unknown
from devices.drivers.escpos import testpattern
from devices.drivers.escpos.driver import EscPosPrinter
from devices.simulators.escpos import EscPosTwin
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.tcp import TcpStream

RECEIPT = testpattern.pattern(576, 320)


def soon() -> Deadline:
    return Deadline.after(10)


class ReceiptPrinterContract:
    """Subclasses give ``printer``."""

    def test_it_is_a_device(self, printer: ReceiptPrinter) -> None:
        assert isinstance(printer, Device)
        assert (printer.info.kind, bool(printer.info.port)) == ("receipt_printer", True)

    def test_a_well_printer_is_usable_and_tells_its_paper(self, printer: ReceiptPrinter) -> None:
        status = printer.poll(soon())
        assert status.usable
        assert status.details["paper"] in ("full", "low")

    def test_a_receipt_ends_printed_with_progress(self, printer: ReceiptPrinter) -> None:
        reports: list[PrintProgress] = []
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon(), progress=reports.append) == Printed(1)
        assert (reports[0], reports[-1]) == (PrintProgress(0, 1), PrintProgress(1, 1))
        assert printer.statistics()["printed"] == 1

    def test_a_picture_wider_than_the_head_is_refused(self, printer: ReceiptPrinter) -> None:
        wide = Raster(1024, 1, bytes(128))
        assert isinstance(printer.print_raster(wide, cut=False, deadline=soon()), NotPrinted)

    @pytest.mark.parametrize(
        ("level", "passed"), [(Level.INTERNAL, True), (Level.EXTERNAL, True), (Level.INTERACTIVE, None)]
    )
    def test_self_tests_pass_or_leave_it_to_a_person(
        self, printer: ReceiptPrinter, level: Level, passed: bool | None
    ) -> None:
        assert printer.self_test(level, soon()).passed is passed

    def test_reset_open_and_close_may_be_repeated(self, printer: ReceiptPrinter) -> None:
        for _ in range(2):
            printer.open(soon())
            printer.reset(soon())
        printer.close()
        printer.close()
        printer.open(soon())
        assert printer.poll(soon()).state is State.ONLINE

    def test_nothing_it_shows_holds_the_dots_of_a_receipt(self, printer: ReceiptPrinter) -> None:
        printer.print_raster(RECEIPT, cut=True, deadline=soon())
        shown = f"{printer!r} {printer.info} {printer.capabilities} {printer.statistics()} {printer.poll(soon())}"
        assert repr(RECEIPT.rows[:8])[2:-1] not in shown
        assert len(shown) < 2000


class TwinContract(ReceiptPrinterContract):
    transport = ""

    @pytest.fixture
    def twin(self) -> Iterator[EscPosTwin]:
        twin = EscPosTwin("receipt_printer", transport=self.transport)
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def printer(self, twin: EscPosTwin) -> Iterator[EscPosPrinter]:
        printer = EscPosPrinter(twin.port, patience=0.3)
        yield printer
        printer.close()

    def test_the_paper_shows_every_dot(self, twin: EscPosTwin, printer: EscPosPrinter) -> None:
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
        assert twin.last == RECEIPT

    @pytest.mark.parametrize("fault", ["paper-out", "cover-open", "offline", "cutter-jam"])
    def test_a_blocking_fault_makes_it_unusable_and_is_never_printed(
        self, twin: EscPosTwin, printer: EscPosPrinter, fault: str
    ) -> None:
        twin.act(fault, {})
        assert not printer.poll(soon()).usable
        assert isinstance(printer.print_raster(RECEIPT, cut=True, deadline=soon()), NotPrinted | Unknown)
        twin.act("ok", {})
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)

    def test_no_answer_is_an_error_and_never_a_status(self, twin: EscPosTwin, printer: EscPosPrinter) -> None:
        printer.open(soon())
        twin.act("mute", {})
        with pytest.raises(DeviceError) as error:
            printer.poll(Deadline.after(0.3))
        assert error.value.code == "no-answer"
        assert error.value.retryable

    def test_a_pulled_plug_is_an_error_and_the_device_works_again_when_reopened(
        self, twin: EscPosTwin, printer: EscPosPrinter
    ) -> None:
        printer.open(soon())
        twin.act("unplug", {})
        with pytest.raises(DeviceError):
            printer.poll(Deadline.after(0.5))
        printer.close()
        with pytest.raises(DeviceError) as error:
            printer.open(Deadline.after(0.5))
        assert error.value.code == "port-missing"
        twin.act("plug", {})
        printer.open(soon())
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)


class TestEscPosOverTcp(TwinContract):
    transport = "tcp"


class TestEscPosOverSerial(TwinContract):
    transport = "pty"


class TestEscPosWithoutRealTimeStatus(ReceiptPrinterContract):
    """A printer that does not answer DLE EOT and tells its state by automatic status alone (GS a)."""

    @pytest.fixture
    def twin(self) -> Iterator[EscPosTwin]:
        twin = EscPosTwin("receipt_printer")
        twin.start()
        twin.act("no-realtime", {})
        yield twin
        twin.stop()

    @pytest.fixture
    def printer(self, twin: EscPosTwin, monkeypatch: pytest.MonkeyPatch) -> Iterator[EscPosPrinter]:
        monkeypatch.setattr("devices.drivers.escpos.line.STEP", 0.3)  # the silence before the other way is tried
        monkeypatch.setattr("devices.drivers.escpos.line.QUIET", 0.3)
        printer = EscPosPrinter(twin.port, patience=0.3)
        yield printer
        printer.close()

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("paper-out", "media-empty"),
            ("cover-open", "cover-open"),
            ("offline", "offline"),
            ("cutter-jam", "cutter"),
            ("near-end", "media-low"),
        ],
    )
    def test_a_fault_is_what_it_told_last_by_itself(
        self, twin: EscPosTwin, printer: EscPosPrinter, fault: str, code: str
    ) -> None:
        assert printer.poll(soon()).usable
        assert printer.capabilities["status"] == "gs-a"
        twin.act(fault, {})
        status = printer.poll(soon())
        assert ([fault.code for fault in status.faults], status.usable) == ([code], code == "media-low")
        outcome = printer.print_raster(RECEIPT, cut=True, deadline=soon())
        assert isinstance(outcome, Printed if code == "media-low" else NotPrinted)

    def test_one_that_was_well_and_says_nothing_more_is_no_answer(
        self, twin: EscPosTwin, printer: EscPosPrinter
    ) -> None:
        assert printer.poll(soon()).usable
        twin.act("mute", {})
        with pytest.raises(DeviceError) as error:
            printer.poll(soon())
        assert error.value.code == "no-answer"

    def test_one_that_was_held_up_before_it_was_opened_says_nothing_and_nothing_is_guessed(
        self, twin: EscPosTwin, printer: EscPosPrinter
    ) -> None:
        twin.act("paper-out", {})
        with pytest.raises(DeviceError) as error:
            printer.poll(soon())
        assert error.value.code == "no-answer"
        twin.act("load", {})
        assert printer.poll(soon()).usable


EXTRAS: dict[str, dict[str, object]] = {
    level.value: {"level": level, "passed": None if level is Level.INTERACTIVE else True} for level in Level
}
PROMISES = [
    (name, {}) for name in vars(ReceiptPrinterContract) if name.startswith("test_") and "self_tests" not in name
]
PROMISES += [("test_self_tests_pass_or_leave_it_to_a_person", extra) for extra in EXTRAS.values()]


@pytest.mark.parametrize(("promise", "extra"), PROMISES, ids=[name.removeprefix("test_")[:32] for name, _ in PROMISES])
def test_a_promise_kept_on_the_wire_is_kept_on_the_replay(
    promise: str, extra: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.drivers.escpos.line.QUIET", 0.3)
    keep = getattr(ReceiptPrinterContract(), promise)
    twin = EscPosTwin("receipt_printer")
    twin.start()
    printer = EscPosPrinter(twin.port, stream=CapturingStream(TcpStream(twin.port), tmp_path / "c.jsonl"))
    try:
        keep(printer=printer, **extra)
    finally:
        printer.close()
        twin.stop()
    if not (tmp_path / "c.jsonl").exists():
        return  # a promise that needs no word from the printer
    replay = ReplayStream.load(tmp_path / "c.jsonl")
    keep(printer=EscPosPrinter("replay", stream=replay), **extra)
    assert replay.finished


@pytest.mark.hardware
class TestEscPosOnADevice(ReceiptPrinterContract):
    """HARDWARE_ESCPOS names the printer: tcp://host:9100, /dev/usb/lp0 or a serial port. It prints a few receipts."""

    @pytest.fixture
    def printer(self) -> Iterator[EscPosPrinter]:
        printer = EscPosPrinter(os.environ["HARDWARE_ESCPOS"])
        yield printer
        printer.close()
