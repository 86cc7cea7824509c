"""A4 printer on its wire: IPP/2.0 over HTTP on 127.0.0.1, with faults before, during and after a job."""

from __future__ import annotations

import http.server
import socket
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from devices.drivers.ipp.protocol import CONTENT_TYPE, IppFormatError, Message, Operation, decode, encode
from devices.simulators.ipp_answers import Answerer
from devices.simulators.ipp_engine import Engine
from devices.simulators.listener import Listener
from devices.simulators.twin import Json, UnknownAction

MAX_DOCUMENT = 64 * 1024 * 1024
MEDIA_EMPTY, JAM, COVER, TONER = "media-empty-error", "media-jam-error", "cover-open-error", "toner-empty-error"
ADD = {
    "paper-out": MEDIA_EMPTY,
    "paper-low": "media-low-warning",
    "jam": JAM,
    "cover-open": COVER,
    "toner-low": "toner-low-warning",
    "toner-empty": TONER,
}
REMOVE = {"load": MEDIA_EMPTY, "clear": JAM, "cover-close": COVER, "refill": TONER}
OTHERS = ("ok", "paper-out-mid", "slow", "mute", "gone", "lost-answer", "abort")


class IppTwin:
    """Options: ``spool`` a folder for the documents (owner only), ``pace`` seconds a page (default 0.05)."""

    def __init__(self, name: str, *, spool: str | Path | None = None, pace: float = 0.05) -> None:
        self.name = name
        self._pace = pace
        self.engine = Engine(pace=pace, spool=Path(spool) if spool else None)
        self._listener = Listener(name, self._serve)
        self._mute = False
        self._lose_answer = False
        self._closing = False
        self._started_at = time.monotonic()

    @property
    def port(self) -> str:
        return f"ipp://127.0.0.1:{self._listener.number}/ipp/print"

    def start(self) -> None:
        self._closing = False
        self._started_at = time.monotonic()
        self.engine.start()
        self._listener.open()

    def stop(self) -> None:
        with self.engine.changed:
            self._closing = True
            self.engine.changed.notify_all()
        self._listener.close()
        self.engine.stop()

    # ---- control ----

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """See ADD, REMOVE and OTHERS. ``slow`` takes seconds (a page), ``paper-out-mid`` takes after (pages)."""
        if action in ADD:
            self.engine.change(add=ADD[action])
        elif action in REMOVE:
            self.engine.change(remove=REMOVE[action])
            if action == "load":
                self.engine.change(remove="media-low-warning")
        elif action in OTHERS:
            self._other(action, arguments)
        else:
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {', '.join([*ADD, *REMOVE, *OTHERS])}")

    def _other(self, action: str, arguments: Mapping[str, Json]) -> None:
        engine = self.engine
        with engine.changed:
            if action == "ok":
                engine.pace, engine.empty_after, engine.abort_next = self._pace, None, False
                self._mute = self._lose_answer = False
            elif action == "paper-out-mid":
                engine.empty_after = int(_number(arguments, "after", -1))
            elif action == "slow":
                engine.pace = _number(arguments, "seconds", 5.0)
            elif action == "mute":
                self._mute = True
            elif action == "lost-answer":
                self._lose_answer = True
            elif action == "abort":
                engine.abort_next = True
            engine.changed.notify_all()
        if action == "ok":
            engine.change(everything=True)
            self._listener.open()
        elif action == "gone":
            with engine.changed:
                self._closing = True
                engine.changed.notify_all()
            self._listener.close()
            self._closing = False

    def state(self) -> dict[str, Json]:
        engine = self.engine
        with engine.changed:
            last = engine.jobs[max(engine.jobs)] if engine.jobs else None
            return {
                "kind": "page_printer",
                "port": self.port,
                "printer": engine.state.name.lower(),
                "reasons": [*sorted(engine.reasons)],
                "listening": self._listener.is_open,
                "mute": self._mute,
                "jobs": max(engine.jobs, default=0),
                "last_job": {"state": last.state.name.lower(), "pages": last.pages, "done": last.done}
                if last
                else None,
            }

    # ---- the wire ----

    def _serve(self, connection: socket.socket) -> None:
        twin = self

        class Handler(_Handler):
            def answer(self, body: bytes) -> bytes | None:
                return twin._answer(body)

        Handler(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it never looks at its server

    def _answer(self, body: bytes) -> bytes | None:
        """The answer's bytes; None: close the connection without one."""
        try:
            message = decode(body)
        except IppFormatError:
            return encode(Message(0x0400, 1, ()))
        engine = self.engine
        with engine.changed:
            engine.changed.wait_for(lambda: not self._mute or self._closing)
            if self._closing:
                return None
        reply = Answerer(engine, self.port, time.monotonic() - self._started_at).answer(message)
        with engine.changed:
            if self._lose_answer and message.code in (Operation.SEND_DOCUMENT, Operation.PRINT_JOB):
                self._lose_answer = False
                return None
        return encode(reply)


class _Handler(http.server.BaseHTTPRequestHandler):
    """HTTP/1.1 with lengths or chunks, as IPP clients send them."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "SimulatedPrinter/1", ""

    def answer(self, body: bytes) -> bytes | None:
        raise NotImplementedError

    def do_POST(self) -> None:
        body = self._body()
        if body is None or self.headers.get("Content-Type") != CONTENT_TYPE:
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        reply = self.answer(body)
        if reply is None:
            self.close_connection = True
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def _body(self) -> bytes | None:
        try:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                length = int(self.headers.get("Content-Length", "0"))
                return self._exactly(length) if 0 <= length <= MAX_DOCUMENT else None
            parts: list[bytes] = []
            total = 0
            while size := int(self.rfile.readline(100).split(b";")[0], 16):
                total += size
                if size < 0 or total > MAX_DOCUMENT:
                    return None
                parts.append(self._exactly(size))
                self.rfile.readline(100)
            self.rfile.readline(100)
            return b"".join(parts)
        except ValueError:
            return None

    def _exactly(self, size: int) -> bytes:
        """A body that ends early is no document: the connection is dropped."""
        data = self.rfile.read(size)
        if len(data) != size:
            raise ConnectionResetError("cut short")
        return data

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: names of jobs do not belong on a terminal."""


def _number(arguments: Mapping[str, Json], name: str, default: float) -> float:
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnknownAction(f"{name} must be a number")
    return float(value)
