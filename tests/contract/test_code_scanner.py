"""What every code scanner promises: twin unpaced, twin at its line's pace, capture replay, and (marked) the device."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.code_scanner import CodeScanner, NoCode, ScannedCode, Symbology, Unreadable
from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.drivers.code_scanner.driver import Patience, SerialScanner
from devices.drivers.code_scanner.protocol import COMMANDS, Commands, Framing
from devices.simulators.scanner import ScannerTwin
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.serial import SerialPort

QUICK = Patience(gap=0.2, answer=0.3)
SECRET = "受理编号 110105-202611-00000001"


def soon() -> Deadline:
    return Deadline.after(5)


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition of the twin's, five seconds at most."""
    end, pause = soon(), threading.Event()
    while not condition() and not end.expired:
        pause.wait(0.005)
    return condition()


class CodeScannerContract:
    """Subclasses give ``scanner``, open."""

    def test_it_is_a_device_and_says_who_it_is(self, scanner: CodeScanner) -> None:
        assert isinstance(scanner, Device)
        assert (scanner.info.kind, bool(scanner.info.port)) == ("code_scanner", True)
        assert set(scanner.capabilities) == {"symbology", "encodings", "trigger", "status"}

    def test_one_that_cannot_be_asked_is_unknown_and_says_why(self, scanner: CodeScanner) -> None:
        status = scanner.poll(soon())
        assert (status.state, status.usable) == (State.UNKNOWN, False)
        assert [(fault.code, fault.blocking) for fault in status.faults] == [("cannot-be-asked", False)]

    def test_nothing_shown_is_no_code_at_the_deadline(self, scanner: CodeScanner) -> None:
        deadline = Deadline.after(0.1)
        assert scanner.scan(deadline) == NoCode()
        assert deadline.expired

    def test_begin_and_end_may_be_repeated(self, scanner: CodeScanner) -> None:
        for _ in range(2):
            scanner.begin(soon())
        for _ in range(2):
            scanner.end(soon())
        scanner.reset(soon())

    def test_the_lower_self_tests_claim_nothing_they_cannot_know(self, scanner: CodeScanner) -> None:
        assert scanner.self_test(Level.INTERNAL, soon()).passed is None
        assert scanner.self_test(Level.EXTERNAL, soon()).passed is None
        assert scanner.self_test(Level.INTERACTIVE, Deadline.after(0.1)).passed is False


class TwinContract(CodeScannerContract):
    baud = 0
    trigger = "none"

    @pytest.fixture
    def twin(self) -> Iterator[ScannerTwin]:
        twin = ScannerTwin("scanner", baud=self.baud, aim=True, trigger=self.trigger)
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def scanner(self, twin: ScannerTwin) -> Iterator[SerialScanner]:
        scanner = SerialScanner(twin.port, framing=Framing(aim=True), commands=COMMANDS[self.trigger], patience=QUICK)
        scanner.open(soon())
        yield scanner
        scanner.close()

    def show(self, twin: ScannerTwin, text: str, aim: str = "]Q1", action: str = "scan") -> None:
        assert until(lambda: bool(twin.state()["on"]))  # as a person holds a code there until the scanner looks
        twin.act(action, {"text": text, "aim": aim})

    def test_a_code_is_read_whole_with_its_kind(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        scanner.begin(soon())
        for text, aim, kind in ((SECRET, "]Q3", Symbology.QR), ("6901234567892", "]E0", Symbology.EAN)):
            if text != SECRET:
                assert scanner.scan(Deadline.after(0.02)) == NoCode()  # begins the next look
            self.show(twin, text, aim)
            code = scanner.scan(soon())
            assert isinstance(code, ScannedCode)
            assert (code.text, code.aim, code.symbology) == (text, aim, kind)
            assert code.data == text.encode()
        assert scanner.statistics()["codes"] == 2

    def test_a_code_of_the_person_before_belongs_to_nobody(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        scanner.begin(soon())
        self.show(twin, SECRET)
        scanner.end(soon())
        scanner.begin(soon())
        assert scanner.scan(Deadline.after(0.1)) == NoCode()
        self.show(twin, "mine")
        code = scanner.scan(soon())
        assert isinstance(code, ScannedCode)
        assert code.text == "mine"

    def test_a_code_between_two_turns_is_kept_for_the_next(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        scanner.begin(soon())
        assert scanner.scan(Deadline.after(0.02)) == NoCode()
        self.show(twin, "between")
        scanner.poll(soon())  # the heartbeat comes in between, too
        code = scanner.scan(soon())
        assert isinstance(code, ScannedCode)
        assert code.text == "between"

    def test_a_torn_code_is_told_and_never_taken_for_a_code(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        scanner.begin(soon())
        self.show(twin, SECRET, action="torn")
        outcome = scanner.scan(soon())
        assert isinstance(outcome, Unreadable)
        assert (outcome.reason.code, outcome.reason.blocking) == ("torn-code", False)
        scanner.scan(Deadline.after(0.02))
        self.show(twin, "whole")
        assert isinstance(scanner.scan(soon()), ScannedCode)

    def test_interactive_self_test_passes_with_a_code_and_does_not_tell_it(
        self, twin: ScannerTwin, scanner: SerialScanner
    ) -> None:
        hand = threading.Timer(0.1, self.show, (twin, SECRET))
        hand.start()
        result = scanner.self_test(Level.INTERACTIVE, soon())
        hand.join()
        assert result.passed is True
        assert "110105" not in result.report

    def test_nothing_it_shows_holds_what_was_scanned(
        self, twin: ScannerTwin, scanner: SerialScanner, caplog: pytest.LogCaptureFixture
    ) -> None:
        scanner.begin(soon())
        self.show(twin, SECRET)
        code = scanner.scan(soon())
        shown = f"{code!r} {scanner!r} {scanner.info} {scanner.poll(soon())} {scanner.statistics()} {twin.state()}"
        assert "110105" not in shown + caplog.text
        assert "受理" not in shown + caplog.text

    def test_a_pulled_plug_is_an_error_and_a_new_one_works(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        scanner.begin(soon())
        twin.act("unplug", {})
        with pytest.raises(DeviceError) as caught:
            scanner.poll(soon())
        assert caught.value.code == "unplugged"
        scanner.close()
        with pytest.raises(DeviceError) as caught:
            scanner.open(soon())
        assert caught.value.code == "port-missing"
        twin.act("replug", {})
        scanner.open(soon())
        scanner.begin(soon())
        self.show(twin, "again")
        assert isinstance(scanner.scan(soon()), ScannedCode)


class TestScannerTwin(TwinContract):
    pass


class TestScannerAtTheLinesPace(TwinContract):
    baud = 9_600


class TestTriggeredScanner(TwinContract):
    trigger = "syn"

    def test_it_sees_nothing_unless_a_code_is_wanted(self, twin: ScannerTwin, scanner: SerialScanner) -> None:
        twin.act("scan", {"text": "unasked"})
        assert twin.state()["unseen"] == 1
        scanner.begin(soon())
        scanner.end(soon())
        assert until(lambda: not twin.state()["on"])


def test_one_that_can_be_asked_is_online_only_while_it_answers() -> None:
    twin = ScannerTwin("scanner", ask="3F", answer="21")
    twin.start()
    scanner = SerialScanner(twin.port, commands=Commands(ask=b"?", answer=b"!"), patience=QUICK)
    try:
        scanner.open(soon())
        assert scanner.poll(soon()).usable
        assert scanner.self_test(Level.INTERNAL, soon()).passed is True
        scanner.begin(soon())
        twin.act("scan", {"text": "meanwhile"})
        assert scanner.poll(soon()).state is State.ONLINE
        code = scanner.scan(soon())
        assert isinstance(code, ScannedCode)
        assert code.text == "meanwhile"
        twin.act("mute", {})
        with pytest.raises(DeviceError) as caught:
            scanner.poll(soon())
        assert caught.value.code == "no-answer"
    finally:
        scanner.close()
        twin.stop()


def test_a_captured_conversation_replays_to_the_same_codes(tmp_path: Path) -> None:
    twin = ScannerTwin("scanner", aim=True, encoding="gb18030", trigger="syn")
    twin.start()
    framing, trigger = Framing(aim=True), COMMANDS["syn"]
    try:
        stream = CapturingStream(SerialPort(twin.port), tmp_path / "scan.jsonl")
        live = SerialScanner(twin.port, framing=framing, commands=trigger, stream=stream, patience=QUICK)
        live.open(soon())
        live.begin(soon())
        assert until(lambda: bool(twin.state()["on"]))
        twin.act("scan", {"text": "样例 generated", "aim": "]Q2"})
        first = live.scan(soon())
        live.end(soon())
        live.close()
    finally:
        twin.stop()
    replay = ReplayStream.load(tmp_path / "scan.jsonl")
    replayed = SerialScanner("replay", framing=framing, commands=trigger, stream=replay, patience=QUICK)
    replayed.open(soon())
    replayed.begin(soon())
    assert isinstance(first, ScannedCode)
    assert replayed.scan(soon()) == first
    replayed.end(soon())
    assert replay.finished
    assert first.text == "样例 generated"


@pytest.mark.hardware
class TestScannerOnADevice(CodeScannerContract):
    """HARDWARE_SCANNER names the serial port; HARDWARE_SCANNER_BAUD its speed. No code must be shown meanwhile."""

    @pytest.fixture
    def scanner(self) -> Iterator[SerialScanner]:
        scanner = SerialScanner(os.environ["HARDWARE_SCANNER"], int(os.environ.get("HARDWARE_SCANNER_BAUD", "9600")))
        scanner.open(soon())
        yield scanner
        scanner.close()
