"""From a telephone to the visit by the terminal's own line: pictures arrive sealed, one by one; shut is shut."""

from __future__ import annotations

import queue
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kiosk.backend import Settings
from kiosk.backend.public.pages import routes
from kiosk.backend.store.inbox_tables import inbox_files, inboxes
from kiosk.backend.web.site import Site
from kiosk.counter.inbox import InboxDesk
from kiosk.journal.journal import Journal
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.inbox import Inboxes
from kiosk.sync.transport import HttpTransport
from kiosk.visit.events import InboxFailed, InboxOpened, PhoneSeen, PictureSent
from tests.backend.conftest import AREA, Clock, Server
from tests.backend.public_room import Phone
from tests.backend.sending_room import jpeg, paper

PAGES = "https://testserver/p/send/"


class Desk:
    """A terminal's desk at its line, and what it tells."""

    def __init__(self, folder: Path, url: str, clock: Clock, code: str) -> None:
        self.journal = Journal.open(folder, bytes(32), clock=clock, durable=False)
        self.client = client = SyncClient(
            self.journal, HttpTransport(url), TerminalKey.load_or_create(folder), policy=Policy(attempt=10.0),
            clock=clock, rng=random.Random(1),
        )  # fmt: skip
        client.enrol(code)
        self.line = Inboxes(HttpTransport(url), client, PAGES)
        self.told: queue.Queue[Any] = queue.Queue()
        self.bugs: list[BaseException] = []
        self.desk = InboxDesk(self.line, self.told.put, self.bugs.append, looks=0.01)

    def next(self, kind: type) -> Any:
        """The next of its kind; signs of a telephone come in between."""
        while True:
            event = self.told.get(timeout=10)
            if isinstance(event, kind):
                return event
            assert isinstance(event, PhoneSeen), event

    def close(self) -> None:
        self.line.interrupt()
        self.desk.close()
        self.line.close()
        self.client.close()
        self.journal.close()
        assert not self.bugs


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, console=True)


@pytest.fixture
def desk(tmp_path: Path, server: Server, clock: Clock) -> Iterator[Desk]:
    made = Desk(tmp_path / "terminal", server.url, clock, server.backend.issue_code(AREA, "East Gate"))
    yield made
    made.close()


def rows(server: Server) -> int:
    return server.backend._store.read(
        lambda c: len(c.execute(inboxes.select()).all()) + len(c.execute(inbox_files.select()).all())
    )


def test_a_visit_is_sent_pictures_until_it_closes(desk: Desk, server: Server) -> None:
    site = Site(server.backend, routes=routes(server.backend))
    phone = Phone(TestClient(site, base_url="https://testserver", follow_redirects=False))
    desk.desk.open(1)
    opened = desk.next(InboxOpened)
    assert opened.turn == 1
    assert phone.client.get(opened.url.removeprefix("https://testserver")).status_code == 303
    desk.next(PhoneSeen)
    for colour in ("red", "blue"):
        assert phone.post("/p/send", files=[paper(jpeg(colour=colour))]).status_code == 200
        sent = desk.next(PictureSent)
        assert (sent.turn, sent.jpeg[:3]) == (1, b"\xff\xd8\xff")
        assert 10 <= sent.number <= 99
    desk.desk.settle(10)
    assert rows(server) == 0
    while not desk.told.empty():
        desk.told.get()
    assert phone.client.get("/p/send").status_code == 410
    assert desk.told.empty()


def test_another_one_ends_the_one_before_and_the_time_ends_any(desk: Desk, server: Server, clock: Clock) -> None:
    desk.desk.open(1)
    first = desk.next(InboxOpened).url
    desk.desk.open(2)
    second = desk.next(InboxOpened)
    assert (second.turn, second.url != first) == (2, True)
    assert rows(server) == 1
    clock.move(minutes=11)
    assert desk.next(InboxFailed) == InboxFailed(2, "over")


def test_without_pages_or_a_line_it_says_which(tmp_path: Path, clock: Clock, settings: Settings) -> None:
    server = Server(replace(settings, console=False))
    desk = Desk(tmp_path / "terminal", server.url, clock, server.backend.issue_code(AREA, "East Gate"))
    try:
        desk.desk.open(1)
        assert desk.next(InboxFailed) == InboxFailed(1, "closed")
        server.stop()
        desk.desk.open(2)
        assert desk.next(InboxFailed) == InboxFailed(2, "line")
    finally:
        desk.close()
