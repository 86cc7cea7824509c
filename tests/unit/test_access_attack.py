"""Whoever is not let in tries something else: cards before the window of staff, what others have typed, a full disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.access.entry import Entered, Refused
from kiosk.access.roles import MAY, Deed, Role
from kiosk.counter.maintaining import EntryDesk
from kiosk.journal.errors import JournalError
from kiosk.visit import events as ev
from kiosk.visit.effects import CheckEntry
from kiosk.visit.states import NOBODY, State
from kiosk.visit.step import step
from kiosk.visit.view import screen_of
from tests.unit.access_room import Terminal
from tests.unit.test_visit_maintaining import at_entry, at_maintenance, at_under_work
from tests.unit.visit_world import PICTURE, World, person

ENTERED = ev.EntryChecked(Entered(Role.ADMINISTRATOR, "0417", "code"))
LEFT = ev.MaintenanceLeft("left")
STAFF = {State.ENTRY: at_entry, State.MAINTENANCE: at_maintenance, State.UNDER_WORK: at_under_work}
OF_A_CITIZEN = (
    ev.CardShown(person(), PICTURE), ev.Started(), ev.ServiceChosen("pension_verification"), ev.CasesPressed(),
    ev.AnswerChanged("phone", "13800000000"), ev.NextPressed(), ev.CollectPressed(), ev.FaceAgreed(),
)  # fmt: skip


@pytest.mark.parametrize("state", STAFF)
def test_a_citizen_who_comes_while_staff_are_here_is_not_taken_in(state: State) -> None:
    """A card on the reader, and touches that were on their way: nothing of the person is in memory, or shown."""
    world: World = STAFF[state]()
    for event in OF_A_CITIZEN:
        world.do(event)
    assert world.state is state
    visit, blank = world.visit, STAFF[state]().visit
    assert replace(visit, machine=blank.machine, expires_at=None) == replace(blank, expires_at=None)
    assert person().name not in repr(screen_of(visit, 1, world.now))


@pytest.mark.parametrize("state", [state for state in State if state not in NOBODY and state not in STAFF])
def test_what_staff_would_do_changes_nothing_in_somebodys_visit(state: State) -> None:
    world = World().do(ev.Recovered())
    visit = replace(world.visit, state=state)
    for event in (ev.EntryAsked(), ev.EntryTyped("123456"), ENTERED, ev.EntryKey(), ev.MaintenanceLocked(), LEFT):
        assert step(visit, event, world.now) == (visit, ())


def test_a_keeper_may_nothing_that_changes_the_terminal_or_opens_what_waits() -> None:
    """The table itself: who widens it by a slip, sees it here."""
    assert MAY[Role.KEEPER] == {Deed.LOOK, Deed.REFILL, Deed.REPORT}
    only_administrators = {Deed.SETTLE, Deed.CHANGE_SETTINGS, Deed.ROLL_BACK, Deed.SHUT_DOWN}
    assert set(Deed) - MAY[Role.TECHNICIAN] == only_administrators


@pytest.mark.parametrize("code", ["journal-full", "journal-unwritable"])
@pytest.mark.parametrize("right", [True, False])
def test_on_a_full_disk_nobody_is_let_in_and_nothing_is_compared(code: str, right: bool) -> None:
    terminal = Terminal()
    typed = terminal.code() if right else terminal.wrong()

    def full(_: str) -> None:
        raise JournalError(code, "make room")

    terminal.memory.before_write = full
    told: list[object] = []
    desk = EntryDesk(terminal.entry, None, told.append, lambda job: job(), lambda role, who: None, lambda reason: None)
    for _ in range(50):
        desk.check(CheckEntry("code", typed))
    desk.admit()
    assert told[:50] == [ev.EntryChecked(Refused("waiting"))] * 50
    terminal.memory.before_write = lambda _: None
    terminal.restart()
    assert terminal.entry.begin().code_locked_for == 0.0, "what could not be counted was not compared either"
