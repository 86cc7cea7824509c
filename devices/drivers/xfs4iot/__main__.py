"""Bench tool: python -m devices.drivers.xfs4iot find|status|read|print|selftest [--port ws://…] [--kind K] [--json].

``find`` asks the publishers of a machine; ``read`` waits for a card and tells its ATR, nothing of what it holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level
from devices.drivers import printer_bench as bench
from devices.drivers.arguments import seconds
from devices.drivers.escpos import testpattern
from devices.drivers.ipp.testpage import page
from devices.drivers.xfs4iot import discovery
from devices.drivers.xfs4iot.cards import LOOK, XfsCard, XfsCardReader
from devices.drivers.xfs4iot.driver import KINDS, XfsDevice, make
from devices.drivers.xfs4iot.pins import hide_pins
from devices.drivers.xfs4iot.printer import DOTS, XfsPagePrinter, XfsReceiptPrinter
from devices.drivers.xfs4iot.protocol import PORTS
from devices.transports.message_capture import CapturingLine
from devices.transports.websocket import WebSocketLine

_OF_INTERFACE = {
    "CardReader": "card_reader",
    "Printer": "receipt_printer",  # a page printer is named by --kind: pages are not told apart from receipts safely
    "Camera": "still_camera",
    "Lights": "lights",
    "VendorMode": "vendor_mode",
}


def main(arguments: bench.Arguments = None) -> int:
    return bench.finish(_parser().parse_args(arguments), run)


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    if options.command == "find":
        return _find(options, deadline)
    device = _device(options, deadline)
    device.open(deadline)
    try:
        if options.command == "status":
            return bench.status(device, deadline)
        if options.command == "selftest":
            return bench.self_test(device, Level(options.level), deadline)
        return _read(device, deadline) if options.command == "read" else _print(device, options.file, deadline)
    finally:
        device.close()


def _find(options: argparse.Namespace, deadline: Deadline) -> bench.Report:
    ports = tuple(options.ports) if options.ports else PORTS
    found = discovery.find(options.host, Deadline.after(0.7 * deadline.remaining()), secure=options.tls, ports=ports)
    if not found:
        advice = (
            "Check that the machine's service publisher runs, and its address; it listens on 80, 443 or 5846 to 5856."
        )
        what = f"no XFS4IoT service publisher answers on {options.host}"
        raise DeviceError("no-publisher", what, advice=advice, retryable=True, action=Action.CONFIGURE)
    services = []
    for place, uri in enumerate(found):
        one = discovery.introduce(uri, deadline.sooner(deadline.remaining() / (len(found) - place)))
        about = {"interfaces": list(one.interfaces), "model": one.model, "serial": one.serial, "error": one.error}
        services.append({"uri": uri, "state": one.state.value, **about})
    return {"services": services}


def _device(options: argparse.Namespace, deadline: Deadline) -> XfsDevice:
    if not options.port:
        advice = "Name the service with --port; `find` lists those of a machine."
        raise DeviceError("port-unknown", "no service was named", advice=advice, retryable=False)
    kind = options.kind or _kind(options.port, deadline)
    line = WebSocketLine(options.port, ca_file=options.ca_file)
    return make(kind, options.port, line=CapturingLine(line, options.capture, hide_pins) if options.capture else line)


def _kind(port: str, deadline: Deadline) -> str:
    """What kind of device a service is, by the interfaces it offers."""
    service = discovery.introduce(port, deadline.sooner(0.5 * deadline.remaining()))
    kind = next((_OF_INTERFACE[name] for name in service.interfaces if name in _OF_INTERFACE), "")
    if not kind and not service.error:
        offered = ", ".join(service.interfaces) or "nothing"
        advice = "This software has no driver for such a service; see the README of devices.drivers.xfs4iot."
        raise DeviceError("wrong-service", f"{port} offers {offered}", advice=advice, retryable=False)
    return kind or "card_reader"  # it did not answer: opening it will say why


def _read(device: XfsDevice, deadline: Deadline) -> bench.Report:
    if not isinstance(device, XfsCardReader):
        raise _not_for(device, "read")
    device.admit(deadline)
    while True:
        card = device.connect(deadline) if device.present(deadline) else None
        if isinstance(card, XfsCard):
            return {"atr": card.atr.hex(" ").upper()}
        if deadline.remaining() <= 2 * LOOK:
            advice = "Put the card in, chip first, and leave it there."
            raise DeviceError("no-card", "no card was shown in time", advice=advice, retryable=True, action=Action.NONE)
        time.sleep(LOOK)


def _print(device: XfsDevice, file: str | None, deadline: Deadline) -> bench.Report:
    if isinstance(device, XfsPagePrinter):
        data = Path(file).read_bytes() if file else page("XFS4IoT self-test")
        return bench.printed(device.print_pdf(data, title="test", pages=1, deadline=deadline, progress=bench.tell))
    if isinstance(device, XfsReceiptPrinter):
        pattern = testpattern.pattern(DOTS)
        return bench.printed(device.print_raster(pattern, cut=True, deadline=deadline, progress=bench.tell))
    raise _not_for(device, "print")


def _not_for(device: XfsDevice, command: str) -> DeviceError:
    advice = "Name another service with --port, or another command."
    return DeviceError("wrong-service", f"a {device.kind} does not {command}", advice=advice, retryable=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.xfs4iot", description="Devices by XFS4IoT")
    parser.add_argument("command", choices=("find", "status", "read", "print", "selftest"))
    parser.add_argument("file", nargs="?", metavar="FILE.pdf", help="for a page printer; a test page without it")
    parser.add_argument("--port", default="", help="the service: ws://host:port/xfs4iot/v1.0/Name")
    parser.add_argument("--kind", choices=sorted(KINDS), help="what the service is; asked without it")
    parser.add_argument("--host", default="127.0.0.1", help="for find (127.0.0.1)")
    parser.add_argument("--ports", type=int, nargs="*", help="for find: other ports than 80, 443, 5846 to 5856")
    parser.add_argument("--tls", action="store_true", help="for find: wss")
    parser.add_argument("--ca-file", default="", help="authorities to trust for wss")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation (generated cards only)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
