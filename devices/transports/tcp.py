"""A byte stream over TCP whose every operation ends by its deadline. Knows no protocol."""

from __future__ import annotations

import socket
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


class TcpStream(DescriptorStream):
    """``tcp://host:port`` as a ByteStream. PortMissing means that nobody listens there: nothing has been sent."""

    def open(self, deadline: Deadline) -> None:
        self.close()
        try:
            sock = socket.create_connection(address(self._port), timeout=max(0.001, deadline.remaining()))
        except OSError as error:
            raise PortMissing(self._port) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self._fd = sock.detach()
