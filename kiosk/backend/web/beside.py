"""The pages beside the API, made when the first is asked for: templates, rooms and all their modules cost half a second
of a processor, which no start pays for pages that nobody may want. Nothing else of this room is imported before.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from kiosk.backend.core import Backend
    from kiosk.backend.web.site import Site

PREFIXES = {"console": "/console", "public": "/p"}  # by whose pages stand behind it


class Beside:
    """ASGI middleware: what is meant for the pages goes to the site, and everything else on."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app, self._backend = app, backend
        self._site: Site | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if any(path == prefix or path.startswith(prefix + "/") for prefix in PREFIXES.values()):
            site = await self._made()
            await site(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _made(self) -> Site:
        """Once, in a thread: terminals are answered meanwhile."""
        async with self._making:
            if self._site is None:
                self._site = await asyncio.to_thread(_make, self._backend)
            return self._site


def _make(backend: Backend) -> Site:
    from kiosk.backend.web.site import Site

    return Site(backend)
