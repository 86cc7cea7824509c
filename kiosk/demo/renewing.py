"""A terminal that may begin anew inside the demo's process: what `kiosk run` does by executing itself once more.

Whoever listens goes on listening; what is asked meanwhile is asked of the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Unsubscribe = Callable[[], None]


class Renewing:
    """Stands for the terminal that ``make`` makes, and after ``begin_anew`` for the next one. Thread-safe."""

    def __init__(self, make: Callable[[Callable[[], None]], Any]) -> None:
        """``make`` is given what the terminal is to call when it ends to begin anew."""
        self._make = make
        self._lock = threading.RLock()
        self._listeners: list[tuple[str, Callable[..., None]]] = []
        self._ends: dict[int, Unsubscribe] = {}
        self._lives = 1
        self._stopped = False
        self._now = make(self.begin_anew)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the terminal's that stands now."""
        return getattr(self._now, name)

    @property
    def lives(self) -> int:
        return self._lives

    @property
    def voice(self) -> Any:
        return self._now.voice

    @property
    def maintenance(self) -> Any:
        return self._now.maintenance

    def start(self) -> Renewing:
        with self._lock:
            self._now.start()
        return self

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._now.stop()

    def subscribe(self, listener: Callable[..., None]) -> Unsubscribe:
        return self._listen("subscribe", listener)

    def subscribe_frames(self, listener: Callable[..., None]) -> Unsubscribe:
        return self._listen("subscribe_frames", listener)

    def _listen(self, how: str, listener: Callable[..., None]) -> Unsubscribe:
        entry = (how, listener)
        with self._lock:
            self._listeners.append(entry)
            self._ends[id(entry)] = getattr(self._now, how)(listener)

        def unsubscribe() -> None:
            with self._lock:
                if entry in self._listeners:
                    self._listeners.remove(entry)
                    self._ends.pop(id(entry))()

        return unsubscribe

    def begin_anew(self) -> None:
        """From the terminal's own core thread, which cannot wait for its end: the next one is begun on another."""
        threading.Thread(target=self._renew, name="demo-renew", daemon=True).start()

    def _renew(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._now.stop()
            self._now = self._make(self.begin_anew)
            self._lives += 1
            for entry in self._listeners:
                how, listener = entry
                self._ends[id(entry)] = getattr(self._now, how)(listener)
            self._now.start()
