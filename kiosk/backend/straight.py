"""What terminals send most, batches and whole materials, answered in the thread that has checked its signature.

The framework's way costs three handings over between threads and a third of a millisecond, and finds out nothing that
is not known here. Both requests are declared with the others (api.py), which document them, take batches as JSON, and
answer to whatever is not in order here.
"""

from __future__ import annotations

import re

import msgspec
from starlette.types import Scope

from kiosk import wire
from kiosk.backend.core import Backend

_MATERIAL = re.compile(r"/v1/materials/([0-9a-f]{64})")
_unpack = msgspec.msgpack.Decoder(wire.PackedPush).decode


def answer(backend: Backend, scope: Scope, body: bytes) -> bytes | None:
    """The answer in JSON; None where this is for the framework. Raises as `Backend` does.

    ``scope``: of a request that was let in. Its content type is signed by nobody, and what a proxy has made of that
    decides nothing: the first byte of a packed batch is none that JSON has. The route is put into the scope's
    state before anything is done: what is refused is counted and logged under it, too.
    """
    method, path, state = scope["method"], scope["path"], scope["state"]
    reply: wire.PushReply | wire.MaterialReply
    if method == "POST" and path == "/v1/items" and body[:1] > b"\x7f":
        try:
            items = _unpack(body).items
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        state["route"] = path
        reply = backend.push(state["terminal"], items, state["once"])
        return msgspec.json.encode(reply)
    if method == "PUT" and (found := _MATERIAL.fullmatch(path)):
        state["route"] = "/v1/materials/{digest}"
        reply = backend.store_material(state["terminal"], found[1], body, state["once"], hashed=state["sha256"])
        return msgspec.json.encode(reply)
    return None
