"""The motorised card reader of the simulated ATM-class machine, and a chip card to put into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.drivers.xfs4iot.protocol import Edition
from devices.drivers.xfs4iot.shapes import pack, unpack
from devices.simulators.card import DEFAULT_ATR, Applet
from devices.simulators.xfs4iot_request import Request
from devices.simulators.xfs4iot_services import Service


class Chip:
    """A chip card that knows one file, answers GET RESPONSE, and says when the length was wrong."""

    atr = bytes.fromhex("3B6500002063CBA000")

    def __init__(self, content: bytes = b"kiosk test card") -> None:
        self._content, self._rest = content, b""

    def answer(self, apdu: bytes) -> bytes:
        if apdu[1:2] == b"\xa4":
            self._rest = self._content
            return bytes([0x61, len(self._content)])
        if apdu[1:2] == b"\xc0":
            data, self._rest = self._rest, b""
            return data + b"\x90\x00"
        if apdu[1:2] == b"\xb0":
            right = len(self._content)
            return self._content + b"\x90\x00" if apdu[-1] == right else bytes([0x6C, right])
        return b"\x6d\x00"


class CardReader(Service):
    """A motorised reader. The card is an applet; ``None``: none. ``pull_after`` counts ChipIO down to the pull."""

    interface, key = "CardReader", "cardReader"

    def __init__(self, name: str, edition: Edition) -> None:
        super().__init__(name, edition)
        self.card: Applet | None = None
        self.place = "notPresent"  # word of status: present notPresent jammed entering unknown
        self.tracks: dict[str, bytes] = {}
        self.powered = False
        self.pull_after: int | None = None
        self.retained = 0
        self.chip_power = True  # whether the reader knows ChipPower
        self._waiting: list[Request] = []
        self.handlers = {
            "CardReader.ReadRawData": self._read,
            "CardReader.ChipPower": self._power,
            "CardReader.ChipIO": self._io,
            "CardReader.Move": self._move,
            "CardReader.Reset": self._reset,
        }

    @property
    def armed(self) -> bool:
        return any(not request.done for request in self._waiting)

    def put(self, card: Applet, tracks: Mapping[str, bytes]) -> None:
        """A hand offers a card: it goes in where an entry is armed, else it waits at the slot."""
        self.card, self.tracks, self.place = card, dict(tracks), "entering"
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            if not request.done:
                self._took_in(request)

    def take(self) -> None:
        was = self.card is not None
        self.card, self.place, self.powered = None, "notPresent", False
        if was:
            self.tell("CardReader.MediaRemovedEvent", {})

    def status(self) -> dict[str, Any]:
        power = "online" if self.powered else "poweredOff" if self.card else "noCard"
        return {"media": self.place, "chipPower": power, "chipModule": "ok"}

    def abilities(self) -> dict[str, Any]:
        return {
            "type": "motor",
            "readTracks": {"track1": True, "track2": True, "track3": True},
            "chipProtocols": {"chipT0": True, "chipT1": True},
            "chipPower": {"cold": self.chip_power, "warm": False, "off": self.chip_power},
            "positions": {"exit": True, "transport": True},
            "cardTakenSensor": True,
        }

    def heal(self) -> None:
        super().heal()
        self.pull_after, self.chip_power = None, True
        if self.place in ("jammed", "unknown"):
            self.card, self.place = None, "notPresent"

    def gone(self, client: object) -> None:
        self._waiting = [request for request in self._waiting if request.client is not client]

    def _read(self, request: Request) -> None:
        if self.place == "jammed":
            request.complete(error="mediaJam")
        elif self.card is not None:
            self._took_in(request)
        else:
            request.event("CardReader.InsertCardEvent")
            self._waiting.append(request)
            if request.message.timeout:
                request.client.later(request.message.timeout / 1000, lambda: request.complete("timeOut"))

    def _took_in(self, request: Request) -> None:
        request.event("CardReader.MediaInsertedEvent")
        self.place = "present"
        told: dict[str, Any] = {}
        if request.payload.get("chip") is True:
            if self.card is None or not self._atr():
                request.complete(error="invalidMedia")
                return
            self.powered = True
            told["chip"] = [{"status": "ok", "data": pack(self._atr())}]
        for track in ("track1", "track2", "track3"):
            if request.payload.get(track) is True:
                data = self.tracks.get(track, b"")
                told[track] = {"status": "ok", "data": pack(data)} if data else {"status": "dataMissing"}
        request.complete(payload=told)

    def _power(self, request: Request) -> None:
        if not self.chip_power:
            request.complete(error="chipPowerNotSupported")
        elif self.card is None or self.place != "present":
            request.complete(error="noMedia")
        elif request.payload.get("chipPower") == "off":
            self.powered = False
            request.complete()
        elif not self._atr():
            request.complete(error="atrNotObtained")
        else:
            self.powered = True
            getattr(self.card, "reset", lambda: None)()
            request.complete(payload={"chipData": pack(self._atr())})

    def _io(self, request: Request) -> None:
        if self.pull_after is not None:
            self.pull_after -= 1
            if self.pull_after < 0:
                self.pull_after = None
                self.take()
        if self.card is None or self.place != "present":
            request.complete(error="noMedia")
        elif not self.powered:
            request.complete(error="atrNotObtained")
        else:
            apdu = unpack(request.payload.get("chipData")) or b""
            answer = self.card.answer(apdu)
            protocol = request.payload.get("chipProtocol", "chipT0")
            request.complete(payload={"chipProtocol": protocol, "chipData": pack(answer)})

    def _move(self, request: Request) -> None:
        if self.card is None:
            request.complete(error="noMedia")
        elif request.payload.get("to") == "exit":
            self.place, self.powered = "entering", False
            request.complete()
            self.tell("CardReader.CardActionEvent", {"to": "exit", "from": "transport"})
        else:
            self._keep()
            request.complete()

    def _reset(self, request: Request) -> None:
        if self.place == "jammed":
            request.complete(error="mediaJam")
            return
        if self.card is not None:
            if request.payload.get("to") == "retain":
                self._keep()
            else:
                self.place, self.powered = "entering", False
        request.complete()

    def _keep(self) -> None:
        self.card, self.place, self.powered = None, "notPresent", False
        self.retained += 1

    def _atr(self) -> bytes:
        return bytes(getattr(self.card, "atr", DEFAULT_ATR))
