"""No visit is interrupted by staff: whatever the page, whoever is served sees and gets what they would without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from kiosk.visit import events as ev
from kiosk.visit.effects import AdmitStaff, DismissCards, Effect
from kiosk.visit.screen import EntryBody, FarewellBody
from kiosk.visit.states import NOBODY, State
from kiosk.visit.step import step
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine, Now, Visit
from tests.unit.test_visit_endings import REACH
from tests.unit.visit_world import World

SEEN, GONE, INSIDE, EMPTY = ev.StaffCardSeen(), ev.StaffCardGone(), ev.SlotChanged("inside"), ev.SlotChanged("")
LAID = (INSIDE, SEEN)
LAID_AND_TAKEN = (INSIDE, SEEN, EMPTY, GONE)
PRESSED = (ev.EntryAsked(),)
OVER = (ev.Wiped(), ev.NextPressed())
LATE: dict[str, Any] = {
    "rated": lambda: World().at_rate().do(ev.LevelChosen(5), ev.RatingSubmitted(), ev.RatingSaved()),
    "not rated": lambda: World().at_rate().do(ev.RatingSkipped()),
    "trouble": lambda: World().at_trouble().do(ev.TroubleChosen("later"), ev.RatingSkipped()),
    "commit failed": lambda: World().at_committing().do(ev.CommitFailed("save_failed"), ev.QuitPressed(),
                                                        ev.KeepChosen(keep=False)),
    "time": lambda: World().at_form().do(ev.TimerFired("quiet"), ev.TimerFired("grace")),
    "card gone": lambda: World().at_review().do(ev.CardGone(), ev.TimerFired("card_missing")),
    "battery": lambda: World().at_review().do(ev.PowerChanged(low=True), ev.PowerChanged(low=False), ev.QuitPressed(),
                                              ev.KeepChosen(keep=False)),
}  # fmt: skip


def left(state: State) -> World:
    made = REACH[state](World()).do(ev.QuitPressed())
    return made.do(ev.KeepChosen(keep=False)) if made.state is State.KEEP else made


SCRIPTS = {state.value: (lambda state=state: left(state)) for state in REACH} | LATE


@dataclass
class Script:
    """Where a visit began, what happened, and how things stood after each."""

    begin: Visit
    events: list[ev.Event]
    now: Now


@pytest.fixture(scope="module")
def scripts() -> dict[str, Script]:
    """Each visit as it was done by the tests of endings, on a terminal with a slot, to its end."""
    happened: dict[int, list[ev.Event]] = {}
    begun: dict[int, Visit] = {}
    plain = World.do

    def do(world: World, *events: ev.Event) -> World:
        begun.setdefault(id(world), world.visit)
        happened.setdefault(id(world), []).extend(events)
        return plain(world, *events)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "do", do)
        found = {}
        for name, make in SCRIPTS.items():
            made = make().do(*OVER)
            begin = begun[id(made)]
            slotted = replace(begin, machine=replace(begin.machine, card_slot=True))
            found[name] = Script(slotted, happened[id(made)], made.now)
            begun.clear()
            happened.clear()
    return found


def same(visit: Visit) -> Visit:
    """What a visit is but for what is known of the slot and of staff."""
    plain: Machine = replace(visit.machine, slot="", staff_card=False, staff_waits=False)
    return replace(visit, machine=plain)


def course(script: Script) -> list[tuple[Visit, tuple[Effect, ...]]]:
    visit, found = script.begin, []
    for event in script.events:
        visit, effects = step(visit, event, script.now)
        found.append((visit, effects))
    return found


def shown(visit: Visit, now: Now) -> tuple[object, ...]:
    screen = screen_of(visit, 1, now)
    return screen.page, screen.chrome, screen.body


@pytest.mark.parametrize("staff", [LAID, LAID_AND_TAKEN, PRESSED], ids=["lies", "taken", "pressed"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_visit_goes_its_way_whenever_staff_come(scripts: dict[str, Script], name: str, staff: Any) -> None:
    script = scripts[name]
    plain = course(script)
    assert plain[-1][0].state is State.ATTRACT
    states = [visit.state for visit, _ in plain]
    moments = [at for at, state in enumerate(states) if state not in {*NOBODY, State.RECOVERING, *states[at - 1 : at]}]
    assert len(moments) >= 2
    for at in moments:  # on every page that this visit comes to
        visit = plain[at][0]
        for event in staff:
            visit, _ = step(visit, event, script.now)
        assert shown(visit, script.now) == shown(plain[at][0], script.now), plain[at][0].state
        for number in range(at + 1, len(plain) - 1):
            visit, effects = step(visit, script.events[number], script.now)
            assert same(visit) == same(plain[number][0])
            assert effects == plain[number][1]
            if number == at + 1:
                assert shown(visit, script.now) == shown(plain[number][0], script.now)
        visit, effects = step(visit, script.events[-1], script.now)
        asked = staff is not PRESSED
        assert visit.state is (State.ENTRY if asked else State.ATTRACT)
        assert (AdmitStaff() in effects) == asked


def test_every_page_of_a_visit_was_among_them(scripts: dict[str, Script]) -> None:
    reached = {visit.state for script in scripts.values() for visit, _ in course(script)}
    apart = {State.ENTRY, State.MAINTENANCE, State.UNDER_WORK, State.OUT_OF_SERVICE, State.RECOVERING, State.WIPING}
    assert set(State) - apart - reached == {State.HANDED_IN}


def test_whoever_waited_is_asked_in_once_for_a_minute() -> None:
    made = World(card_slot=True).at_home().do(*LAID, ev.QuitPressed(), *OVER)
    assert made.state is State.ENTRY
    made.do(ev.TimerFired("quiet"), ev.TimerFired("grace"))
    assert made.state is State.ATTRACT
    assert made.do(ev.Started(), ev.QuitPressed(), *OVER).state is State.ATTRACT, "a card left lying asks no more"


def test_staff_who_come_at_the_very_end_wait_for_the_wipe() -> None:
    made = World(card_slot=True).at_home().do(ev.QuitPressed(), ev.NextPressed())
    assert made.state is State.WIPING
    made.do(*LAID)
    assert made.state is State.WIPING
    assert made.do(ev.Wiped()).state is State.ENTRY


def test_a_citizen_is_not_told_to_take_a_staff_card_along() -> None:
    made = World(card_slot=True).at_rate().do(*LAID, ev.RatingSkipped())
    body = screen_of(made.visit, 1, made.now).body
    assert isinstance(body, FarewellBody)
    assert not body.card_in_slot


def test_on_the_identify_page_it_is_given_back_like_any_other() -> None:
    made = World(card_slot=True).at_identify().do(*LAID)
    assert made.started(DismissCards) == 1
    assert made.visit.machine.staff_waits


def test_the_entry_page_knows_nothing_of_whoever_was_served_before() -> None:
    marker = "张标记"
    made = World(card_slot=True).at_review()
    made.do(ev.EditPressed("shop_name"), ev.AnswerChanged("shop_name", marker), ev.NextPressed(), *LAID)
    assert marker in repr(vars_of(made.visit))
    made.do(ev.QuitPressed(), ev.KeepChosen(keep=False), *OVER)
    screen = screen_of(made.visit, 1, made.now)
    assert isinstance(screen.body, EntryBody)
    blank = made.visit.fresh(State.ENTRY)
    apart = {"asking", "expires_at"}
    assert {name for name in blank.__slots__ if getattr(blank, name) != getattr(made.visit, name)} == apart
    assert marker not in repr(vars_of(made.visit)) + repr(screen)


def vars_of(visit: Visit) -> dict[str, Any]:
    fields = {name: getattr(visit, name) for name in visit.__slots__ if name != "machine"}
    return fields | {"envelope": [each.value for each in visit.envelope.fields]}
