"""A reply goes out at once: with Nagle's algorithm left on, every one waited 40 ms for the other end's delayed ACK."""

from __future__ import annotations

import asyncio
import socket

from kiosk.backend.serve import bind


async def _nodelay_of_an_accepted_connection() -> int:
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listener = bind("127.0.0.1:0")
    async with await asyncio.get_running_loop().create_server(Protocol, sock=listener):
        with socket.create_connection(listener.getsockname()):
            return await asyncio.wait_for(found, 10)


def test_an_accepted_connection_sends_small_replies_at_once() -> None:
    assert asyncio.run(_nodelay_of_an_accepted_connection()) == 1
