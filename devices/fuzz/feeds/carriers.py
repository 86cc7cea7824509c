"""Transports that take foreign bytes apart: a child's channel, a device's HTTP server, a card's answers."""

from __future__ import annotations

import json
import socket
from typing import Any

from devices.contracts.deadline import Deadline
from devices.fuzz.feeds import pieces

NOW = Deadline(0.0)


class _OnceStream:
    """What has arrived and nothing after it: the far end closed."""

    def __init__(self, data: bytes) -> None:
        self._parts = pieces(data)

    def read_some(self, limit: int, deadline: Deadline) -> bytes:
        from devices.transports.descriptor import ConnectionLost

        if not self._parts:
            raise ConnectionLost("fuzz", "closed")
        part = self._parts.pop(0)
        if len(part) > limit:
            self._parts.insert(0, part[limit:])
        return part[:limit]


def http_answer(data: bytes) -> object:
    """An answer of a device's HTTP server, read as ``exchange`` reads it."""
    from devices.transports import http

    stream: Any = _OnceStream(data)
    return http._answer(http._Reader(stream, Deadline.after(60)), 64 * 1024)


def http_golden() -> list[bytes]:
    return [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.0 401 Unauthorized\r\nServer: x\r\n\r\nno",
    ]


def child_messages(data: bytes) -> list[object]:
    """The parent's end of a child's channel: messages until the bytes are used up."""
    from devices.transports.child_channel import Channel

    ours, theirs = socket.socketpair()
    channel = Channel(ours, max_body=64 * 1024)
    found: list[object] = []
    try:
        theirs.sendall(data)
        while True:
            found.append(channel.receive(NOW))
    except TimeoutError:
        return found
    finally:
        channel.close()
        theirs.close()


def child_head(text: str) -> object:
    """A well-framed message whose head is this text."""
    head = text.encode("utf-8", "surrogateescape")
    return child_messages(b"\xc7\x24" + len(head).to_bytes(4, "big") + bytes(4) + head)


def child_golden() -> list[bytes]:
    heads = ({"is": "ready", "opencv": "4.12.0"}, {"is": "outcome", "id": 3, "kind": "matched"})
    made = []
    for head, body in zip(heads, (b"", b"\xff\xd8\xff\xd9"), strict=True):
        text = json.dumps(head).encode()
        made.append(b"\xc7\x24" + len(text).to_bytes(4, "big") + len(body).to_bytes(4, "big") + text + body)
    return [*made, made[0] + made[1]]
