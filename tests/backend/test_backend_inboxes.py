"""A visit's inbox, in both stores: what a telephone puts in the terminal takes out, sealed, and nothing stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk import wire
from kiosk.backend import Settings
from kiosk.backend.inboxes import LIFE
from tests.backend.conftest import Clock
from tests.backend.public_room import Room
from tests.backend.sending_room import Visit, jpeg, number_on, paper

STORES = ("sqlite", "postgresql")


@pytest.fixture
def room(tmp_path: Any, database: str, clock: Clock) -> Iterator[Room]:
    keys = str(tmp_path / "keys.json")
    made = Room(Settings(database, str(tmp_path / "blobs"), keys, clock=clock, console=True))
    yield made
    made.backend.close()


def test_from_the_telephone_to_the_terminal_and_gone(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    assert visit.seconds == LIFE
    assert visit.news() == wire.InboxNews(open=True)
    number = number_on(visit.scanned_by(phone))
    assert visit.news() == wire.InboxNews(open=True, active=True), "it was scanned, and has claimed nothing"
    answer = phone.post("/p/send", files=[paper(jpeg(colour="red")), paper(jpeg((20, 30)))])
    assert answer.status_code == 200
    assert "2" in answer.text
    first = visit.news()
    assert (first.number, first.waiting, first.seq) == (number, 2, 1)
    assert visit.picture(first).size == (300, 200)
    second = visit.news(after=first.seq)
    assert (second.waiting, second.seq, visit.picture(second).size) == (1, 2, (20, 30))
    assert visit.rows() == (1, 1), "what was fetched is erased with the next question"
    assert visit.news(after=2) == wire.InboxNews(open=True, number=number, active=True)
    room.backend.inboxes.shut(visit.terminal, visit.inbox)
    assert (visit.rows(), visit.news()) == ((0, 0), wire.InboxNews(open=False))
    assert phone.client.get("/p/send").status_code == 410

    # one that nobody closes is over by itself, whatever lies in it, and the same question opens the same one
    visit = Visit(room)
    assert room.backend.inboxes.open(visit.terminal, visit.asked).seconds == LIFE
    visit.scanned_by(phone)
    assert phone.post("/p/send", files=[paper(jpeg())]).status_code == 200
    room.backend.settings.clock.move(seconds=LIFE)  # type: ignore[attr-defined]
    assert visit.news() == wire.InboxNews(open=False)
    room.backend.inboxes.sweep()
    assert visit.rows() == (0, 0)


class Meanwhile:
    """A lock before which something happens, once."""

    def __init__(self, lock: Any, deed: Callable[[], object]) -> None:
        self._lock, self._deeds = lock, [deed]

    def __enter__(self) -> None:
        while self._deeds:
            self._deeds.pop()()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_one_that_is_opened_while_others_are_swept_is_swept_in_its_time(room: Room) -> None:
    inboxes = room.backend.inboxes
    inboxes._timer = threading.current_thread()  # type: ignore[assignment]  # as when its time has come
    inboxes._lock = Meanwhile(inboxes._lock, lambda: Visit(room))  # type: ignore[assignment]
    inboxes._woken()
    assert isinstance(inboxes._timer, threading.Timer)
    assert inboxes._timer.is_alive()
