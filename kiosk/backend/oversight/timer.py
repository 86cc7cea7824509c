"""The thread that has supervision's figures made anew, beside a backend that serves pages.

It sleeps, looks whether there are more cases than a page would reckon by itself, and has a process of its own do it
(refreshing.py). Afterwards it rests nine times as long as that took: a tenth of one processor at most, however many
cases there are. Of several backends on one database one has the turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from kiosk.backend import log
from kiosk.backend.store.engine import StoreBusy

if TYPE_CHECKING:
    from kiosk.backend.core import Backend

FIRST, EVERY = 20.0, 600.0  # seconds after the start; between two looks, and from one end to the next beginning
RESTS = 9  # times as long as it took
HELD = 3700.0  # seconds after which the turn of a process that died is anybody's
TURN = "turn"


class Makes(Protocol):
    """What makes the figures: refreshing.Refreshing."""

    def run(self) -> Mapping[str, Any]: ...

    def stop(self) -> None: ...


class RefreshTimer:
    """``make``: of the figures, made when they are first wanted. ``more_than``: cases above which that is its work."""

    def __init__(
        self, backend: Backend, make: Callable[[], Makes] | None = None, *, first: float = FIRST, every: float = EVERY,
        more_than: int | None = None,
    ) -> None:  # fmt: skip
        self._backend, self._rows = backend, backend._store
        self._make, self._first, self._every, self._more_than = make, first, every, more_than
        self._makes: Makes | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oversight", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is under way is ended: it is done anew after the next start."""
        self._ending.set()
        while self._thread.is_alive():
            if self._makes is not None:
                self._makes.stop()
            self._thread.join(0.5)  # again: it may have begun right now

    def look(self) -> bool:
        """Has them made, if it is time and this process's turn; whether it was. Raises StoreBusy."""
        from kiosk.backend.oversight.oversight import FEW
        from kiosk.backend.store import oversight_facts as facts
        from kiosk.backend.store import oversight_found as found
        from kiosk.backend.store.oversight_tables import prepare

        most = FEW if self._more_than is None else self._more_than
        if not self._rows.read(partial(facts.more_than, number=most)):
            return False
        self._rows.write(prepare)
        now = self._backend.now()
        until = _text(now + timedelta(seconds=HELD))
        if not self._rows.write(partial(found.take_turn, name=TURN, now=_text(now), until=until)):
            return False
        begun = time.monotonic()
        self._done()
        took = 0.0 if self._ending.is_set() else max(self._every, RESTS * (time.monotonic() - begun))
        self._rows.write(partial(found.rest, name=TURN, until=_text(self._backend.now() + timedelta(seconds=took))))
        return True

    def _done(self) -> None:
        from kiosk.workers import WorkerError

        if self._makes is None:
            self._makes = (self._make or self._made)()
        if self._ending.is_set():
            return
        try:
            self._makes.run()
        except WorkerError as error:
            log.event("oversight.not-refreshed", code=error.code, ending=self._ending.is_set())

    def _made(self) -> Makes:
        from kiosk.backend.oversight.refreshing import Refreshing

        return Refreshing(self._backend.settings)

    def _run(self) -> None:
        wait = self._first
        while not self._ending.wait(wait):
            wait = self._every
            try:
                self.look()
            except StoreBusy:
                log.event("oversight.busy")
            except Exception as error:  # a bug ends no page; how old the figures are stands on them
                log.fault(error)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
