"""Ports that come and go: a device file is looked at twice a second, and its actor is told when it changes.

A look is one stat of a path, about 2 us. The kernel's own notices are no cure: /dev/serial/by-id is itself removed
with its last entry, and a container hears no udev. Devices on a network have no file: their heartbeat finds them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping

INTERVAL = 0.5  # seconds; an unplugged device is to be seen within two
_Identity = tuple[int, int, int]


class Hotplug:
    """``changed(name, there)`` is called, from the thread of this watch, whenever the file behind a name's path has
    come or become another one (``there``), or gone. It must not block."""

    def __init__(self, paths: Mapping[str, str], changed: Callable[[str, bool], None]) -> None:
        self._paths = dict(paths)
        self._changed = changed
        self._known = {name: _identity(path) for name, path in self._paths.items()}
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """One look at every path; tests call this directly."""
        for name, path in self._paths.items():
            now = _identity(path)
            if now != self._known[name]:
                self._known[name] = now
                self._changed(name, now is not None)

    def start(self) -> None:
        """Begin to watch; without any path there is nothing to do."""
        if self._paths:
            self._thread = threading.Thread(target=self._run, name="device-hotplug", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(INTERVAL):
            self.look()


def _identity(path: str) -> _Identity | None:
    """Which file stands at a path now (links followed: a by-id name may point at another tty tomorrow)."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev
