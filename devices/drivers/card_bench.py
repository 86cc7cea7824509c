"""What the bench tools of the smart card drivers share: arguments, waiting for a card, how a failure is told."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Device, DeviceError, Level
from devices.drivers.arguments import seconds
from devices.drivers.pcsc.driver import PcscReader
from devices.transports.apdu_capture import CapturingSlot
from devices.transports.pcsc import PcscSlot
from devices.transports.slot import CardSlot

KEEP = 0.5  # seconds kept back for reading, while a card is waited for
Report = dict[str, object]


def parser(name: str, title: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m devices.drivers.{name}", description=title)
    made.add_argument("what", choices=("status", "read", "selftest"), help="how it is; what one card says; a test")
    made.add_argument("--port", default="", help="the reader's name in pcscd, or its beginning; none for the only one")
    made.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    made.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    made.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation (generated cards only)")
    made.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return made


def slot(options: argparse.Namespace) -> CardSlot:
    """The slot that the options name, recorded where they say so."""
    line = PcscSlot(options.port)
    return CapturingSlot(line, options.capture) if options.capture else line


def await_card(slot: CardSlot, reader: PcscReader, deadline: Deadline) -> None:
    """Wait until a card lies in the slot. DeviceError ``no-card`` where the time is up."""
    if not reader.present(deadline):
        look = slot.look(deadline)
        if not look.present and not slot.look(Deadline(deadline.at - KEEP), look).present:
            raise no_card()


def no_card() -> DeviceError:
    advice = "Put the card in, the chip first and all the way, and leave it there."
    return DeviceError("no-card", "no card was put in in time", advice=advice, retryable=True, action=Action.NONE)


def status(device: Device, deadline: Deadline) -> Report:
    now = device.poll(deadline)
    faults = [{"code": fault.code, "action": fault.action.value, "detail": fault.detail} for fault in now.faults]
    report: Report = {"state": now.state.value, "usable": now.usable, "faults": faults, **now.details}
    return {**report, "statistics": dict(device.statistics())}


def self_test(device: Device, level: Level, deadline: Deadline) -> Report:
    result = device.self_test(level, deadline)
    return {"level": result.level.value, "passed": result.passed, "report": result.report}


def finish(options: argparse.Namespace, run: Callable[[argparse.Namespace], Report]) -> int:
    """Run the command and print its report; the exit status."""
    try:
        report = run(options)
    except DeviceError as error:
        told = {"code": error.code, "message": str(error), "advice": error.advice, "retryable": error.retryable}
        report = {"error": told}
    except OSError as error:  # a file of the command line
        message = f"{error.filename or 'a file'} cannot be used: {error.strerror or type(error).__name__}"
        told = {"code": "file", "message": message, "advice": "Check the file's name and folder.", "retryable": False}
        report = {"error": told}
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text stream whatever the locale
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for key, value in report.items():
            print(f"{key:>14}  {value}")
    return 1 if "error" in report or report.get("passed") is False else 0
