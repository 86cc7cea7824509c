"""The sealed certificate of a case, fetched from the backend while the person waits for it to be printed.

On a connection of its own, for as long as somebody can be kept waiting. Where there is none, or not in time, the
terminal prints its own, which says that it bears no seal. Nothing of it is kept here.
"""

from __future__ import annotations

import threading
from urllib.parse import quote

from kiosk.sync.asking import Client
from kiosk.sync.exchange import Exchange
from kiosk.sync.policy import Policy, SyncFailure
from kiosk.sync.transport import Transport

SECONDS = 6.0  # that a paper may have to wait


class Fetching:
    """May be used from any thread; one at a time, and who asks blocks. ``transport`` is its own."""

    def __init__(self, transport: Transport, client: Client, *, seconds: float = SECONDS) -> None:
        self._client, self._lock = client, threading.Lock()
        self._exchange = Exchange(transport, client.key, client.clock, Policy(attempt=seconds, stall=seconds))

    def certificate(self, case_id: str, *, copy: bool) -> bytes:
        """The PDF, or empty. ``copy``: it was printed before, and is to say so."""
        enrolment = self._client.enrolment
        if enrolment is None:
            return b""
        target = f"/v1/certificates/{quote(case_id)}" + ("?copy=true" if copy else "")
        with self._lock:
            self._exchange.use(self._client.key)
            self._exchange.offset = self._client.clock_offset
            try:
                return self._exchange.call(enrolment, "GET", target, b"", bytes)
            except SyncFailure:
                return b""

    def interrupt(self) -> None:
        """From another thread: what is under way ends now, and no other begins."""
        self._exchange.interrupt()

    def close(self) -> None:
        self._exchange.close()
