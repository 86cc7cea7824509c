"""Bench tool: ``python -m devices.drivers.code_scanner status|read|selftest --port PORT [--json]``.

``read`` waits for one code and shows it to the person at the keyboard, and to nobody else.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.code_scanner import NoCode, ScannedCode, Unreadable
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level
from devices.drivers import printer_bench as bench
from devices.drivers.arguments import seconds
from devices.drivers.code_scanner.driver import SerialScanner
from devices.drivers.code_scanner.protocol import COMMANDS, Framing, terminators
from devices.transports.capture import CapturingStream
from devices.transports.serial import SerialPort


def describe(code: ScannedCode) -> bench.Report:
    return {
        "symbology": code.symbology.value,
        "aim": code.aim,
        "text": code.text,
        "bytes": len(code.data),
        "hex": code.data.hex(),
    }


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    line = SerialPort(options.port, options.baud)
    scanner = SerialScanner(
        options.port,
        framing=Framing(terminators(options.terminator), options.aim),
        commands=COMMANDS[options.trigger],
        stream=CapturingStream(line, options.capture) if options.capture else line,
    )
    scanner.open(deadline)
    try:
        if options.command == "status":
            return bench.status(scanner, deadline)
        if options.command == "selftest":
            return bench.self_test(scanner, Level(options.level), deadline)
        return describe(_read(scanner, deadline))
    finally:
        scanner.close()


def _read(scanner: SerialScanner, deadline: Deadline) -> ScannedCode:
    """The first whole code; a torn one is what remains to be told when the time is up."""
    last = DeviceError(
        "no-code",
        "no code was shown in time",
        advice="Hold the code still before the scanner until it beeps.",
        retryable=True,
        action=Action.NONE,
    )
    try:
        while not isinstance(outcome := scanner.scan(deadline), NoCode):
            if isinstance(outcome, ScannedCode):
                return outcome
            last = _unreadable(outcome)
    finally:
        scanner.end(Deadline.after(1.0))
    raise last


def _unreadable(outcome: Unreadable) -> DeviceError:
    reason = outcome.reason
    advice = "Hold the code still before the scanner; then check speed and terminator of the line."
    return DeviceError(reason.code, reason.detail, advice=advice, retryable=True, action=reason.action)


def main(arguments: bench.Arguments = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.code_scanner", description="Serial code scanner")
    parser.add_argument("command", choices=("status", "read", "selftest"))
    parser.add_argument("--port", required=True, help="serial port, best by /dev/serial/by-id/…")
    parser.add_argument("--baud", type=int, default=9_600)
    parser.add_argument("--terminator", default="auto", help="auto cr lf crlf etx or hex:0D0A (auto)")
    parser.add_argument("--aim", action="store_true", help="every code begins with its AIM identifier (]Q3)")
    parser.add_argument("--trigger", choices=tuple(COMMANDS), default="none", help="how the scanner is switched on")
    parser.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation (made-up codes only)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
