"""The thread that does the connectors' work: it sleeps until something happened, or a department is to be asked."""

from __future__ import annotations

import threading

from kiosk.backend import log
from kiosk.backend.connectors.work import Connectors
from kiosk.backend.store.engine import StoreBusy

PAUSE = 2.0  # seconds between two passes at least: a batch that comes in has the interpreter to itself
LONGEST = 30.0  # seconds at most: what happened in another process (kiosk backend case --act) is seen by then


class ConnectorsRunner:
    def __init__(self, connectors: Connectors) -> None:
        self._connectors = connectors
        self._woken, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="connectors", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something is to be sent."""
        self._woken.set()

    def stop(self) -> None:
        """After the exchange that is under way, at the latest."""
        self._ending.set()
        self._woken.set()
        self._thread.join()
        self._connectors.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._woken.clear()
            try:
                self._connectors.run(self._ending.is_set)
            except StoreBusy:
                log.event("connectors.busy")
            except Exception as error:  # a bug: the gauges tell that letters wait
                log.fault(error)
            self._ending.wait(PAUSE)
            self._woken.wait(min(LONGEST, self._connectors.due_in()))
