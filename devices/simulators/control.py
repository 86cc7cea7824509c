"""One control point for all twins: JSON lines over a Unix socket.

Request ``{"device": "id_reader", "do": "put", "with": {"card": "resident"}}`` or ``{"do": "state"}``; answer
``{"ok": true, "state": {...}}`` or ``{"ok": false, "error": "..."}``. Command line, tests, demo and DevDock use the
same client.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType

from devices.simulators.twin import Json

MAX_LINE = 65_536


class ControlError(Exception):
    """The cabinet refused, or could not be reached; the message says why."""


class Control:
    """A client of a cabinet. Connects when first used; one request at a time."""

    def __init__(self, path: str | Path, timeout: float = 5.0) -> None:
        self._path = str(path)
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._rest = b""

    def do(self, device: str, action: str, **arguments: Json) -> dict[str, Json]:
        """Have a device do an action; returns its state after it."""
        return self._ask({"device": device, "do": action, "with": arguments})

    def state(self, device: str = "") -> dict[str, Json]:
        """One device's state, or all by name."""
        return self._ask({"device": device, "do": "state"} if device else {"do": "state"})

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket, self._rest = None, b""

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: dict[str, Json]) -> dict[str, Json]:
        try:
            line = self._exchange(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            self.close()
            raise ControlError(f"the cabinet at {self._path} does not answer: {error}") from error
        answer = json.loads(line)
        if not answer.get("ok"):
            raise ControlError(str(answer.get("error", "refused without a reason")))
        state: dict[str, Json] = answer["state"]
        return state

    def _exchange(self, request: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(self._timeout)
            self._socket.connect(self._path)
        self._socket.sendall(request)
        while b"\n" not in self._rest:
            part = self._socket.recv(MAX_LINE)
            if not part:
                raise ConnectionError("it closed the connection")
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        return line
