"""A byte stream over TCP whose every operation ends by its deadline. Knows no protocol."""

from __future__ import annotations

import errno
import os
import socket
import threading
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

from devices.contracts.deadline import Deadline
from devices.transports.descriptor import DescriptorStream
from devices.transports.stream import PortMissing, PortUnusable


def address(port: str, default: int | None = None) -> tuple[str, int]:
    """``scheme://host:port`` as (host, port). Raises PortUnusable for anything else."""
    try:
        parts = urlsplit(port)
        host, number = parts.hostname, parts.port or default
    except ValueError:
        host = number = None
    if not host or not number:
        raise PortUnusable(port, "not an address of the form scheme://host:port")
    return host, number


_Found = list[tuple[Any, ...]]
_asking = threading.Lock()
_asked: dict[tuple[str, int], Future[_Found]] = {}  # names being looked up or known


def connect(host: str, number: int, deadline: Deadline) -> socket.socket:
    """A connected socket. Raises OSError (TimeoutError at the deadline), for a silent name server too."""
    trouble = OSError("the name has no address")
    for family, kind, protocol, _, where in _resolve(host, number, deadline):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, deadline.remaining()))
            sock.connect(where)
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    with _asking:
        _asked.pop((host, number), None)  # it may have moved
    raise trouble


def _resolve(host: str, number: int, deadline: Deadline) -> _Found:
    """Numbers at once; a name in a thread of its own, for getaddrinfo knows no time limit. A known name is not asked
    for again, nor is one that is being asked for."""
    try:
        return socket.getaddrinfo(host, number, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        pass  # a name, possibly an impossible one
    with _asking:
        future = _asked.get((host, number))
        if future is None:
            future = _asked[host, number] = Future()
            threading.Thread(target=_ask, args=(host, number, future), name="names", daemon=True).start()
    return future.result(deadline.remaining())


def _ask(host: str, number: int, future: Future[_Found]) -> None:
    try:
        future.set_result(socket.getaddrinfo(host, number, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        with _asking:
            _asked.pop((host, number), None)
        future.set_exception(OSError(f"the name is not known: {type(error).__name__}"))


def why(error: OSError) -> str:
    """Why there is no connection, in words for whoever looks after the device."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "the machine is there, but nothing listens at that number"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "no way leads to it from here"
    return "its name is not known here" if error.errno is None else os.strerror(error.errno)


class TcpStream(DescriptorStream):
    """``tcp://host:port`` as a ByteStream. PortMissing means that nobody listens there: nothing has been sent."""

    def open(self, deadline: Deadline) -> None:
        self.close()
        try:
            sock = connect(*address(self._port), deadline)
        except OSError as error:
            raise PortMissing(self._port, why(error)) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self._fd = sock.detach()
