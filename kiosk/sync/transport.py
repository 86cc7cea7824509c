"""One HTTP exchange at a time over a kept connection, with a deadline for the whole of it.

A socket time-out starts anew with every byte that trickles in; here the time left is set before each wait, so that a
slow body ends at the deadline. Knows nothing of signatures, follows no redirect, uses no proxy from the environment.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kiosk.address import parse
from kiosk.sync.resolving import Name

MAX_REPLY = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class TransportFailure(Exception):
    """No whole reply. ``stale``: a kept connection had been closed meanwhile, a new one may be tried at once."""

    def __init__(self, cause: str, *, stale: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.stale = stale


@dataclass(frozen=True, slots=True)
class Reply:
    """``headers`` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """What the client needs of the network."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        """The whole reply within ``seconds``. Raises TransportFailure."""

    def interrupt(self) -> None:
        """From another thread: end the exchange under way and every later one with cause ``stopped``."""

    def close(self) -> None: ...


class HttpTransport:
    """https:// to one backend, or http:// on this machine (ValueError for any other). Used by one thread."""

    def __init__(self, base_url: str, *, ca_file: str | None = None) -> None:
        address = parse(base_url)
        self._host, self._port, self._tls = address.host, address.port, address.tls
        self._name = Name(self._host, self._port)
        self._ca_file = ca_file
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        deadline = time.monotonic() + seconds
        kept = self._socket is not None
        whole = False
        try:
            raw = self._socket or self._connect(deadline)
            reply, whole = self._exchange(_DeadlineSocket(raw, deadline), method, target, headers, body)
            return reply
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._stopped:
                raise TransportFailure("stopped") from error
            closed = isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
            raise TransportFailure(_cause(error), stale=kept and closed) from error
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        with self._lock:
            raw, self._socket = self._socket, None
        if raw is not None:
            raw.close()

    def interrupt(self) -> None:
        with self._lock:
            self._stopped = True
            raw = self._socket
        self._name.interrupt()
        if raw is not None:
            try:
                raw.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # not connected any more, which is what was wanted

    def _connect(self, deadline: float) -> socket.socket:
        last: OSError = OSError("no address")
        for family, kind, protocol, _, address in self._name.addresses(_left(deadline)):
            raw = socket.socket(family, kind, protocol)
            self._hold(raw)  # from here on interrupt() reaches it
            try:
                raw.settimeout(_left(deadline))
                raw.connect(address)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls:
                    import ssl

                    raw = ssl.create_default_context(cafile=self._ca_file).wrap_socket(raw, server_hostname=self._host)
                    self._hold(raw)
                return raw
            except OSError as error:
                last = error
                raw.close()
        self._name.forget()
        raise last

    def _hold(self, raw: socket.socket) -> None:
        with self._lock:
            self._socket = raw
            if self._stopped:
                raise ConnectionAbortedError

    def _exchange(
        self, sock: _DeadlineSocket, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Reply, bool]:
        """The reply, and whether the connection may serve again."""
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = sock  # the part of a socket that http.client uses
        connection.request(method, target, body or None, dict(headers))
        response = connection.getresponse()
        data = response.read(MAX_REPLY + 1)
        if len(data) > MAX_REPLY:
            raise http.client.HTTPException("too much")
        if response.length:  # read(n) does not complain about a body that ends early
            raise http.client.IncompleteRead(data, response.length)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, found, data), response.isclosed() and not response.will_close


class _DeadlineSocket:
    """What http.client uses of a socket, each wait cut to the time left."""

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            self._raw.settimeout(_left(self._deadline))
            self._raw.sendall(view[start : start + _CHUNK])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._raw, self._deadline), _CHUNK)

    def close(self) -> None:
        """Left to the transport, which decides whether the connection serves again."""


class _DeadlineReader(io.RawIOBase):
    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._raw.settimeout(_left(self._deadline))
        return self._raw.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cause(error: Exception) -> str:
    """A short stable code; the order matters, as some of these are kinds of others."""
    import ssl

    for kind, cause in (
        (TimeoutError, "deadline"),
        (socket.gaierror, "dns"),
        (ssl.SSLError, "tls"),
        (ConnectionRefusedError, "refused"),
        (http.client.IncompleteRead, "half-reply"),
        (ConnectionError, "reset"),
        (OSError, "unreachable"),
    ):
        if isinstance(error, kind):
            return cause
    return "not-http"
