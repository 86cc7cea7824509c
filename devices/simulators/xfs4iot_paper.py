"""The printers of the simulated ATM-class machine: what becomes of paper in the middle of a job."""

from __future__ import annotations

from typing import Any

from devices.drivers.xfs4iot.protocol import Edition
from devices.drivers.xfs4iot.shapes import unpack
from devices.simulators.xfs4iot_request import Request
from devices.simulators.xfs4iot_services import Service


class Printer(Service):
    """Paper out of one source, presented at an exit. ``plan`` is what happens in the middle of the next job."""

    interface, key = "Printer", "printer"

    def __init__(self, name: str, edition: Edition, *, controls: bool) -> None:
        super().__init__(name, edition)
        self._controls = controls  # a receipt printer with a knife and a presenter of its own
        self.paper, self.toner, self.media = "full", "full", "notPresent"
        self.presents = True
        self.plan = ""  # paper-out | jam | retracted | ""
        self.printed: list[bytes] = []  # what lies in citizens' hands or in the exit
        self._hanging = b""
        self.handlers = {
            "Printer.PrintNative": self._print,
            "Printer.PrintRaw": self._print,
            "Printer.ControlMedia": self._control,
            "Printer.RetractMedia": self._retract,
            "Printer.Reset": self._reset,
        }

    def take(self) -> None:
        if self.media == "present":
            self.media = "notPresent"
            self.tell("Printer.MediaTakenEvent", {})

    def status(self) -> dict[str, Any]:
        toner = "notSupported" if self._controls else self.toner
        return {
            "media": self.media,
            "paper": {"upper": self.paper, "lower": "notSupported"},
            "toner": toner,
            "ink": "notSupported",
            "lamp": "notSupported",
            "retractBins": [{"state": "ok", "count": 0}],
            "mediaOnStacker": 0,
        }

    def abilities(self) -> dict[str, Any]:
        return {
            "type": {"receipt": self._controls, "document": not self._controls},
            "control": {"eject": True, "cut": self._controls},
            "paperSources": {"upper": True},
            "mediaTaken": True,
            "mediaPresented": True,
            "retractBins": 1,
        }

    def heal(self) -> None:
        super().heal()
        self.paper, self.toner, self.plan, self.presents = "full", "full", "", True
        if self.media == "jammed":
            self.media = "notPresent"
        self._hanging = b""

    def _print(self, request: Request) -> None:
        if self._refused(request):
            return
        data = unpack(request.payload.get("data"))
        if not data:
            request.complete("invalidData")
            return
        plan, self.plan = self.plan, ""
        if plan == "paper-out":
            self.paper = "out"
            request.event("Printer.PaperThresholdEvent", {"paperSource": "upper", "threshold": "out"})
            request.complete(error="paperOut")
        elif plan == "jam":
            self.paper = self.media = "jammed"
            request.complete(error="mediaJammed")
        elif plan == "retracted":
            request.complete(error="mediaRetracted")
        elif self._controls and request.name == "Printer.PrintRaw":
            self._hanging += data
            request.complete()
        else:
            self._present(request, data)

    def _control(self, request: Request) -> None:
        if self._refused(request):
            return
        if not self._hanging:
            request.complete(error="noMediaPresent")
            return
        data, self._hanging = self._hanging, b""
        self._present(request, data)

    def _present(self, request: Request, data: bytes) -> None:
        if self.presents:
            self.media = "present"
            request.event("Printer.MediaPresentedEvent", {"wadIndex": 1, "totalWads": 1})
            self.printed.append(data)
        request.complete()

    def _refused(self, request: Request) -> bool:
        if self.device != "online":
            request.complete("deviceNotReady")
        elif "jammed" in (self.paper, self.media):
            request.complete(error="paperJammed")
        elif self.paper == "out":
            request.complete(error="paperOut")
        elif self.toner == "out" and not self._controls:
            request.complete(error="tonerOut")
        else:
            return False
        return True

    def _retract(self, request: Request) -> None:
        if self.media != "present":
            request.complete(error="noMediaPresent")
            return
        self.media = "notPresent"
        request.complete(payload={"binNumber": 1})

    def _reset(self, request: Request) -> None:
        self._hanging = b""
        if "jammed" in (self.paper, self.media):
            request.complete(error="paperJammed")
        else:
            request.complete()
