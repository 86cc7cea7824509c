"""A4 printer behind CUPS: cupsd gone, mute or refusing, queue stopped, printer in trouble; before and during a job.

cupsd is the real one, in a room of its own; the printer behind it is the IPP twin.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.printing import NotPrinted, Printed, PrintProgress, Unknown
from devices.drivers.cups.behind import behind
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage
from devices.simulators import cups_daemon
from devices.simulators.cups import CupsTwin
from devices.simulators.cups_daemon import CupsDaemon
from devices.simulators.listener import Listener

ONE = testpage.page("one")
FOUR = ONE + b"\n".join(b"<< /Type /Page >>" for _ in range(3))
QUICK = 10.0
needs_cupsd = pytest.mark.skipif(bool(cups_daemon.missing()), reason=cups_daemon.missing())


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[CupsTwin, CupsPrinter]]:
    """One cupsd and one driver for all: starting them takes longer than most of the tests."""
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)
    twin = CupsTwin("page_printer", pace=0.02)
    twin.start()
    printer = CupsPrinter(twin.port, patience=0.5)
    yield twin, printer
    printer.close()
    twin.stop()


@pytest.fixture
def twin(shared: tuple[CupsTwin, CupsPrinter]) -> CupsTwin:
    """Well, and with nothing in queue and printer."""
    twin, printer = shared
    twin.act("ok", {})
    assert twin.daemon
    engine = twin.printer.engine
    for _ in range(4):  # cupsd may hand on a job of the test before while it is being taken back
        twin.daemon.command("cancel", "-a", "-x", "Kiosk")
        printer.reset(Deadline.after(QUICK))
        with engine.changed:
            if engine.changed.wait_for(lambda: all(job.state.over for job in engine.jobs.values()), timeout=5):
                engine.jobs.clear()
                return twin
    raise AssertionError("a job of the test before does not end")


@pytest.fixture
def printer(shared: tuple[CupsTwin, CupsPrinter], twin: CupsTwin) -> CupsPrinter:
    printer = shared[1]
    printer.open(Deadline.after(QUICK))  # the child is there: what follows is timed without its start
    return printer


def once(act: Callable[[], None]) -> Callable[[PrintProgress], None]:
    """A listener that acts at the first report of a job."""
    done: list[PrintProgress] = []

    def listen(progress: PrintProgress) -> None:
        if not done:
            done.append(progress)
            act()

    return listen


def when_at_the_printer(twin: CupsTwin, act: Callable[[], None]) -> Callable[[PrintProgress], None]:
    """A listener that acts once, when cupsd has handed the job over: the twin prints slowly."""

    def wait_and_act() -> None:
        engine = twin.printer.engine
        with engine.changed:
            assert engine.changed.wait_for(lambda: any(job.pages for job in engine.jobs.values()), timeout=5)
        act()

    return once(wait_and_act)


def documents_at_the_printer(twin: CupsTwin) -> list[str]:
    """How they ended; a job that is told to end takes a moment to do so."""
    engine = twin.printer.engine
    with engine.changed:
        engine.changed.wait_for(lambda: all(job.state.over for job in engine.jobs.values()), timeout=2)
        return [job.state.name for job in engine.jobs.values() if job.pages]


def print_one(printer: CupsPrinter, seconds: float = QUICK) -> Printed | NotPrinted | Unknown:
    return printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(seconds))


# ---- before a job ----


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("paper-out", "media-empty"),
        ("cover-open", "cover-open"),
        ("queue-stop", "queue-stopped"),
        ("queue-reject", "queue-rejecting"),
        ("cupsd-gone", "cups-gone"),
        ("cupsd-mute", "no-answer"),
        ("gone", "port-missing"),
    ],
)
def test_trouble_before_a_job_keeps_the_document_here_and_nothing_comes_out_later(
    twin: CupsTwin, printer: CupsPrinter, action: str, code: str
) -> None:
    twin.act(action, {})
    deadline = Deadline.after(1.5)
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.3
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == code
    twin.act("ok", {})
    assert documents_at_the_printer(twin) == []
    assert print_one(printer) == Printed(1)
    assert documents_at_the_printer(twin) == ["COMPLETED"]


@pytest.mark.parametrize(("action", "code"), [("toner-low", "toner-low"), ("paper-low", "media-low")])
def test_a_warning_does_not_keep_from_printing(twin: CupsTwin, printer: CupsPrinter, action: str, code: str) -> None:
    twin.act(action, {})
    status = printer.poll(Deadline.after(QUICK))
    assert (status.usable, [fault.code for fault in status.faults]) == (True, [code])
    assert print_one(printer) == Printed(1)


def test_a_stopped_queue_is_told_and_a_reset_starts_it(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("queue-stop", {})
    status = printer.poll(Deadline.after(QUICK))
    assert ([fault.code for fault in status.faults], status.usable) == (["queue-stopped"], False)
    printer.reset(Deadline.after(QUICK))
    assert printer.poll(Deadline.after(QUICK)).usable


def test_a_reset_does_not_start_a_queue_that_holds_papers_of_others(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("queue-stop", {})
    assert twin.daemon
    document = twin.daemon.folder / "others.pdf"
    document.write_bytes(ONE)
    twin.daemon.command("lp", "-d", "Kiosk", "-U", "somebody", str(document))
    printer.reset(Deadline.after(QUICK))
    assert [fault.code for fault in printer.poll(Deadline.after(QUICK)).faults] == ["queue-stopped"]
    assert documents_at_the_printer(twin) == []


# ---- in the middle ----


@pytest.mark.parametrize(("action", "code"), [("jam", "media-jam"), ("cover-open", "cover-open")])
def test_a_fault_that_stays_ends_taken_back_at_the_printer_too(
    twin: CupsTwin, printer: CupsPrinter, action: str, code: str
) -> None:
    """cupsd says ``canceled`` at once while the printer keeps the job: it would print when the fault is mended."""
    twin.act("slow", {"seconds": 30})
    act = when_at_the_printer(twin, lambda: twin.act(action, {}))
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(3), progress=act)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == code
    twin.act("ok", {})
    assert documents_at_the_printer(twin) == ["CANCELED"]
    assert twin.daemon
    assert twin.daemon.spooled == []


def test_paper_that_ends_in_the_middle_is_waited_for_and_the_job_goes_on(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("paper-out-mid", {})
    reports: list[PrintProgress] = []

    def hear(progress: PrintProgress) -> None:
        reports.append(progress)
        if progress.waiting_for:
            twin.act("load", {})

    outcome = printer.print_pdf(FOUR, title="t", pages=4, deadline=Deadline.after(QUICK), progress=hear)
    assert outcome == Printed(4)
    waits = [report for report in reports if report.waiting_for]
    assert {report.waiting_for.code for report in waits if report.waiting_for} == {"media-empty"}
    assert max(report.pages_done for report in waits) <= 2


def test_pages_in_the_tray_make_a_job_taken_back_unknown(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("paper-out-mid", {})
    outcome = printer.print_pdf(FOUR, title="t", pages=4, deadline=Deadline.after(2.5))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"
    assert documents_at_the_printer(twin) == ["CANCELED"]


def test_a_job_the_printer_aborts_is_not_printed(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("abort", {})
    outcome = print_one(printer)
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "job-aborted"


def test_a_printer_whose_answer_to_cupsd_was_lost_prints_once(twin: CupsTwin, printer: CupsPrinter) -> None:
    """The backend would hand the job over again; the driver has found it at the printer and ends the backend."""
    twin.act("lost-answer", {})
    assert print_one(printer) == Printed(1)
    printer.poll(Deadline.after(QUICK))
    assert documents_at_the_printer(twin) == ["COMPLETED"]


def test_a_printer_gone_in_the_middle_is_unknown_and_taken_back_when_it_returns(
    twin: CupsTwin, printer: CupsPrinter
) -> None:
    twin.act("slow", {"seconds": 30})
    act = when_at_the_printer(twin, lambda: twin.act("gone", {}))
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=act)
    assert isinstance(outcome, Unknown)
    assert twin.daemon
    assert twin.daemon.spooled == []  # cupsd has it no more: it cannot send it again
    twin.printer._listener.open()  # back, and still at the page
    printer.poll(Deadline.after(QUICK))
    assert documents_at_the_printer(twin) == ["CANCELED"]


@pytest.mark.parametrize("action", ["cupsd-gone", "cupsd-mute"])
def test_a_cupsd_lost_in_the_middle_ends_by_the_deadline_and_nothing_comes_out_after_its_return(
    twin: CupsTwin, printer: CupsPrinter, action: str
) -> None:
    twin.act("slow", {"seconds": 30})
    deadline = Deadline.after(2.5)
    act = once(lambda: twin.act(action, {}))
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=deadline, progress=act)
    assert time.monotonic() < deadline.at + 0.3
    assert isinstance(outcome, Unknown)
    twin.act("cupsd-back", {})
    printer.poll(Deadline.after(QUICK))
    assert printer.statistics()["left_over"] == 0
    assert set(documents_at_the_printer(twin)) <= {"CANCELED"}
    twin.act("ok", {})
    assert print_one(printer) == Printed(1)


def test_a_job_that_cupsd_loses_is_followed_at_the_printer(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("slow", {"seconds": 0.5})
    act = when_at_the_printer(twin, lambda: twin.act("cupsd-gone", {}))
    assert printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=act) == Printed(1)


def test_a_queue_stopped_in_the_middle_is_taken_back(twin: CupsTwin, printer: CupsPrinter) -> None:
    twin.act("slow", {"seconds": 30})
    act = once(lambda: twin.act("queue-stop", {}))
    outcome = printer.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(4), progress=act)
    assert isinstance(outcome, NotPrinted)
    twin.act("ok", {})
    assert set(documents_at_the_printer(twin)) <= {"CANCELED"}
    assert print_one(printer) == Printed(1)


def test_a_queue_that_holds_its_jobs_is_told_and_the_paper_never_comes(twin: CupsTwin, printer: CupsPrinter) -> None:
    assert twin.daemon
    twin.daemon.command("lpadmin", "-p", "Kiosk", "-o", "job-hold-until-default=indefinite")
    try:
        outcome = print_one(printer, 1.5)
    finally:
        twin.daemon.command("lpadmin", "-p", "Kiosk", "-o", "job-hold-until-default=no-hold")
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "job-held"
    assert print_one(printer) == Printed(1)
    assert documents_at_the_printer(twin) == ["COMPLETED"]


def test_a_killed_child_is_an_error_and_the_next_call_has_another(twin: CupsTwin, printer: CupsPrinter) -> None:
    assert printer.child_pid
    os.kill(printer.child_pid, signal.SIGSTOP)
    with pytest.raises(DeviceError) as error:
        printer.poll(Deadline.after(0.3))
    assert (error.value.code, error.value.retryable) == ("no-answer", True)
    assert print_one(printer) == Printed(1)
    assert printer.child_pid
    os.kill(printer.child_pid, signal.SIGKILL)
    with suppress(DeviceError):  # ``child-died``, where its end was not seen before the question
        printer.poll(Deadline.after(QUICK))
    assert print_one(printer) == Printed(1)


def test_reset_takes_back_what_a_killed_process_left(twin: CupsTwin, printer: CupsPrinter) -> None:
    assert twin.daemon
    before = twin.daemon.spooled
    twin.act("slow", {"seconds": 30})
    left = CupsPrinter(twin.port, patience=0.5)

    class Killed(Exception):
        pass

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        left.print_pdf(ONE, title="t", pages=1, deadline=Deadline.after(QUICK), progress=when_at_the_printer(twin, die))
    left._server.close()  # its child dies with it
    printer.reset(Deadline.after(QUICK))
    assert documents_at_the_printer(twin) == ["CANCELED"]
    assert twin.daemon.spooled == before


def test_the_child_costs_nothing_at_rest(printer: CupsPrinter) -> None:
    pid = printer.child_pid
    assert pid

    def ticks() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])  # utime and stime, 10 ms each

    before = ticks()
    threading.Event().wait(1.0)
    assert ticks() - before <= 1
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    assert pages * os.sysconf("SC_PAGE_SIZE") < 40_000_000


# ---- what cannot be asked, and what is not there ----


@needs_cupsd
def test_pages_that_were_only_sent_are_never_printed() -> None:
    """A printer that tells nothing: cupsd's ``completed`` means that the bytes were handed over, here to /dev/null."""
    pytest.importorskip("cups")
    daemon = CupsDaemon({"Dumb": "file:///dev/null"})
    daemon.start()
    printer = CupsPrinter(daemon.port("Dumb"))
    try:
        assert printer.poll(Deadline.after(QUICK)).state.value == "online"
        assert (printer.capabilities["confirmation"], printer.capabilities["probe"]) == ("none", "none")
        outcome = print_one(printer)
        assert isinstance(outcome, Unknown)
        assert outcome.reason.code == "no-confirmation"
        assert daemon.spooled == []
    finally:
        printer.close()
        daemon.stop()


def test_a_printer_that_can_only_be_knocked_at_is_missed_when_nobody_opens() -> None:
    listener = Listener("raw", lambda connection: None)
    listener.open()
    printer = behind(f"socket://127.0.0.1:{listener.number}", "kiosk")
    assert printer.look(Deadline.after(QUICK)) is None
    listener.close()
    with pytest.raises(DeviceError) as error:
        printer.look(Deadline.after(QUICK))
    assert error.value.code == "port-missing"


DENY = """<Policy default>
<Limit Create-Job Print-Job Resume-Printer CUPS-Accept-Jobs>
  AuthType Basic
  Require user nobody-at-all
  Order deny,allow
</Limit>
<Limit All>
  Order deny,allow
  Allow all
</Limit>
</Policy>"""


def test_missing_rights_are_named_with_the_group_that_has_them() -> None:
    pytest.importorskip("cups")
    if why := cups_daemon.missing():
        pytest.skip(why)
    twin = CupsTwin("page_printer")
    twin.printer.start()
    twin.daemon = CupsDaemon({"Kiosk": twin.printer.port}, policy=DENY)
    twin.daemon.start()
    printer = CupsPrinter(twin.port)
    try:
        outcome = print_one(printer)
        assert isinstance(outcome, NotPrinted)
        assert outcome.reason.code == "port-denied"
        twin.act("queue-stop", {})
        with pytest.raises(DeviceError) as error:
            printer.reset(Deadline.after(QUICK))
        assert (error.value.code, error.value.retryable) == ("port-denied", False)
        assert "lpadmin" in error.value.advice
    finally:
        printer.close()
        twin.stop()


def test_a_queue_that_is_not_there_and_a_server_that_is_not_there_are_named(twin: CupsTwin) -> None:
    assert twin.daemon
    for port, code in ((twin.daemon.port("Nope"), "queue-missing"), ("cups:///nowhere/cups.sock#Kiosk", "cups-gone")):
        printer = CupsPrinter(port)
        with pytest.raises(DeviceError) as error:
            printer.poll(Deadline.after(QUICK))
        assert (error.value.code, bool(error.value.advice)) == (code, True)
        printer.close()


def test_without_pycups_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cups.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    printer = CupsPrinter("cups:Kiosk")
    with pytest.raises(DeviceError) as error:
        printer.poll(Deadline.after(QUICK))
    assert (error.value.code, error.value.retryable) == ("cups-missing", False)
    printer.close()


@needs_cupsd
def test_a_queue_that_takes_no_pdf_says_what_is_missing(twin: CupsTwin) -> None:
    """What `lpadmin -m everywhere` makes on a machine without cups-filters."""
    assert twin.daemon
    twin.daemon.command("lpadmin", "-p", "Every", "-E", "-v", twin.printer.port, "-m", "everywhere")
    printer = CupsPrinter(twin.daemon.port("Every"))
    status = printer.poll(Deadline.after(QUICK))
    printer.close()
    if Path("/usr/lib/cups/filter/pdftopdf").exists():
        assert status.usable
    else:
        assert [fault.code for fault in status.faults] == ["document-format"]
        assert "cups-filters" in status.faults[0].detail
