"""The receipt printer in the middle of a receipt: silence is unknown, a torn receipt is none, nothing is guessed."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.printing import NotPrinted, Printed, PrintProgress, Raster, Unknown
from devices.drivers.escpos import testpattern
from devices.drivers.escpos.driver import EscPosPrinter
from devices.drivers.escpos.line import Line
from devices.simulators.escpos import EscPosTwin
from devices.simulators.listener import Listener
from devices.transports.tcp import TcpStream
from tests.patience import BUSY

RECEIPT = testpattern.pattern(576, 640)
QUICK = 8.0


@pytest.fixture(params=["tcp", "pty"])
def twin(request: pytest.FixtureRequest) -> Iterator[EscPosTwin]:
    twin = EscPosTwin("receipt_printer", transport=request.param)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def printer(twin: EscPosTwin) -> Iterator[EscPosPrinter]:
    printer = EscPosPrinter(twin.port, patience=0.5)
    yield printer
    printer.close()


def test_a_roll_that_ends_in_the_middle_is_no_receipt_and_the_next_one_is_whole(
    twin: EscPosTwin, printer: EscPosPrinter
) -> None:
    reports: list[PrintProgress] = []
    twin.act("paper-out-mid", {"after": 200})
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK), progress=reports.append)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "media-empty"
    assert [r.waiting_for.code for r in reports if r.waiting_for] == ["media-empty"]
    twin.act("load", {})
    assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK)) == Printed(1)
    assert twin.last == RECEIPT  # what hung from the printer was cut off first


def test_a_roll_that_ends_with_the_last_dots_is_unknown(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    twin.act("paper-out-mid", {"after": RECEIPT.height})
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"


@pytest.mark.parametrize(("action", "code"), [("cover-open", "cover-open"), ("offline", "offline")])
def test_a_fault_in_the_middle_is_never_printed(
    twin: EscPosTwin, printer: EscPosPrinter, action: str, code: str
) -> None:
    twin.act("slow", {"seconds": 0.002})

    def break_it(progress: PrintProgress) -> None:
        if not progress.waiting_for:
            twin.act(action, {})

    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK), progress=break_it)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == code


def test_a_silent_printer_may_have_printed(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    twin.act("mute", {})
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-answer"
    with twin.engine.changed:
        assert twin.engine.changed.wait_for(lambda: twin.engine.receipts == 1, timeout=5)
    assert twin.last == RECEIPT


def test_a_printer_that_falls_silent_in_the_middle_is_unknown(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    deadline = Deadline.after(6)
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=deadline, progress=lambda _: twin.act("mute", {}))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-answer"
    assert not deadline.expired


def test_a_plug_pulled_in_the_middle_is_unknown_and_afterwards_all_is_well(
    twin: EscPosTwin, printer: EscPosPrinter
) -> None:
    twin.act("slow", {"seconds": 0.005})

    def pull_in_the_middle() -> None:
        with twin.engine.changed:
            assert twin.engine.changed.wait_for(lambda: twin.engine.rows_out >= 64, timeout=QUICK)
        twin.act("unplug", {})

    hand = threading.Thread(target=pull_in_the_middle)
    hand.start()
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK))
    hand.join()
    assert isinstance(outcome, Unknown)
    printer.close()
    twin.act("ok", {})
    assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK)) == Printed(1)


def test_a_slow_printer_is_waited_for(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    twin.act("slow", {"seconds": 0.002})
    assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(20)) == Printed(1)


def test_a_printer_too_slow_for_the_deadline_is_stopped_and_the_receipt_is_not_out(
    twin: EscPosTwin, printer: EscPosPrinter
) -> None:
    twin.act("slow", {"seconds": 0.05})
    deadline = Deadline.after(2)
    outcome = printer.print_raster(RECEIPT, cut=True, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.2
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "timeout"


def test_near_the_end_of_the_roll_it_prints_and_says_so(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    twin.act("near-end", {})
    status = printer.poll(Deadline.after(QUICK))
    assert (status.usable, status.details["paper"]) == (True, "low")
    assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK)) == Printed(1)


def test_status_that_comes_by_itself_does_not_confuse_the_answers(twin: EscPosTwin, printer: EscPosPrinter) -> None:
    printer.open(Deadline.after(QUICK))
    with twin.engine.changed:
        twin.engine._asb = True
    twin.act("near-end", {})
    assert printer.poll(Deadline.after(QUICK)).details["paper"] == "low"


def test_nobody_there_prints_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    outcome = EscPosPrinter(f"tcp://127.0.0.1:{number}").print_raster(RECEIPT, cut=True, deadline=Deadline.after(2))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "port-missing"


def test_a_peer_that_takes_nothing_holds_no_one_beyond_the_deadline() -> None:
    """Answers every question, then stops reading: the send buffer fills and the deadline ends it."""

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        seen = b""
        while seen.count(b"\x10\x04") < 4:
            data = connection.recv(64)
            seen += data
            connection.sendall(b"\x12" * data.count(b"\x10\x04"))
        poller = select.poll()
        poller.register(connection, select.POLLRDHUP)
        poller.poll(20_000)

    listener = Listener("stuck", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}", patience=30)
    deadline = Deadline.after(2)
    try:
        outcome = printer.print_raster(testpattern.pattern(576, 4000), cut=True, deadline=deadline)
        assert time.monotonic() < deadline.at + 0.3
    finally:
        printer.close()
        listener.close()
    assert isinstance(outcome, NotPrinted | Unknown)


def test_a_printer_that_never_confirms_prints_all_and_is_unknown() -> None:
    """Answers real-time questions, but not GS r."""
    taken = bytearray()

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            taken.extend(data)
            connection.sendall(b"\x12" * data.count(b"\x10\x04"))

    listener = Listener("no-confirmation", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}")
    try:
        outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(15))
        assert printer.capabilities["confirmation"] == "none"
    finally:
        printer.close()
        listener.close()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-confirmation"
    assert taken.count(b"\x1dv0") == 10
    assert b"\x1dVB\x00" in taken


def test_a_port_that_is_no_port_has_its_named_error() -> None:
    with pytest.raises(DeviceError) as error:
        EscPosPrinter("/dev/usb/lp-that-is-not-there").open(Deadline.after(1))
    assert error.value.code == "port-missing"


# Confirmations of an earlier receipt

BAND, CUT = b"\x1dv0", b"\x1dVB"
SHORT = Raster(576, 128, bytes(72 * 128))  # four parts: defaults, two bands, cut


class DeafToClear:
    """A peer that drops nothing and answers GS r in turn, up to the n-th of a command; what it owes comes later."""

    def __init__(self) -> None:
        self.stops = (BAND, 2)
        self.seen: Counter[bytes] = Counter()
        self._owed = 0
        self._listener = Listener("deaf", self._serve)
        self._listener.open()
        self.port = f"tcp://127.0.0.1:{self._listener.number}"

    def _serve(self, connection: socket.socket) -> None:
        waiting = b""
        while data := connection.recv(65536):
            waiting += data
            end = 0
            for found in re.finditer(rb"\x10\x04[\x01-\x04]|\x1dr\x01|\x1dv0|\x1dVB", waiting):
                end = found.end()
                self._take(found.group(), connection)
            waiting = waiting[max(end, len(waiting) - 2) :]

    def _take(self, command: bytes, connection: socket.socket) -> None:
        if command[:2] == b"\x10\x04":
            connection.sendall(b"\x12")
            return
        self.seen[command] += 1
        if command == b"\x1dr\x01":
            self._owed += 1
            name, count = self.stops
            if self.seen[name] < count:
                connection.sendall(b"\x00" * self._owed)
                self._owed = 0

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def late() -> Iterator[tuple[DeafToClear, EscPosPrinter]]:
    """A printer that owes two confirmations of a receipt that was given up."""
    peer = DeafToClear()
    printer = EscPosPrinter(peer.port)
    assert isinstance(printer.print_raster(SHORT, cut=True, deadline=Deadline.after(1)), Unknown)
    assert peer.seen[CUT] == 1
    yield peer, printer
    printer.close()
    peer.close()


def test_a_late_confirmation_of_the_last_receipt_confirms_no_part_of_the_next(
    late: tuple[DeafToClear, EscPosPrinter],
) -> None:
    peer, printer = late
    peer.stops = (CUT, 3)  # the second receipt's own cut, after the one that parts it from the first
    outcome = printer.print_raster(SHORT, cut=True, deadline=Deadline.after(5))
    assert isinstance(outcome, Unknown)
    assert peer.seen[CUT] == 3
    peer.stops = (CUT, 99)
    assert printer.print_raster(SHORT, cut=True, deadline=Deadline.after(8)) == Printed(1)


def test_reset_takes_in_what_a_killed_process_left_behind(late: tuple[DeafToClear, EscPosPrinter]) -> None:
    peer, printer = late
    printer.close()
    heir = EscPosPrinter(peer.port)  # knows of no earlier receipt
    try:
        peer.stops = (CUT, 99)
        heir.reset(Deadline.after(5))
        peer.stops = (CUT, 2)
        assert isinstance(heir.print_raster(SHORT, cut=True, deadline=Deadline.after(3)), Unknown)
    finally:
        heir.close()


def test_while_the_last_receipt_stays_unconfirmed_the_next_is_unknown(
    late: tuple[DeafToClear, EscPosPrinter],
) -> None:
    peer, printer = late
    outcome = printer.print_raster(SHORT, cut=True, deadline=Deadline.after(8))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-confirmation"
    assert peer.seen[BAND] == 4


def test_a_fault_told_by_automatic_status_ends_the_wait_at_once(twin: EscPosTwin) -> None:
    """Without it the driver would wait out its patience before it asks."""
    printer = EscPosPrinter(twin.port, patience=2 * BUSY)
    twin.act("slow", {"seconds": 0.002})
    began: list[float] = []

    def break_it(progress: PrintProgress) -> None:
        if not progress.waiting_for:
            twin.act("cover-open", {})
            began.append(time.monotonic())

    outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(QUICK), progress=break_it)
    assert isinstance(outcome, NotPrinted)
    assert time.monotonic() - began[0] < BUSY
    printer.close()


def test_an_automatic_status_that_is_torn_or_has_wrong_bits_is_counted_and_not_believed() -> None:
    """A status cut short by a reset of the printer, and one with bits that it cannot have."""
    answers = [b"\x18\x00\x90\x00", b""]

    def serve(connection: socket.socket) -> None:
        connection.sendall(answers[0])
        while data := connection.recv(4096):
            connection.sendall(b"\x12" * data.count(b"\x10\x04"))

    listener = Listener("odd", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}")
    try:
        assert printer.poll(Deadline.after(QUICK)).usable
        assert printer.statistics()["strange_bytes"] == 4
        assert printer.capabilities["automatic-status"] == "unknown"
    finally:
        printer.close()
        listener.close()


@pytest.mark.parametrize("byte", [b"\xff", b"\x00"], ids=["nonsense", "answers to nothing"])
def test_a_peer_that_sends_without_end_holds_no_one_beyond_the_deadline(byte: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        while True:
            connection.sendall(byte * 65536)

    listener = Listener("talkative", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}")
    said: list[str] = []

    def ask() -> None:
        try:
            printer.poll(Deadline.after(0.5))
        except DeviceError as error:
            said.append(error.code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        asking.join(0.5 + BUSY)
        assert said in (["no-answer"], ["garbage"])
    finally:
        listener.close()
        asking.join(10)
        printer.close()


def test_a_line_of_noise_is_garbage_though_some_of_its_bytes_look_like_answers() -> None:
    """Every byte there is, again and again: a wrong speed, another device. Nothing is printed there either."""

    def serve(connection: socket.socket) -> None:
        while True:
            connection.sendall(bytes(range(256)) * 256)

    listener = Listener("noise", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}")
    try:
        with pytest.raises(DeviceError) as caught:
            printer.poll(Deadline.after(QUICK))
        assert (caught.value.code, bool(caught.value.advice)) == ("garbage", True)
        outcome = printer.print_raster(SHORT, cut=True, deadline=Deadline.after(QUICK))
        assert isinstance(outcome, NotPrinted)
        assert outcome.reason.code == "garbage"
    finally:
        printer.close()
        listener.close()


def test_a_question_cut_short_by_the_deadline_is_no_silence_and_nothing_is_printed() -> None:
    """A printer that answers a little late; the time for the receipt is over before it does."""
    over = threading.Event()
    taken = bytearray()

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            taken.extend(data)
            if b"\x10\x04" in data:
                over.wait(20)
                connection.sendall(b"\x12" * data.count(b"\x10\x04"))

    listener = Listener("late", serve)
    listener.open()
    printer = EscPosPrinter(f"tcp://127.0.0.1:{listener.number}")
    try:
        outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(0.3))
        over.set()
        assert isinstance(outcome, NotPrinted)
        assert outcome.reason.code == "timeout"
        assert printer.poll(Deadline.after(QUICK)).usable  # all that was sent before has been taken in
        assert b"\x1dv0" not in taken
    finally:
        over.set()
        printer.close()
        listener.close()


def test_the_rest_of_an_automatic_status_confirms_nothing_when_a_wait_ends_in_it() -> None:
    """Its bytes look like answers to GS r. It would be taken for three bands on the paper."""
    begun, go_on = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"\x30")  # cover open ...
        begun.set()
        go_on.wait(20)
        connection.sendall(b"\x00\x00\x00")
        connection.recv(1)

    listener = Listener("torn", serve)
    listener.open()
    stream = TcpStream(f"tcp://127.0.0.1:{listener.number}")
    line = Line(stream)
    line.outstanding = 3
    try:
        stream.open(Deadline.after(QUICK))
        assert begun.wait(QUICK)
        assert not line.await_barrier(Deadline.after(0.3))
        go_on.set()
        assert not line.await_barrier(Deadline.after(QUICK))  # told that it is held up
        assert line.outstanding == 3
        assert line.told is not None
        assert line.told.blocking is not None
        assert line.told.blocking.code == "cover-open"
    finally:
        go_on.set()
        stream.close()
        listener.close()
