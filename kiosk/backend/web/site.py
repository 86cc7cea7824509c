"""All pages as one ASGI application, beside the terminals' API: which rooms there are, and what they share.

A room is a folder of ``kiosk/backend`` with a ``pages.py`` whose ``routes(backend)`` gives its pages, a folder
``templates``, maybe ``static``, and ``words.toml``. The first part of an address says for whom it is: ``/console`` for
staff, ``/p`` for citizens.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send

from kiosk.backend import log
from kiosk.backend.core import Backend
from kiosk.backend.places import Places
from kiosk.backend.rates import Rates
from kiosk.backend.web import static, throttle, tokens
from kiosk.backend.web.beside import PREFIXES
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.templating import OWN, environment
from kiosk.backend.web.turn import Page, Refusing, Turn

ROOMS = ("console", "public", "ratings", "connectors", "oversight")
LARGE_AT_ONCE = 4  # bodies with files that are held in memory at the same time
OF_ONE_ADDRESS = 2


class Site:
    """Thread-safe once it is made."""

    def __init__(self, backend: Backend, routes: Sequence[BaseRoute] | None = None) -> None:
        """``routes``: those of all rooms, if none are named."""
        self.backend = backend
        self.rooms = {"web": OWN, **{room: OWN.parent / room for room in ROOMS if (OWN.parent / room).is_dir()}}
        self.templates = environment(self.rooms)
        self.statics = static.Statics([folder / "static" for folder in self.rooms.values()])
        self.key = tokens.key_from(backend.keys.epochs[0].sealing_private)
        self.rates = Rates(throttle.PAGES_RATE, throttle.PAGES_BURST, backend.settings.monotonic)
        self._rates: dict[str, Rates] = {}
        self._lock = threading.Lock()
        patience = backend.settings.body_seconds
        self.places = Places(LARGE_AT_ONCE, OF_ONE_ADDRESS, patience, partial(WebError, "busy"))
        found = list(routes) if routes is not None else _routes_of(backend)
        self._router = Router([*_own(), *found], default=Refusing("not-found").app, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["site"] = self
        await self._router(scope, receive, send)

    def throttle(self, what: str, rate: float, burst: int) -> Rates:
        """The buckets for one use, such as sign-in: the same ones each time. ``throttle.take`` takes from them."""
        with self._lock:
            if what not in self._rates:
                self._rates[what] = Rates(rate, burst, self.backend.settings.monotonic)
            return self._rates[what]

    def room_of(self, path: str) -> str:
        return "public" if path == PREFIXES["public"] or path.startswith(PREFIXES["public"] + "/") else "console"

    def prefix_of(self, room: str) -> str:
        return PREFIXES.get(room, PREFIXES["console"])

    def note(self, turn: Turn, route: str, status: int, seconds: float) -> None:
        """For metrics and log: the route as it is declared, never the address."""
        self.backend.metrics.count("kiosk_pages_total", route=route, status=str(status))
        log.event("page", route=route, status=status, ms=round(seconds * 1000, 1))


def _routes_of(backend: Backend) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for room in ROOMS:
        name = f"kiosk.backend.{room}.pages"
        if (OWN.parent / room).is_dir() and find_spec(name) is not None:
            found += import_module(name).routes(backend)
    return found


def _own() -> list[BaseRoute]:
    """Static files, and the prefixes without a slash at their end."""
    pages: list[BaseRoute] = []
    for prefix in PREFIXES.values():
        pages.append(Page(prefix + "/static/{name}", _static))
        pages.append(Page(prefix, partial(_home, prefix=prefix)))
    return pages


def _static(turn: Turn) -> Response:
    found = turn.site.statics.find(turn.path("name"))
    if found is None:
        raise WebError("not-found")
    return Response(found.data, media_type=found.media_type, headers={"cache-control": static.FOR_GOOD})


def _home(_turn: Turn, prefix: str) -> Response:
    return RedirectResponse(prefix + "/", 303)
