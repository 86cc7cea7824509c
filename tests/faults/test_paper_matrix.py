"""Printers and scanner, every state at every moment: no call outlasts its deadline, nothing is called done that is not,
nothing comes out afterwards, and each is well again when its trouble is over.

The ordinary run takes a seeded sample; ``KIOSK_PEER_ROUNDS=1000`` takes the whole table (103 cases, two to three
minutes), and ``KIOSK_PEER_SEED=N`` another sample.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.document_scanner import NotScanned, Scanned, ScanSettings
from devices.contracts.printing import NotPrinted, Printed
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.escpos import testpattern
from devices.drivers.escpos.driver import EscPosPrinter
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.drivers.sane.driver import SaneScanner
from devices.manager import Manager, Spec
from devices.simulators import cups_daemon
from devices.simulators.cups import CupsTwin
from devices.simulators.escpos import EscPosTwin
from devices.simulators.ipp import IppTwin
from devices.simulators.sane import DEVICE, STATES, SaneTwin
from tests.patience import BUSY

PDF = testpage.page("matrix")
RECEIPT = testpattern.pattern(576, 320)

PRINTER = ("paper-out", "jam", "cover-open", "toner-empty", "mute", "gone", "abort", "lost-answer", "slow", "paper-low")
CUPSD = ("queue-stop", "queue-reject", "cupsd-gone", "cupsd-mute")
RECEIPTS = ("paper-out", "cover-open", "offline", "cutter-jam", "near-end", "mute", "unplug", "slow", "no-realtime")
SCANNER = (*STATES, "trickle", "slow", "taken", "forbidden", "mute", "jam-after", "crash", "gone")
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "ipp": {"before": PRINTER, "during": PRINTER},
    "cups": {"before": (*PRINTER, *CUPSD), "during": (*PRINTER, *CUPSD)},
    "escpos-tcp": {"before": RECEIPTS, "during": RECEIPTS},
    "escpos-pty": {"before": RECEIPTS, "during": RECEIPTS},
    "sane": {"before": SCANNER, "during": ("stopped", "killed")},
}
CASES = [(kind, moment, state) for kind, moments in TABLE.items() for moment in moments for state in moments[moment]]
ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "6"))
SEED = int(os.environ.get("KIOSK_PEER_SEED", "20261126"))
CHOSEN = CASES if len(CASES) <= ROUNDS else random.Random(SEED).sample(CASES, ROUNDS)


@dataclass
class Rig:
    """A device with its twin. ``deed`` does the device's main job and calls back in the middle of it; ``out`` counts
    what has really come out."""

    device: Any
    twin: Any
    deed: Callable[[Deadline, Callable[[], None]], object]
    out: Callable[[], int]


def once(act: Callable[[], None]) -> Callable[[object], None]:
    done: list[object] = []

    def listen(progress: object) -> None:
        if not done:
            done.append(progress)
            act()

    return listen


def page_printer(device: Any, twin: Any, engine: Any) -> Rig:
    def deed(deadline: Deadline, middle: Callable[[], None]) -> object:
        return device.print_pdf(PDF, title="matrix", pages=1, deadline=deadline, progress=once(middle))

    def out() -> int:
        with engine.changed:
            return sum(job.done > 0 for job in engine.jobs.values())

    return Rig(device, twin, deed, out)


def receipt_printer(transport: str) -> Rig:
    twin = EscPosTwin("receipt_printer", transport=transport)
    twin.start()
    device = EscPosPrinter(twin.port, patience=0.3)

    def deed(deadline: Deadline, middle: Callable[[], None]) -> object:
        return device.print_raster(RECEIPT, cut=True, deadline=deadline, progress=once(middle))

    return Rig(device, twin, deed, lambda: twin.engine.receipts)


def scanner() -> Rig:
    twin = SaneTwin("document_scanner")
    twin.start()
    device = SaneScanner(twin.port, rest=0.0, program=twin.program)
    pages = 0

    def deed(deadline: Deadline, middle: Callable[[], None]) -> object:
        nonlocal pages
        outcome = device.scan(ScanSettings(dpi=150), deadline=deadline, progress=once(middle))
        pages += isinstance(outcome, Scanned)
        return outcome

    return Rig(device, twin, deed, lambda: pages)


@contextmanager
def rig(kind: str) -> Iterator[Rig]:
    try:
        made = _make(kind)
    except RuntimeError as why:
        pytest.skip(str(why))
    try:
        made.device.open(Deadline.after(10))
        yield made
    finally:
        made.device.close()
        made.twin.stop()


def _make(kind: str) -> Rig:
    if kind == "ipp":
        twin = IppTwin("page_printer", pace=0.02)
        twin.start()
        return page_printer(IppPrinter(twin.port, patience=0.3), twin, twin.engine)
    if kind == "cups":
        pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
        behind = CupsTwin("page_printer", pace=0.02)
        behind.start()
        return page_printer(CupsPrinter(behind.port, patience=0.3), behind, behind.printer.engine)
    return scanner() if kind == "sane" else receipt_printer(kind.removeprefix("escpos-"))


def signal_scanimage(which: int) -> None:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"--device-name={DEVICE}".encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), which)
        except OSError:
            continue  # it has just ended


def put_into(made: Rig, state: str) -> None:
    if state in ("stopped", "killed"):
        signal_scanimage(signal.SIGSTOP if state == "stopped" else signal.SIGKILL)
    elif state == "slow" and not isinstance(made.twin, SaneTwin):
        made.twin.act("slow", {"seconds": 0.05 if isinstance(made.twin, EscPosTwin) else 20.0})  # a row, a page
    else:
        made.twin.act(state, {})


def slow_down(made: Rig) -> None:
    """So that there is a middle."""
    if not isinstance(made.twin, SaneTwin):
        receipt = isinstance(made.twin, EscPosTwin)
        made.twin.act("slow", {"seconds": 0.002 if receipt else 0.3})
    else:
        made.twin.act("slow", {})


@pytest.mark.parametrize(("kind", "moment", "state"), CHOSEN, ids=["-".join(case) for case in CHOSEN])
def test_nothing_hangs_and_nothing_is_called_done_that_is_not(kind: str, moment: str, state: str) -> None:
    with rig(kind) as made:
        if moment == "before":
            put_into(made, state)
        else:
            slow_down(made)
        out, deadline = made.out(), Deadline.after(2.5)
        outcome = made.deed(deadline, (lambda: put_into(made, state)) if moment == "during" else lambda: None)
        assert time.monotonic() < deadline.at + BUSY, "the deed outlasted its deadline"
        if isinstance(outcome, Printed | Scanned):
            assert made.out() == out + 1, "called done, and nothing came out"
        else:
            assert outcome.reason.code, "without a reason"
        deadline = Deadline.after(0.5)
        failed = trouble(lambda: made.device.poll(deadline))
        assert failed is None or (failed.code and failed.advice)
        assert time.monotonic() < deadline.at + BUSY, "the poll outlasted its deadline"
        heal(made, state)
        returned = time.monotonic()
        await_usable(made.device)
        assert time.monotonic() - returned < 5.0 + BUSY, "not usable within five seconds of its return"
        if isinstance(outcome, NotPrinted | NotScanned):
            assert made.out() == out, "came out after it was called not done"
        last = made.deed(Deadline.after(15), lambda: None)
        assert isinstance(last, Printed | Scanned), "not well again after its trouble"


def heal(made: Rig, state: str) -> None:
    if isinstance(made.twin, CupsTwin) and state.startswith("cupsd-"):
        made.twin.act("cupsd-back", {})
        made.device.poll(Deadline.after(5))  # takes back what was left before the printer goes on
    if state == "stopped":
        signal_scanimage(signal.SIGCONT)
    made.twin.act("ok", {})


def await_usable(device: Any) -> None:
    """As the manager does it: reopened when a look fails."""
    end, tick = Deadline.after(8), threading.Event()
    while True:
        failed = trouble(lambda: device.poll(Deadline.after(2)))
        if failed is None and device.poll(Deadline.after(2)).usable:
            return
        if failed is not None:
            device.close()
            failed = trouble(lambda: device.open(Deadline.after(2)))
            assert failed is None or failed.retryable, failed
        assert not end.expired, "not usable again"
        tick.wait(0.05)


def trouble(call: Callable[[], object]) -> DeviceError | None:
    try:
        call()
    except DeviceError as error:
        return error
    return None


UNPLUG = {"ipp": "gone", "cups": "gone", "escpos-tcp": "unplug", "escpos-pty": "unplug", "sane": "gone"}


def test_an_unplugged_device_is_seen_within_two_seconds_and_used_again_within_five() -> None:
    """All of them under one manager, as in the cabinet."""
    with ExitStack() as stack:
        kinds = [kind for kind in TABLE if kind != "cups" or not cups_daemon.missing()]
        rigs = {kind: stack.enter_context(rig(kind)) for kind in kinds}
        manager = Manager([Spec(kind, made.device) for kind, made in rigs.items()])
        manager.start()
        try:
            assert until(lambda: all(manager[kind].status.usable for kind in kinds), 10)
            for kind, made in rigs.items():
                made.twin.act(UNPLUG[kind], {})
            assert until(lambda: not any(manager[kind].status.usable for kind in kinds), 2.0 + BUSY), {
                kind: manager[kind].status.state.value for kind in kinds
            }
            for made in rigs.values():
                made.twin.act("ok", {})
            assert until(lambda: all(manager[kind].status.usable for kind in kinds), 5.0 + BUSY), {
                kind: manager[kind].status.state.value for kind in kinds
            }
        finally:
            manager.stop()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    end, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if end.expired:
            return False
        tick.wait(0.02)
    return True
