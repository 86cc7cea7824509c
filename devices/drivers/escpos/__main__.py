"""Bench tool: ``python -m devices.drivers.escpos status|print|selftest [--port PORT] [--json] [IMAGE.png]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.printing import Raster
from devices.drivers import printer_bench as bench
from devices.drivers.escpos import testpattern
from devices.drivers.escpos.driver import DOTS, EscPosPrinter, stream_for
from devices.transports.capture import CapturingStream


def load(path: Path) -> Raster:
    """A picture as dots: made narrower where it is wider than the head, dithered where it is not black and white."""
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("L")
    if picture.width > DOTS:
        picture = picture.resize((DOTS, max(1, round(picture.height * DOTS / picture.width))))
    dots = ImageOps.invert(picture).convert("1")
    return Raster(dots.width, dots.height, dots.tobytes())


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    line = stream_for(options.port, options.baud)
    stream = CapturingStream(line, options.capture) if options.capture else line
    printer = EscPosPrinter(options.port, stream=stream)
    try:
        if options.command == "status":
            return bench.status(printer, deadline)
        if options.command == "selftest":
            return bench.self_test(printer, Level(options.level), deadline)
        raster = load(Path(options.file)) if options.file else testpattern.pattern(DOTS)
        return bench.printed(printer.print_raster(raster, cut=True, deadline=deadline, progress=bench.tell))
    finally:
        printer.close()


def main(arguments: bench.Arguments = None) -> int:
    parser = bench.parser("escpos", "Receipt printer by ESC/POS", "tcp://127.0.0.1:9100", "IMAGE.png")
    parser.add_argument("--baud", type=int, default=115_200, help="of a serial port")
    parser.add_argument("--capture", type=Path, help="write the conversation to this file")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
