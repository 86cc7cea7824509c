"""The document scanner mute, slow, crashed, cut short: no half page, no hang, nothing on the disk.

scanimage and its backend ``test`` are Debian's; what they cannot play, the twin runs them into.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.document_scanner import Mode, NotScanned, Scanned, ScanProgress, ScanSettings, Source, Unknown
from devices.drivers.sane.driver import SaneScanner
from devices.drivers.sane.pages import PagePipes
from devices.drivers.sane.png import png
from devices.simulators.sane import DEVICE, SaneTwin
from devices.transports.program import Program
from tests.wire.sane_room import sane_scanner

GLASS = ScanSettings(dpi=75)
FEEDER = ScanSettings(Source.FEEDER, dpi=75)


@pytest.fixture
def twin() -> Iterator[SaneTwin]:
    with sane_scanner() as twin:
        yield twin


@pytest.fixture
def scanner(twin: SaneTwin) -> SaneScanner:
    scanner = SaneScanner(twin.port, rest=0.0, program=twin.program)
    scanner.open(Deadline.after(10))
    return scanner


def running(name: str) -> list[int]:
    """Process ids whose command line names this."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = entry.joinpath("cmdline").read_bytes()
                state = entry.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if name.encode() in line and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("trouble", ["mute", "trickle"])
@pytest.mark.parametrize("settings", [GLASS, FEEDER], ids=["glass", "feeder"])
def test_a_scanner_that_says_nothing_or_hardly_anything_ends_by_the_deadline_and_leaves_no_process(
    twin: SaneTwin, scanner: SaneScanner, trouble: str, settings: ScanSettings
) -> None:
    twin.act(trouble, {})
    deadline = Deadline.after(1.0)
    outcome = scanner.scan(settings, deadline=deadline)
    assert time.monotonic() < deadline.at + 0.3
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "no-answer"
    assert scanner.statistics()["killed"] == 1
    assert running(twin.port.removeprefix("sane:").rpartition("#")[0]) == []
    twin.act("ok", {})
    assert isinstance(scanner.scan(GLASS, deadline=Deadline.after(10)), Scanned)


def test_a_scanner_mute_in_opening_is_no_answer_and_never_a_status(twin: SaneTwin, scanner: SaneScanner) -> None:
    twin.act("mute", {})
    deadline = Deadline.after(0.5)
    with pytest.raises(DeviceError) as error:
        scanner.poll(deadline)
    assert time.monotonic() < deadline.at + 0.4
    assert (error.value.code, error.value.retryable) == ("no-answer", True)


def test_a_jam_at_the_third_sheet_gives_no_document_and_says_how_many_pages_were_whole(
    twin: SaneTwin, scanner: SaneScanner
) -> None:
    twin.act("jam-after", {"pages": 2})
    outcome = scanner.scan(FEEDER, deadline=Deadline.after(10))
    assert isinstance(outcome, NotScanned)
    assert (outcome.reason.code, outcome.whole) == ("jammed", 2)


def test_a_jam_stays_in_the_status_until_a_scan_succeeds(twin: SaneTwin, scanner: SaneScanner) -> None:
    """The scanner opens all the same: SANE has no sensors at rest."""
    twin.act("jammed", {})
    scanner.scan(FEEDER, deadline=Deadline.after(10))
    status = scanner.poll(Deadline.after(5))
    assert ([(fault.code, fault.blocking) for fault in status.faults], status.usable) == ([("jammed", False)], True)
    twin.act("ok", {})
    scanner.scan(GLASS, deadline=Deadline.after(10))
    assert scanner.poll(Deadline.after(5)).faults == ()


def test_a_backend_that_crashes_in_the_middle_of_a_page_leaves_it_unknown(twin: SaneTwin, scanner: SaneScanner) -> None:
    twin.act("crash", {})
    outcome = scanner.scan(GLASS, deadline=Deadline.after(10))
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "backend-crashed"
    twin.act("ok", {})
    assert isinstance(scanner.scan(GLASS, deadline=Deadline.after(10)), Scanned)


def test_scanimage_killed_in_the_middle_of_a_page_is_unknown(twin: SaneTwin, scanner: SaneScanner) -> None:
    twin.act("slow", {})
    killed: list[int] = []

    def kill(progress: ScanProgress) -> None:
        if not killed and progress.part > 0:
            killed.extend(running(f"--device-name={DEVICE}"))
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    outcome = scanner.scan(ScanSettings(dpi=300), deadline=Deadline.after(20), progress=kill)
    assert killed
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "backend-crashed"


def test_a_slow_page_is_waited_for_with_true_progress(twin: SaneTwin, scanner: SaneScanner) -> None:
    twin.act("slow", {})
    reports: list[ScanProgress] = []
    outcome = scanner.scan(ScanSettings(dpi=100), deadline=Deadline.after(20), progress=reports.append)
    assert isinstance(outcome, Scanned)
    assert reports == sorted(reports, key=lambda report: (report.pages_done, report.part))
    assert reports[-1] == ScanProgress(1, 0.0)


@pytest.mark.parametrize(
    ("trouble", "code", "retryable"), [("forbidden", "port-denied", False), ("gone", "port-missing", True)]
)
def test_a_scanner_that_cannot_be_opened_is_named(
    twin: SaneTwin, scanner: SaneScanner, trouble: str, code: str, retryable: bool
) -> None:
    twin.act(trouble, {})
    with pytest.raises(DeviceError) as error:
        scanner.poll(Deadline.after(5))
    assert (error.value.code, error.value.retryable, bool(error.value.advice)) == (code, retryable, True)
    outcome = scanner.scan(GLASS, deadline=Deadline.after(5))
    assert isinstance(outcome, NotScanned)
    assert outcome.reason.code == code


def test_a_scanner_that_another_program_holds_is_busy_and_not_broken(twin: SaneTwin, scanner: SaneScanner) -> None:
    twin.act("taken", {})
    status = scanner.poll(Deadline.after(5))
    assert (status.state, status.usable, [fault.code for fault in status.faults]) == (
        State.DEVICE_BUSY, False, ["busy"]
    )  # fmt: skip


def test_a_denied_page_is_told_though_scanimage_itself_hangs_afterwards(twin: SaneTwin, scanner: SaneScanner) -> None:
    """scanimage 1.2.1 does not come back from closing after SANE_STATUS_ACCESS_DENIED in every run."""
    twin.act("denied", {})
    outcome = scanner.scan(GLASS, deadline=Deadline.after(8))
    assert isinstance(outcome, NotScanned)
    assert outcome.reason.code == "port-denied"


def test_without_scanimage_that_is_what_is_said() -> None:
    scanner = SaneScanner("sane:test:0", program="no-such-scanimage")
    with pytest.raises(DeviceError) as error:
        scanner.open(Deadline.after(5))
    assert (error.value.code, error.value.retryable) == ("program-missing", False)


def test_between_two_openings_the_status_keeps_its_age(twin: SaneTwin) -> None:
    scanner = SaneScanner(twin.port, rest=3600.0)
    scanner.open(Deadline.after(5))
    first = scanner.poll(Deadline.after(5))
    assert scanner.poll(Deadline.after(5)) is first
    assert scanner.statistics()["openings"] == 1
    assert running(f"--device-name={DEVICE}") == []  # nothing runs at rest


def test_a_usb_scanner_whose_file_is_gone_is_missing_at_once() -> None:
    scanner = SaneScanner("sane:epson2:libusb:250:250")
    with pytest.raises(DeviceError) as error:
        scanner.poll(Deadline.after(5))
    assert (error.value.code, scanner.statistics().get("openings", 0)) == ("port-missing", 0)


@pytest.mark.parametrize("port", ["", "sane:", "sane:etc/sane.d#test:0", "sane:-d", "sane:a\nb"])
def test_what_names_no_scanner_is_a_bad_port(port: str) -> None:
    with pytest.raises(DeviceError) as error:
        SaneScanner(port)
    assert error.value.code == "bad-port"


def test_no_picture_touches_the_disk(twin: SaneTwin, scanner: SaneScanner, monkeypatch: pytest.MonkeyPatch) -> None:
    """While pages come: the folder holds pipes only, and afterwards it is gone."""
    seen: set[str] = set()
    folders: list[Path] = []
    made = PagePipes.pattern.fget
    assert made

    def pattern(self: PagePipes) -> str:
        folders.append(self._folder)
        return str(made(self))

    monkeypatch.setattr(PagePipes, "pattern", property(pattern))

    def look(progress: ScanProgress) -> None:
        for path in folders[0].iterdir():
            seen.add("pipe" if path.is_fifo() else path.name)
            assert path.stat().st_size == 0

    outcome = scanner.scan(FEEDER, deadline=Deadline.after(20), progress=look)
    assert isinstance(outcome, Scanned)
    assert seen == {"pipe"}
    assert not folders[0].exists()


def test_the_png_shows_the_same_dots_as_scanimages_own(twin: SaneTwin, scanner: SaneScanner) -> None:
    for mode, word, kind in ((Mode.GREY, "Gray", "L"), (Mode.COLOUR, "Color", "RGB")):
        outcome = scanner.scan(ScanSettings(mode=mode, dpi=75), deadline=Deadline.after(10))
        assert isinstance(outcome, Scanned)
        folder = twin.port.removeprefix("sane:").rpartition("#")[0]
        theirs = subprocess.run(
            ["scanimage", f"--device-name={DEVICE}", "--format=png", f"--mode={word}", "--resolution=75",
             "-l", "0", "-t", "0", "-x", "210", "-y", "297"],
            env={**os.environ, "SANE_CONFIG_DIR": folder}, capture_output=True, check=True, timeout=20,
        ).stdout  # fmt: skip
        with Image.open(io.BytesIO(png(outcome.pages[0]))) as a, Image.open(io.BytesIO(theirs)) as b:
            assert (a.mode, a.size) == (kind, b.size)
            assert a.tobytes() == b.convert(kind).tobytes()
            assert round(a.info["dpi"][0]) == 75


# ---- the program that is run ----


def test_a_program_that_floods_both_pipes_is_not_blocked_and_its_end_is_kept() -> None:
    program = Program(["sh", "-c", "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo end >&2; exit 3"])
    assert program.wait(Deadline.after(10)) == 3
    assert program.said().endswith("end\n")
    assert len(program.output()) == 64 * 1024
    program.free()


def test_a_program_that_will_not_end_is_killed_with_all_it_started() -> None:
    program = Program(["sh", "-c", "trap '' TERM; sleep 321 & echo up; wait; sleep 321"])
    end = Deadline.after(5)
    while "up" not in program.output():
        assert not end.expired
        program.wait(Deadline.after(0.05))
    pid = program.pid
    deadline = Deadline.after(0.3)
    program.end(deadline)
    assert time.monotonic() < deadline.at + 0.5
    tick = threading.Event()
    while running("321") and not end.expired:
        tick.wait(0.01)
    assert not Path(f"/proc/{pid}").exists()
    assert running("sleep\x00321") == []


def test_a_program_dies_with_its_parent() -> None:
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from devices.transports.program import Program\n"
        "p = Program(['sleep', '322'])\n"
        "while open(f'/proc/{p.pid}/comm').read() != 'sleep\\n': pass\n"  # setpriv has armed the signal and is gone
        "print(p.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (Debian package util-linux)")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.wait(10)
    parent.stdout.close()
    end, tick = Deadline.after(5), threading.Event()
    while pid in running("sleep\x00322"):
        assert not end.expired
        tick.wait(0.02)
