"""What a simulated XFS4IoT service is, and the small ones: a portrait camera, guide lights, the vendor mode."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from devices.drivers.xfs4iot.protocol import Edition
from devices.drivers.xfs4iot.shapes import pack
from devices.simulators.xfs4iot_request import Request

Handler = Callable[[Request], None]
Events = Callable[[str, Mapping[str, Any]], None]  # an unsolicited event to every client of the service
LIGHTS = ("cardReader", "receiptPrinter", "documentPrinter", "statusInService")
RATES = ("off", "slow", "medium", "quick", "continuous")


class Service:
    """``name`` is the last part of its address. Subclasses fill ``handlers`` and the three descriptions."""

    interface = ""
    key = ""

    def __init__(self, name: str, edition: Edition) -> None:
        self.name, self.edition = name, edition
        self.device = "online"
        self.tell: Events = lambda _, __: None
        self.handlers: dict[str, Handler] = {}

    def status(self) -> dict[str, Any]:
        return {}

    def abilities(self) -> dict[str, Any]:
        return {}

    def heal(self) -> None:
        self.device = "online"

    def gone(self, client: object) -> None:
        """A client's connection has ended."""


class Camera(Service):
    interface, key = "Camera", "camera"

    def __init__(self, name: str, edition: Edition) -> None:
        super().__init__(name, edition)
        self.works, self.gives = True, True
        self.picture = bitmap(32, 24)
        self.handlers = {"Camera.TakePicture": self._take, "Camera.Reset": lambda request: request.complete()}

    def status(self) -> dict[str, Any]:
        state = "ok" if self.works else "inop"
        return {
            "media": {"room": "notSupported", "person": "ok", "exitSlot": "notSupported"},
            "cameras": {"room": "notSupported", "person": state, "exitSlot": "notSupported"},
            "pictures": {"person": 0},
        }

    def abilities(self) -> dict[str, Any]:
        cameras = {"room": False, "person": True, "exitSlot": False}
        return {"type": "cam", "cameras": cameras, "maxPictures": 1, "pictureFile": True}

    def heal(self) -> None:
        super().heal()
        self.works = self.gives = True

    def _take(self, request: Request) -> None:
        if not self.works:
            request.complete("hardwareError")
        else:
            request.complete(payload={"pictureFile": pack(self.picture)} if self.gives else {})


class Lights(Service):
    interface, key = "Lights", "lights"

    def __init__(self, name: str, edition: Edition) -> None:
        super().__init__(name, edition)
        self.rates = dict.fromkeys(LIGHTS, "off")
        self.stuck = False  # takes commands and stays dark
        self.handlers = {"Lights.SetLight": self._set}

    def status(self) -> dict[str, Any]:
        return {name: self._laid_out({"flashRate": rate}) for name, rate in self.rates.items()}

    def abilities(self) -> dict[str, Any]:
        can = {"flashRate": dict.fromkeys(RATES, True), "color": {"green": True, "white": True}}
        if self.edition is Edition.PAYLOAD:
            return {name: {**can, "position": {"center": True}} for name in LIGHTS}
        return {name: {"center": can} for name in LIGHTS}

    def heal(self) -> None:
        super().heal()
        self.stuck = False

    def _laid_out(self, state: dict[str, str]) -> dict[str, Any]:
        return {**state, "position": "center"} if self.edition is Edition.PAYLOAD else {"center": state}

    def _set(self, request: Request) -> None:
        for name, wish in request.payload.items():
            state = (
                wish if self.edition is Edition.PAYLOAD else (wish.get("center") if isinstance(wish, dict) else None)
            )
            rate = state.get("flashRate") if isinstance(state, dict) else None
            if name not in self.rates or rate not in RATES:
                request.complete(error="invalidLight")
                return
            if not self.stuck:
                self.rates[name] = rate
        request.complete()


class VendorMode(Service):
    """The handshake. A client is an application; one that hangs up is asked no more."""

    interface, key = "VendorMode", "vendorMode"

    def __init__(self, name: str, edition: Edition) -> None:
        super().__init__(name, edition)
        self.mode = "inactive"
        self.applications: dict[object, str] = {}
        self._missing: set[object] = set()
        self.handlers = {
            "VendorMode.Register": self._register,
            "VendorMode.EnterModeRequest": lambda request: self._ask(request, "inactive", "enterPending"),
            "VendorMode.ExitModeRequest": lambda request: self._ask(request, "active", "exitPending"),
            "VendorMode.EnterModeAcknowledge": lambda request: self._acknowledge(request, "enterPending"),
            "VendorMode.ExitModeAcknowledge": lambda request: self._acknowledge(request, "exitPending"),
        }

    def status(self) -> dict[str, Any]:
        return {"device": "online", "service": self.mode}

    def request(self, pending: str) -> None:
        """The technician at the machine asks."""
        self.mode, self._missing = pending, set(self.applications)
        self.tell(f"VendorMode.{'Enter' if pending == 'enterPending' else 'Exit'}ModeRequestEvent", {})
        self._go_on()

    def heal(self) -> None:
        super().heal()
        self.mode, self._missing = "inactive", set()

    def gone(self, client: object) -> None:
        self.applications.pop(client, None)
        self._missing.discard(client)
        self._go_on()

    def _register(self, request: Request) -> None:
        self.applications[request.client] = str(request.payload.get("appName", ""))
        request.complete()

    def _ask(self, request: Request, wanted: str, pending: str) -> None:
        if self.mode != wanted:
            request.complete("sequenceError")
            return
        request.complete()
        self.request(pending)

    def _acknowledge(self, request: Request, pending: str) -> None:
        if self.mode != pending or request.client not in self._missing:
            request.complete("sequenceError")
            return
        request.complete()
        self._missing.discard(request.client)
        self._go_on()

    def _go_on(self) -> None:
        if self._missing or self.mode not in ("enterPending", "exitPending"):
            return
        entered = self.mode == "enterPending"
        self.mode = "active" if entered else "inactive"
        if entered:
            self.tell("VendorMode.ModeEnteredEvent", {})
        else:
            self.tell("VendorMode.ModeExitedEvent", {"connectedApplications": sorted(self.applications.values())})


def bitmap(width: int, height: int) -> bytes:
    """A grey ramp as a 24-bit BMP (bottom row first, rows padded to four bytes)."""
    row = b"".join(bytes([255 * x // width] * 3) for x in range(width))
    row += bytes(-len(row) % 4)
    size = 54 + len(row) * height
    head = struct.pack("<2sIHHI", b"BM", size, 0, 0, 54)
    return (
        head
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(row) * height, 2835, 2835, 0, 0)
        + row * height
    )
