"""The gate before every route: body limits, who is asking, and a signature under every reply to a terminal.

No body is read for somebody who is none of ours by name,
nothing is parsed before the terminal's signature over the raw bytes has been checked. Replies are bound to the nonce
of their request, so that the terminal can tell the backend from whatever else answers on port 443.

Failpoint: ``backend.answering`` (all is done, nothing of the answer was sent).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

import anyio.to_thread
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk import encoding, suites, wire
from kiosk.backend import log
from kiosk.backend.core import Backend
from kiosk.backend.problems import MEDIA_TYPE, Refusal
from kiosk.backend.rates import Rates
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.store.terminals import Terminal
from kiosk.health.failpoints import hit

FAILPOINTS = ("backend.answering",)
ENROL, ITEMS = "/v1/enrol", "/v1/items"
NEW_TERMINAL = "new"  # in the terminal header of an enrolment
LARGE_AT_ONCE = 4  # bodies beyond the small ones that are held in memory at the same time
_SMALL_BODY = 64 * 1024
_MATERIAL = re.compile(r"/v1/materials/[^/]+")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==")  # base64 of 64 bytes
_FOR_STRANGERS = (401, 403, 404, 408, 429, 500, 503)  # answers that are signed for anybody: none settles anything


class Gate:
    """ASGI middleware. Puts the Terminal into ``scope["state"]["terminal"]`` for the routes."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend
        self._places = _Places(backend.settings.body_seconds)
        self._rates = Rates(backend.settings.rate, backend.settings.burst, backend.settings.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reply = _Reply()
        terminal_id = suite = ""
        try:
            claimed: Terminal | None = None
            if scope["path"].startswith("/v1/"):
                claimed = await anyio.to_thread.run_sync(self.claimed, scope["path"], headers)
            async with self._places.place(claimed, _may_be_large(scope["path"], headers)):
                body = await self._body(scope["path"], headers, receive)
                if claimed is not None:
                    terminal = await anyio.to_thread.run_sync(self.authenticate, scope, headers, body, claimed)
                    terminal_id, suite = terminal.terminal_id, terminal.suite
                    body = await anyio.to_thread.run_sync(_decoded, scope["path"], headers, body)
                    scope.setdefault("state", {})["terminal"] = terminal
                await self._app(scope, _replay(body, receive), reply.take)
        except _Gone:
            return  # nobody is there to be answered
        except Refusal as refusal:
            self._refuse(reply, refusal.code)
        except StoreBusy as error:
            log.event("store.busy", cause=type(error.__cause__).__name__)
            self._refuse(reply, "store-busy")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a bug: answered, logged with its place, never with what was sent
            log.fault(error)
            self._refuse(reply, "fault")
        route = getattr(scope.get("route"), "path", "-")
        self._backend.metrics.count("kiosk_requests_total", route=route, status=str(reply.status))
        if scope["path"].startswith("/v1/"):
            spent = round((time.monotonic() - started) * 1000, 1)
            log.event("request", route=route, status=reply.status, ms=spent, terminal=terminal_id or None)
        hit("backend.answering")
        await reply.send(send, self._signature(headers, reply, suite))

    def claimed(self, path: str, headers: dict[str, str]) -> Terminal:
        """Who the request says it is from, before its body is read; nothing is proved yet. Raises Refusal."""
        terminal_id, stamp, nonce, signature = _signed(headers)
        forms = wire.ID.fullmatch(terminal_id) and _TIMESTAMP.fullmatch(stamp) and wire.NONCE.fullmatch(nonce)
        if not forms or not _SIGNATURE.fullmatch(signature):
            raise Refusal("unsigned")
        if path == ENROL:
            return Terminal(NEW_TERMINAL, "", "", False)  # who this is, the code will say
        found = self._backend.find_terminal(terminal_id)
        if found is None:
            raise Refusal("unknown-terminal")
        if found.revoked:
            raise Refusal("terminal-revoked")
        return found

    def authenticate(self, scope: Scope, headers: dict[str, str], body: bytes, terminal: Terminal) -> Terminal:
        """The terminal that signed this request, claimed before. Raises Refusal."""
        terminal_id, stamp, nonce, signature = _signed(headers)
        now = self._backend.now()
        if scope["path"] == ENROL:
            terminal = replace(terminal, public_key=_key_in(body))  # only that it is the sender's own
        try:
            key = wire.unb64(terminal.public_key)
            suite = suites.of_key(key)  # the key says which: nothing that was sent does
            message = wire.request_bytes(scope["method"], _target(scope), terminal_id, stamp, nonce, body, suite)
            wire.verify(key, message, signature)
        except (wire.BadSignature, ValueError):
            raise Refusal("bad-signature") from None
        except suites.SuiteMissing:
            raise Refusal("suite-not-served") from None
        if scope["path"] == ENROL:
            return terminal  # a terminal that was never told the time may not know it
        if abs(now.timestamp() - int(stamp)) > self._backend.settings.window.total_seconds():
            raise Refusal("clock")
        if not self._rates.allows(terminal_id):
            raise Refusal("too-many-requests")
        if not self._backend.spend_nonce(terminal_id, nonce):
            raise Refusal("replayed")
        self._rates.take(terminal_id)  # only now: who replays what he has caught cannot empty the terminal's bucket
        return replace(terminal, signing_id=headers.get(wire.KEY_HEADER.lower(), ""))

    async def _body(self, path: str, headers: dict[str, str], receive: Receive) -> bytes:
        limit = _limit(path)
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

    def _signature(self, headers: dict[str, str], reply: _Reply, suite: str) -> list[tuple[bytes, bytes]]:
        """``suite``: of the terminal's key; empty for a stranger, for whom nothing is signed that settles anything.

        A reply is bound to a nonce alone: who can have one made for any nonce can hand it on to the nonce's terminal.
        """
        now = self._backend.now().isoformat()
        extra = [(wire.REPLY_TIME_HEADER.lower().encode(), now.encode()), (b"cache-control", b"no-store")]
        nonce = headers.get(wire.NONCE_HEADER.lower(), "")
        if wire.NONCE.fullmatch(nonce) and (suite or reply.status in _FOR_STRANGERS):
            known = headers.get(wire.KEY_HEADER.lower(), "")
            signer = self._backend.keys.signer(known, suite)
            current = self._backend.keys.newest(signer)
            message = wire.reply_bytes(nonce, reply.status, now, reply.body, suites.by_name(signer.suite))
            signature = wire.sign(signer.signing_private, message)
            extra.append((wire.REPLY_SIGNATURE_HEADER.lower().encode(), signature.encode()))
            extra.append((b"accept-encoding", encoding.NAME.encode()))  # of a batch to come (RFC 9110, 12.5.3)
            if known and signer is not current:
                extra.append((wire.NEWEST_KEY_HEADER.lower().encode(), current.signing_id.encode()))
        return extra


class _Places:
    """Places for large bodies in memory: few at a time, and one for each terminal that a request names."""

    def __init__(self, body_seconds: float) -> None:
        self._places = asyncio.Semaphore(LARGE_AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._patience = 2 * body_seconds

    @asynccontextmanager
    async def place(self, claimed: Terminal | None, large: bool) -> AsyncIterator[None]:
        """Raises Refusal when none becomes free in time."""
        if claimed is None or not large:
            yield
            return
        turn = self._turns.setdefault(claimed.terminal_id, asyncio.Lock())
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    await held.enter_async_context(turn)
                    await held.enter_async_context(self._places)
            except TimeoutError:
                raise Refusal("store-busy") from None
            yield


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


def _signed(headers: dict[str, str]) -> tuple[str, str, str, str]:
    """Terminal, timestamp, nonce and signature as the headers say, empty where they do not."""
    names = (wire.TERMINAL_HEADER, wire.TIMESTAMP_HEADER, wire.NONCE_HEADER, wire.SIGNATURE_HEADER)
    terminal_id, stamp, nonce, signature = (headers.get(name.lower(), "") for name in names)
    return terminal_id, stamp, nonce, signature


def _limit(path: str) -> int:
    if path == ITEMS:
        return wire.MAX_PUSH_BYTES
    return wire.MAX_MATERIAL_BYTES if _MATERIAL.fullmatch(path) else _SMALL_BODY


def _may_be_large(path: str, headers: dict[str, str]) -> bool:
    declared = headers.get("content-length", "")
    small = declared.isdigit() and int(declared) <= _SMALL_BODY
    chunked = "transfer-encoding" in headers
    return _limit(path) > _SMALL_BODY and ("content-length" in headers or chunked) and (chunked or not small)


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("latin-1")


def _decoded(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The body as it is meant: a batch may be packed. Nothing is unpacked beyond the limit, nor for strangers."""
    name = headers.get("content-encoding", "identity").lower()
    if name == "identity":
        return body
    if name != encoding.NAME or path != ITEMS:
        raise Refusal("bad-encoding")
    try:
        return encoding.unpack(body, wire.MAX_PUSH_BYTES)
    except encoding.TooLarge:
        raise Refusal("too-large") from None
    except encoding.NotEncoded:
        raise Refusal("bad-request") from None


def _key_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=wire.EnrolRequest).public_key
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal("bad-fields") from None
