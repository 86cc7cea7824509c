"""Core loop, counter and maintenance desk joined as the terminal joins them: in, locked, taken up, out by every way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from kiosk.access.entry import Challenge, Entered, Refused
from kiosk.access.roles import Deed, Role
from kiosk.counter.maintaining import EntryDesk
from kiosk.domain.beijing import beijing_now
from kiosk.journal.journal import Journal
from kiosk.maintenance.desk import Leave, MaintenanceDesk
from kiosk.maintenance.room import Session
from kiosk.maintenance.screen import Bar, Snapshot
from kiosk.services.loader import load_builtin
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.runner import Runner
from kiosk.visit.states import State
from kiosk.visit.visit import Machine, Now
from tests.unit.counter.test_counter_printing import Room, journal, room
from tests.unit.maintenance.test_desk import Recorder

__all__ = ["journal", "room"]  # fixtures
CODE = "20417318470925"


class Gate:
    def begin(self) -> Challenge:
        return Challenge("140213-7K2M9Q", "2026-11-27 14", "483920")

    def check_code(self, text: str) -> Entered | Refused:
        return Entered(Role.TECHNICIAN, "0417", "code") if text == CODE else Refused("wrong-code", 4)

    def check_card(self, pin: str, device: Any, deadline: Deadline) -> Entered | Refused:
        raise AssertionError("there is no card")


class House:
    """The three of them. Events of the core are handled by hand, the desk is turned by hand: no thread of either."""

    def __init__(self, room: Room) -> None:
        self.room, self.now = room, 100.0
        self.rows: list[str] = []  # of the audit log
        self.shown: list[Snapshot | None] = []
        self.machine = Machine(packs=load_builtin(), delays=Delays.load())
        self.runner = Runner(self.machine, room.counter, lambda: Now(self.now, beijing_now()))
        room.counter.bind(room._hear)  # what the counter posts is handled by `until`
        self.desk = MaintenanceDesk(
            (Recorder("overview", Deed.LOOK),), room.counter._journal,
            bar=lambda session: Bar(who=session.who, role=session.role),
            left=lambda reason: self.runner.handle(ev.MaintenanceLeft(reason)),
            locked=lambda: self.runner.handle(ev.MaintenanceLocked()),
            crashed=room.crashes.append, clock=lambda: self.now, lock_seconds=180.0, wait_seconds=900.0,
        )  # fmt: skip
        self.desk.subscribe(self.shown.append)
        counter = room.counter
        counter._entry = EntryDesk(
            Gate(), None, counter._post, counter._start,
            lambda role, who: self.desk.begin(Session(role, who)), self.desk.end,
        )  # fmt: skip
        self.runner.handle(ev.Recovered())

    def until(self, kind: type) -> House:
        """Handle the counter's next answer of this kind."""
        assert self.room.until(kind)
        for event in [each for each in self.room.events if isinstance(each, kind)]:
            self.room.events.remove(event)
            self.runner.handle(event)
        return self

    def turn(self) -> House:
        while self.desk.turn(block=False):
            pass
        return self

    def enters(self, code: str = CODE) -> House:
        self.runner.handle(ev.EntryAsked())
        self.until(ev.EntryOffered)
        self.runner.handle(ev.EntryTyped(code))
        self.until(ev.EntryChecked)
        return self.turn()

    def later(self, seconds: float) -> House:
        self.now += seconds
        return self.turn()

    @property
    def state(self) -> State:
        return self.runner.state


@pytest.fixture
def house(room: Room, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made, audit = House(room), journal.audit

    def noted(event: str, *item: str, **details: Any) -> None:
        made.rows.append(event)
        audit(event, *item, **details)

    monkeypatch.setattr(journal, "audit", noted)
    yield made
    made.desk.stop(0)


def test_a_right_code_opens_the_window_and_a_wrong_one_does_not(house: House) -> None:
    house.enters("1111111111111")
    assert (house.state, house.shown[-1]) == (State.ENTRY, None)
    house.runner.handle(ev.EntryTyped(CODE))
    house.until(ev.EntryChecked).turn()
    assert house.state is State.MAINTENANCE
    snapshot = house.shown[-1]
    assert snapshot is not None
    assert (snapshot.bar.who, snapshot.bar.role) == ("0417", Role.TECHNICIAN)


ENDS: dict[str, Callable[[House], object]] = {
    "left": lambda house: house.desk.post(Leave()),
    "abandoned": lambda house: (house.later(181), house.later(901)),
    "battery": lambda house: house.runner.handle(ev.PowerChanged(low=True)),
    "battery-locked": lambda house: (house.later(181), house.runner.handle(ev.PowerChanged(low=True))),
}


@pytest.mark.parametrize("name", ENDS)
def test_however_it_ends_the_window_is_gone_and_the_page_clean(house: House, name: str) -> None:
    house.enters()
    assert house.state is State.MAINTENANCE
    ENDS[name](house)
    house.turn()
    assert house.state is State.WIPING
    assert house.shown[-1] is None
    house.until(ev.Wiped).turn()
    assert house.state is (State.OUT_OF_SERVICE if "battery" in name else State.ATTRACT)
    house.later(5000)
    assert house.shown[-1] is None
    told = [row for row in house.rows if row.startswith(("maintenance", "visit"))]
    assert told[:-2] == [
        "maintenance.begun",
        *(["maintenance.locked"] if name in ("abandoned", "battery-locked") else []),
    ]
    assert set(told[-2:]) == {"maintenance.ended", "visit.wiped"}  # by two threads, where the visit ends it


def test_a_session_that_locked_is_taken_up_where_it_was(house: House) -> None:
    house.enters().later(181)
    assert (house.state, house.shown[-1]) == (State.UNDER_WORK, None)
    house.enters()
    assert house.state is State.MAINTENANCE
    assert house.shown[-1] is not None
