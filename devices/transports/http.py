"""One HTTP/1.1 request and its answer, whole within a deadline: a body that trickles does not stretch it.

Own, because the standard client counts its time-out from byte to byte. Plain HTTP to devices on the
terminal's own network; no redirects, no cookies, no proxies, no TLS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.descriptor import ConnectionLost
from devices.transports.stream import StreamError
from devices.transports.tcp import TcpStream

MAX_HEAD = 32 * 1024
MAX_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status code, headers with lower-case names, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange(Protocol):
    """What ``exchange`` is called like: a capture or a replay stands in its place."""

    def __call__(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes,
        *,
        content_type: str,
        deadline: Deadline,
        method: str = "POST",
        max_answer: int = MAX_ANSWER,
    ) -> HttpAnswer: ...


def _malformed(detail: str) -> DeviceError:
    return DeviceError(
        "bad-http",
        f"the device does not speak HTTP properly: {detail}",
        advice="Check that the port leads to the printer and not to another service.",
        retryable=True,
        action=Action.CONFIGURE,
    )


def _cut_short() -> StreamError:
    return StreamError(
        "no-answer",
        "the answer did not come, or did not come to its end, in time",
        advice="Check that the device is switched on; switch it off and on if this stays.",
        retryable=True,
    )


class _Reader:
    """Buffered reading that ends by the deadline and never holds more than its bound."""

    def __init__(self, stream: TcpStream, deadline: Deadline) -> None:
        self._stream, self._deadline, self._buffer = stream, deadline, b""

    def _more(self) -> None:
        data = b"" if self._deadline.expired else self._stream.read_some(64 * 1024, self._deadline)
        if not data:
            raise _cut_short()
        self._buffer += data

    def line(self) -> str:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD:
                raise _malformed("a line without end")
            self._more()
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def exactly(self, count: int) -> bytes:
        parts, have = [self._buffer[:count]], min(count, len(self._buffer))
        self._buffer = self._buffer[count:]
        while have < count:
            self._more()
            part = self._buffer[: count - have]
            self._buffer = self._buffer[len(part) :]
            parts.append(part)
            have += len(part)
        return b"".join(parts)

    def until_closed(self, limit: int) -> bytes:
        while len(self._buffer) <= limit:
            try:
                self._more()
            except ConnectionLost:
                return self._buffer
        raise _malformed("the answer is too large")


def exchange(
    host: str,
    port: int,
    path: str,
    body: bytes,
    *,
    content_type: str,
    deadline: Deadline,
    method: str = "POST",
    max_answer: int = MAX_ANSWER,
) -> HttpAnswer:
    """Send one request, read one answer of at most ``max_answer`` bytes.

    Raises PortMissing: nobody listens, nothing was sent. After any other StreamError (``no-answer``,
    ``write-timeout``, ``connection-lost``) or ``bad-http`` the request may have arrived.
    """
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    stream = TcpStream(f"tcp://{shown}")
    stream.open(deadline)
    try:
        head = f"{method} {path} HTTP/1.1\r\nHost: {shown}\r\nConnection: close\r\nUser-Agent: kiosk\r\n"
        if body:
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        stream.write(head.encode("ascii") + b"\r\n" + body, deadline)
        return _answer(_Reader(stream, deadline), max_answer)
    finally:
        stream.close()


def _answer(reader: _Reader, limit: int) -> HttpAnswer:
    status = 100
    headers: dict[str, str] = {}
    while 100 <= status < 200:
        words = reader.line().split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not re.fullmatch(r"[1-5][0-9]{2}", words[1]):
            raise _malformed("no status line")
        status, headers, size = int(words[1]), {}, 0
        while line := reader.line():
            size += len(line)
            name, colon, value = line.partition(":")
            if not colon or size > MAX_HEAD:
                raise _malformed("a header line")
            headers[name.strip().lower()] = value.strip()
    return HttpAnswer(status, headers, _body(reader, headers, limit))


def _body(reader: _Reader, headers: Mapping[str, str], limit: int) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts: list[bytes] = []
        total = 0
        while size := _number(reader.line().split(";")[0].strip(), 16):
            total += size
            if total > limit:
                raise _malformed("the answer is too large")
            parts.append(reader.exactly(size))
            reader.line()
        return b"".join(parts)
    if "content-length" in headers:
        size = _number(headers["content-length"], 10)
        if size > limit:
            raise _malformed("the answer is too large")
        return reader.exactly(size)
    return reader.until_closed(limit)


def _number(text: str, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError:
        raise _malformed("a length") from None
    if value < 0:
        raise _malformed("a length")
    return value
