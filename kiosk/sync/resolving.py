"""The addresses of the backend's name. The system's resolver knows no time-out: it is asked in a thread of its own."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any

Addresses = list[tuple[Any, ...]]  # as socket.getaddrinfo gives them
KEPT_SECONDS = 300.0  # a name may come to mean another machine


class Name:
    """One host and port. ``addresses`` is asked by one thread; a resolver that hangs is left behind, never doubled."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._literal = _family(host)
        self._changed = threading.Condition()
        self._asking = self._stopped = False
        self._answer: Addresses | OSError | None = None
        self._known: tuple[Addresses, float] | None = None

    def addresses(self, seconds: float) -> Addresses:
        """Raises TimeoutError, ConnectionAbortedError after ``interrupt``, or the resolver's own OSError."""
        if self._literal is not None:
            return [(self._literal, socket.SOCK_STREAM, 0, "", (self._host, self._port))]
        if self._known is not None and time.monotonic() - self._known[1] < KEPT_SECONDS:
            return self._known[0]
        with self._changed:
            if not self._asking:
                self._asking, self._answer = True, None
                threading.Thread(target=self._resolve, name="resolver", daemon=True).start()
            self._changed.wait_for(lambda: self._answer is not None or self._stopped, seconds)
            answer, self._answer = self._answer, None
            if self._stopped:
                raise ConnectionAbortedError
        if answer is None:
            raise TimeoutError
        if isinstance(answer, OSError):
            raise answer
        self._known = (answer, time.monotonic())
        return answer

    def forget(self) -> None:
        """Nobody answered there: the name is asked for anew the next time."""
        self._known = None

    def interrupt(self) -> None:
        """From another thread: whoever waits for an answer ends now."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _resolve(self) -> None:
        answer: Addresses | OSError
        try:
            answer = list(socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))
        except OSError as error:
            answer = error
        except UnicodeError:  # a name that cannot be one: an empty or overlong label
            answer = socket.gaierror(socket.EAI_NONAME, "not a name")
        with self._changed:
            self._asking, self._answer = False, answer
            self._changed.notify_all()


def _family(host: str) -> socket.AddressFamily | None:
    """Of an address written out; None for a name."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return socket.AF_INET if version == 4 else socket.AF_INET6
