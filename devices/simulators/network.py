"""The wire to the backend as a twin: a TCP relay that can be pulled, slowed, or caught by a captive portal."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from devices.simulators.twin import Json, UnknownAction

PAGE = b"<html><body>Please accept our terms to use this network.</body></html>"
PORTAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(PAGE),
    PAGE,
)
MODES = ("on", "off", "portal", "slow")


class NetworkTwin:
    """Relays to ``target`` (``http://host:port``). Modes: on, off (refused and reset), portal (HTML, 200), slow."""

    def __init__(self, name: str, *, target: str, mode: str = "on") -> None:
        self.name = name
        split = urlsplit(target)
        self._target = (split.hostname or "127.0.0.1", split.port or 80)
        self._mode = mode
        self._port = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._connections = 0

    @property
    def port(self) -> str:
        """The same address before and after the network was off."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        if self._mode == "off" and not self._port:
            self._listen()
            self._pull()
        elif self._listener is None:
            self._listen()

    def stop(self) -> None:
        self._wake.set()
        self._pull()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        if action not in MODES:
            raise UnknownAction(f"network has {', '.join(MODES)}, not {action!r}")
        with self._lock:
            self._mode = action
        if action == "off":
            self._pull()
        elif self._listener is None:
            self._listen()

    def state(self) -> dict[str, Json]:
        return {"mode": self._mode, "connections": self._connections}

    # -- inside --------------------------------------------------------------------------------------

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port), reuse_port=False)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="network-twin", daemon=True).start()

    def _pull(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
            connections, self._open = self._open, set()
        for sock in (*connections, *([listener] if listener else ())):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._connections += 1
            threading.Thread(target=self._serve, args=(client,), name="network-twin-relay", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._mode == "portal":
            with client, contextlib.suppress(OSError):
                client.recv(65536)
                client.sendall(PORTAL)
            return
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            pulled = self._mode == "off"  # the line was cut while this connection was being made
            if not pulled:
                self._open |= {client, server}
        if pulled:
            client.close()
            server.close()
            return
        back = threading.Thread(target=self._relay, args=(server, client), name="network-twin-back", daemon=True)
        back.start()
        self._relay(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._mode == "slow":
                    for byte in data:
                        sink.sendall(bytes([byte]))
                        self._wake.wait(0.02)
                else:
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
