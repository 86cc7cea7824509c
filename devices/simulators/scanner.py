"""A code scanner on its wire: lines of bytes on a pty, whenever somebody holds a code before it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from devices.drivers.code_scanner.protocol import COMMANDS, BadFraming, Commands, Framing, encode_line, terminators
from devices.simulators.pty import PtyWire
from devices.simulators.twin import Json, UnknownAction

LASTING = ("mute", "slow")
ACTIONS = ("scan", "torn", "garbage", "endless", *LASTING, "unplug", "replug", "ok")
GARBAGE = bytes((0x80 + 29 * place) % 256 for place in range(60)).replace(b"\r", b"\xff").replace(b"\n", b"\xff")


class ScannerTwin:
    """Options: ``link`` path of the port · ``baud`` 0 = unpaced · ``terminator`` auto cr lf crlf etx hex:… · ``aim``
    whether codes begin with their identifier · ``encoding`` of what is scanned · ``trigger`` none or syn: scans only
    while it is switched on · ``ask``, ``answer`` (hex) a question that it answers."""

    def __init__(
        self,
        name: str,
        *,
        link: str = "",
        baud: int = 0,
        terminator: str = "auto",
        aim: bool = False,
        encoding: str = "utf-8",
        trigger: str = "none",
        ask: str = "",
        answer: str = "",
    ) -> None:
        self.name = name
        if trigger not in COMMANDS:
            raise TypeError(f"trigger {trigger!r}: {', '.join(COMMANDS)}")
        try:
            self.framing = Framing(terminators(terminator), aim)
        except BadFraming as error:
            raise TypeError(str(error)) from error
        commands = COMMANDS[trigger]
        self.commands = Commands(commands.trigger_on, commands.trigger_off, bytes.fromhex(ask), bytes.fromhex(answer))
        self.wire = PtyWire(name, self._received, link=link, baud=baud)
        self._encoding = encoding
        self._lock = threading.Lock()
        self._tail = b""
        self._on = not self.commands.trigger_on
        self._mute = False
        self._byte_seconds: float | None = None
        self._scans = self._unseen = 0

    @property
    def port(self) -> str:
        return self.wire.port

    def start(self) -> None:
        self._plug()

    def stop(self) -> None:
        self.wire.stop()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``scan`` text= [aim=]Q1] · ``torn`` text= [at=] the same, broken off · ``garbage`` · ``endless`` [count=]
        bytes without an end · ``mute`` · ``slow`` [byte_seconds=] · ``unplug`` ``replug`` ``ok``."""
        if action == "scan":
            self._scan(self._line(arguments))
        elif action == "torn":
            line = self._line(arguments)
            self._scan(line[: _integer(arguments, "at", len(line) // 2)])
        elif action == "garbage":
            self._scan(GARBAGE)
        elif action == "endless":
            self._scan(b"0123456789" * (_integer(arguments, "count", 5_000) // 10))
        elif action == "mute":
            self._mute = True
        elif action == "slow":
            pace = arguments.get("byte_seconds", 0.01)
            if isinstance(pace, bool) or not isinstance(pace, int | float):
                raise UnknownAction("byte_seconds must be a number")
            self._byte_seconds = float(pace)
        elif action == "unplug":
            self.wire.unplug()
        elif action in ("replug", "ok"):
            if action == "ok":
                self._mute, self._byte_seconds = False, None
            self._plug()
        else:
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {', '.join(ACTIONS)}")

    def state(self) -> dict[str, Json]:
        return {
            "kind": "scanner",
            "port": self.port,
            "plugged": self.wire.plugged,
            "on": self._on,
            "mute": self._mute,
            "slow": self._byte_seconds is not None,
            "scans": self._scans,
            "unseen": self._unseen,
        }

    def _plug(self) -> None:
        if not self.wire.plugged:
            self._tail, self._on = b"", not self.commands.trigger_on
        self.wire.plug()

    def _line(self, arguments: Mapping[str, Json]) -> bytes:
        text, aim = arguments.get("text"), arguments.get("aim", "]Q1")
        if not isinstance(text, str) or not isinstance(aim, str):
            raise UnknownAction("text must be what the code says, aim an identifier like ]Q1")
        try:
            return encode_line(text, self.framing, aim, self._encoding)
        except UnicodeEncodeError as error:
            raise UnknownAction(f"this text cannot be said in {self._encoding}") from error

    def _scan(self, data: bytes) -> None:
        """A code before the scanner. It is not seen while the scanner is off, dead or unplugged."""
        with self._lock:
            if self._mute or not self._on or not self.wire.plugged:
                self._unseen += 1
                return
            self._scans += 1
            self._on = not self.commands.trigger_on  # a code that was read ends the trigger
        self.wire.send(data, byte_seconds=self._byte_seconds)

    def _received(self, data: bytes) -> None:
        """Commands from the host, wherever one of them ends."""
        with self._lock:
            self._tail += data
            asked = 0
            while command := self._first_command():
                if command == self.commands.ask:
                    asked += 1
                else:
                    self._on = command == self.commands.trigger_on
            self._tail = self._tail[-16:]
        if not self._mute:
            self.wire.send(self.commands.answer * asked)

    def _first_command(self) -> bytes:
        """The first whole command in what has come, taken out of it."""
        known = (self.commands.trigger_on, self.commands.trigger_off, self.commands.ask)
        found = [(self._tail.find(command), command) for command in known if command and command in self._tail]
        if not found:
            return b""
        at, command = min(found)
        self._tail = self._tail[at + len(command) :]
        return command


def _integer(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownAction(f"{key} must be a whole number, 0 or more")
    return value
