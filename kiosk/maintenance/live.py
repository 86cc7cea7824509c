"""What is live while a page is shown: devices asked every moment, the page drawn anew when one changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.counter.actors import Actor

End = Callable[[], None]
Every = Callable[[float, Callable[[], None]], End]
"""Do something every so many seconds, on a thread of its own, until it is ended."""


def every(seconds: float, do: Callable[[], None]) -> End:
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(seconds):
            do()

    threading.Thread(target=run, name="maintenance-tick", daemon=True).start()
    return ended.set


class Live:
    """Of one page at a time. ``begin`` ends what was live before."""

    def __init__(self, tick: Every = every) -> None:
        self._tick = tick
        self._ends: list[End] = []

    def begin(
        self,
        actors: Iterable[Actor],
        changed: Callable[[], None],
        seconds: float,
        also: Callable[[], None] | None = None,
    ) -> None:
        """``changed`` on each change of a status; each device is asked, and ``also`` done, every ``seconds``."""
        self.end()
        watched = tuple(actors)

        def told(status: Status) -> None:
            changed()

        def look() -> None:
            for actor in watched:
                actor.refresh()
            if also is not None:
                also()

        self._ends = [actor.subscribe(told) for actor in watched]
        self._ends.append(self._tick(seconds, look))

    def end(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            end()
