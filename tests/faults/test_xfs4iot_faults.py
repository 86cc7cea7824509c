"""Whatever an XFS4IoT service says, or leaves unsaid: it has a name, ends in time, and spoils nothing that follows.

What we send is held against the public schema all the while; what comes is nonsense on purpose.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.printing import NotPrinted, Printed, PrintProgress, Unknown
from devices.drivers.escpos import testpattern
from devices.drivers.xfs4iot.cards import XfsCard, XfsCardReader
from devices.drivers.xfs4iot.driver import XfsDevice, make
from devices.drivers.xfs4iot.printer import XfsPagePrinter, XfsReceiptPrinter
from devices.drivers.xfs4iot.session import Patience
from devices.simulators.xfs4iot import XfsTwin
from devices.transports.stream import StreamError, WriteTimeout
from devices.transports.websocket import MessageTooLong, WebSocketLine
from tests.xfs_schema import CheckedLine

RECEIPT = testpattern.pattern(576, 128)
SELECT = bytes.fromhex("00A4040000")
LATE = 0.2  # seconds that a call may come back after its deadline: the actor allows a quarter of one
QUICK = Patience(acknowledge=0.3, noise=0.2, cancel=0.2)


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def twin() -> Iterator[XfsTwin]:
    twin = XfsTwin("machine")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def made(twin: XfsTwin) -> Iterator[Any]:
    devices: list[XfsDevice] = []

    def make_one(kind: str, service: str) -> Any:
        line = CheckedLine(WebSocketLine(twin.address(service)), answers=False)
        device = make(kind, twin.address(service), line=line, patience=QUICK)
        device.open(soon())
        devices.append(device)
        return device

    yield make_one
    for device in devices:
        device.close()


@pytest.fixture
def printer(made: Any) -> XfsReceiptPrinter:
    return made("receipt_printer", "ReceiptPrinter1")  # type: ignore[no-any-return]


@pytest.fixture
def reader(made: Any) -> XfsCardReader:
    return made("card_reader", "CardReader1")  # type: ignore[no-any-return]


def overrun(deadline: Deadline) -> float:
    return time.monotonic() - deadline.at


def poll_error(device: XfsDevice, seconds: float = 0.8) -> DeviceError:
    deadline = Deadline.after(seconds)
    with pytest.raises(DeviceError) as caught:
        device.poll(deadline)
    assert overrun(deadline) < LATE
    assert caught.value.advice
    return caught.value


# -- a question ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("mute", "no-answer"),
        ("too-many", "device-busy"),
        ("no-completion", "no-answer"),
        ("half-message", "bad-message"),
        ("garbage", "bad-message"),
        ("wrong-type", "bad-message"),
        ("torn-frame", "connection-lost"),
        ("drop", "connection-lost"),
        ("huge", "message-too-long"),
        ("wrong-id", "no-answer"),
        ("fail", "hardware-error"),
    ],
)
def test_each_way_to_fail_has_its_name_and_the_next_question_is_answered(
    twin: XfsTwin, printer: XfsReceiptPrinter, fault: str, code: str
) -> None:
    twin.act(fault, {"command": "Common.Status"})
    assert poll_error(printer).code == code
    assert printer.statistics()[code] == 1
    twin.act("ok", {})
    if code in ("connection-lost", "message-too-long"):
        assert poll_error(printer).code == "connection-lost", "a lost line says so until it is opened again"
        printer.open(soon())
    assert printer.poll(soon()).usable


@pytest.mark.parametrize(
    ("fault", "counted"), [("no-acknowledge", "unacknowledged"), ("double", "late"), ("flood", "unsolicited")]
)
def test_what_is_odd_and_harmless_is_counted_and_answered(
    twin: XfsTwin, printer: XfsReceiptPrinter, fault: str, counted: str
) -> None:
    twin.act(fault, {"command": "Common.Status"})
    assert printer.poll(soon()).usable
    assert printer.poll(soon()).usable
    assert printer.statistics()[counted] >= 1


def test_a_late_answer_is_not_taken_for_the_next_one(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("slow", {"command": "Common.Status", "times": 1, "seconds": 0.3})
    twin.act("paper", {"level": "low"})
    with pytest.raises(DeviceError) as caught:
        printer.poll(Deadline.after(0.15))
    assert caught.value.code in ("cancelled", "no-answer")
    twin.act("paper", {"level": "full"})
    assert printer.poll(soon()).details["paper"] == "full"


def test_a_slow_answer_is_waited_for(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("slow", {"command": "Common.Status", "seconds": 0.5})
    start = time.monotonic()
    assert printer.poll(soon()).usable
    assert time.monotonic() - start > QUICK.acknowledge


def test_a_question_that_takes_too_long_is_called_off_within_its_deadline(
    twin: XfsTwin, printer: XfsReceiptPrinter
) -> None:
    twin.act("slow", {"command": "Common.Status", "seconds": 30})
    assert poll_error(printer, 0.5).code == "cancelled"
    assert printer.statistics()["cancels"] == 1


@pytest.mark.parametrize(
    ("completion", "code"),
    [
        ("timeOut", "timed-out"),
        ("deviceNotReady", "device-not-ready"),
        ("fraudAttempt", "fraud-attempt"),
        ("authorizationRequired", "not-authorised"),
        ("invalidTokenHMAC", "token-refused"),
        ("neverHeardOf", "device-refused"),
    ],
)
def test_completion_codes_become_errors_with_advice(
    twin: XfsTwin, printer: XfsReceiptPrinter, completion: str, code: str
) -> None:
    twin.act("fail", {"command": "Common.Status", "code": completion})
    assert poll_error(printer).code == code


# -- a service that goes and comes ---------------------------------------------------------------------


def test_a_service_that_was_restarted_works_again_when_reopened(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("restart", {})
    assert poll_error(printer).code == "connection-lost"
    printer.open(soon())
    assert printer.poll(soon()).usable


def test_a_service_that_is_gone_is_a_missing_port(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("unplug", {})
    assert poll_error(printer).code == "connection-lost"
    with pytest.raises(DeviceError) as caught:
        printer.open(Deadline.after(1))
    assert (caught.value.code, caught.value.retryable) == ("port-missing", True)
    twin.act("plug", {})
    printer.open(soon())
    assert printer.poll(soon()).usable


def test_a_service_that_does_not_exist_is_no_websocket(twin: XfsTwin) -> None:
    device = make("lights", twin.address("Lights99"))
    with pytest.raises(DeviceError) as caught:
        device.open(soon())
    assert (caught.value.code, "404" in str(caught.value)) == ("not-websocket", True)


@pytest.mark.parametrize("fault", ["mute", "garbage", "wrong-type", "drop", "no-completion"])
def test_an_opening_that_fails_leaves_nothing_open(twin: XfsTwin, fault: str) -> None:
    twin.act(fault, {"command": "Common.Capabilities"})
    device = make("lights", twin.address("Lights1"), patience=QUICK)
    with pytest.raises(DeviceError):
        device.open(Deadline.after(0.8))
    twin.act("ok", {})
    device.open(soon())
    assert device.poll(soon()).usable
    device.close()


# -- paper ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["Printer.PrintRaw", "Printer.ControlMedia"])
@pytest.mark.parametrize(
    ("fault", "sure"),
    [
        ("mute", False),
        ("too-many", True),
        ("no-completion", False),
        ("half-message", False),
        ("garbage", False),
        ("wrong-id", False),
        ("torn-frame", False),
        ("drop", False),
        ("huge", False),
        ("fail", False),
    ],
)
def test_trouble_at_any_step_of_a_job_is_never_printed_and_ends_in_time(
    twin: XfsTwin, printer: XfsReceiptPrinter, command: str, fault: str, sure: bool
) -> None:
    twin.act(fault, {"command": command})
    deadline = Deadline.after(0.8)
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=deadline)
    assert overrun(deadline) < LATE
    first = command == "Printer.PrintRaw"
    assert isinstance(outcome, NotPrinted if sure and first else Unknown)
    assert outcome.reason.code
    twin.act("ok", {})
    assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1), "it opens the line by itself"


@pytest.mark.parametrize("fault", ["no-acknowledge", "double", "flood"])
def test_oddities_do_not_change_what_was_printed(twin: XfsTwin, printer: XfsReceiptPrinter, fault: str) -> None:
    twin.act(fault, {"command": "Printer.PrintRaw"})
    assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
    assert len(twin.receipts.printed) == 1


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        ("paperOut", NotPrinted, "media-empty"),
        ("mediaJammed", Unknown, "media-jam"),
        ("shutterFail", NotPrinted, "shutter"),
        ("mediaRetained", NotPrinted, "media-retained"),
        ("somethingNew", Unknown, "device-refused"),
    ],
)
def test_the_printers_own_word_decides(
    twin: XfsTwin, printer: XfsReceiptPrinter, error: str, outcome: type, code: str
) -> None:
    twin.act("fail", {"command": "Printer.PrintRaw", "error": error})
    result = printer.print_raster(RECEIPT, cut=True, deadline=soon())
    assert isinstance(result, outcome)
    assert result.reason.code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", ["restart", "drop-now"])
def test_a_service_restarted_between_two_jobs_costs_no_receipt(
    twin: XfsTwin, printer: XfsReceiptPrinter, action: str
) -> None:
    twin.act(action, {})
    assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)


def test_paper_that_ends_in_the_middle_is_told_while_it_happens(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("paper-out", {})
    reports: list[PrintProgress] = []
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=soon(), progress=reports.append)
    assert isinstance(outcome, NotPrinted)
    assert [report.waiting_for.code for report in reports if report.waiting_for] == ["media-empty"]
    assert printer.statistics()["not_printed"] == 1


def test_a_jam_told_after_a_success_is_not_printed_for_certain(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    presented = twin.receipts.handlers["Printer.ControlMedia"]

    def present_and_jam(request: Any) -> None:
        presented(request)
        twin.receipts.media = "jammed"

    twin.receipts.handlers["Printer.ControlMedia"] = present_and_jam
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=soon())
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-jam"


def test_a_jam_after_the_first_page_was_presented_leaves_open_how_much_came_out(twin: XfsTwin, made: Any) -> None:
    pages: XfsPagePrinter = made("page_printer", "DocumentPrinter1")

    def presented_then(error: str) -> Any:
        def handle(request: Any) -> None:
            request.event("Printer.MediaPresentedEvent", {"wadIndex": 1, "totalWads": 3})
            request.complete(error=error)

        return handle

    for error, code in (("paperJammed", "media-jam"), ("paperOut", "media-empty")):
        twin.pages.handlers["Printer.PrintNative"] = presented_then(error)
        outcome = pages.print_pdf(b"%PDF-1.4", title="t", pages=3, deadline=soon())
        assert isinstance(outcome, Unknown), error
        assert outcome.reason.code == code


class ChokingLine(WebSocketLine):
    """A line that takes no more data from the sending of a job on, or from the waiting for its answer on."""

    def __init__(self, url: str, where: str, trouble: StreamError) -> None:
        super().__init__(url)
        self._where, self._trouble = where, trouble
        self._job_sent = False

    def send(self, text: str, deadline: Deadline) -> None:
        if "Printer.PrintRaw" in text:
            if self._where == "send":
                raise self._trouble
            self._job_sent = True
        super().send(text, deadline)

    def receive(self, deadline: Deadline) -> str | None:
        if self._job_sent:  # as where a pong cannot be sent, or an answer is too long
            self._job_sent = False
            raise self._trouble
        return super().receive(deadline)


@pytest.mark.parametrize("trouble", [WriteTimeout, MessageTooLong])
@pytest.mark.parametrize(("where", "outcome"), [("send", NotPrinted), ("receive", Unknown)])
def test_a_line_that_chokes_says_not_printed_only_where_the_job_was_being_sent(
    twin: XfsTwin, trouble: Callable[[str], StreamError], where: str, outcome: type
) -> None:
    address = twin.address("ReceiptPrinter1")
    printer = XfsReceiptPrinter(address, line=ChokingLine(address, where, trouble(address)), patience=QUICK)
    printer.open(soon())
    try:
        assert isinstance(printer.print_raster(RECEIPT, cut=True, deadline=soon()), outcome)
    finally:
        printer.close()


def test_a_job_that_is_not_acknowledged_is_called_off(twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
    twin.act("mute", {"command": "Printer.PrintRaw"})
    assert isinstance(printer.print_raster(RECEIPT, cut=True, deadline=soon()), Unknown)
    assert printer.statistics()["cancels"] == 1


# -- cards ---------------------------------------------------------------------------------------------


def card_in(reader: XfsCardReader, twin: XfsTwin) -> XfsCard:
    reader.admit(soon())
    twin.act("put", {})
    assert reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    return card


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("mute", "no-answer"),
        ("half-message", "bad-message"),
        ("wrong-type", "bad-message"),
        ("wrong-id", "no-answer"),
        ("drop", "connection-lost"),
        ("no-completion", "no-answer"),
    ],
)
def test_trouble_in_the_middle_of_a_chip_command_has_its_name(
    twin: XfsTwin, reader: XfsCardReader, fault: str, code: str
) -> None:
    card = card_in(reader, twin)
    twin.act(fault, {"command": "CardReader.ChipIO"})
    deadline = Deadline.after(0.8)
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, deadline)
    assert overrun(deadline) < LATE
    assert caught.value.code == code
    twin.act("ok", {})
    if code == "connection-lost":
        reader.open(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    assert card.transmit(SELECT, soon()).ok


def test_a_card_pulled_in_the_middle_of_a_chain_is_told(twin: XfsTwin, reader: XfsCardReader) -> None:
    card = card_in(reader, twin)
    twin.act("pull-at-apdu", {"n": 1})  # the GET RESPONSE
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, soon())
    assert caught.value.code == "card-pulled"


@pytest.mark.parametrize("answer", [b"", b"\x90", b"x" * 200 + b"\x61\xff"], ids=["nothing", "one byte", "no end"])
def test_an_answer_that_is_none_kills_the_card_and_the_next_one_lives(
    twin: XfsTwin, reader: XfsCardReader, answer: bytes
) -> None:
    card = card_in(reader, twin)
    good = twin.reader.card
    twin.reader.card = type("Dumb", (), {"answer": lambda self, apdu: answer})()
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, soon())
    assert caught.value.code == "short-answer"
    twin.reader.card = good
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, soon())
    assert caught.value.code == "card-pulled", "after an error a card is dead"
    fresh = reader.connect(soon())
    assert isinstance(fresh, XfsCard)
    assert fresh.transmit(SELECT, soon()).ok


def test_closing_calls_an_armed_entry_off(twin: XfsTwin, reader: XfsCardReader) -> None:
    reader.admit(soon())
    assert twin.state()["entry_armed"]
    reader.close()
    assert not twin.state()["entry_armed"]


def test_an_entry_armed_at_a_service_that_restarts_is_armed_again(twin: XfsTwin, reader: XfsCardReader) -> None:
    reader.admit(soon())
    twin.act("restart", {})
    with pytest.raises(DeviceError):
        reader.present(soon())
    reader.open(soon())
    assert not reader.present(soon())
    assert twin.state()["entry_armed"]
