"""Routes whose messages are read and written by msgspec: a batch of 500 costs a tenth of what the framework takes.

Each is declared like any other, so the framework documents it. What is left out is the framework's reading (json, then
pydantic) and writing (dataclasses to dictionaries, pydantic, json). Whatever msgspec cannot read is left to the
framework, which has its own answer to it, and is somewhat more patient: it takes text that has no bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

import anyio.to_thread
import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute

from kiosk.wire import HASH

_JSON = re.compile(r"application/([^;\s]+\+)?json\s*(;|$)", re.IGNORECASE)


class HashRoute(APIRoute):
    """For an endpoint ``async (request, digest) -> message``: the only parameter is a hash in its path."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        usual, endpoint = super().get_route_handler(), self.dependant.call
        assert endpoint is not None  # noqa: S101  # of a declared route

        async def handle(request: Request) -> Response:
            digest = request.path_params["digest"]
            if not HASH.fullmatch(digest):
                return await usual(request)
            return Response(msgspec.json.encode(await endpoint(request, digest)), media_type="application/json")

        return handle


class QuickRoute(APIRoute):
    """For an endpoint ``(request, body) -> message``; it runs on a worker thread, as plain functions do."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        usual, endpoint = super().get_route_handler(), self.dependant.call
        assert endpoint is not None  # noqa: S101  # of a declared route
        decoder = msgspec.json.Decoder(get_type_hints(endpoint)["body"])

        def work(request: Request, raw: bytes) -> Response | None:
            try:
                body = decoder.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return None
            return Response(msgspec.json.encode(endpoint(request, body)), media_type="application/json")

        async def handle(request: Request) -> Response:
            ready = None
            if _JSON.match(request.headers.get("content-type", "")):
                ready = await anyio.to_thread.run_sync(work, request, await request.body())
            return ready or await usual(request)

        return handle
