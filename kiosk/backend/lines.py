"""Connections: who says nothing is left, and nobody from outside holds them all."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # a request's head must be whole by then
REST_SECONDS = 60.0  # what still comes of a request that was answered already is read, and dropped, for so long
PER_ADDRESS = 128  # connections of one address; a proxy on this machine speaks for everybody


def is_here(address: str) -> bool:
    """Whether the other end is on this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True  # no address at all: a local socket


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to waiting. uvicorn itself limits only the pause between two requests."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        others = [getattr(each, "client", None) for each in self.connections]
        if not is_here(address) and sum(bool(client and client[0] == address) for client in others) > PER_ADDRESS:
            transport.abort()
            return
        self._wait(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _look(self) -> None:
        """What this connection waits for, after each event. More bytes of the same head do not lengthen the wait."""
        half_a_head = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0] != b""
        rest = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        if not (half_a_head or rest):
            self._stop_waiting()
        elif self._waiting is None:
            self._wait(HEAD_SECONDS if half_a_head else REST_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
