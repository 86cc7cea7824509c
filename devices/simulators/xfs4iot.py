"""The twin of an ATM-class machine: an XFS4IoT service publisher over WebSocket on loopback, six services behind it.

It speaks either edition, and is checked against the public JSON schema of 2021-1: no vendor's simulator runs here.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from devices.drivers.xfs4iot.protocol import (
    FIRST_VERSION,
    LATER_VERSION,
    LATER_VERSIONS,
    PATH,
    BadMessage,
    Edition,
    Kind,
    Message,
    decode,
    encode,
)
from devices.simulators.card import Applet, make_applet
from devices.simulators.listener import Listener
from devices.simulators.twin import Json, UnknownAction
from devices.simulators.xfs4iot_card import CardReader, Chip
from devices.simulators.xfs4iot_paper import Printer
from devices.simulators.xfs4iot_request import FAULTS, Fault, Request
from devices.simulators.xfs4iot_services import Camera, Lights, Service, VendorMode
from devices.simulators.xfs4iot_wire import Client

STATES = (
    "online", "offline", "powerOff", "noDevice", "hardwareError", "userError", "deviceBusy", "fraudAttempt",
    "potentialFraud", "starting",
)  # fmt: skip
_ONCE = frozenset(FAULTS) - {"mute", "slow", "no-completion"}


class XfsTwin:
    """A simulated machine. Options: ``edition`` ``2021-1`` | ``later`` · ``service`` the one that ``port`` leads to
    (empty: the publisher) · ``applet`` ``module:callable`` with ``options``: the card that a hand puts in."""

    def __init__(
        self,
        name: str,
        *,
        edition: str = "2021-1",
        service: str = "",
        applet: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._edition = Edition(edition)
        self._service = service
        self._chip: Applet = make_applet(applet, options) if applet else Chip()
        self.reader = CardReader("CardReader1", self._edition)
        self.receipts = Printer("ReceiptPrinter1", self._edition, controls=True)
        self.pages = Printer("DocumentPrinter1", self._edition, controls=False)
        self.camera = Camera("Camera1", self._edition)
        self.lights = Lights("Lights1", self._edition)
        self.vendor = VendorMode("VendorMode1", self._edition)
        services = (self.reader, self.receipts, self.pages, self.camera, self.lights, self.vendor)
        self.services: dict[str, Service] = {entry.name: entry for entry in services}
        for entry in services:
            entry.tell = lambda event, payload, entry=entry: self._broadcast(entry, event, payload)  # type: ignore[misc]  # default binds the service
        self._listener = Listener(name, self._serve)
        self._lock = threading.RLock()
        self._clients: list[Client] = []
        self._running: dict[tuple[Client, int], Request] = {}
        self._fault: Fault | None = None
        self._commands = 0
        self._actions: dict[str, Callable[[Mapping[str, Json]], None]] = {
            "device": self._set_device, "error-event": self._error_event, "status-event": self._status_event,
            "put": self._put, "take": lambda _: self.reader.take(), "pull-at-apdu": self._pull,
            "card-jam": lambda _: self._place("jammed"), "card-unknown": lambda _: self._place("unknown"),
            "no-chip-power": lambda _: setattr(self.reader, "chip_power", False),
            "paper": self._paper, "toner": self._toner, "take-paper": lambda a: self._printer(a).take(),
            "paper-out": lambda a: setattr(self._printer(a), "plan", "paper-out"),
            "jam": lambda a: setattr(self._printer(a), "plan", "jam"),
            "retracted": lambda a: setattr(self._printer(a), "plan", "retracted"),
            "not-presented": lambda a: setattr(self._printer(a), "presents", False),
            "lens-broken": lambda _: setattr(self.camera, "works", False),
            "no-picture": lambda _: setattr(self.camera, "gives", False),
            "lights-stuck": lambda _: setattr(self.lights, "stuck", True),
            "technician-enters": lambda _: self.vendor.request("enterPending"),
            "technician-leaves": lambda _: self.vendor.request("exitPending"),
            "ok": lambda _: self._heal(),
        }  # fmt: skip
        self._outside: dict[str, Callable[[], None]] = {
            "unplug": self._listener.close, "plug": self._listener.open, "drop-now": self._listener.drop,
            "restart": self._restart,
        }  # fmt: skip

    # -- Twin ------------------------------------------------------------------------------------------

    @property
    def port(self) -> str:
        return self.address(self._service)

    def address(self, service: str = "") -> str:
        """Where a service is found; the publisher without a name."""
        return f"ws://127.0.0.1:{self._listener.number}{PATH}{f'/{service}' if service else ''}"

    @property
    def number(self) -> int:
        """The TCP port."""
        return self._listener.number

    def start(self) -> None:
        self._listener.open()

    def stop(self) -> None:
        self._listener.close()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``put`` [card=chip|mute, track2=…, applet= options=: another card], ``take``, ``pull-at-apdu`` n=, ``paper``
        level= [service=], ``paper-out`` and ``jam`` (in the middle of the next job), ``take-paper``, ``device`` state=
        [service=], ``restart``,
        ``unplug``, ``plug``, ``drop-now``, ``technician-enters`` …; or a fault of the answers (``FAULTS``) with
        times=n (0 = until ``ok``), command=name (``*`` for all), seconds=, code=, error=."""
        if action in self._outside:
            self._outside[action]()
        elif action in FAULTS:
            self._arm(action, arguments)
        elif action in self._actions:
            with self._lock:
                self._actions[action](arguments)
        else:
            known = ", ".join(sorted((*self._actions, *self._outside, *FAULTS)))
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {known}")

    def state(self) -> dict[str, Json]:
        with self._lock:
            return {
                "kind": "xfs4iot",
                "port": self.port,
                "edition": self._edition.value,
                "plugged": self._listener.is_open,
                "devices": {name: service.device for name, service in self.services.items()},
                "card": self.reader.place,
                "entry_armed": self.reader.armed,
                "retained": self.reader.retained,
                "receipts": len(self.receipts.printed),
                "pages": len(self.pages.printed),
                "paper": {"receipts": self.receipts.paper, "pages": self.pages.paper},
                "lights": dict(self.lights.rates),
                "mode": self.vendor.mode,
                "fault": self._fault.name if self._fault else None,
                "commands": self._commands,
                "clients": len(self._clients),
            }

    # -- actions ---------------------------------------------------------------------------------------

    def _arm(self, name: str, arguments: Mapping[str, Json]) -> None:
        times = arguments.get("times", 1 if name in _ONCE else 0)
        seconds = arguments.get("seconds", 0.5)
        if not isinstance(times, int) or not isinstance(seconds, int | float) or times < 0:
            raise UnknownAction(f"{name}: times and seconds must be numbers, 0 or more")
        command, code = str(arguments.get("command", "*")), str(arguments.get("code", "hardwareError"))
        fault = Fault(name, times, command, float(seconds), code, str(arguments.get("error", "")))
        with self._lock:
            self._fault = fault

    def _heal(self) -> None:
        self._fault = None
        for service in self.services.values():
            service.heal()
        self._listener.open()

    def _restart(self) -> None:
        """The service's process ends and comes back: connections break, cards and paper stay where they are."""
        self._listener.close()
        self._listener.open()

    def _set_device(self, arguments: Mapping[str, Json]) -> None:
        state = arguments.get("state")
        if state not in STATES:
            raise UnknownAction(f"device needs state = one of {', '.join(STATES)}")
        for service in self._chosen(arguments):
            service.device = str(state)

    def _error_event(self, arguments: Mapping[str, Json]) -> None:
        action = str(arguments.get("action", "reset"))
        for service in self._chosen(arguments):
            service.tell("Common.ErrorEvent", {"eventId": "hardware", "action": action})

    def _status_event(self, arguments: Mapping[str, Json]) -> None:
        for service in self._chosen(arguments):
            service.tell("Common.StatusChangedEvent", {"device": service.device})

    def _put(self, arguments: Mapping[str, Json]) -> None:
        what, applet, options = arguments.get("card", "chip"), arguments.get("applet"), arguments.get("options")
        if what not in ("chip", "mute") or not (options is None or isinstance(options, dict)):
            raise UnknownAction("put needs card = chip or mute, or applet = module:callable with options = an object")
        card: Applet = make_applet(str(applet), options) if applet else self._chip if what == "chip" else _Mute()
        tracks = {
            track: str(arguments[track]).encode() for track in ("track1", "track2", "track3") if track in arguments
        }
        self.reader.put(card, tracks)

    def _pull(self, arguments: Mapping[str, Json]) -> None:
        number = arguments.get("n", 0)
        if not isinstance(number, int):
            raise UnknownAction("pull-at-apdu needs n = a number")
        self.reader.pull_after = number

    def _place(self, word: str) -> None:
        self.reader.place = word

    def _paper(self, arguments: Mapping[str, Json]) -> None:
        level = arguments.get("level")
        if level not in ("full", "low", "out", "jammed", "unknown"):
            raise UnknownAction("paper needs level = full, low, out, jammed or unknown")
        self._printer(arguments).paper = str(level)

    def _toner(self, arguments: Mapping[str, Json]) -> None:
        self._printer(arguments).toner = str(arguments.get("level", "out"))

    def _printer(self, arguments: Mapping[str, Json]) -> Printer:
        service = self.services.get(str(arguments.get("service") or self._service or "ReceiptPrinter1"))
        if not isinstance(service, Printer):
            raise UnknownAction("service must be ReceiptPrinter1 or DocumentPrinter1")
        return service

    def _chosen(self, arguments: Mapping[str, Json]) -> list[Service]:
        name = str(arguments.get("service") or self._service)
        if not name:
            return list(self.services.values())
        if name not in self.services:
            raise UnknownAction(f"service must be one of {', '.join(self.services)}")
        return [self.services[name]]

    # -- the wire --------------------------------------------------------------------------------------

    def _serve(self, connection: socket.socket) -> None:
        client = Client(connection, self._known, self._received)
        with self._lock:
            self._clients.append(client)
        try:
            client.serve()
        finally:
            with self._lock:
                self._clients.remove(client)
                self._running = {key: request for key, request in self._running.items() if key[0] is not client}
                for service in self.services.values():
                    service.gone(client)

    def _known(self, path: str) -> bool:
        return path == PATH or (path.startswith(f"{PATH}/") and path.removeprefix(f"{PATH}/") in self.services)

    def _received(self, client: Client, text: str) -> None:
        with self._lock:
            self._commands += 1
            try:
                message = decode(text)
            except BadMessage as trouble:
                self._refuse(client, "Common.Unknown", trouble.request_id or 0, "invalidMessage")
                return
            key = (client, message.request_id)
            ended = [number for number, request in self._running.items() if request.done]
            for number in ended:
                del self._running[number]
            if message.kind is not Kind.COMMAND or not message.request_id or key in self._running:
                self._refuse(client, message.name, message.request_id, "invalidRequestID")
                return
            strange = message.version != self._version(message.name)  # real services take no version but their own
            if strange and self._edition is Edition.PAYLOAD:  # a failed completion would lack what its schema demands
                self._refuse(client, message.name, message.request_id, "invalidMessage")
                return
            request = Request(client, message, self._edition, self._due(message.name))
            self._running[key] = request
            if request.acknowledge():
                self._do(request)

    def _do(self, request: Request) -> None:
        service = self.services.get(request.client.path.removeprefix(f"{PATH}/"))
        if request.message.version != self._version(request.name):
            request.complete("unsupportedCommand")
        elif request.name == "Common.Cancel":
            self._cancel(request)
        elif service is None:
            self._publish(request)
        elif request.name == "Common.Status":
            request.complete(payload={"common": {"device": service.device}, service.key: service.status()})
        elif request.name == "Common.Capabilities":
            request.complete(payload=self._capabilities(service))
        elif request.name in service.handlers:
            service.handlers[request.name](request)
        else:
            request.complete("unsupportedCommand")

    def _publish(self, request: Request) -> None:
        if request.name != "ServicePublisher.GetServices":
            request.complete("invalidCommand")
            return
        listed = [{"serviceURI": self.address(name)} for name in self.services]
        about = {"vendorName": "Kiosk 7x24 twin"}
        request.event("ServicePublisher.ServiceDetailEvent", {**about, "services": listed[:3]})
        request.complete(payload={**about, "services": listed})

    def _cancel(self, request: Request) -> None:
        wanted = request.payload.get("requestIds") or []
        found = [self._running[key] for number in wanted if (key := (request.client, number)) in self._running]
        if any([other.cancel() for other in found]):
            request.complete()
        else:
            request.complete(error="noMatchingRequestIDs")

    def _capabilities(self, service: Service) -> dict[str, Any]:
        common = ("Common.Status", "Common.Capabilities", "Common.Cancel")
        interfaces = [
            {"name": name, "commands": {command: {"versions": [self._version(command)]} for command in commands}}
            for name, commands in (("Common", common), (service.interface, tuple(service.handlers)))
        ]
        device = {"modelName": f"Twin {service.interface}", "serialNumber": "724"}
        part = {service.key: service.abilities()} if service.abilities() else {}
        return {"interfaces": interfaces, "common": {"serviceVersion": "1.0", "deviceInformation": [device]}, **part}

    def _version(self, command: str) -> str:
        later = LATER_VERSIONS.get(command, LATER_VERSION)
        return FIRST_VERSION if self._edition is Edition.PAYLOAD else later

    def _refuse(self, client: Client, name: str, number: int, why: str) -> None:
        client.say(encode(Message(Kind.ACKNOWLEDGE, name, number, status=why), self._edition))

    def _broadcast(self, service: Service, event: str, payload: Mapping[str, Any]) -> None:
        text = encode(Message(Kind.UNSOLICITED, event, 0, payload), self._edition)
        with self._lock:
            clients = [client for client in self._clients if client.path == f"{PATH}/{service.name}"]
        for client in clients:
            client.say(text)

    def _due(self, command: str) -> Fault | None:
        fault = self._fault
        if fault is None or fault.command not in ("*", command):
            return None
        if fault.times:
            self._fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None
        return fault


class _Mute:
    """A card whose chip does not answer."""

    atr = b""

    def answer(self, apdu: bytes) -> bytes:
        return b""
