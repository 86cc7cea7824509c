"""Since when a device is as it is: kept by listening from the program's start on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from devices.contracts.device import State, Status
from kiosk.maintenance.verdicts import Verdict, verdict

if TYPE_CHECKING:
    from kiosk.counter.actors import Actor


class Since:
    """Made once, when the devices are: what was so before is since nobody knows when. Thread-safe."""

    def __init__(self, actors: Mapping[str, Actor], now: Callable[[], datetime]) -> None:
        self._now = now
        self._guard = threading.Lock()
        self._known: dict[str, tuple[Verdict, datetime | None]] = {}
        self._ends = [actor.subscribe(partial(self._heard, kind)) for kind, actor in actors.items()]
        for kind, actor in actors.items():
            self._heard(kind, actor.status)

    def close(self) -> None:
        for end in self._ends:
            end()

    def of(self, kind: str) -> datetime | None:
        with self._guard:
            known = self._known.get(kind)
            return None if known is None else known[1]

    def _heard(self, kind: str, status: Status) -> None:
        """From the device's own thread."""
        if status.state is State.STARTING:
            return
        found = verdict(status)
        with self._guard:
            last = self._known.get(kind)
            if last is None:
                self._known[kind] = (found, None)
            elif (last[0].tone, last[0].code) != (found.tone, found.code):
                self._known[kind] = (found, self._now())
