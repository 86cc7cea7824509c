"""Staff at the counter: whose card lies in the slot, what may be tried, what came of it; a wipe that is no visit's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State, Status
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import StaffCard
from kiosk.access.entry import Challenge, Entered, Refused
from kiosk.access.roles import Role
from kiosk.counter.closed import ClosedCounter
from kiosk.counter.maintaining import EntryDesk
from kiosk.counter.slot import SlotDesk
from kiosk.journal.errors import JournalError
from kiosk.visit.effects import CheckEntry, CloseMaintenance, OpenMaintenance, Wipe
from kiosk.visit.events import (
    EntryChecked,
    EntryOffered,
    OtherCardSeen,
    SlotChanged,
    StaffCardGone,
    StaffCardSeen,
    Wiped,
)
from tests.unit.counter.test_counter_printing import Room, journal, room
from tests.unit.counter.test_counter_rating_staff_card import Slot

__all__ = ["journal", "room"]  # fixtures

CHALLENGE = Challenge("140213-7K2M9Q", "2026-11-27 14", "483920")
ENTERED = Entered(Role.KEEPER, "0107", "card")
STAFFS = StaffCard("AB" * 16, "", "")
NOT_STAFFS = DeviceError("wrong-card", "this is no staff card", advice="", retryable=False)


class Gate:
    """An entry that says what a test wants it to."""

    def __init__(self) -> None:
        self.typed: list[tuple[str, str]] = []
        self.answer: Entered | Refused | Exception = ENTERED
        self.threads: list[str] = []

    def begin(self) -> Challenge:
        self.threads.append(threading.current_thread().name)
        return CHALLENGE

    def check_code(self, text: str) -> Entered | Refused:
        self.typed.append(("code", text))
        return self._say()

    def check_card(self, pin: str, device: Any, deadline: Deadline) -> Entered | Refused:
        assert 0 < deadline.remaining() <= 20
        assert device.identify(deadline) is not None
        self.typed.append(("card", pin))
        return self._say()

    def _say(self) -> Entered | Refused:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def now(job: Callable[[], object]) -> object:
    return job()


def desk(gate: Gate | None, card: Slot | None, told: list[Any]) -> EntryDesk:
    return EntryDesk(gate, card, told.append, now, lambda role, who: told.append((role, who)), told.append)


def test_what_may_be_tried_is_what_the_entry_says() -> None:
    told: list[Any] = []
    desk(Gate(), None, told).admit()
    desk(None, None, told).admit()
    assert told == [EntryOffered(CHALLENGE), EntryOffered(None)]


@pytest.mark.parametrize("answer", [ENTERED, Refused("wrong-pin", 3), Refused("wrong-code", 0, 15.0)])
@pytest.mark.parametrize("way", ["card", "code"])
def test_what_is_typed_goes_to_the_entry_and_its_answer_back(way: str, answer: Entered | Refused) -> None:
    told: list[Any] = []
    gate, slot = Gate(), Slot()
    gate.answer = answer
    desk(gate, slot, told).check(CheckEntry(way, "123456"))
    assert gate.typed == [(way, "123456")]
    assert told == [EntryChecked(answer)]


@pytest.mark.parametrize("error", [DeviceError("no-answer", "", advice="", retryable=True)])
def test_a_reader_that_does_not_answer_lets_nobody_in(error: Exception) -> None:
    told: list[Any] = []
    gate = Gate()
    gate.answer = error
    desk(gate, Slot(), told).check(CheckEntry("card", "123456"))
    assert told == [EntryChecked(Refused("reader-failed"))]


def test_without_reader_or_entry_nobody_is_let_in() -> None:
    told: list[Any] = []
    desk(Gate(), None, told).check(CheckEntry("card", "123456"))
    desk(None, Slot(), told).check(CheckEntry("code", "123456"))
    assert told == [EntryChecked(Refused("no-cards")), EntryChecked(Refused("no-secret"))]


@pytest.mark.parametrize("way", ["card", "code"])
def test_while_the_journal_takes_nothing_nobody_is_let_in(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, full = Gate(), JournalError("journal-full", "the disk is full", advice="")
    gate.answer = full
    told: list[Any] = []
    desk(gate, Slot(), told).check(CheckEntry(way, "123456"))

    def begin() -> Challenge:
        raise full

    monkeypatch.setattr(gate, "begin", begin)
    desk(gate, Slot(), told).admit()
    assert told == [EntryChecked(Refused("waiting")), EntryOffered(None)]


def test_a_bug_of_the_entry_is_no_refusal() -> None:
    gate = Gate()
    gate.answer = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        desk(gate, None, []).check(CheckEntry("code", "123456"))


def test_who_was_let_in_is_told_to_the_maintenance_desk_and_so_is_the_end() -> None:
    told: list[Any] = []
    made = desk(Gate(), None, told)
    made.open(OpenMaintenance(Role.KEEPER, "0107"))
    made.close(CloseMaintenance("battery-low"))
    assert told == [(Role.KEEPER, "0107"), "battery-low"]


def test_the_counter_asks_off_the_core_loop_and_a_bug_there_ends_the_process(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    monkeypatch.setattr(room.counter._entry, "_gate", gate)
    room.counter.admit_staff()
    assert room.until(EntryOffered)
    assert gate.threads != [threading.current_thread().name]
    room.counter.check_entry(CheckEntry("code", "123456"))
    assert room.until(EntryChecked)
    gate.answer = RuntimeError("a bug")
    fell = threading.Event()
    monkeypatch.setattr(room.counter, "_crashed", lambda error: fell.set())
    room.counter.check_entry(CheckEntry("code", "123456"))
    assert fell.wait(10)


def test_the_end_of_maintenance_is_no_visit(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        type(room.counter._journal), "audit", lambda self, event, **details: rows.append((event, details))
    )
    room.counter.wipe(Wipe("maintenance", "maintenance", committed=False))
    assert room.until(Wiped)
    assert [(event, details.get("reason")) for event, details in rows] == [("visit.wiped", "maintenance")]
    rows.clear()
    room.counter.wipe(Wipe("quit", "form", committed=False))
    assert room.until(Wiped, 2)
    assert [event for event, _ in rows] == ["visit.ended", "visit.wiped"]


def test_a_terminal_whose_records_are_not_open_lets_nobody_in_and_says_so() -> None:
    told: list[Any] = []
    closed = ClosedCounter(lambda: None)
    closed.bind(told.append)
    closed.admit_staff()
    closed.check_entry(CheckEntry("code", "123456"))
    assert told == [EntryOffered(None)]


# -- whose card ----------------------------------------------------------------------------------------


class Field(Slot):
    """A slot whose card comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.card, self.media, self.given_back = "absent", "", 0
        self.hear: Callable[[Status], None] = lambda status: None

    @property
    def status(self) -> Status:
        return Status(State.ONLINE, details={"card": self.card, "media": self.media})

    def subscribe(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        self.hear = listener
        return lambda: None

    def admit(self, deadline: Deadline) -> None: ...

    def dismiss(self, deadline: Deadline) -> None:
        self.given_back += 1

    def lay(self, card: str, media: str = "") -> None:
        self.card, self.media = card, media
        self.hear(self.status)


def watched(field: Field, told: list[Any], jobs: list[Callable[[], object]] | None = None) -> SlotDesk:
    start = now if jobs is None else jobs.append
    made = SlotDesk({"card_reader": field, "staff_card": field}, told.append, lambda: None, _crash, start)
    made.listen()
    return made


def _crash(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(("found", "event"), [(STAFFS, StaffCardSeen()), (NOT_STAFFS, OtherCardSeen()),
                                              (NoCard(), OtherCardSeen())])  # fmt: skip
def test_whose_card_was_laid_in_is_told(found: Any, event: Any) -> None:
    told: list[Any] = []
    field = Field()
    field.found = found
    watched(field, told)
    field.lay("present")
    assert told == [event, SlotChanged("inside")], "known before a page of a citizen could show it or give it back"


def test_a_staff_card_that_is_taken_away_is_told_once() -> None:
    told: list[Any] = []
    field = Field()
    field.found = STAFFS
    watched(field, told)
    for card in ("present", "present", "absent", "absent", "present"):
        field.lay(card)
    seen = [event for event in told if not isinstance(event, SlotChanged)]
    assert seen == [StaffCardSeen(), StaffCardGone(), StaffCardSeen()]


def test_a_card_that_was_pulled_before_it_was_asked_is_nobodys() -> None:
    told: list[Any] = []
    jobs: list[Callable[[], object]] = []
    field = Field()
    field.found = STAFFS
    watched(field, told, jobs)
    field.lay("present")
    field.lay("absent")
    for job in jobs:
        job()
    assert told == [SlotChanged("")]


def test_a_staff_card_that_was_given_back_and_lies_there_still_is_one() -> None:
    told: list[Any] = []
    field = Field()
    field.found = STAFFS
    watched(field, told)
    field.lay("present")
    field.lay("absent", "entering")
    assert told == [StaffCardSeen(), SlotChanged("inside"), SlotChanged("offered")]
    field.lay("absent")
    assert told[3:] == [SlotChanged(""), StaffCardGone()]


def test_a_card_is_given_back_when_it_is_known_whose_it_is() -> None:
    """The citizen's page is left at this very moment: who laid a staff card in is noted all the same."""
    told: list[Any] = []
    jobs: list[Callable[[], object]] = []
    field = Field()
    field.found = STAFFS
    made = watched(field, told, jobs)
    field.lay("present")
    made.dismiss()
    assert field.given_back == 0
    jobs.pop()()
    assert field.given_back == 1
    assert told == [StaffCardSeen(), SlotChanged("inside")]
    made.settle(1)


def test_a_card_that_is_already_told_of_is_not_looked_at_again() -> None:
    told: list[Any] = []
    jobs: list[Callable[[], object]] = []
    field = Field()
    made = watched(field, told, jobs)
    field.lay("present")
    made.listen()
    made.admit()
    made.dismiss()
    assert len(jobs) == 1


def test_without_a_reader_of_staff_cards_nobody_looks() -> None:
    told: list[Any] = []
    jobs: list[Callable[[], object]] = []
    field = Field()
    made = SlotDesk({"card_reader": field}, told.append, lambda: None, _crash, jobs.append)
    made.listen()
    field.lay("present")
    assert (told, jobs) == ([SlotChanged("inside")], [])
