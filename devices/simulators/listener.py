"""A TCP port of a twin: one thread that sleeps in accept, one per connection, all ended and joined by ``close``."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Listener:
    """Listens on 127.0.0.1. The port is chosen at the first ``open`` and kept, so that a device can come back to it."""

    def __init__(self, name: str, serve: Callable[[socket.socket], None]) -> None:
        self._name, self._serve = name, serve
        self.number = 0
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._acceptor: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self) -> None:
        if self._socket:
            return
        self._socket = sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.number))
        sock.listen(16)
        self.number = int(sock.getsockname()[1])
        self._acceptor = threading.Thread(target=self._accept, args=(sock,), name=f"twin-{self._name}", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Refuse from now on, break every connection, wait for every thread. Not to be called from a connection."""
        sock, self._socket = self._socket, None
        if sock is None:
            return
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)  # wakes accept
        if self._acceptor:
            self._acceptor.join()
        sock.close()
        self.drop()

    def drop(self) -> None:
        """Break every connection and go on listening."""
        with self._lock:
            threads = dict(self._open)
        for connection, thread in threads.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self, sock: socket.socket) -> None:
        while True:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(
                target=self._run, args=(connection,), name=f"twin-{self._name}-connection", daemon=True
            )
            with self._lock:
                self._open[connection] = thread
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                self._serve(connection)
        finally:
            with self._lock:
                self._open.pop(connection, None)
            connection.close()
