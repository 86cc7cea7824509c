"""Bench tool: ``python -m devices.drivers.nut status|read|selftest [--port tcp://host:3493] [--ups NAME] [--json]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.ups import Power
from devices.drivers import printer_bench as bench
from devices.drivers.arguments import seconds
from devices.drivers.nut.driver import NutUps
from devices.drivers.nut.protocol import PORT
from devices.transports.capture import CapturingStream
from devices.transports.tcp import TcpStream


def describe(now: Power) -> bench.Report:
    return {
        "supply": now.supply.value,
        "battery": now.battery.value,
        "replacement": now.replacement.value,
        "charge": now.charge,
        "runtime": now.runtime,
        "why": now.why,
        "critical": now.critical,
    }


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    line = TcpStream(options.port)
    stream = CapturingStream(line, options.capture) if options.capture else line
    ups = NutUps(options.port, options.ups, stream=stream)
    ups.open(deadline)
    try:
        if options.command == "status":
            return bench.status(ups, deadline)
        if options.command == "selftest":
            return bench.self_test(ups, Level(options.level), deadline)
        return describe(ups.power(deadline))
    finally:
        ups.close()


def main(arguments: bench.Arguments = None) -> int:
    default = f"tcp://127.0.0.1:{PORT}"
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.nut", description="UPS by NUT's upsd")
    parser.add_argument("command", choices=("status", "read", "selftest"))
    parser.add_argument("--port", default=default, help=f"where upsd listens ({default})")
    parser.add_argument("--ups", default="kiosk", help="the UPS's name in ups.conf (kiosk)")
    parser.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
