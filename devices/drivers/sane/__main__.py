"""Bench tool: ``python -m devices.drivers.sane list|status|scan|selftest [--port sane:DEVICE] [--json]``.

``scan`` writes pages only where ``--out FOLDER`` says so: ``page-1.png`` and so on, for their owner only."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.document_scanner import Mode, NotScanned, Scanned, ScanOutcome, ScanSettings, Source
from devices.drivers import printer_bench as bench
from devices.drivers.arguments import seconds
from devices.drivers.sane.driver import SaneScanner, attached
from devices.drivers.sane.png import png
from devices.transports.program_capture import CapturingPrograms


def scanned(outcome: ScanOutcome, out: Path | None) -> bench.Report:
    """Scanned, or the outcome together with an error object."""
    if not isinstance(outcome, Scanned):
        word = "notScanned" if isinstance(outcome, NotScanned) else "unknown"
        what = "not scanned" if isinstance(outcome, NotScanned) else "nobody can say where the sheets are"
        return {"outcome": word, "whole": outcome.whole, "error": bench.fault_error(outcome.reason, what)}
    pages = []
    for number, page in enumerate(outcome.pages, 1):
        told: dict[str, object] = {"width": page.width, "height": page.height, "dpi": page.dpi, "mode": page.mode.value}
        if out is not None:
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = out / f"page-{number}.png"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(png(page))
            told["file"] = str(path)
        pages.append(told)
    return {"outcome": "scanned", "pages": pages}


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    programs = CapturingPrograms(options.capture) if options.capture else None
    if options.command == "list":
        return {"devices": attached(deadline, programs)}
    scanner = SaneScanner(options.port, programs=programs)
    if options.command == "status":
        scanner.open(deadline)
        return bench.status(scanner, deadline)
    if options.command == "selftest":
        return bench.self_test(scanner, Level(options.level), deadline)
    settings = ScanSettings(
        Source(options.source), Mode(options.mode), options.dpi, (options.width, options.height), options.pages
    )
    return scanned(scanner.scan(settings, deadline=deadline), options.out)


def main(arguments: bench.Arguments = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.sane", description="Document scanner by SANE")
    parser.add_argument("command", choices=("list", "status", "scan", "selftest"))
    parser.add_argument("--port", default="sane:test:0", help="sane:[CONFIG_FOLDER#]DEVICE, default sane:test:0")
    parser.add_argument("--source", choices=[source.value for source in Source], default=Source.FLATBED.value)
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.GREY.value)
    parser.add_argument("--dpi", type=int, default=300)
    parser.add_argument("--width", type=float, default=210.0, help="mm")
    parser.add_argument("--height", type=float, default=297.0, help="mm")
    parser.add_argument("--pages", type=int, default=50, help="at most, of a feeder")
    parser.add_argument("--out", type=Path, help="write the pages into this folder")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the runs of scanimage (test pages only)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--timeout", type=seconds, default=120.0, help="seconds for the whole command")
    parser.add_argument("--json", action="store_true", help="one UTF-8 JSON object on stdout")
    options = parser.parse_args(arguments)
    try:
        return bench.finish(options, run)
    except ValueError as error:  # settings out of bounds
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
