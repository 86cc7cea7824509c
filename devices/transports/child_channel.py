"""Messages over a socket between a parent and its child: a JSON object and an optional binary body, bounded, no pickle.

On the wire: C7 24, the length of the JSON (4 bytes, big endian), the length of the body (4), then both.
"""

from __future__ import annotations

import json
import math
import select
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from devices.contracts.deadline import Deadline

MAX_HEAD = 1024 * 1024
MAX_BODY = 32 * 1024 * 1024
_MAX_DIGITS = 20  # of a whole number: 64 bits and a sign
_MAGIC = b"\xc7\x24"
_PREFIX = struct.Struct(">2sII")  # magic, bytes of JSON, bytes of body


class Garbage(ValueError):
    """The other end sent bytes that are no message."""


def parse_head(text: bytes) -> dict[str, Any]:
    """The object that a message's JSON says. Raises Garbage: no JSON, nested without end, no object, or with a number
    that is none (NaN, 1e999, hundreds of digits), which would trip whoever counts with it."""
    try:
        head = json.loads(text, parse_float=_finite, parse_int=_whole, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise Garbage("head is not JSON") from None
    if not isinstance(head, dict):
        raise Garbage("head is not an object")
    return head


def _finite(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _whole(word: str) -> int:
    if len(word) > _MAX_DIGITS:
        raise ValueError("not a number")
    return int(word)


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``head`` says what it is, ``body`` carries bytes (a picture, say). The repr shows sizes only."""

    head: Mapping[str, Any]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Message({sorted(self.head)}, {len(self.body)} bytes)"


class Channel:
    """Messages over a connected socket. One thread may send while another receives.

    ``send`` and ``receive`` raise TimeoutError at the deadline, EOFError when the other end is gone and Garbage.
    A receive that timed out in the middle of a message goes on where it stopped. A send that did so has spoilt the
    line, for its rest would be looked for in the next message: every later one raises EOFError.
    """

    def __init__(self, connection: socket.socket, *, max_body: int = MAX_BODY) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._max_body = max_body
        self._pending = bytearray()
        self._sending = threading.Lock()
        self._receiving = threading.Lock()
        self._torn = False  # a message was sent in part
        self.closed = False  # by ourselves, not by the other end

    def send(self, head: Mapping[str, Any], body: bytes = b"", *, deadline: Deadline | None = None) -> None:
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > MAX_HEAD or len(body) > self._max_body:
            raise ValueError("message too long for the channel")
        if not self._sending.acquire(timeout=-1 if deadline is None else deadline.remaining()):
            raise TimeoutError("channel busy")
        try:
            self._send(_PREFIX.pack(_MAGIC, len(text), len(body)) + text + body, deadline)
        finally:
            self._sending.release()

    def receive(self, deadline: Deadline | None = None) -> Message:
        with self._receiving:
            while (message := self._take()) is None:
                self._wait(select.POLLIN, deadline)
                try:
                    piece = self._socket.recv(256 * 1024)
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise EOFError("channel closed") from error
                if not piece:
                    raise EOFError("channel closed")
                self._pending += piece
            return message

    def close(self) -> None:
        """Wake whoever waits on this end, then free it. May be called twice."""
        self.closed = True
        with suppress(OSError):  # already gone at the other end
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._sending, self._receiving:
            self._socket.close()

    def _send(self, message: bytes, deadline: Deadline | None) -> None:
        if self._torn:
            raise EOFError("an earlier message was cut off")
        waiting = memoryview(message)
        while waiting:
            try:
                self._wait(select.POLLOUT, deadline)
                waiting = waiting[self._socket.send(waiting) :]
            except BlockingIOError:
                continue
            except TimeoutError:
                self._torn = len(waiting) < len(message)
                raise
            except OSError as error:
                raise EOFError("channel closed") from error

    def _take(self) -> Message | None:
        if len(self._pending) < _PREFIX.size:
            return None
        magic, text_size, body_size = _PREFIX.unpack_from(self._pending)
        if magic != _MAGIC or text_size > MAX_HEAD or body_size > self._max_body:
            raise Garbage("no message frame")
        end = _PREFIX.size + text_size + body_size
        if len(self._pending) < end:
            return None
        text = bytes(self._pending[_PREFIX.size : _PREFIX.size + text_size])
        body = bytes(self._pending[_PREFIX.size + text_size : end])
        del self._pending[:end]
        return Message(parse_head(text), body)

    def _wait(self, event: int, deadline: Deadline | None) -> None:
        if self._socket.fileno() < 0:
            raise EOFError("channel closed")
        poll = select.poll()
        poll.register(self._socket, event)
        if not poll.poll(None if deadline is None else deadline.remaining() * 1000):
            raise TimeoutError("channel silent")
