"""The simulated A4 printer is an IPP printer: Debian's ipptool says so, and the document is kept as it was sent."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.printing import Printed, Unknown
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.drivers.ipp.protocol import JobState, Operation
from devices.simulators.ipp import IppTwin
from devices.simulators.ipp_answers import Answerer
from devices.simulators.twin import UnknownAction

PDF = testpage.page("twin")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[IppTwin]:
    twin = IppTwin("page_printer", spool=tmp_path / "spool", pace=0.01)
    twin.start()
    yield twin
    twin.stop()


@pytest.mark.parametrize(
    "suite",
    [
        "get-printer-attributes",
        "validate-job",
        "create-job",
        "print-job",
        "print-job-and-wait",
        "get-jobs",
        "ipp-1.1",
        "ipp-2.0",
    ],
)
def test_the_twin_passes_a_standard_suite_of_ipptool(twin: IppTwin, tmp_path: Path, suite: str) -> None:
    tool = shutil.which("ipptool")
    if tool is None:
        why = "ipptool is missing (Debian package cups-ipp-utils)"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(why)
        pytest.skip(why)
    document = tmp_path / "page.pdf"
    document.write_bytes(PDF)
    done = subprocess.run(
        [tool, "-T", "10", "-t", "-f", str(document), "-d", "filetype=application/pdf", twin.port, f"{suite}.test"],
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_document_is_kept_byte_for_byte_for_its_owner_only(twin: IppTwin, tmp_path: Path) -> None:
    outcome = IppPrinter(twin.port).print_pdf(PDF, title="case", pages=1, deadline=Deadline.after(5))
    (kept,) = (tmp_path / "spool").iterdir()
    assert outcome == Printed(1)
    assert kept.read_bytes() == PDF
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_the_port_stays_the_same_when_the_printer_comes_back(twin: IppTwin) -> None:
    before = twin.port
    twin.act("gone", {})
    twin.act("ok", {})
    assert twin.port == before
    assert IppPrinter(twin.port).poll(Deadline.after(5)).usable


def test_an_unknown_action_names_those_there_are(twin: IppTwin) -> None:
    with pytest.raises(UnknownAction, match="paper-out-mid"):
        twin.act("explode", {})


def test_the_state_holds_no_name_of_a_job(twin: IppTwin) -> None:
    IppPrinter(twin.port).print_pdf(PDF, title="secret-title", pages=1, deadline=Deadline.after(5))
    assert "secret-title" not in str(twin.state())


def test_reset_cancels_what_a_killed_process_left_and_nobody_elses(twin: IppTwin) -> None:
    twin.act("slow", {"seconds": 60})
    twin.act("lost-answer", {})
    left = IppPrinter(twin.port).print_pdf(PDF, title="licence", pages=1, deadline=Deadline.after(5))
    assert isinstance(left, Unknown)
    other = twin.engine.new_job("holiday", "visitor")
    twin.engine.submit(other, PDF)
    heir = IppPrinter(twin.port)  # knows of no job
    heir.reset(Deadline.after(5))
    ours = twin.engine.jobs[1]
    with twin.engine.changed:
        assert twin.engine.changed.wait_for(lambda: ours.state is JobState.CANCELED, timeout=5)
    assert (ours.done, other.state.over) == (0, False)
    heir.reset(Deadline.after(5))
    assert heir.statistics()["cancelled"] == 1


def test_reset_keeps_to_its_own_job_where_the_printer_cannot_list_jobs(
    twin: IppTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Answerer._handlers
    monkeypatch.setattr(
        Answerer, "_handlers", lambda self: {k: v for k, v in listed(self).items() if k != Operation.GET_JOBS}
    )
    twin.act("slow", {"seconds": 60})
    twin.act("lost-answer", {})
    printer = IppPrinter(twin.port)
    assert isinstance(printer.print_pdf(PDF, title="licence", pages=1, deadline=Deadline.after(5)), Unknown)
    printer.reset(Deadline.after(5))
    with twin.engine.changed:
        assert twin.engine.changed.wait_for(lambda: twin.engine.jobs[1].state is JobState.CANCELED, timeout=5)


@pytest.mark.parametrize("asleep", ["idle", "waiting for paper"])
def test_the_twin_at_rest_costs_nothing(tmp_path: Path, asleep: str) -> None:
    """CPU time of a process that holds only the twin, over two seconds of rest (told by the kernel, not the clock)."""
    program = (
        "import resource, threading\n"
        "from devices.simulators.ipp import IppTwin\n"
        "from devices.simulators.escpos import EscPosTwin\n"
        "a, b = IppTwin('p'), EscPosTwin('r'); a.start(); b.start()\n"
        f"a.act('paper-out' if {asleep == 'waiting for paper'} else 'ok', {{}}); b.act('ok', {{}})\n"
        "u = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])\n"
        "t = u(); threading.Event().wait(2); print(u() - t); a.stop(); b.stop()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert float(done.stdout) < 0.005
