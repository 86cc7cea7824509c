"""A cabinet of twins: starts them from a spec, obeys the control socket, tells their state.

One thread, asleep until a request comes. The twins have threads or processes of their own.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from devices.simulators.control import MAX_LINE
from devices.simulators.twin import Json, Twin, UnknownAction

KINDS = {
    "sdt": "devices.simulators.sdt:SdtTwin",
    "escpos": "devices.simulators.escpos:EscPosTwin",
    "ipp": "devices.simulators.ipp:IppTwin",
    "cups": "devices.simulators.cups:CupsTwin",
    "sane": "devices.simulators.sane:SaneTwin",
    "camera": "devices.simulators.camera:CameraTwin",
    "document_camera": "devices.simulators.document_camera:DocumentCameraTwin",
    "network": "devices.simulators.network:NetworkTwin",
    "scanner": "devices.simulators.scanner:ScannerTwin",
    "modbus": "devices.simulators.modbus:ModbusTwin",
    "nut": "devices.simulators.nut:NutTwin",
    "vpcd": "devices.simulators.vpcd:VpcdTwin",
    "xfs4iot": "devices.simulators.xfs4iot:XfsTwin",
    "alsa": "devices.simulators.alsa:AlsaTwin",
}


class SpecError(ValueError):
    """The spec names a kind or an option that does not exist; the message says which."""


def make_twin(name: str, kind: str, options: Mapping[str, Json]) -> Twin:
    """A twin of a kind, not started yet; its module is imported only now."""
    if kind not in KINDS:
        raise SpecError(f"{name}: there is no kind {kind!r}; there are {', '.join(sorted(KINDS))}")
    module, class_name = KINDS[kind].split(":")
    try:
        twin: Twin = getattr(import_module(module), class_name)(name, **options)
    except TypeError as error:
        raise SpecError(f"{name} ({kind}): {error}") from error
    return twin


def make_twins(spec: Mapping[str, Json]) -> dict[str, Twin]:
    """Twins from ``{"devices": {name: {"kind": …, option: value}}}``, or from the inner mapping alone."""
    devices = spec.get("devices", dict(spec))
    if not isinstance(devices, dict):
        raise SpecError("devices must be a table of device names")
    twins = {}
    for name, entry in devices.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
            raise SpecError(f"{name}: needs a kind")
        options = {key: value for key, value in entry.items() if key != "kind"}
        twins[name] = make_twin(name, str(entry["kind"]), options)
    return twins


class Cabinet:
    """Twins behind one control socket. ``state_file`` is rewritten, atomically, after every action."""

    def __init__(self, twins: Mapping[str, Twin], socket_path: str | Path, state_file: str | Path = "") -> None:
        self._twins = dict(twins)
        self._socket_path = Path(socket_path)
        self._state_file = Path(state_file) if state_file else None
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._wake, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None
        self._buffers: dict[socket.socket, bytes] = {}

    @property
    def ports(self) -> dict[str, str]:
        return {name: twin.port for name, twin in self._twins.items()}

    def start(self) -> None:
        """Start the twins, then listen. What was started is stopped again when one of them fails."""
        started: list[Twin] = []
        try:
            for twin in self._twins.values():
                twin.start()
                started.append(twin)
            self._listen()
        except BaseException:
            for twin in started:
                twin.stop()
            raise
        self._write_state()
        self._thread = threading.Thread(target=self._serve, name="cabinet", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and free every twin."""
        if self._thread is not None:
            self._wake.send(b"x")
            self._thread.join()
            self._thread = None
        for connection in list(self._buffers):
            self._drop(connection)
        if self._listener is not None:
            self._listener.close()
            self._socket_path.unlink(missing_ok=True)
        self._selector.close()
        self._wake.close()
        self._woken.close()
        for twin in self._twins.values():
            twin.stop()

    def handle(self, request: Mapping[str, Json]) -> dict[str, Json]:
        """One request, answered."""
        name, action, arguments = request.get("device"), request.get("do"), request.get("with") or {}
        if action == "state" and not name:
            return {"ok": True, "state": self._states()}
        twin = self._twins.get(name) if isinstance(name, str) else None
        if twin is None:
            return {"ok": False, "error": f"there is no device {name!r}; there are {', '.join(self._twins)}"}
        if not isinstance(action, str) or not isinstance(arguments, dict):
            return {"ok": False, "error": "do must be a word, with must be an object"}
        if action != "state":
            try:
                twin.act(action, arguments)
            except UnknownAction as error:
                return {"ok": False, "error": str(error)}
            self._write_state()
        return {"ok": True, "state": twin.state()}

    def _listen(self) -> None:
        self._socket_path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._socket_path))
        self._socket_path.chmod(0o600)
        self._listener.listen()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._receive(key.fileobj)

    def _accept(self) -> None:
        if self._listener is not None:
            connection, _ = self._listener.accept()
            connection.settimeout(2.0)  # a client that does not read its answer must not hold up the others
            self._buffers[connection] = b""
            self._selector.register(connection, selectors.EVENT_READ)

    def _receive(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(MAX_LINE)
            self._buffers[connection] += data
            if not data or len(self._buffers[connection]) > MAX_LINE:
                self._drop(connection)
                return
            while b"\n" in self._buffers[connection]:
                line, self._buffers[connection] = self._buffers[connection].split(b"\n", 1)
                connection.sendall(json.dumps(self._answer(line), ensure_ascii=False).encode() + b"\n")
        except OSError:
            self._drop(connection)

    def _answer(self, line: bytes) -> dict[str, Json]:
        try:
            request = json.loads(line)
        except ValueError:
            return {"ok": False, "error": "this is not JSON"}
        return self.handle(request) if isinstance(request, dict) else {"ok": False, "error": "an object is needed"}

    def _drop(self, connection: socket.socket) -> None:
        self._buffers.pop(connection, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()

    def _states(self) -> dict[str, Json]:
        return {name: twin.state() for name, twin in self._twins.items()}

    def _write_state(self) -> None:
        if self._state_file is None:
            return
        fresh = self._state_file.with_name(self._state_file.name + ".new")
        fresh.write_text(json.dumps(self._states(), ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(fresh, self._state_file)
