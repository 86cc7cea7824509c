"""Bench tool: ``python -m devices.drivers.locker status|read|open|selftest --port PORT --map FILE [--json]``.

``open BOX`` opens a box and waits for its door contact; ``read`` looks at every box.
"""

from __future__ import annotations

import argparse
import sys

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.locker import NotOpened, Opened, OpenOutcome
from devices.drivers import printer_bench as bench
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io.bench import add_line_options, line, load


def told(outcome: OpenOutcome) -> bench.Report:
    """Opened, or the outcome together with an error object: only what is open exits with 0."""
    if isinstance(outcome, Opened):
        return {"outcome": "opened", "box": outcome.box}
    word, what = ("notOpened", "not opened") if isinstance(outcome, NotOpened) else ("unknown", "look at the box")
    return {"outcome": word, "box": outcome.box, "error": bench.fault_error(outcome.reason, what)}


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    locker = ModbusLocker(
        options.port, locker_map(load(options.map)), baud=options.baud, parity=options.parity, stream=line(options)
    )
    locker.open(deadline)
    try:
        if options.command == "status":
            return bench.status(locker, deadline)
        if options.command == "selftest":
            return bench.self_test(locker, Level(options.level), deadline)
        if options.command == "open":
            return told(locker.open_box(options.box, deadline))
        seen = locker.look(deadline)
        return {label: {"door": box.door.value, "occupancy": box.occupancy.value} for label, box in seen.items()}
    finally:
        locker.close()


def main(arguments: bench.Arguments = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.locker", description="Locker by Modbus RTU")
    parser.add_argument("command", choices=("status", "read", "open", "selftest"))
    parser.add_argument("box", nargs="?", help="the box's label in the map")
    add_line_options(parser)
    options = parser.parse_args(arguments)
    if options.command == "open" and options.box is None:
        parser.error("open needs a box")
    return bench.finish(options, run)


if __name__ == "__main__":
    sys.exit(main())
