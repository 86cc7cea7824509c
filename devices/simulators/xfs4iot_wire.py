"""One client's WebSocket connection, seen from the service: messages in and out, and what can go wrong with them."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

MAX_MESSAGE = 32 * 1024 * 1024


class Client:
    """``known`` says which paths are services; ``received`` is called with each message, in the connection's thread."""

    def __init__(
        self, connection: socket.socket, known: Callable[[str], bool], received: Callable[[Client, str], None]
    ) -> None:
        self._socket, self._known, self._received = connection, known, received
        self._protocol = ServerProtocol(max_size=MAX_MESSAGE)
        self._lock = threading.RLock()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._parts: list[bytes] = []
        self.path = ""

    def serve(self) -> None:
        """Until the connection ends."""
        with contextlib.suppress(OSError):
            while True:
                self._socket.settimeout(self._run_due())
                try:
                    data = self._socket.recv(64 * 1024)
                except TimeoutError:
                    continue
                with self._lock:
                    if data:
                        self._protocol.receive_data(data)
                    else:
                        self._protocol.receive_eof()
                    events = self._protocol.events_received()
                for event in events:
                    self._take(event)
                self._flush()
                if not data or (self.path and self._protocol.state is not OPEN):
                    return

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something in the connection's thread after a while; from that thread only."""
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), what))

    def say(self, text: str, *, cut: int | None = None) -> None:
        """One text message; ``cut`` lets only so many of the frame's bytes out."""
        with self._lock:
            if self._protocol.state is not OPEN:
                return
            self._protocol.send_text(text.encode())
            self._flush(cut)

    def drop(self) -> None:
        """Break the connection without a word, as a power cut would."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _take(self, event: object) -> None:
        if isinstance(event, Request):
            path = event.path.rstrip("/")
            with self._lock:
                if self._known(path):
                    self._protocol.send_response(self._protocol.accept(event))
                    self.path = path
                else:
                    self._protocol.send_response(self._protocol.reject(404, "There is no such service.\n"))
                self._flush()
        elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
            self._parts.append(bytes(event.data))
            if event.fin:
                text, self._parts = b"".join(self._parts).decode("utf-8", "replace"), []
                self._received(self, text)

    def _flush(self, cut: int | None = None) -> None:
        with self._lock, contextlib.suppress(OSError):
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.settimeout(10.0)
                    self._socket.sendall(data if cut is None else data[:cut])
                else:
                    self._socket.shutdown(socket.SHUT_WR)

    def _run_due(self) -> float | None:
        """Do what is due; seconds until the next thing is."""
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        return max(0.001, self._due[0][0] - time.monotonic()) if self._due else None
