"""The gate before every route: body limits, who is asking, and a signature under every reply to a terminal.

No body is read for somebody who is none of ours by name,
nothing is parsed before the terminal's signature over the raw bytes has been checked. Replies are bound to their
request (`wire.Asked`), so that the terminal can tell the backend from whatever else answers on port 443.

Failpoint: ``backend.answering`` (all is done, nothing of the answer was sent).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from dataclasses import replace
from functools import partial

import anyio.to_thread
import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk import suites, wire
from kiosk.backend import log, straight
from kiosk.backend.core import Backend
from kiosk.backend.places import Places
from kiosk.backend.problems import MEDIA_TYPE, Refusal
from kiosk.backend.rates import Rates
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.store.terminals import Terminal
from kiosk.health.failpoints import hit

FAILPOINTS = ("backend.answering",)
ENROL, ITEMS = "/v1/enrol", "/v1/items"
NEW_TERMINAL = "new"  # in the terminal header of an enrolment
KNOWN = 16_384  # terminals that were found in the store
LARGE_AT_ONCE = 4  # bodies beyond the small ones that are held in memory at the same time
OF_ONE_TERMINAL = 1
_SMALL_BODY = 64 * 1024
_MATERIAL = re.compile(r"/v1/materials/[^/]+")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==")  # base64 of 64 bytes
_FOR_STRANGERS = (401, 403, 404, 408, 429, 500, 503)  # answers that are signed for anybody: none settles anything


class Gate:
    """ASGI middleware. Puts ``terminal``, ``once`` (once.py) and the body's ``sha256`` into ``scope["state"]``."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend
        # ids whose bodies may be read at once: whether it is still one of ours is looked up afterwards, each time
        self._known: set[str] = set()
        patience = 2 * backend.settings.body_seconds
        self._places = Places(LARGE_AT_ONCE, OF_ONE_TERMINAL, patience, partial(Refusal, "store-busy"))
        self._rates = Rates(backend.settings.rate, backend.settings.burst, backend.settings.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        asked, reply = _asked(scope, headers), _Reply()
        state = scope.setdefault("state", {})
        try:
            await self._let_in(scope, receive, headers, reply)
        except _Gone:
            return  # nobody is there to be answered
        except Exception as error:
            self._trouble(reply, error)
        terminal, once = state.get("terminal"), state.get("once")
        if once is not None and not once.spent:  # nothing was written: it is spent all the same before an answer
            try:
                await anyio.to_thread.run_sync(self._backend.spend, once)
            except Exception as error:
                self._trouble(reply, error)
        terminal_id, suite = ("", "") if terminal is None else (terminal.terminal_id, terminal.suite)
        route = state.get("route") or getattr(scope.get("route"), "path", "-")
        self._backend.metrics.count("kiosk_requests_total", route=route, status=str(reply.status))
        if scope["path"].startswith("/v1/"):
            spent = round((time.monotonic() - started) * 1000, 1)
            log.event("request", route=route, status=reply.status, ms=spent, terminal=terminal_id or None)
        hit("backend.answering")
        await reply.send(send, self._signature(asked, headers, reply, suite))

    async def _let_in(self, scope: Scope, receive: Receive, headers: dict[str, str], reply: _Reply) -> None:
        """The request's way to its route, or a Refusal."""
        path = scope["path"]
        ours = path.startswith("/v1/")
        claimed = _claimed(headers) if ours else ""
        if ours and path != ENROL and claimed not in self._known:  # who a new one is, the code will say
            await anyio.to_thread.run_sync(self._look_up, claimed)
        async with self._places.place(claimed, large=claimed != "" and _may_be_large(path, headers)):
            body, scope["state"]["sha256"] = await self._body(path, headers, receive)
            done = await anyio.to_thread.run_sync(self._serve, scope, headers, body) if ours else None
            if done is None:
                await self._app(scope, _replay(body, receive), reply.take)
            else:
                reply.set(200, wire.JSON, done)

    def _serve(self, scope: Scope, headers: dict[str, str], body: bytes) -> bytes | None:
        """Lets the request in, and answers it where nobody else is needed for that (straight.py)."""
        self.authenticate(scope, headers, body)
        return straight.answer(self._backend, scope, body)

    def _trouble(self, reply: _Reply, error: Exception) -> None:
        """What is answered to a request that did not go through."""
        if isinstance(error, Refusal):
            self._refuse(reply, error.code)
        elif isinstance(error, StoreBusy):
            log.event("store.busy", cause=type(error.__cause__).__name__)
            self._refuse(reply, "store-busy")
        else:  # a bug: answered, logged with its place, never with what was sent
            log.fault(error)
            self._refuse(reply, "fault")

    def _look_up(self, terminal_id: str, nonce: str = "") -> tuple[Terminal, bool]:
        """Whom a request names, as the store has it now, and whether that one has used the nonce. Raises Refusal."""
        found, used = self._backend.claimed(terminal_id, nonce)
        if found is None or found.revoked:
            self._known.discard(terminal_id)
            raise Refusal("unknown-terminal" if found is None else "terminal-revoked")
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known.add(terminal_id)
        return found, used

    def authenticate(self, scope: Scope, headers: dict[str, str], body: bytes) -> None:
        """The body was signed by the terminal that was claimed, or Refusal.

        Puts the Terminal and the request's Once into the scope's state. A route that writes in one transaction spends
        the nonce there; for all others it is spent here.
        """
        terminal_id, stamp, nonce, signature = _signed(headers)
        now, state = self._backend.now(), scope["state"]
        if scope["path"] == ENROL:
            terminal, used = Terminal(NEW_TERMINAL, "", _key_in(body), False), False  # only that it is the sender's own
        else:
            terminal, used = self._look_up(terminal_id, nonce)
        try:
            key = wire.unb64(terminal.public_key)
            suite = suites.of_key(key)  # the key says which: nothing that was sent does
            digest = state["sha256"] if suite.NAME == suites.DEFAULT else suite.digest(body)
            message = wire.request_bytes(scope["method"], _target(scope), terminal_id, stamp, nonce, digest)
            wire.verify(key, message, signature)
        except (wire.BadSignature, ValueError):
            raise Refusal("bad-signature") from None
        except suites.SuiteMissing:
            raise Refusal("suite-not-served") from None
        if scope["path"] == ENROL:
            state["terminal"] = terminal  # one that was never told the time may not know it
            _refuse_encoded(headers)
            return
        if abs(now.timestamp() - int(stamp)) > self._backend.settings.window.total_seconds():
            raise Refusal("clock")
        if not self._rates.allows(terminal_id):
            raise Refusal("too-many-requests")
        if used:
            raise Refusal("replayed")
        once = self._backend.once(terminal_id, nonce)
        if not _spends(scope["method"], scope["path"]):
            self._backend.spend(once)
        self._rates.take(terminal_id)  # only now: who replays what he has caught cannot empty the terminal's bucket
        state["terminal"] = replace(terminal, signing_id=headers.get(wire.KEY_HEADER.lower(), ""))
        state["once"] = once
        _refuse_encoded(headers)

    async def _body(self, path: str, headers: dict[str, str], receive: Receive) -> tuple[bytes, str]:
        """The whole body, and its SHA-256, reckoned while the rest is on its way. Raises Refusal, _Gone."""
        hashed = hashlib.sha256()
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
                    hashed.update(part)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Refusal("slow-body") from None
        return (parts[0] if len(parts) == 1 else b"".join(parts)), hashed.hexdigest()

    def _refuse(self, reply: _Reply, code: str) -> None:
        answer = Refusal(code).answer(self._backend.now())
        reply.set(answer.status, MEDIA_TYPE, answer.body)
        self._backend.metrics.count("kiosk_refusals_total", code=code)

    def _signature(
        self, asked: wire.Asked, headers: dict[str, str], reply: _Reply, suite: str
    ) -> list[tuple[bytes, bytes]]:
        """``suite``: of the terminal's key; empty for a stranger, for whom nothing is signed that settles anything.

        A stranger can name any terminal and any nonce: what is signed for him he can hand on as that terminal's answer.
        """
        now = self._backend.now().isoformat()
        extra = [(wire.REPLY_TIME_HEADER.lower().encode(), now.encode()), (b"cache-control", b"no-store")]
        if wire.NONCE.fullmatch(asked.nonce) and (suite or reply.status in _FOR_STRANGERS):
            known = headers.get(wire.KEY_HEADER.lower(), "")
            signer = self._backend.keys.signer(known, suite)
            current = self._backend.keys.newest(signer)
            message = wire.reply_bytes(asked, reply.status, now, reply.body, suites.by_name(signer.suite))
            signature = wire.sign(signer.signing_private, message)
            extra.append((wire.REPLY_SIGNATURE_HEADER.lower().encode(), signature.encode()))
            if known and signer is not current:
                extra.append((wire.NEWEST_KEY_HEADER.lower().encode(), current.signing_id.encode()))
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


def _signed(headers: dict[str, str]) -> tuple[str, str, str, str]:
    """Terminal, timestamp, nonce and signature as the headers say, empty where they do not."""
    names = (wire.TERMINAL_HEADER, wire.TIMESTAMP_HEADER, wire.NONCE_HEADER, wire.SIGNATURE_HEADER)
    terminal_id, stamp, nonce, signature = (headers.get(name.lower(), "") for name in names)
    return terminal_id, stamp, nonce, signature


def _spends(method: str, path: str) -> bool:
    """Whether the route spends the nonce in the transaction of its work (once.py)."""
    return path == ITEMS or (method in ("PUT", "PATCH") and _MATERIAL.fullmatch(path) is not None)


def _claimed(headers: dict[str, str]) -> str:
    """The id of whom the request says it is from, in good form; nothing is proved yet. Raises Refusal."""
    terminal_id, stamp, nonce, signature = _signed(headers)
    forms = wire.ID.fullmatch(terminal_id) and _TIMESTAMP.fullmatch(stamp) and wire.NONCE.fullmatch(nonce)
    if not forms or not _SIGNATURE.fullmatch(signature):
        raise Refusal("unsigned")
    return terminal_id


def _asked(scope: Scope, headers: dict[str, str]) -> wire.Asked:
    terminal_id, _, nonce, _ = _signed(headers)
    return wire.Asked(terminal_id, scope["method"], _target(scope), nonce)


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


def _refuse_encoded(headers: dict[str, str]) -> None:
    """Bodies come as they are: nothing here unpacks what may be larger inside."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("bad-encoding")


def _key_in(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=wire.EnrolRequest).public_key
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal("bad-fields") from None
