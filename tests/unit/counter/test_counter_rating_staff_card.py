"""No rating is taken while a staff card lies in the slot; one given after it was taken away says that it lay there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State, Status
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import StaffCard
from kiosk.counter import counter as counter_module
from kiosk.counter.slot import SlotDesk
from kiosk.journal.journal import Journal
from kiosk.visit import events as ev
from kiosk.visit.effects import SaveRating
from kiosk.visit.events import RatingSaved
from kiosk.visit.screen import RateBody
from kiosk.visit.view import screen_of
from tests.unit.counter.test_counter_printing import Room, journal, room
from tests.unit.visit_world import World

__all__ = ["journal", "room"]  # fixtures

RATED = SaveRating("case-1", "T-1", "0001", 5, ())


class Slot:
    """A slot and the staff card reader on it."""

    def __init__(self) -> None:
        self.found: StaffCard | NoCard | DeviceError = NoCard()
        self.quick = threading.Event()
        self.quick.set()

    @property
    def status(self) -> Status:
        return Status(State.ONLINE, details={"card": "present"})

    def subscribe(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        return lambda: None

    def refresh(self) -> None: ...

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(command(self, Deadline.after(timeout)))
        except DeviceError as error:
            future.set_exception(error)
        return future

    def disconnect(self) -> None: ...

    def dismiss(self, deadline: Deadline) -> None: ...

    def identify(self, deadline: Deadline) -> StaffCard | NoCard:
        assert self.quick.wait(10)
        if isinstance(self.found, DeviceError):
            raise self.found
        return self.found


@pytest.fixture
def slot(room: Room, monkeypatch: pytest.MonkeyPatch) -> Slot:
    made = Slot()
    desk = SlotDesk({"card_reader": made, "staff_card": made}, room.counter._post, lambda: None, room.crashes.append)
    desk.listen()
    monkeypatch.setattr(room.counter, "_slot", desk)
    monkeypatch.setattr(counter_module, "seal", lambda plain, *_: plain)
    return made


def take(room: Room) -> RatingSaved:
    before = len(saved(room))
    room.counter.save_rating(RATED)
    assert room.until(RatingSaved, before + 1)
    return saved(room)[-1]


def saved(room: Room) -> list[RatingSaved]:
    return [event for event in room.events if isinstance(event, RatingSaved)]


def test_a_rating_waits_until_the_staff_card_is_gone_and_says_that_it_was_there(
    room: Room, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(Journal, "commit_rating", lambda self, record: kept.append(record.sealed))
    slot.found = StaffCard("AB" * 16, "", "")
    assert take(room) == RatingSaved(False, staff_card=True)
    assert kept == []
    slot.found = NoCard()
    assert take(room) == RatingSaved()
    assert b'"staff_card":true' in kept[0]
    room.wipes()
    assert take(room) == RatingSaved()
    assert b'"staff_card":false' in kept[1], "another visit knows nothing of it"


def test_a_look_that_outlasts_its_visit_says_nothing_of_the_next(
    room: Room, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(Journal, "commit_rating", lambda self, record: kept.append(record.sealed))
    slot.found = StaffCard("AB" * 16, "", "")
    slot.quick.clear()
    room.counter.save_rating(RATED)
    room.wipes()
    slot.quick.set()
    assert room.until(RatingSaved)
    slot.found = NoCard()
    assert take(room) == RatingSaved()
    assert b'"staff_card":false' in kept[0]


def test_a_card_of_another_kind_locks_nobody_out(room: Room, slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "commit_rating", lambda self, record: None)
    slot.found = DeviceError("wrong-card", "this is no staff card", advice="", retryable=False)
    assert take(room) == RatingSaved()


def test_the_page_says_why_it_was_not_taken_and_the_rating_can_be_sent_again() -> None:
    world = World().at_rate().do(ev.LevelChosen(5), ev.RatingSubmitted(), ev.RatingSaved(False, staff_card=True))
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, RateBody)
    assert (body.problem, body.level) == ("staff_card", 5)
    assert world.do(ev.RatingSubmitted()).started(SaveRating) == 2
