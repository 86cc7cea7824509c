"""A card in one of vpcd's slots: the twin of a smart card, read through a real pcscd.

vpcd (Debian vsmartcard-vpcd) is a virtual reader inside pcscd; a card is a TCP client of it. Its wire: u16 BE length
and payload; the one-byte payloads 00 power off, 01 power on, 02 reset are not answered, 04 is answered with the ATR,
all else is a command APDU. Connecting and closing the connection are insert and remove. vpcd asks for the ATR every
0.4 s to see whether the card is still there.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping

from devices.simulators.card import FAILED, Pulled, SimulatedCard, make_applet
from devices.simulators.twin import Json, UnknownAction

FIRST_PORT = 35963  # 0x8C7B; each further slot one more
POWER_OFF, POWER_ON, RESET, ATR = 0x00, 0x01, 0x02, 0x04
KNOCK_AGAIN = 0.05  # seconds between attempts while vpcd does not listen: a card stays in its slot while pcscd restarts


class VpcdTwin:
    """A simulated card behind pcscd. Options:

    ``applet`` ``module:callable`` that makes the card · ``options`` its keyword arguments · ``number`` vpcd's TCP port
    · ``reader`` the name that pcscd gives the slot · ``inserted`` whether it lies there from the start.
    """

    def __init__(
        self,
        name: str,
        *,
        applet: str = "devices.simulators.applets.social_security:v2",
        options: Mapping[str, Json] | None = None,
        number: int = FIRST_PORT,
        reader: str = "Virtual PCD 00 00",
        inserted: bool = True,
    ) -> None:
        self.name = name
        self._factory, self._options = applet, dict(options or {})
        self._reader, self._number = reader, number
        self.card = SimulatedCard(make_applet(applet, options), inserted=inserted)
        self._stopping = False
        self._wire: socket.socket | None = None
        self._waiting = False  # an APDU was swallowed: vpcd waits for its answer
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> str:
        return self._reader

    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"twin-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self.card.changed:
            self._stopping = True
            self.card.changed.notify_all()
        self._hang_up()
        if self._thread is not None:
            self._thread.join()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """The actions of ``SimulatedCard``; ``insert`` may name another card: applet= options=."""
        if action == "insert" and (arguments.get("applet") or arguments.get("options")):
            self._exchange_card(arguments)
        self.card.act(action, arguments)
        if not self.card.inserted:
            self._hang_up()
        elif action == "ok":
            self._answer_late()

    def state(self) -> dict[str, Json]:
        return {"kind": "vpcd", "port": self.port, "applet": self._factory, **self.card.state()}

    def _exchange_card(self, arguments: Mapping[str, Json]) -> None:
        options = arguments.get("options")
        if options is not None and not isinstance(options, dict):
            raise UnknownAction("options must be an object")
        factory = str(arguments.get("applet") or self._factory)
        applet = make_applet(factory, options if options is not None else {})
        self.card.act("pull", {})
        self._hang_up()
        self._factory, self._options = factory, options or {}
        self.card.applet = applet

    def _run(self) -> None:
        while self._wait_until_inserted():
            try:
                wire = socket.create_connection(("127.0.0.1", self._number), timeout=1.0)
            except OSError:
                with self.card.changed:
                    self.card.changed.wait(KNOCK_AGAIN)
                continue
            with wire, contextlib.suppress(OSError, EOFError, Pulled):
                self._serve(wire)
            self._wire = None

    def _wait_until_inserted(self) -> bool:
        with self.card.changed:
            self.card.changed.wait_for(lambda: self.card.inserted or self._stopping)
            return not self._stopping

    def _serve(self, wire: socket.socket) -> None:
        wire.settimeout(None)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.card.changed:
            if self._stopping or not self.card.inserted:
                return
            self._wire, self._waiting = wire, False
        while True:
            payload = _receive(wire, struct.unpack(">H", _receive(wire, 2))[0])
            if payload == bytes([ATR]):
                _send(wire, self.card.atr)
            elif len(payload) == 1:
                self.card.reset()
            elif (answer := self.card.reply(payload)) is None:
                self._waiting = True
            else:
                _send(wire, answer)

    def _answer_late(self) -> None:
        wire = self._wire
        if self._waiting and wire is not None:
            self._waiting = False
            with contextlib.suppress(OSError):
                _send(wire, FAILED)

    def _hang_up(self) -> None:
        wire = self._wire
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)


def _send(wire: socket.socket, payload: bytes) -> None:
    wire.sendall(struct.pack(">H", len(payload)) + payload)


def _receive(wire: socket.socket, count: int) -> bytes:
    """Exactly so many bytes; EOFError where vpcd hangs up.

    vpcd sends length and payload apart, and the kernel holds the second back until the first is acknowledged (Nagle):
    without TCP_QUICKACK, which has to be set anew each time, every APDU takes 43 ms instead of half of one.
    """
    got = b""
    while len(got) < count:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = wire.recv(count - len(got))
        if not part:
            raise EOFError
        got += part
    return got
