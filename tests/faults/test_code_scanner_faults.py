"""Whatever a scanner's line does has a name, ends in time, and is never taken for a code."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from devices.contracts.code_scanner import NoCode, ScannedCode, Unreadable
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.code_scanner.driver import Patience, SerialScanner
from devices.drivers.code_scanner.protocol import Commands, Framing
from devices.simulators.pty import PtyWire
from devices.simulators.scanner import ScannerTwin
from devices.transports.faults import FaultPlan, FaultyStream
from devices.transports.serial import SerialPort
from devices.transports.stream import PortBusy
from tests.patience import BUSY

QUICK = Patience(gap=0.15, answer=0.2)
TEXT = "6901234567892"
WIRE_BYTES = 3 + len(TEXT)


def soon() -> Deadline:
    return Deadline.after(3)


@pytest.fixture
def twin() -> Iterator[ScannerTwin]:
    twin = ScannerTwin("scanner", aim=True)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def line(twin: ScannerTwin) -> FaultyStream:
    return FaultyStream(SerialPort(twin.port))


@pytest.fixture
def scanner(twin: ScannerTwin, line: FaultyStream) -> Iterator[SerialScanner]:
    scanner = SerialScanner(twin.port, framing=Framing(aim=True), stream=line, patience=QUICK)
    scanner.open(soon())
    scanner.begin(soon())
    yield scanner
    scanner.close()


def whole(outcome: object) -> str | None:
    assert isinstance(outcome, ScannedCode), outcome
    return outcome.text


@pytest.mark.parametrize(
    ("fault", "arguments", "codes"),
    [
        ("torn", {"text": TEXT}, {"torn-code"}),
        ("torn", {"text": TEXT, "at": 1}, {"torn-code"}),
        ("garbage", {}, {"torn-code", "no-prefix"}),
        ("endless", {}, {"too-long"}),
    ],
)
def test_each_fault_has_its_name_and_the_next_code_is_read(
    twin: ScannerTwin, scanner: SerialScanner, fault: str, arguments: dict[str, str | int], codes: set[str]
) -> None:
    twin.act(fault, arguments)
    outcome = scanner.scan(soon())
    assert isinstance(outcome, Unreadable)
    assert outcome.reason.code in codes
    assert scanner.statistics()[outcome.reason.code] == 1
    twin.act("scan", {"text": TEXT})
    assert whole(scanner.scan(soon())) == TEXT


def test_a_code_that_comes_slowly_is_waited_for_as_long_as_bytes_come(
    twin: ScannerTwin, scanner: SerialScanner
) -> None:
    twin.act("slow", {"byte_seconds": 0.02})
    twin.act("scan", {"text": TEXT})
    assert whole(scanner.scan(soon())) == TEXT


def test_a_scanner_that_falls_silent_gives_no_code(twin: ScannerTwin, scanner: SerialScanner) -> None:
    twin.act("mute", {})
    twin.act("scan", {"text": TEXT})
    deadline = Deadline.after(0.1)
    assert scanner.scan(deadline) == NoCode()
    assert Deadline.after(0).at - deadline.at < 0.5


@pytest.mark.parametrize("byte", range(0, WIRE_BYTES, 3))
def test_unplugged_at_any_byte_is_told_and_reopening_reads(
    twin: ScannerTwin, scanner: SerialScanner, line: FaultyStream, byte: int
) -> None:
    line.arm(FaultPlan(unplug_at=byte))
    twin.act("scan", {"text": TEXT})
    with pytest.raises(DeviceError) as caught:
        scanner.scan(soon())
    assert caught.value.code == "unplugged"
    line.heal()
    scanner.open(soon())
    scanner.begin(soon())
    twin.act("scan", {"text": TEXT})
    assert whole(scanner.scan(soon())) == TEXT


def test_the_tail_of_a_code_that_was_under_way_is_not_taken_for_a_code(twin: ScannerTwin) -> None:
    """A code begins before anyone wants one, and ends afterwards; without the identifier its tail would look whole."""
    wire = PtyWire("plain", lambda data: None)
    wire.plug()
    scanner = SerialScanner(wire.port, patience=Patience(gap=0.15))
    scanner.open(soon())
    try:
        wire.send(b"690123")
        wire.send(b"4567892\r\n", after=0.05)
        scanner.begin(soon())
        assert scanner.scan(Deadline.after(0.2)) == NoCode()
        assert scanner.statistics()["dropped_bytes"] in (
            14,
            15,
        )  # the LF may come as a line of its own, and an empty one
    finally:
        scanner.close()
        wire.stop()


def test_what_came_while_nobody_listened_is_not_joined_to_what_came_before(
    twin: ScannerTwin, scanner: SerialScanner
) -> None:
    twin.act("torn", {"text": TEXT})
    assert scanner.scan(Deadline.after(0.02)) == NoCode()  # half a code, and the turn is over
    twin.act("scan", {"text": TEXT})  # the person tries again; a whole code lies in the line
    away = threading.Event()
    away.wait(QUICK.gap * 1.5)  # the actor does something else meanwhile
    outcome = scanner.scan(soon())
    assert isinstance(outcome, Unreadable)
    assert outcome.reason.code == "torn-code"
    twin.act("scan", {"text": TEXT})
    assert whole(scanner.scan(soon())) == TEXT


def begin_until_it_fails(scanner: SerialScanner) -> tuple[float, str]:
    """How long the failing call took, and its code; the first bytes may be on their way yet."""
    end = soon()
    while not end.expired:
        start = Deadline.after(0).at
        try:
            scanner.begin(Deadline.after(0.2))
        except DeviceError as error:
            return Deadline.after(0).at - start, error.code
    return 0.0, "it never failed"


def test_a_scanner_that_never_falls_silent_does_not_hold_up_the_beginning() -> None:
    wire = PtyWire("chatter", lambda data: None)
    wire.plug()
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.005):
            wire.send(b"x" * 16)

    mouth = threading.Thread(target=chatter)
    scanner = SerialScanner(wire.port, patience=QUICK)
    scanner.open(soon())
    mouth.start()
    try:
        took, code = begin_until_it_fails(scanner)
        assert code == "garbage"
        assert took < 0.2 + BUSY
    finally:
        stop.set()
        mouth.join()
        scanner.close()
        wire.stop()


@pytest.mark.parametrize(("answer", "code"), [(b"", "no-answer"), (b"who?", "garbage"), (b"x" * 3_000, "garbage")])
def test_a_wrong_answer_to_the_question_is_no_answer(answer: bytes, code: str) -> None:
    wire = PtyWire("odd", lambda data: wire.send(answer))
    wire.plug()
    scanner = SerialScanner(wire.port, commands=Commands(ask=b"?", answer=b"!"), patience=QUICK)
    try:
        deadline = Deadline.after(1)
        with pytest.raises(DeviceError) as caught:
            scanner.open(deadline)
        assert not deadline.expired
        assert (caught.value.code, caught.value.retryable) == (code, True)
    finally:
        scanner.close()
        wire.stop()


def test_two_processes_cannot_share_the_port(twin: ScannerTwin, scanner: SerialScanner) -> None:
    with pytest.raises(PortBusy):
        SerialScanner(twin.port).open(soon())


def test_nothing_that_goes_wrong_shows_what_was_scanned(
    twin: ScannerTwin, scanner: SerialScanner, caplog: pytest.LogCaptureFixture
) -> None:
    twin.act("torn", {"text": "张三 110105194912310021", "at": 25})
    outcome = scanner.scan(soon())
    twin.act("unplug", {})
    with pytest.raises(DeviceError) as caught:
        scanner.scan(soon())
    shown = f"{outcome} {caught.value} {caught.value.advice} {scanner.statistics()} {caplog.text}"
    assert "张" not in shown
    assert "1101" not in shown
