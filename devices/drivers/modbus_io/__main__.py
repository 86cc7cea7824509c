"""Bench tool: ``python -m devices.drivers.modbus_io status|read|light|selftest --port PORT --map FILE [--json]``.

``light NAME on|off`` switches a guide light; the map is a TOML file with the profile's table at its top.
"""

from __future__ import annotations

import argparse
import sys

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.sensors import Light
from devices.drivers import printer_bench as bench
from devices.drivers.modbus_io.bench import add_line_options, line, load
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard, describe


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    board = ModbusBoard(
        options.port, board_map(load(options.map)), baud=options.baud, parity=options.parity, stream=line(options)
    )
    board.open(deadline)
    try:
        if options.command == "status":
            return bench.status(board, deadline)
        if options.command == "selftest":
            return bench.self_test(board, Level(options.level), deadline)
        if options.command == "light":
            state = board.set_light(Light(options.light), options.switch == "on", deadline)
            return {"light": options.light, "state": state.value}
        lights = {f"light:{light.value}": state.value for light, state in board.lights(deadline).items()}
        return {**describe(board.read(deadline)), **lights}
    finally:
        board.close()


def main(arguments: bench.Arguments = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.modbus_io", description="IO board by Modbus RTU")
    parser.add_argument("command", choices=("status", "read", "light", "selftest"))
    parser.add_argument("light", nargs="?", choices=[light.value for light in Light])
    parser.add_argument("switch", nargs="?", choices=("on", "off"))
    add_line_options(parser)
    options = parser.parse_args(arguments)
    if options.command == "light" and options.switch is None:
        parser.error("light needs a name and on or off")
    return bench.finish(options, run)


if __name__ == "__main__":
    sys.exit(main())
