"""The sealed certificate of a case, fetched from the backend while the person waits for it to be printed.

Where there is no line, or not in time, the terminal prints its own, which says that it bears no seal. Nothing of it is
kept here.
"""

from __future__ import annotations

from urllib.parse import quote

from kiosk.sync.aside import Aside, Client
from kiosk.sync.policy import SyncFailure
from kiosk.sync.transport import Transport

SECONDS = 10.0  # that a paper may have to wait: the first that a backend seals takes 1 s of a processor


class Fetching(Aside):
    """Papers, each by its case."""

    def __init__(self, transport: Transport, client: Client, *, seconds: float = SECONDS) -> None:
        super().__init__(transport, client, seconds)

    def certificate(self, case_id: str, *, copy: bool) -> bytes:
        """The PDF, or empty. ``copy``: it was printed before, and is to say so."""
        enrolment = self._client.enrolment
        if enrolment is None:
            return b""
        target = f"/v1/certificates/{quote(case_id)}" + ("?copy=true" if copy else "")
        try:
            return self._call(enrolment, "GET", target, b"", bytes)
        except SyncFailure:
            return b""
