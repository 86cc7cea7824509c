"""What the bench tools of all Modbus boards share: the line's options, and the map's file."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from devices.contracts.device import Level
from devices.drivers.arguments import seconds
from devices.drivers.modbus_io.board import BadMap
from devices.drivers.modbus_io.line import PARITIES, ModbusPort
from devices.transports.capture import CapturingStream


def load(path: Path) -> dict[str, Any]:
    """The map's table. Raises BadMap where the file is no TOML, OSError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMap(f"the map's file is not TOML: {error}") from error


def add_line_options(parser: argparse.ArgumentParser) -> None:
    """What the bench tools of all Modbus boards share."""
    parser.add_argument("--port", required=True, help="serial port, best by /dev/serial/by-id/…")
    parser.add_argument("--map", required=True, type=Path, metavar="FILE", help="TOML: which address is what")
    parser.add_argument("--baud", type=int, default=9_600)
    parser.add_argument("--parity", choices=tuple(PARITIES), default="none")
    parser.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def line(options: argparse.Namespace) -> ModbusPort | CapturingStream:
    port = ModbusPort(options.port, options.baud, options.parity)
    return CapturingStream(port, options.capture) if options.capture else port
