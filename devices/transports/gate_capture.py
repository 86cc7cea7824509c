"""A gate before an HTTP server that a library, not we, speaks to: it relays and writes down, or plays the server.

For what ``http_capture`` cannot carry: the client's bytes are a foreign library's (libcups). It is told the gate's Unix
socket as its server. The relay lets every byte through as it came, in both directions, and writes exchanges down in
the form of ``http_capture``; the player answers as the capture did. Headers are not kept, but for the two that steer
a client: what it logs in with is never written. A server that answers before it has the whole request (a document
refused by its head alone) is relayed, but not captured.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.capture import ReplayMismatch
from devices.transports.descriptor import ConnectionLost
from devices.transports.http import Exchange, HttpAnswer
from devices.transports.http_capture import ExchangeNotes
from devices.transports.stream import PortMissing, StreamError

KEPT = ("content-type", "www-authenticate")
CHUNK = 64 * 1024
MAX_HEAD = 32 * 1024
CONNECT = 5.0  # seconds for reaching the server
SILENT = "no-answer"  # a failure in which the server kept the connection and said nothing


@dataclass(slots=True)
class HttpMessage:
    """A request or an answer: its first line, headers with lower-case names, the body without its framing."""

    first: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def status(self) -> int:
        """Of an answer. Raises ValueError."""
        return int(self.first.split(" ")[1])


class Messages:
    """Takes messages out of one direction's bytes as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._head: HttpMessage | None = None
        self._asked_to_go_on = False

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def next(self) -> HttpMessage | None:
        """The next whole message. Raises ValueError for what is no HTTP."""
        head = self._head = self._head or self._take_head()
        if head is None or not self._take_body(head):
            return None
        self._head, self._asked_to_go_on = None, False
        return head

    def waits_for_continue(self) -> bool:
        """Whether the client of the request that has begun waits to be told to go on; True once."""
        if self._head is None or self._asked_to_go_on:
            return False
        self._asked_to_go_on = True
        return self._head.headers.get("expect", "").lower() == "100-continue"

    def _take_head(self) -> HttpMessage | None:
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            if len(self._bytes) > MAX_HEAD:
                raise ValueError("a head without end")
            return None
        first, *lines = bytes(self._bytes[:end]).decode("latin-1").split("\r\n")
        del self._bytes[: end + 4]
        pairs = [line.partition(":") for line in lines]
        return HttpMessage(first, {name.strip().lower(): value.strip() for name, _, value in pairs})

    def _take_body(self, message: HttpMessage) -> bool:
        """Whether all of it is there: by its chunks, or its length (none: 0)."""
        if message.headers.get("transfer-encoding", "").lower() != "chunked":
            size = _size(message.headers.get("content-length", "0"), 10)
            if len(self._bytes) < size:
                return False
            message.body = bytes(self._bytes[:size])
            del self._bytes[:size]
            return True
        while (end := self._bytes.find(b"\r\n")) >= 0:
            size = _size(bytes(self._bytes[:end]).split(b";")[0].decode("latin-1"), 16)
            if len(self._bytes) < end + 2 + size + 2:
                return False
            message.body += bytes(self._bytes[end + 2 : end + 2 + size])
            del self._bytes[: end + 2 + size + 2]
            if size == 0:
                return True
        return False


def _size(word: str, base: int) -> int:
    """Raises ValueError for what is no length."""
    size = int(word, base)
    if size < 0:
        raise ValueError("a length below zero")
    return size


class Gate:
    """A Unix socket in a folder that nobody else may enter; each connection is served by a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._folder = Path(tempfile.mkdtemp(prefix="gate-"))
        self._door: socket.socket | None = None
        self._lock = threading.Lock()
        self._inside: dict[socket.socket, threading.Thread] = {}
        self._keeper: threading.Thread | None = None

    @property
    def path(self) -> str:
        """Stays the same when the gate is closed and opened again."""
        return str(self._folder / "s")

    def open(self) -> None:
        if self._door is not None:
            return
        if not self._folder.exists():
            self._folder.mkdir(mode=0o700)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(self.path)
        door.listen(8)
        self._door = door
        self._keeper = threading.Thread(target=self._keep, args=(door,), name="gate", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End every connection and thread, and remove the folder."""
        door, self._door = self._door, None
        if door is not None:
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes accept
            if self._keeper is not None:
                self._keeper.join()
            door.close()
        with self._lock:
            inside = dict(self._inside)
        for connection, thread in inside.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, door: socket.socket) -> None:
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._run, args=(connection,), name="gate-connection", daemon=True)
            with self._lock:
                self._inside[connection] = thread
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError, ValueError):  # either end left, or spoke no HTTP: there it ends
                self._serve(connection)
        finally:
            with self._lock:
                self._inside.pop(connection, None)
            connection.close()


# ---- recording ----


class Relay:
    """``server``: the path of a Unix socket, or host and port."""

    def __init__(self, server: str | tuple[str, int], notes: ExchangeNotes) -> None:
        self._server, self._notes = server, notes

    def serve(self, near: socket.socket) -> None:
        """One connection of the client's, until either end leaves."""
        try:
            far = self._reach()
        except PortMissing as missing:
            self._turn_away(near, missing)
            return
        with far:
            self._relay(near, far)

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        asked, told = Messages(), Messages()
        begun, question = 0.0, None
        failure: DeviceError = StreamError(SILENT, "the client gave up waiting", advice="Try again.", retryable=True)
        try:
            while True:
                ready, _, _ = select.select([near, far], [], [])
                if near in ready:
                    data = near.recv(CHUNK)
                    if not data:
                        return
                    asked.feed(data)
                    if question is None and (question := asked.next()):
                        begun = self._notes.now()
                    with contextlib.suppress(ConnectionError):  # the server has left: that is heard next
                        far.sendall(data)
                if far in ready:
                    data = _heard(far)
                    if not data:
                        failure = ConnectionLost("the server", "it closed the connection")
                        return
                    told.feed(data)
                    while answer := told.next():
                        if answer.status >= 200 and question is not None:
                            self._note(begun, question, _kept(answer))
                            question = None
                    near.sendall(data)  # only now: who reads the capture after an answer finds it there
        finally:
            if question is not None:
                self._note(begun, question, failure)

    def _turn_away(self, near: socket.socket, missing: PortMissing) -> None:
        """Hear what was wanted of a server that is not there, and leave."""
        asked = Messages()
        while data := near.recv(CHUNK):
            asked.feed(data)
            if question := asked.next():
                self._note(self._notes.now(), question, missing)
                return

    def _reach(self) -> socket.socket:
        """Raises PortMissing."""
        try:
            if isinstance(self._server, tuple):
                far = socket.create_connection(self._server, timeout=CONNECT)
                far.settimeout(None)
                return far
        except OSError as error:
            raise PortMissing(str(self._server)) from error
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            far.connect(self._server)
        except OSError as error:
            far.close()
            raise PortMissing(self._server) from error
        return far

    def _note(self, begun: float, question: HttpMessage, answer: HttpAnswer | DeviceError) -> None:
        method, path, *_ = question.first.split(" ")
        self._notes.note(begun, method, path, question.headers.get("content-type", ""), question.body, answer)


def _heard(far: socket.socket) -> bytes:
    """What came; nothing where the server has left, in whatever way."""
    try:
        return far.recv(CHUNK)
    except ConnectionError:
        return b""


def _kept(answer: HttpMessage) -> HttpAnswer:
    headers = {name: value for name, value in answer.headers.items() if name in KEPT}
    return HttpAnswer(answer.status, headers, answer.body)


# ---- playing ----


class Player:
    """Answers as ``carry`` does. What does not match is kept for ``check``, and from then on nobody answers."""

    def __init__(self, carry: Exchange) -> None:
        self._carry = carry
        self._mismatch: ReplayMismatch | None = None
        self._over = False

    def check(self) -> None:
        """Raises ReplayMismatch, once, where the client said something that the capture does not have."""
        mismatch, self._mismatch = self._mismatch, None
        if mismatch is not None:
            raise mismatch

    def serve(self, near: socket.socket) -> None:
        """One connection of the client's, until it leaves or the captured server does."""
        asked = Messages()
        while not self._over and (data := near.recv(CHUNK)):
            asked.feed(data)
            while question := asked.next():
                method, path, *_ = question.first.split(" ")
                kind = question.headers.get("content-type", "")
                try:
                    answer = self._carry(
                        "gate", 0, path, question.body, content_type=kind, deadline=Deadline.after(0), method=method
                    )
                except ReplayMismatch as mismatch:
                    self._mismatch, self._over = mismatch, True
                    return
                except DeviceError as error:
                    while error.code == SILENT and near.recv(CHUNK):
                        pass  # until the client has had enough
                    return
                near.sendall(_spoken(answer))
            if asked.waits_for_continue():
                near.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _spoken(answer: HttpAnswer) -> bytes:
    headers = {**answer.headers, "connection": "Keep-Alive", "content-length": str(len(answer.body))}
    lines = [f"HTTP/1.1 {answer.status} Captured", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
