"""What a service tells the one that watches over it: sd_notify(3), by the standard library alone.

Both systemd and ``kiosk guard`` listen. Where nobody does (no NOTIFY_SOCKET) every word falls on the floor.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

SOCKET, INTERVAL, WHOM = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
MICROSECONDS = 1_000_000
SILENT = "KIOSK_LAST_WAS_SILENT"
"""Environment variable by which `kiosk guard` tells a life that the one before was killed for its silence."""


class Notify:
    """Datagrams to ``address`` ("@" begins an abstract name); "" is nobody. From any thread; waits for nothing."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address:
            import socket

            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def tell(self, **words: str | int) -> bool:
        """One datagram, such as ``READY=1``. Whether it was taken: a listener that has gone or sleeps is not waited
        for."""
        if self._socket is None:
            return False
        text = "\n".join(f"{name}={value}" for name, value in words.items())
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def of_environment(environment: Mapping[str, str] = os.environ) -> Notify:
    """Whoever started this process and wants to be told."""
    return Notify(environment.get(SOCKET, ""))


def interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds within which the watchdog must be fed; None where there is none, or it is another process's."""
    text, whom = environment.get(INTERVAL, ""), environment.get(WHOM, "")
    if not text.isdecimal() or int(text) == 0 or (whom and whom != str(os.getpid())):
        return None
    return int(text) / MICROSECONDS
