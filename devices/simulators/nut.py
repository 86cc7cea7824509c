"""A UPS behind its daemon: NUT's upsd on a TCP port, as far as a client that only looks can tell.

Checked against the real upsd by tests that ask both the same questions.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from devices.drivers.nut.protocol import encode_variable
from devices.simulators.listener import Listener
from devices.simulators.twin import Json, UnknownAction

STATES = {
    "on-line": ("OL CHRG", 100, 3_600),
    "on-battery": ("OB DISCHRG", 80, 1_800),
    "low": ("OB DISCHRG LB", 8, 120),
    "low-on-line": ("OL CHRG LB", 9, 150),
    "replace": ("OL RB", 100, 600),
    "overload": ("OL OVER", 100, 600),
    "wait": ("WAIT", None, None),
    "nonsense": ("OL OB", 50, 600),
}
LOST = {"stale": "DATA-STALE", "no-driver": "DRIVER-NOT-CONNECTED", "unknown-ups": "UNKNOWN-UPS"}
FAULTS = ("garbage", "half-line", "half-list", "mute", "slow", "pulled")
OTHERS = ("charge", "gone", "unplug", "replug", "ok")


class NutTwin:
    """Options: ``ups`` its name · ``model``, ``manufacturer``, ``serial``. ``gone`` and ``unplug`` end the daemon,
    ``replug`` and ``ok`` bring it back on the same port."""

    def __init__(
        self,
        name: str,
        *,
        ups: str = "kiosk",
        model: str = "Twin 1000",
        manufacturer: str = "Simulated",
        serial: str = "T724",
    ) -> None:
        self.name = name
        self._ups = ups
        self._fixed = {"device.mfr": manufacturer, "device.model": model, "device.serial": serial, "device.type": "ups"}
        self._listener = Listener(name, self._serve)
        self._lock = threading.Lock()
        self._woken = threading.Event()  # ends a slow answer
        self._status, self._charge, self._runtime = STATES["on-line"]
        self._lost = self._fault = ""
        self._times = 0
        self._seconds = 0.5
        self._questions = 0

    @property
    def port(self) -> str:
        return f"tcp://127.0.0.1:{self._listener.number}"

    def start(self) -> None:
        self._plug()

    def stop(self) -> None:
        self._unplug()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """STATES · ``charge`` percent= · LOST · ``gone`` or ``unplug``, ``replug``, ``ok`` · a fault: ``garbage``
        ``half-line`` ``half-list`` ``mute`` ``slow`` seconds= ``pulled`` (hangs up in the middle), with times= (0 =
        until ``ok``)."""
        if action in ("gone", "unplug"):
            self._unplug()
        elif action in ("replug", "ok"):
            if action == "ok":
                self._set(STATES["on-line"], "", "")
            self._plug()
        elif action in STATES:
            self._set(STATES[action], self._lost, self._fault)
        elif action in LOST:
            self._set((self._status, self._charge, self._runtime), LOST[action], self._fault)
        elif action in FAULTS:
            self._arm(action, arguments)
        elif action == "charge":
            self._set((self._status, _integer(arguments, "percent", 50), self._runtime), self._lost, self._fault)
        else:
            known = ", ".join([*STATES, *LOST, *FAULTS, *OTHERS])
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {known}")

    def state(self) -> dict[str, Json]:
        with self._lock:
            return {
                "kind": "nut",
                "port": self.port,
                "plugged": self._listener.is_open,
                "status": self._status,
                "charge": self._charge,
                "runtime": self._runtime,
                "lost": self._lost or None,
                "fault": self._fault or None,
                "questions": self._questions,
            }

    # ---- control ----

    def _set(self, power: tuple[str, int | None, int | None], lost: str, fault: str) -> None:
        with self._lock:
            (self._status, self._charge, self._runtime), self._lost, self._fault = power, lost, fault

    def _arm(self, fault: str, arguments: Mapping[str, Json]) -> None:
        seconds = arguments.get("seconds", 0.5)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise UnknownAction("seconds must be a number")
        with self._lock:
            self._fault, self._times, self._seconds = fault, _integer(arguments, "times", 0), float(seconds)

    def _plug(self) -> None:
        self._woken.clear()
        self._listener.open()

    def _unplug(self) -> None:
        self._woken.set()
        self._listener.close()

    # ---- the wire ----

    def _serve(self, connection: socket.socket) -> None:
        rest = b""
        while data := connection.recv(4_096):
            rest += data
            while b"\n" in rest:
                line, rest = rest.split(b"\n", 1)
                if not self._answer(connection, line.decode("utf-8", "replace").split()):
                    return

    def _answer(self, connection: socket.socket, words: list[str]) -> bool:
        """Whether the connection goes on."""
        with self._lock:
            self._questions += 1
            fault, seconds = self._due_fault(), self._seconds
            answer = self._reply(words)
        if fault == "mute":
            return True
        if fault == "slow":
            self._woken.wait(seconds)
        connection.sendall(_spoilt(answer, fault))
        return fault != "pulled" and words[:1] != ["LOGOUT"]

    def _due_fault(self) -> str:
        fault = self._fault
        if fault and self._times:
            self._times -= 1
            self._fault = fault if self._times else ""
        return fault

    def _reply(self, words: list[str]) -> bytes:
        match words:
            case ["LIST", "VAR", ups]:
                return self._error(ups) or self._list(ups)
            case ["GET", "VAR", ups, name]:
                value = self._variables().get(name)
                known = b"ERR VAR-NOT-SUPPORTED\n" if value is None else encode_variable(ups, name, value)
                return self._error(ups) or known
            case ["LIST", "UPS"]:
                return f'BEGIN LIST UPS\nUPS {self._ups} "simulated"\nEND LIST UPS\n'.encode()
            case ["VER"]:
                return b"Network UPS Tools upsd (twin)\n"
            case ["LOGOUT"]:
                return b"OK Goodbye\n"
        return b"ERR UNKNOWN-COMMAND\n"

    def _list(self, ups: str) -> bytes:
        lines = [encode_variable(ups, name, value) for name, value in sorted(self._variables().items())]
        return b"".join([f"BEGIN LIST VAR {ups}\n".encode(), *lines, f"END LIST VAR {ups}\n".encode()])

    def _error(self, ups: str) -> bytes:
        word = "UNKNOWN-UPS" if ups != self._ups else self._lost
        return f"ERR {word}\n".encode() if word else b""

    def _variables(self) -> dict[str, str]:
        told = {**self._fixed, "ups.status": self._status}
        for name, value in (("battery.charge", self._charge), ("battery.runtime", self._runtime)):
            if value is not None:
                told[name] = str(value)
        return told


def _spoilt(answer: bytes, fault: str) -> bytes:
    if fault == "garbage":
        return bytes((0x80 + 13 * place) % 256 for place in range(80)) + b"\n"
    if fault == "half-line":
        return answer[: answer.index(b"\n") // 2]
    if fault in ("half-list", "pulled"):
        return answer[: answer.rindex(b"\n", 0, -1) + 1] if fault == "half-list" else answer[: len(answer) // 2]
    return answer


def _integer(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownAction(f"{key} must be a whole number, 0 or more")
    return value
