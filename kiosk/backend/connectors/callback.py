"""Results that a department sends by itself: ``POST /d/NAME/results``, signed with the secret that both know.

    Kiosk-Timestamp: unix seconds          Kiosk-Signature: hex HMAC-SHA256(secret, "TIMESTAMP\\nPATH\\n" + body)

An answer of 200 says that all of it is in the store for good; the same once more is the same. A stranger is told
nothing: an unknown name, a wrong signature and a clock that is off are one answer.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk.backend.connectors.work import Connectors
from kiosk.backend.store.engine import StoreBusy

PATH = "/d/{name}/results"
PREFIX = "/d/"
LARGEST = 1 << 20  # bytes
WINDOW = 300  # seconds that the department's clock may be off
SECONDS = 30  # for all of a body


def signature(secret: str, timestamp: str, path: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), f"{timestamp}\n{path}\n".encode() + body, "sha256").hex()


class Callbacks:
    """ASGI middleware: what is for departments goes to them, beside the gate for terminals; all else goes on."""

    def __init__(self, app: ASGIApp, connectors: Connectors, now: Callable[[], datetime]) -> None:
        self._app, self._router = app, Router(routes(connectors, now))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (self._router if ours else self._app)(scope, receive, send)


def routes(connectors: Connectors, now: Callable[[], datetime]) -> list[Route]:
    async def take(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _said(413, "too-large")
        name = request.path_params["name"]
        connector = connectors.all.get(name)
        secret = connector.secret if connector is not None and connector.mapped.back is not None else ""
        stamp, given = request.headers.get("kiosk-timestamp", ""), request.headers.get("kiosk-signature", "")
        known = hmac.compare_digest(signature(secret or "-", stamp, request.url.path, body).encode(), given.encode())
        if not (secret and known and _is_now(stamp, now())):
            return _said(401, "not-signed")
        try:
            counts = await anyio.to_thread.run_sync(connectors.called_back, name, body)
        except StoreBusy:
            return _said(503, "store-busy")
        return _said(200, "taken", **counts)

    return [Route(PATH, take, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """None for one that is too large, too slow, or broken off."""
    whole = bytearray()  # appended to: small parts without end are not copied each time
    try:
        with anyio.fail_after(SECONDS):
            async for part in request.stream():
                whole += part
                if len(whole) > LARGEST:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return bytes(whole)


def _is_now(stamp: str, now: datetime) -> bool:
    return stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and abs(now.timestamp() - int(stamp)) <= WINDOW


def _said(status: int, code: str, **counts: int) -> Response:
    return Response(json.dumps({"code": code, **counts}), status, media_type="application/json")
