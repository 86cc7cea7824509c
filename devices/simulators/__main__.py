"""A cabinet of twins as a process: python -m devices.simulators --socket PATH --spec FILE [--state FILE].

The spec is TOML or JSON: ``[devices.id_reader]`` with ``kind = "sdt"`` and options. One line of JSON on stdout says
that all is ready: ``{"ready": true, "ports": {...}, "socket": ...}``. Ends on SIGTERM, SIGINT, or when stdin closes,
so that no twin outlives whoever started it; ``--stay`` ignores stdin. ``--do DEVICE ACTION [KEY=VALUE…]`` sends one
request to a running cabinet instead.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from devices.simulators.cabinet import Cabinet, SpecError, make_twins
from devices.simulators.control import Control, ControlError
from devices.simulators.twin import Json


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.do:
        return _send(options.socket, options.do)
    if options.spec is None:
        print("--spec is needed", file=sys.stderr)
        return 2
    ended, end = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(end, b"x"))
    try:
        cabinet = Cabinet(make_twins(load_spec(options.spec)), options.socket, options.state or "")
        cabinet.start()
    except (SpecError, OSError, ValueError) as error:
        print(json.dumps({"ready": False, "error": str(error)}, ensure_ascii=False), flush=True)
        return 1
    try:
        print(json.dumps({"ready": True, "ports": cabinet.ports, "socket": str(options.socket)}), flush=True)
        _wait(ended, stay=options.stay)
    finally:
        cabinet.stop()
    return 0


def load_spec(path: Path) -> dict[str, Json]:
    """A spec from a TOML or JSON file."""
    text = path.read_text(encoding="utf-8")
    spec: dict[str, Json] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    return spec


def _wait(ended: int, *, stay: bool) -> None:
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    if not stay:
        poll.register(sys.stdin.fileno(), select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if ended in ready or not os.read(sys.stdin.fileno(), 4096):
            return


def _send(path: Path, words: list[str]) -> int:
    device, action, *pairs = [*words, ""] if len(words) == 1 else words
    try:
        with Control(path) as control:
            values = {key: _value(text) for key, _, text in (pair.partition("=") for pair in pairs)}
            print(json.dumps(control.do(device, action or "state", **values), ensure_ascii=False))
    except ControlError as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return 1
    return 0


def _value(text: str) -> Json:
    """JSON where it is JSON, text otherwise."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulators", description="Simulated devices")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket of the control point")
    parser.add_argument("--spec", type=Path, help="TOML or JSON file that names the twins")
    parser.add_argument("--state", type=Path, help="file that always holds the state of all twins")
    parser.add_argument("--stay", action="store_true", help="do not end when stdin closes")
    parser.add_argument("--do", nargs="+", metavar="WORD", help="DEVICE ACTION [KEY=VALUE…] to a running cabinet")
    return parser


if __name__ == "__main__":
    sys.exit(main())
