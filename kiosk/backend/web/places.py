"""Places for bodies with files: few are held in memory at once, and one address has half of them at most.

Whoever comes from the same address waits for its own first, in no queue that others stand in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from kiosk.backend.web.problems import WebError


class Places:
    """Of one event loop. ``most``: bodies at once; ``each``: of one address; ``seconds``: that one waits for it."""

    def __init__(self, most: int, each: int, seconds: float) -> None:
        self._places, self._each, self._seconds = asyncio.Semaphore(most), each, seconds
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # forgotten with the last of them

    @asynccontextmanager
    async def place(self, address: str) -> AsyncIterator[None]:
        """Raises WebError ``busy`` when none becomes free in time."""
        own = self._of.setdefault(address, asyncio.Semaphore(self._each))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._seconds):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._places)
            except TimeoutError:
                raise WebError("busy") from None
            yield
