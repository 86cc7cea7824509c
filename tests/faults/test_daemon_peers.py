"""Daemons that nobody here wrote, killed again and again: the loss is told, the return is used, no page is lost.

``KIOSK_PEER_ROUNDS=100 .venv/bin/python -m pytest -s tests/faults/test_daemon_peers.py`` is the long run.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State, Status
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Unknown
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from tests.patience import BUSY, kept
from tests.wire.ippeve_printer import RealPrinter
from tests.wire.test_cups_ippeveprinter import WAITS_AT_THE_GATE, Office, Printing, at_the_gate, furnished
from tests.wire.test_nut_upsd import BACK, LIB, Nut, Watched, well

ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "2"))
TOLD = 2.0  # seconds for telling that a daemon is gone
USED = 5.0  # seconds from its return to a usable status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 15 * ROUNDS)]


def within(seconds: float, ask: Callable[[], bool]) -> float:
    """How long it took to be so."""
    began, tick = time.monotonic(), threading.Event()
    while not ask():
        assert time.monotonic() - began < seconds + BUSY, f"not within {seconds} s"
        tick.wait(0.02)
    return time.monotonic() - began


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def report(what: str, losses: list[float], returns: list[float]) -> None:
    print(
        f"\n{what}, {ROUNDS} rounds: gone told in {median(losses):.2f} s, at most {max(losses):.2f}; "
        f"usable again in {median(returns):.2f} s, at most {max(returns):.2f}"
    )
    assert kept(losses, TOLD)
    assert kept(returns, USED)


def code_of(ask: Callable[[], Status]) -> str:
    try:
        ask()
    except DeviceError as error:
        return error.code
    return ""


def test_a_cupsd_killed_again_and_again_loses_no_page_and_keeps_none(tmp_path: Path) -> None:
    """A cupsd that comes back prints a job out of its spool again, faster than anybody can take it back: such second
    copies are counted and told, and there is never a third."""
    losses: list[float] = []
    returns: list[float] = []
    with furnished(tmp_path) as office:
        before: tuple[int, int] = (0, 0)
        for number in range(ROUNDS):
            if number % 2:
                kill_in_the_middle(office)
            else:
                office.daemon.kill()
            losses.append(within(TOLD, lambda: code_of(lambda: office.driver.poll(Deadline.after(2))) == "cups-gone"))
            office.printer.fault("exit 0\n")
            office.daemon.start()
            returns.append(within(USED, lambda: code_of(lambda: office.driver.poll(Deadline.after(2))) == ""))
            assert office.print() == Printed(1)
            before = before if any(before) else held()
        within(5, lambda: all(now <= then + 2 for now, then in zip(held(), before, strict=True)))
        again = len(office.came_out()) - ROUNDS - ROUNDS // 2
        assert 0 <= again <= ROUNDS // 2
        assert office.daemon.spooled == []
        assert office.driver.statistics()["left_over"] == 0
    report("cupsd before ippeveprinter", losses, returns)
    print(f"  {ROUNDS // 2} of them in the middle of a page; {again} pages came a second time out of cupsd's spool")


def kill_in_the_middle(office: Office) -> None:
    """The printer has the document; its own word is enough."""
    office.printer.fault(f'{WAITS_AT_THE_GATE}rm "$dir/there"\n')
    job = Printing(office, 15)
    at_the_gate(office)
    office.daemon.kill()
    office.printer.open_gate()
    assert job.ended() == Printed(1)


def test_an_ippeveprinter_killed_again_and_again_is_never_said_to_have_printed(tmp_path: Path) -> None:
    losses: list[float] = []
    returns: list[float] = []
    pdf = testpage.page("killed")
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        real = RealPrinter(folder)
        try:
            driver = IppPrinter(real.port, patience=0.5)
            returns.append(within(USED, lambda driver=driver: driver.poll(Deadline.after(2)).usable))
            outcomes: list[PrintOutcome] = []
            job = threading.Thread(
                target=lambda driver=driver, outcomes=outcomes: outcomes.append(
                    driver.print_pdf(pdf, title="case", pages=1, deadline=Deadline.after(6))
                )
            )
            if number % 2:
                real.fault(WAITS_AT_THE_GATE)
                job.start()
                within(10, lambda folder=folder: (folder / "there").exists())
            real.kill()
            killed = time.monotonic()
            told = within(TOLD, lambda driver=driver: code_of(lambda: driver.poll(Deadline.after(2))) != "")
            losses.append(told)
            if number % 2:
                job.join(10)
                assert [type(outcome) for outcome in outcomes] == [Unknown]
                assert time.monotonic() - killed < 6 + BUSY
            else:
                outcome = driver.print_pdf(pdf, title="case", pages=1, deadline=Deadline.after(3))
                assert isinstance(outcome, NotPrinted)
        finally:
            real.close()
    report("ippeveprinter", losses, returns)


@pytest.mark.skipif(not (LIB / "upsd").exists(), reason="needs the Debian package nut-server")
def test_an_upsd_killed_or_frozen_again_and_again_is_seen_and_used_when_back(tmp_path: Path) -> None:
    losses: list[float] = []
    returns: list[float] = []
    nut = Nut(tmp_path)
    nut.start("driver", "upsd")
    watched = Watched(nut.port)
    try:
        watched.until(well, 15)
        before = held()
        for number in range(ROUNDS):
            if number % 2:
                nut.send("upsd", signal.SIGSTOP)
                losses.append(watched.until(lambda status: not status.usable, TOLD + BUSY))
                nut.send("upsd", signal.SIGCONT)
            else:
                nut.kill("upsd")
                losses.append(watched.until(lambda status: status.state is State.NO_DEVICE, TOLD + BUSY))
                nut.start("upsd")
            returns.append(watched.until(well, BACK + BUSY))
        within(5, lambda: all(now <= then + 2 for now, then in zip(held(), before, strict=True)))
    finally:
        watched.stop()
        nut.close()
    report("upsd", losses, returns)
