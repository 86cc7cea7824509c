"""Why a telephone cannot send, as the citizen is told: a busy backend is no network that is gone."""

from __future__ import annotations

from queue import Queue
from typing import Any

import pytest

from kiosk.counter.inbox import InboxDesk
from kiosk.sync.inbox import News, Opened
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.visit.events import InboxFailed, InboxOpened

OPENED = Opened("i", b"", "https://x/p/send/t", 600)


class Line:
    """Fails where ``at`` says, with ``failure``."""

    def __init__(self, failure: SyncFailure, at: str) -> None:
        self._failure, self._at = failure, at

    def open(self) -> Opened:
        if self._at == "open":
            raise self._failure
        return OPENED

    def news(self, opened: Opened, after: int) -> News:
        raise self._failure

    def shut(self, opened: Opened) -> None:
        """Nothing is kept here."""


@pytest.mark.parametrize("at", ["open", "news"])
@pytest.mark.parametrize(
    ("kind", "cause", "why"),
    [
        (Failure.SERVER, "too-many-requests", "busy"),
        (Failure.SERVER, "http-503", "busy"),
        (Failure.SERVER, "no-inbox", "closed"),
        (Failure.NETWORK, "dns", "line"),
    ],
)
def test_what_the_backend_says_is_what_the_citizen_is_told(at: str, kind: Failure, cause: str, why: str) -> None:
    told: Queue[Any] = Queue()
    bugs: list[BaseException] = []
    desk = InboxDesk(Line(SyncFailure(kind, cause), at), told.put, bugs.append, looks=0.001)
    try:
        desk.open(1)
        if at == "news":
            assert told.get(timeout=5) == InboxOpened(1, OPENED.url)
        assert told.get(timeout=5) == InboxFailed(1, why)
    finally:
        desk.close()
    assert not bugs
