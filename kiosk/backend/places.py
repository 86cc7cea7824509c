"""Places for large bodies: few are held in memory at once, and whoever sends (a terminal, an address) has some of them.

Whoever waits for its own waits for that first, in no queue that others stand in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Places:
    """Of one event loop. ``most``: bodies at once; ``each``: of one sender; ``seconds``: that one waits for it;
    ``refused``: what is raised when none becomes free in time.
    """

    def __init__(self, most: int, each: int, seconds: float, refused: Callable[[], Exception]) -> None:
        self._places, self._each = asyncio.Semaphore(most), each
        self._seconds, self._refused = seconds, refused
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # forgotten with the last of them

    @asynccontextmanager
    async def place(self, sender: str, *, large: bool = True) -> AsyncIterator[None]:
        """``large``: what is small needs none."""
        if not large:
            yield
            return
        own = self._of.setdefault(sender, asyncio.Semaphore(self._each))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._seconds):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._places)
            except TimeoutError:
                raise self._refused() from None
            yield
