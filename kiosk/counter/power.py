"""The mains and the battery (不间断电源), as the UPS tells them: a low battery to the visit, all of it to operators."""

from __future__ import annotations

import threading
from collections.abc import Callable

from devices.contracts.device import State, Status
from kiosk.counter.actors import Actor
from kiosk.visit.events import PowerChanged
from kiosk.visit.ports import Post

ON_BATTERY, LOW = "on-battery", "battery-low"
"""Fault codes of devices.contracts.ups; also what is noted for operators."""


class PowerDesk:
    """Without a UPS it never says anything. ``note`` is told each change: a code, or "" when the mains are back.

    Neither ``post`` nor ``note`` may block: they are called from the device's own thread.
    """

    def __init__(self, actor: Actor | None, post: Post, note: Callable[[str], None] = lambda code: None) -> None:
        self._actor, self._post, self._note = actor, post, note
        self._lock = threading.Lock()
        self._level = ""
        self._end: Callable[[], None] = lambda: None

    def listen(self) -> None:
        """Tell what is so now, and every change. Called again it changes nothing."""
        if self._actor is None:
            return
        self._end()
        self._end = self._actor.subscribe(self._changed)
        self._changed(self._actor.status)

    def close(self) -> None:
        self._end()

    def _changed(self, status: Status) -> None:
        with self._lock:  # what was learned first is told first
            before, self._level = self._level, level(status, self._level)
            if self._level == before:
                return
            self._note(self._level)
            if LOW in (before, self._level):
                self._post(PowerChanged(self._level == LOW))


def level(status: Status, before: str) -> str:
    """Nothing ("") on the mains, ON_BATTERY, or LOW: on battery, and that nearly empty.

    A UPS that says nothing has changed nothing: silence is neither a power cut nor its end.
    """
    if status.state is not State.ONLINE:
        return before
    codes = {fault.code for fault in status.faults}
    return LOW if LOW in codes else ON_BATTERY if ON_BATTERY in codes else ""
