"""Trouble at the A4 printer behind cupsd and at the scanner, written down and played back: the same word for it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.document_scanner import NotScanned, Scanned, ScanSettings, Source, Unknown
from devices.contracts.printing import NotPrinted, Printed
from devices.contracts.printing import Unknown as UnknownPrint
from devices.drivers.cups.capture import CapturingWires, ReplayWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.cups.wires import Wires
from devices.drivers.ipp import testpage
from devices.drivers.sane.driver import SaneScanner
from devices.simulators import cups_daemon
from devices.simulators.cups import CupsTwin
from devices.simulators.cups_daemon import CupsDaemon
from devices.simulators.listener import Listener
from devices.simulators.sane import SaneTwin
from devices.transports.capture_file import entries_of
from devices.transports.program import Programs
from devices.transports.program_capture import CapturingPrograms, ReplayPrograms
from tests.wire.sane_room import sane_scanner


def word_of(ask: Callable[[], object]) -> str:
    """The outcome, or the code of the trouble."""
    try:
        outcome = ask()
    except DeviceError as error:
        return error.code
    if isinstance(outcome, NotPrinted | UnknownPrint | NotScanned | Unknown):
        return outcome.reason.code
    return type(outcome).__name__


# ---- the printer behind cupsd ----


@pytest.fixture(scope="module")
def office() -> Iterator[CupsTwin]:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)
    twin = CupsTwin("page_printer", pace=0.01)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def twin(office: CupsTwin) -> Iterator[CupsTwin]:
    yield office
    office.act("ok", {})


def printed(
    port: str, wires: Wires, trouble: Callable[[], None], seconds: float, pause: Callable[[float], None] = time.sleep
) -> list[str]:
    """What a look and, where there is time, a page came to after the trouble had begun."""
    printer = CupsPrinter(port, wires=wires, pause=pause)
    pdf = testpage.page("trouble")
    try:
        printer.open(Deadline.after(20))  # libcups runs
        trouble()
        words = [word_of(lambda: printer.poll(Deadline.after(seconds)))]
        if seconds > 1:
            words.append(word_of(lambda: printer.print_pdf(pdf, title="t", pages=1, deadline=Deadline.after(seconds))))
        return words
    finally:
        printer.close()


@pytest.mark.parametrize(
    ("trouble", "seconds", "says"),
    [
        ("paper-out", 20, ["Status", "media-empty"]),
        ("gone", 20, ["port-missing", "port-missing"]),
        ("cupsd-gone", 20, ["cups-gone", "cups-gone"]),
        ("cupsd-mute", 0.5, ["no-answer"]),
        ("queue-stop", 20, ["Status", "queue-stopped"]),
        ("queue-reject", 20, ["Status", "queue-rejecting"]),
    ],
)
def test_the_printers_trouble_is_the_same_when_it_is_played_back(
    twin: CupsTwin, trouble: str, seconds: float, says: list[str], tmp_path: Path
) -> None:
    live = CapturingWires(tmp_path / "c")
    assert printed(twin.port, live, lambda: twin.act(trouble, {}), seconds) == says
    twin.act("ok", {})
    replay = ReplayWires.load(tmp_path / "c")
    assert printed("cups:Kiosk", replay, lambda: None, seconds, lambda _: None) == says
    assert replay.finished


def test_a_printer_that_can_only_be_knocked_at_is_not_knocked_at_by_a_replay(tmp_path: Path) -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    if why := cups_daemon.missing():
        pytest.skip(why)

    def hear(line: socket.socket) -> None:
        line.recv(1)

    listener = Listener("raw", hear)
    listener.open()
    daemon = CupsDaemon({"Raw": f"socket://127.0.0.1:{listener.number}"})
    try:
        daemon.start()
        live = CupsPrinter(daemon.port("Raw"), wires=CapturingWires(tmp_path / "c"))
        live.open(Deadline.after(20))
        listener.close()
        assert word_of(lambda: live.open(Deadline.after(20))) == "port-missing"
        live.close()
    finally:
        listener.close()
        daemon.stop()
    knocks = [entry for entry in entries_of(tmp_path / "c") if entry.get("method") == "CONNECT"]
    assert len(knocks) == 2
    replay = ReplayWires.load(tmp_path / "c")
    again = CupsPrinter("cups:Raw", wires=replay)
    again.open(Deadline.after(20))
    assert word_of(lambda: again.open(Deadline.after(20))) == "port-missing"
    again.close()
    assert replay.finished


def test_a_capture_holds_no_login_and_no_time_of_ours(twin: CupsTwin, tmp_path: Path) -> None:
    printer = CupsPrinter(twin.port, wires=CapturingWires(tmp_path / "c"))
    try:
        assert isinstance(
            printer.print_pdf(testpage.page("x"), title="t", pages=1, deadline=Deadline.after(20)), Printed
        )
    finally:
        printer.close()
    wires = {entry["wire"] for entry in entries_of(tmp_path / "c")}
    assert wires == {"cupsd", "printer", "mark"}
    assert "authorization" not in (tmp_path / "c").read_text().lower()
    replay = ReplayWires.load(tmp_path / "c")
    again = CupsPrinter("cups:Kiosk", wires=replay, pause=lambda _: None)
    try:  # another deadline, so another job-cancel-after
        outcome = again.print_pdf(testpage.page("x"), title="t", pages=1, deadline=Deadline.after(30))
    finally:
        again.close()
    assert isinstance(outcome, Printed)


# ---- the scanner ----


@pytest.fixture
def scanner() -> Iterator[SaneTwin]:
    with sane_scanner() as twin:
        yield twin


def scanned(port: str, program: str, programs: Programs, seconds: float) -> list[str]:
    """What opening and a feeder's sheets came to; a scan has this long."""
    device = SaneScanner(port, program=program, programs=programs)
    settings = ScanSettings(Source.FEEDER, dpi=75, size=(60.0, 60.0))
    opened = word_of(lambda: device.open(Deadline.after(20)))
    return [opened, word_of(lambda: device.scan(settings, deadline=Deadline.after(seconds)))]


@pytest.mark.parametrize(
    ("trouble", "seconds", "says"),
    [
        ("ok", 30, ["NoneType", Scanned.__name__]),
        ("no-docs", 30, ["NoneType", "no-docs"]),
        ("jammed", 30, ["NoneType", "jammed"]),
        ("truncated", 30, ["NoneType", "truncated"]),
        ("io-error", 30, ["NoneType", "io-error"]),
        ("denied", 30, ["NoneType", "port-denied"]),
        ("jam-after", 30, ["NoneType", "jammed"]),
        ("crash", 30, ["NoneType", "backend-crashed"]),
        ("trickle", 2.5, ["NoneType", "no-answer"]),
        ("taken", 30, ["busy", "busy"]),
        ("gone", 30, ["port-missing", "port-missing"]),
    ],
)
def test_the_scanners_trouble_is_the_same_when_it_is_played_back(
    scanner: SaneTwin, trouble: str, seconds: float, says: list[str], tmp_path: Path
) -> None:
    scanner.act(trouble, {})
    assert scanned(scanner.port, scanner.program, CapturingPrograms(tmp_path / "c"), seconds) == says
    scanner.stop()
    replay = ReplayPrograms(tmp_path / "c")
    assert scanned("sane:test:1", "scanimage", replay, seconds) == says
    assert replay.finished
