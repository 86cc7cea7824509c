"""Bench tool: ``python -m devices.drivers.cups status|print|selftest [--port cups:QUEUE] [--json] [FILE.pdf]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.drivers import printer_bench as bench
from devices.drivers.cups.capture import CapturingWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage


def run(options: argparse.Namespace) -> bench.Report:
    wires = CapturingWires(options.capture) if options.capture else None
    printer, deadline = CupsPrinter(options.port, wires=wires), Deadline.after(options.timeout)
    try:
        if options.command == "status":
            return bench.status(printer, deadline)
        if options.command == "selftest":
            return bench.self_test(printer, Level(options.level), deadline)
        pdf = Path(options.file).read_bytes() if options.file else testpage.page("Bench tool test page")
        pages = options.pages if options.file else 1
        return bench.printed(printer.print_pdf(pdf, title="bench", pages=pages, deadline=deadline, progress=bench.tell))
    finally:
        printer.close()


def main(arguments: bench.Arguments = None) -> int:
    parser = bench.parser("cups", "A4 printer behind a CUPS queue", "cups:Kiosk", "FILE.pdf")
    parser.add_argument("--pages", type=int, default=0, help="pages of FILE.pdf, for the progress (0: not known)")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversations (test pages only)")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
