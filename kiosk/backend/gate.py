"""The gate before every route: body limits, who is asking, and a signature under every reply.

Nothing is parsed before the terminal's signature over the raw bytes has been checked. Replies are bound to the nonce
of their request, so that the terminal can tell the backend from whatever else answers on port 443.
"""

from __future__ import annotations

import asyncio
import re
import time

import anyio.to_thread
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.core import Backend
from kiosk.backend.problems import MEDIA_TYPE, Refusal
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.store.terminals import Terminal

ENROL = "/v1/enrol"
NEW_TERMINAL = "new"  # in the terminal header of an enrolment
_SMALL_BODY = 64 * 1024
_MATERIAL = re.compile(r"/v1/materials/[^/]+")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Gate:
    """ASGI middleware. Puts the Terminal into ``scope["state"]["terminal"]`` for the routes."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reply = _Reply()
        terminal_id = ""
        try:
            body = await self._body(scope["path"], headers, receive)
            if scope["path"].startswith("/v1/"):
                terminal = await anyio.to_thread.run_sync(self.authenticate, scope, headers, body)
                terminal_id = terminal.terminal_id
                scope.setdefault("state", {})["terminal"] = terminal
            await self._app(scope, _replay(body, receive), reply.take)
        except Refusal as refusal:
            self._refuse(reply, refusal.code)
        except StoreBusy as error:
            log.event("store.busy", cause=type(error.__cause__).__name__)
            self._refuse(reply, "store-busy")
        except (asyncio.CancelledError, _Gone):
            raise
        except Exception as error:  # a bug: answered, logged with its place, never with what was sent
            log.fault(error)
            self._refuse(reply, "fault")
        route = getattr(scope.get("route"), "path", "-")
        self._backend.metrics.count("kiosk_requests_total", route=route, status=str(reply.status))
        if scope["path"].startswith("/v1/"):
            spent = round((time.monotonic() - started) * 1000, 1)
            log.event("request", route=route, status=reply.status, ms=spent, terminal=terminal_id or None)
        await reply.send(send, self._signature(headers, reply))

    def authenticate(self, scope: Scope, headers: dict[str, str], body: bytes) -> Terminal:
        """The terminal that signed this request. Raises Refusal."""
        names = (wire.TERMINAL_HEADER, wire.TIMESTAMP_HEADER, wire.NONCE_HEADER, wire.SIGNATURE_HEADER)
        terminal_id, stamp, nonce, signature = (headers.get(name.lower(), "") for name in names)
        if not (wire.ID.fullmatch(terminal_id) and _TIMESTAMP.fullmatch(stamp) and wire.NONCE.fullmatch(nonce)):
            raise Refusal("unsigned")
        now = self._backend.now()
        message = wire.request_bytes(scope["method"], _target(scope), terminal_id, stamp, nonce, body)
        if scope["path"] == ENROL:
            # who this is, the code will say; here only that the key in the body is the sender's own
            terminal = Terminal(NEW_TERMINAL, "", _key_in(body), False)
        else:
            found = self._backend.find_terminal(terminal_id)
            if found is None:
                raise Refusal("unknown-terminal")
            terminal = found
        try:
            wire.verify(wire.unb64(terminal.public_key), message, signature)
        except (wire.BadSignature, ValueError):
            raise Refusal("bad-signature") from None
        if terminal.revoked:
            raise Refusal("terminal-revoked")
        if scope["path"] == ENROL:
            return terminal  # a terminal that was never told the time may not know it
        if abs(now.timestamp() - int(stamp)) > self._backend.settings.window.total_seconds():
            raise Refusal("clock")
        if not self._backend.spend_nonce(terminal_id, nonce):
            raise Refusal("replayed")
        return terminal

    async def _body(self, path: str, headers: dict[str, str], receive: Receive) -> bytes:
        limit = _SMALL_BODY
        if path == "/v1/items":
            limit = wire.MAX_PUSH_BYTES
        elif _MATERIAL.fullmatch(path):
            limit = wire.MAX_MATERIAL_BYTES
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise Refusal("too-large")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._backend.settings.body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    part = message.get("body", b"")
                    size += len(part)
                    if size > limit:
                        raise Refusal("too-large")
                    parts.append(part)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Refusal("slow-body") from None
        return b"".join(parts)

    def _refuse(self, reply: _Reply, code: str) -> None:
        answer = Refusal(code).answer(self._backend.now())
        reply.set(answer.status, MEDIA_TYPE, answer.body)
        self._backend.metrics.count("kiosk_refusals_total", code=code)

    def _signature(self, headers: dict[str, str], reply: _Reply) -> list[tuple[bytes, bytes]]:
        now = self._backend.now().isoformat()
        extra = [(wire.REPLY_TIME_HEADER.lower().encode(), now.encode()), (b"cache-control", b"no-store")]
        nonce = headers.get(wire.NONCE_HEADER.lower(), "")
        if wire.NONCE.fullmatch(nonce):
            message = wire.reply_bytes(nonce, reply.status, now, reply.body)
            signature = wire.sign(self._backend.keys.signing_private, message)
            extra.append((wire.REPLY_SIGNATURE_HEADER.lower().encode(), signature.encode()))
        return extra


class _Gone(Exception):
    """The other side hung up before its request was complete."""


class _Reply:
    """A whole reply, held back until it can be signed. Ours are small."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
            self.body = b""
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def set(self, status: int, media_type: str, body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]

    async def send(self, send: Send, extra: list[tuple[bytes, bytes]]) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers + extra})
        await send({"type": "http.response.body", "body": self.body})


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("latin-1")


def _key_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=wire.EnrolRequest).public_key
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal("bad-fields") from None
