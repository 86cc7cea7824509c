"""One HTTP exchange at a time over a kept connection, with a deadline for the whole of it and an end to standing still.

A socket time-out starts anew with every byte that trickles in; here the time left is set before each wait, so that a
slow body ends at the deadline. A large body has a late deadline: where nothing moves at all, ``stall`` seconds are
enough. Knows nothing of signatures, follows no redirect, uses no proxy from the environment.

A request may be on its way while its sender does something else: ``begin`` sends it and gives what waits for the
reply.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from kiosk.address import parse
from kiosk.sync.resolving import Name

if TYPE_CHECKING:
    import ssl

MAX_REPLY = 4 * 1024 * 1024
STALL = 20.0  # s
_CHUNK = 16 * 1024  # bytes given to the socket at once: what has to move within ``stall``
_DATES = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


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


@runtime_checkable
class Ahead(Protocol):
    """A transport that can also have a request on its way before anybody waits for the reply."""

    def begin(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Callable[[], Reply]:
        """The request is sent when this returns. What it returns is called once for the whole reply, within
        ``seconds`` from now. Another request meanwhile gives this one up. Both raise TransportFailure.
        """


class HttpTransport:
    """https:// to one backend, or http:// on this machine (ValueError for any other). Used by one thread.

    ``roots``: a PEM file; with it no authority but those in it is believed, whatever the system trusts.
    """

    def __init__(self, base_url: str, *, roots: Path | None = None, stall: float = STALL) -> None:
        address = parse(base_url)
        self._host, self._port, self._tls = address.host, address.port, address.tls
        self._name = Name(self._host, self._port)
        self._roots, self._stall = roots, stall
        self._tls_context: ssl.SSLContext | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._under_way = False  # a request was sent, and its reply is still to be read

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        return self.begin(method, target, headers, body, seconds)()

    def begin(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Callable[[], Reply]:
        if self._under_way:  # nobody wants that reply any more, and it would be taken for this one's
            self.close()
        deadline = time.monotonic() + seconds
        kept = self._socket is not None
        with self._unless_it_breaks(kept):
            raw = self._socket or self._connect(deadline)
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock = _DeadlineSocket(raw, deadline, self._stall)  # the part of a socket that http.client uses
            connection.request(method, target, body or None, dict(headers))
        self._under_way = True

        def reply() -> Reply:
            with self._unless_it_breaks(kept):
                found, whole = _read(connection)
            self._under_way = False
            if not whole:
                self.close()
            return found

        return reply

    @contextmanager
    def _unless_it_breaks(self, kept: bool) -> Iterator[None]:
        """``kept``: the connection had served before. Whatever goes wrong, it serves no more."""
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            if self._stopped:
                raise TransportFailure("stopped") from error
            closed = isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
            raise TransportFailure(_cause(error), stale=kept and closed) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._under_way = False
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
                    raw = self._context().wrap_socket(raw, server_hostname=self._host)
                    self._hold(raw)
                return raw
            except OSError as error:
                last = error
                raw.close()
        self._name.forget()
        raise last

    def _context(self) -> ssl.SSLContext:
        import ssl

        if self._tls_context is None:
            try:
                self._tls_context = ssl.create_default_context(cafile=self._roots)
            except OSError as error:  # missing, unreadable, or no PEM (ssl.SSLError)
                raise _BadRoots from error
        return self._tls_context

    def _hold(self, raw: socket.socket) -> None:
        with self._lock:
            self._socket = raw
            if self._stopped:
                raise ConnectionAbortedError


def _read(connection: http.client.HTTPConnection) -> tuple[Reply, bool]:
    """The reply, and whether the connection may serve again."""
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

    def __init__(self, raw: socket.socket, deadline: float, stall: float) -> None:
        self._raw, self._deadline, self._stall = raw, deadline, stall

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            with _within(self._raw, self._deadline, self._stall):
                self._raw.sendall(view[start : start + _CHUNK])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._raw, self._deadline, self._stall), 64 * 1024)

    def close(self) -> None:
        """Left to the transport, which decides whether the connection serves again."""


class _DeadlineReader(io.RawIOBase):
    def __init__(self, raw: socket.socket, deadline: float, stall: float) -> None:
        self._raw, self._deadline, self._stall = raw, deadline, stall

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _within(self._raw, self._deadline, self._stall):
            return self._raw.recv_into(buffer)


class _Stalled(TimeoutError):
    """Time is left, and nothing has moved."""


class _BadRoots(OSError):
    """The file of trusted roots."""


@contextmanager
def _within(raw: socket.socket, deadline: float, stall: float) -> Iterator[None]:
    """One wait of the socket, cut to the time left and to ``stall``."""
    left = _left(deadline)
    raw.settimeout(min(left, stall))
    try:
        yield
    except TimeoutError as error:
        if stall < left:
            raise _Stalled from error
        raise


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cause(error: Exception) -> str:
    """A short stable code; the order matters, as some of these are kinds of others."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _DATES:
        return "tls-date"
    for kind, cause in (
        (_Stalled, "stalled"),
        (_BadRoots, "roots"),
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
