"""Text messages over a WebSocket (RFC 6455), every operation under its deadline. Knows no protocol above it.

The frames are the `websockets` package's; the socket is ours, because its ready-made client may wait for ever in a
send and needs a thread of its own. No extension is offered, so no small message can unfold into a large one.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections import deque
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import CONNECTING, OPEN, SEND_EOF
from websockets.uri import WebSocketURI, parse_uri

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action
from devices.transports.descriptor import ConnectionLost
from devices.transports.stream import PortMissing, PortUnusable, ReadTimeout, StreamError, WriteTimeout
from devices.transports.tcp import connect, why

CHUNK = 64 * 1024
MAX_SENT = 16 * 1024 * 1024  # bytes: an A4 page of pictures as base64 fits
MAX_RECEIVED = 4 * 1024 * 1024  # bytes: a camera's picture fits
HEARTBEAT = 5.0  # seconds of silence while somebody waits, before a ping; as long again for anything to come back
GOODBYE = 0.3  # seconds at most for the closing frame


class BadTls(StreamError):
    """The peer cannot be trusted, or does not speak TLS: nothing was said to it."""

    def __init__(self, port: str, detail: str) -> None:
        super().__init__(
            "bad-tls",
            f"no trusted connection to {port}: {detail}",
            advice="Check the service's certificate, the terminal's clock and the authority named in the profile.",
            retryable=False,
            action=Action.CONFIGURE,
        )


class NotWebSocket(StreamError):
    """Somebody listens there, but not a WebSocket service of that name."""

    def __init__(self, port: str, detail: str) -> None:
        super().__init__(
            "not-websocket",
            f"{port} is no WebSocket service: {detail}",
            advice="Check the service's address in the profile; it may also still be starting.",
            retryable=True,
            action=Action.CONFIGURE,
        )


class MessageTooLong(StreamError):
    """A message is longer than the bound. The connection is given up where it came from the peer."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "message-too-long",
            f"a message to or from {port} is too long",
            advice="Check that the port leads to the device's service; print fewer pages at once.",
            retryable=False,
            action=Action.CONFIGURE,
        )


class MessageLine(Protocol):
    """A two-way line of text messages. Used by one thread; ``open`` may be called again after ``close``."""

    @property
    def port(self) -> str: ...

    @property
    def is_open(self) -> bool: ...

    def open(self, deadline: Deadline) -> None:
        """Raises PortMissing, PortUnusable, NotWebSocket, BadTls, ReadTimeout (``no-answer``)."""
        ...

    def close(self) -> None: ...

    def send(self, text: str, deadline: Deadline) -> None:
        """Hand over one message. Raises ConnectionLost, WriteTimeout, MessageTooLong."""
        ...

    def receive(self, deadline: Deadline) -> str | None:
        """The next message, None when the deadline passed first. Raises ConnectionLost, MessageTooLong, ReadTimeout,
        and WriteTimeout where a ping cannot be answered: that says nothing of the messages sent before."""
        ...


class WebSocketLine:
    """``ws://host:port/path`` or ``wss://…`` as a MessageLine. ``ca_file`` names the authorities to trust instead of
    the system's. After any StreamError but ``message-too-long`` of a send, the line is closed."""

    def __init__(
        self,
        url: str,
        *,
        ca_file: str = "",
        max_sent: int = MAX_SENT,
        max_received: int = MAX_RECEIVED,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._url, self._ca_file = url, ca_file
        self._max_sent, self._max_received, self._heartbeat = max_sent, max_received, heartbeat
        self._socket: socket.socket | None = None
        self._protocol: ClientProtocol | None = None
        self._arrived: deque[str] = deque()
        self._parts: list[bytes] = []

    @property
    def port(self) -> str:
        return self._url

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self, deadline: Deadline) -> None:
        self.close()
        uri = self._uri()
        try:
            sock = connect(uri.host, uri.port, deadline)
        except OSError as error:
            raise PortMissing(self._url, why(error)) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if uri.secure:
            sock = self._secured(sock, uri.host, deadline)
        self._socket = sock
        self._protocol = ClientProtocol(uri, max_size=self._max_received)
        self._arrived.clear()
        self._parts.clear()
        try:
            self._shake_hands(self._protocol, deadline)
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Say good-bye where that takes no time, and let go of the socket."""
        if self._socket is not None and self._protocol is not None and self._protocol.state is OPEN:
            self._protocol.send_close(1000)
            with contextlib.suppress(StreamError):
                self._flush(Deadline.after(GOODBYE))
        self._drop()

    def send(self, text: str, deadline: Deadline) -> None:
        data = text.encode()
        if len(data) > self._max_sent:
            raise MessageTooLong(self._url)
        self._opened().send_text(data)
        self._flush(deadline)

    def receive(self, deadline: Deadline) -> str | None:
        quiet_since, pinged = time.monotonic(), False
        while not self._arrived:
            protocol = self._opened()
            step = deadline.sooner(max(0.0, quiet_since + self._heartbeat - time.monotonic()))
            data = self._read(step)
            if data is not None:
                self._take(protocol, data, deadline)
                quiet_since, pinged = time.monotonic(), False
                if deadline.expired and not self._arrived:  # pings, or a message in crumbs, may go on for ever
                    return None
            elif deadline.expired:
                return None
            elif pinged:
                self._drop()
                raise ReadTimeout(1, b"")  # not even a pong: the peer is gone without a word
            else:
                protocol.send_ping(b"alive?")
                self._flush(deadline)
                quiet_since, pinged = time.monotonic(), True
        return self._arrived.popleft()

    # -- inside --------------------------------------------------------------------------------------

    def _uri(self) -> WebSocketURI:
        try:
            return parse_uri(self._url)
        except (InvalidURI, ValueError):
            raise PortUnusable(self._url, "not an address of the form ws://host:port/path") from None

    def _secured(self, sock: socket.socket, host: str, deadline: Deadline) -> socket.socket:
        try:
            context = ssl.create_default_context(cafile=self._ca_file or None)
        except (OSError, ssl.SSLError) as error:
            sock.close()
            raise BadTls(self._url, "the file of authorities cannot be read") from error
        sock.settimeout(max(0.001, deadline.remaining()))
        try:
            return context.wrap_socket(sock, server_hostname=host)
        except TimeoutError as error:
            sock.close()
            raise ReadTimeout(1, b"") from error
        except ssl.SSLError as error:
            sock.close()
            raise BadTls(self._url, getattr(error, "verify_message", "") or error.reason or "handshake") from error
        except OSError as error:
            sock.close()
            raise ConnectionLost(self._url, error.strerror or type(error).__name__) from error

    def _shake_hands(self, protocol: ClientProtocol, deadline: Deadline) -> None:
        protocol.send_request(protocol.connect())
        self._flush(deadline)
        while protocol.state is CONNECTING and protocol.handshake_exc is None:
            data = self._read(deadline)
            if data is None:
                raise ReadTimeout(1, b"")
            self._take(protocol, data, deadline)
        trouble = protocol.handshake_exc
        if isinstance(trouble, InvalidStatus):
            raise NotWebSocket(self._url, f"it answers with HTTP status {trouble.response.status_code}")
        if trouble is not None:
            raise NotWebSocket(self._url, "it does not agree to the change of protocol")

    def _opened(self) -> ClientProtocol:
        if self._socket is None or self._protocol is None:
            raise ConnectionLost(self._url, "it is not open")
        return self._protocol

    def _take(self, protocol: ClientProtocol, data: bytes, deadline: Deadline) -> None:
        """Feed what was read (b"" at the end); puts whole messages into ``_arrived``."""
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        for event in protocol.events_received():
            if isinstance(event, Frame):
                self._take_frame(event)
        if protocol.state is OPEN:
            self._flush(deadline)  # a pong, perhaps
        elif protocol.state is not CONNECTING and not self._arrived:
            self._give_up(protocol)

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._drop()
            raise NotWebSocket(self._url, "it sends binary messages")
        if frame.opcode in (Opcode.TEXT, Opcode.CONT):
            if frame.data:
                self._parts.append(bytes(frame.data))
            if frame.fin:
                text, self._parts = b"".join(self._parts), []
                self._arrived.append(text.decode("utf-8", "replace"))  # what is no UTF-8 is no JSON either

    def _give_up(self, protocol: ClientProtocol) -> None:
        """The connection has ended, or broke a rule: tell which."""
        trouble = protocol.parser_exc
        self._flush_last(protocol)
        self._drop()
        if isinstance(trouble, PayloadTooBig):
            raise MessageTooLong(self._url)
        if trouble is not None and not isinstance(trouble, EOFError):
            raise ConnectionLost(self._url, "it broke the rules of WebSocket")
        raise ConnectionLost(self._url, f"closed by the service, code {protocol.close_code}")

    def _flush_last(self, protocol: ClientProtocol) -> None:
        with contextlib.suppress(StreamError):
            self._flush(Deadline.after(GOODBYE))

    def _flush(self, deadline: Deadline) -> None:
        protocol, sock = self._opened(), self._socket
        assert sock is not None  # noqa: S101 - _opened has looked
        for data in protocol.data_to_send():
            if data == SEND_EOF:
                continue  # the whole socket is let go of, at once
            view = memoryview(data)
            while view:
                try:
                    sock.settimeout(max(0.001, deadline.remaining()))
                    view = view[sock.send(view[:CHUNK]) :]
                except TimeoutError as error:
                    self._drop()  # half a message went out: nothing that follows would be understood
                    raise WriteTimeout(self._url) from error
                except OSError as error:
                    self._drop()
                    raise ConnectionLost(self._url, error.strerror or type(error).__name__) from error

    def _read(self, deadline: Deadline) -> bytes | None:
        """What has come, b"" at the end of the connection, None when nothing came in time."""
        sock = self._socket
        if sock is None:
            raise ConnectionLost(self._url, "it is not open")
        try:
            sock.settimeout(max(0.001, deadline.remaining()))
            return sock.recv(CHUNK)
        except TimeoutError:
            return None
        except OSError as error:
            self._drop()
            raise ConnectionLost(self._url, error.strerror or type(error).__name__) from error

    def _drop(self) -> None:
        sock, self._socket, self._protocol = self._socket, None, None
        self._parts.clear()
        if sock is not None:
            sock.close()
