"""Bench tool: ``python -m devices.drivers.ipp status|print|selftest [--port URI] [--json] [FILE.pdf]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.drivers import printer_bench as bench
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter
from devices.transports.http import exchange
from devices.transports.http_capture import CapturingHttp


def run(options: argparse.Namespace) -> bench.Report:
    carry = CapturingHttp(options.capture) if options.capture else exchange
    printer, deadline = IppPrinter(options.port, carry=carry), Deadline.after(options.timeout)
    if options.command == "status":
        return bench.status(printer, deadline)
    if options.command == "selftest":
        return bench.self_test(printer, Level(options.level), deadline)
    pdf = Path(options.file).read_bytes() if options.file else testpage.page("Bench tool test page")
    pages = options.pages if options.file else 1
    return bench.printed(printer.print_pdf(pdf, title="bench", pages=pages, deadline=deadline, progress=bench.tell))


def main(arguments: bench.Arguments = None) -> int:
    parser = bench.parser("ipp", "A4 printer by IPP", "ipp://localhost:631/ipp/print", "FILE.pdf")
    parser.add_argument("--pages", type=int, default=0, help="pages of FILE.pdf, for the progress (0: not known)")
    parser.add_argument("--capture", type=Path, help="write the conversation to this file")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
