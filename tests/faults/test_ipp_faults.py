"""The A4 printer before, in the middle of, and after a job: each trouble has its named outcome, within the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.contracts.printing import NotPrinted, Printed, PrintProgress, Unknown
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.simulators.ipp import IppTwin
from devices.simulators.listener import Listener
from devices.transports.http import exchange

ONE = testpage.page("one")
# The twin counts page objects; that it is no well-formed PDF beyond that does not matter on the wire.
FOUR = ONE + b"\n".join(b"<< /Type /Page >>" for _ in range(3))
QUICK = 8.0


@pytest.fixture
def twin() -> Iterator[IppTwin]:
    twin = IppTwin("page_printer", pace=0.02)
    twin.start()
    yield twin
    twin.stop()


def on_waiting(what: Callable[[], None]) -> Callable[[PrintProgress], None]:
    """A listener that acts once, when the job first waits for something."""
    done: list[PrintProgress] = []

    def listen(progress: PrintProgress) -> None:
        if progress.waiting_for and not done:
            done.append(progress)
            what()

    return listen


@pytest.mark.parametrize(
    ("action", "code"),
    [("paper-out", "media-empty"), ("jam", "media-jam"), ("cover-open", "cover-open"), ("toner-empty", "toner-empty")],
)
def test_a_fault_before_the_job_keeps_the_document_here(twin: IppTwin, action: str, code: str) -> None:
    twin.act(action, {})
    outcome = IppPrinter(twin.port).print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == code
    assert twin.state()["jobs"] == 0


@pytest.mark.parametrize(("action", "code"), [("paper-low", "media-low"), ("toner-low", "toner-low")])
def test_a_warning_does_not_keep_from_printing(twin: IppTwin, action: str, code: str) -> None:
    twin.act(action, {})
    printer = IppPrinter(twin.port)
    assert [fault.code for fault in printer.poll(Deadline.after(QUICK)).faults] == [code]
    assert printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK)) == Printed(1)


def test_paper_that_ends_in_the_middle_is_waited_for_and_the_job_goes_on_after_loading(twin: IppTwin) -> None:
    twin.act("paper-out-mid", {})
    reports: list[PrintProgress] = []
    load = on_waiting(lambda: twin.act("load", {}))

    def hear(progress: PrintProgress) -> None:
        reports.append(progress)
        load(progress)

    outcome = IppPrinter(twin.port).print_pdf(FOUR, title="t", pages=4, deadline=Deadline.after(QUICK), progress=hear)
    waits = [(r.pages_done, r.waiting_for.code) for r in reports if r.waiting_for]
    assert outcome == Printed(4)
    assert waits == [(2, "media-empty")]
    assert reports[-1] == PrintProgress(4, 4)


def test_paper_that_nobody_loads_ends_unknown_at_the_deadline_because_pages_lie_in_the_tray(twin: IppTwin) -> None:
    twin.act("paper-out-mid", {})
    deadline = Deadline.after(1.5)
    outcome = IppPrinter(twin.port).print_pdf(FOUR, title="t", pages=4, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.2
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"


@pytest.mark.parametrize(("action", "code"), [("jam", "media-jam"), ("cover-open", "cover-open")])
def test_a_fault_on_the_first_page_that_stays_ends_cancelled_and_not_printed(
    twin: IppTwin, action: str, code: str
) -> None:
    twin.act("slow", {"seconds": 30})
    printer = IppPrinter(twin.port)

    def break_it(progress: PrintProgress) -> None:
        if not progress.waiting_for:
            twin.act(action, {})

    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(1.5), progress=break_it)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == code
    last = twin.state()["last_job"]
    assert isinstance(last, dict)
    assert last["state"] == "canceled"


def test_a_jam_that_is_cleared_ends_printed(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 0.3})
    begun: list[PrintProgress] = []
    clear = on_waiting(lambda: twin.act("clear", {}))

    def hear(progress: PrintProgress) -> None:
        if not begun:
            twin.act("jam", {})
        begun.append(progress)
        clear(progress)

    outcome = IppPrinter(twin.port).print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=hear)
    assert outcome == Printed(1)
    assert [r.waiting_for.code for r in begun if r.waiting_for] == ["media-jam"]


def test_a_job_too_slow_for_its_deadline_is_cancelled(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 60})
    outcome = IppPrinter(twin.port).print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(1))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "timeout"


def test_an_aborted_job_is_not_printed(twin: IppTwin) -> None:
    twin.act("abort", {})
    outcome = IppPrinter(twin.port).print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "job-aborted"


def test_an_answer_lost_after_the_document_was_sent_is_unknown(twin: IppTwin) -> None:
    twin.act("lost-answer", {})
    printer = IppPrinter(twin.port)
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "connection-lost"
    assert printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK)) == Printed(1)


def test_a_mute_printer_gets_no_document_and_the_deadline_holds(twin: IppTwin) -> None:
    twin.act("mute", {})
    deadline = Deadline.after(0.5)
    outcome = IppPrinter(twin.port).print_pdf(ONE, title="t", pages=1, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.2
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "no-answer"
    assert twin.engine.last_document == b""


def test_a_printer_that_falls_silent_in_the_middle_leaves_the_job_unknown(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 30})
    printer = IppPrinter(twin.port, patience=0.3)
    outcome = printer.print_pdf(
        ONE, title="t", pages=1, deadline=Deadline.after(2), progress=lambda _: twin.act("mute", {})
    )
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-answer"


def test_a_printer_that_is_gone_before_the_job_prints_nothing_and_works_again_when_it_is_back(twin: IppTwin) -> None:
    printer = IppPrinter(twin.port)
    twin.act("gone", {})
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "port-missing"
    with pytest.raises(DeviceError):
        printer.poll(Deadline.after(QUICK))
    twin.act("ok", {})
    assert printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK)) == Printed(1)


def test_a_printer_that_goes_in_the_middle_leaves_the_job_unknown(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 30})
    gone: list[bool] = []

    def go(_: PrintProgress) -> None:
        if not gone:
            gone.append(True)
            twin.act("gone", {})

    printer = IppPrinter(twin.port, patience=0.3)
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=go)
    assert isinstance(outcome, Unknown)


def test_a_printer_that_restarted_and_gave_the_number_to_another_job_is_not_believed(tmp_path: Path) -> None:
    twin = IppTwin("page_printer", pace=30)
    twin.start()
    try:

        def restart(progress: PrintProgress) -> None:
            for number, job in list(twin.engine.jobs.items()):
                twin.engine.cancel(job)
                del twin.engine.jobs[number]
            twin.engine.new_job("another", "somebody")

        outcome = IppPrinter(twin.port).print_pdf(
            ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=restart
        )
        assert isinstance(outcome, Unknown)
        assert outcome.reason.code == "job-forgotten"
    finally:
        twin.stop()


def test_what_is_no_pdf_is_not_sent(twin: IppTwin) -> None:
    outcome = IppPrinter(twin.port).print_pdf(b"hello", title="t", pages=1, deadline=Deadline.after(QUICK))
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "not-a-pdf"


def test_reset_cancels_what_was_left_behind(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 60})
    printer = IppPrinter(twin.port, patience=0.1)
    printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(1), progress=lambda _: twin.act("mute", {}))
    twin.act("ok", {})
    printer.reset(Deadline.after(QUICK))
    last = twin.state()["last_job"]
    assert isinstance(last, dict)
    assert last["state"] == "canceled"


@pytest.mark.parametrize(
    ("bytes_sent", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", "connection-lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "bad-ipp"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "bad-ipp"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "bad-http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "bad-http"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad-http"),
        (b"SSH-2.0-OpenSSH\r\n", "bad-http"),
        (b"", "connection-lost"),
    ],
)
def test_a_broken_answer_has_its_named_error(bytes_sent: bytes, code: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(bytes_sent)

    listener = Listener("broken", serve)
    listener.open()
    try:
        with pytest.raises(DeviceError) as error:
            IppPrinter(f"ipp://127.0.0.1:{listener.number}/ipp/print").poll(Deadline.after(QUICK))
    finally:
        listener.close()
    assert error.value.code == code
    assert error.value.advice


def test_a_body_that_trickles_does_not_stretch_the_deadline() -> None:
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    listener = Listener("trickle", serve)
    listener.open()
    deadline = Deadline.after(0.4)
    try:
        with pytest.raises(DeviceError) as error:
            exchange("127.0.0.1", listener.number, "/", b"x", content_type="text/plain", deadline=deadline)
        assert time.monotonic() < deadline.at + 0.2
    finally:
        over.set()
        listener.close()
    assert error.value.code == "no-answer"


def test_a_port_that_is_no_printer_address_says_so() -> None:
    with pytest.raises(DeviceError) as error:
        IppPrinter("ipps://127.0.0.1/ipp/print")
    assert (error.value.code, error.value.action) == ("bad-port", Action.CONFIGURE)
