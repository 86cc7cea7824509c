"""Staff are let in between two visits: asked for, the entry page, granted, locked, ended by every way, wiped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.access.entry import REASONS, Challenge, Entered, Refused
from kiosk.access.roles import Role
from kiosk.domain.text import Text
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.effects import (
    AdmitCards,
    AdmitStaff,
    CheckEntry,
    CloseMaintenance,
    DismissCards,
    OpenMaintenance,
    PowerDown,
    SetTimer,
    Wipe,
)
from kiosk.visit.maintaining import LOCK
from kiosk.visit.runner import Runner
from kiosk.visit.screen import EntryBody, NoticeBody, Screen
from kiosk.visit.states import NOBODY, State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import World

CHALLENGE = Challenge("140213-7K2M9Q", "2026-11-27 14", "483920", card_offered=True)
OFFERED = ev.EntryOffered(CHALLENGE)
ENTERED = ev.EntryChecked(Entered(Role.TECHNICIAN, "0417", "card"))
SEEN, GONE, ASKED = ev.StaffCardSeen(), ev.StaffCardGone(), ev.EntryAsked()
NEAREST = Text("政务大厅一楼", "Service hall")


def at_attract(**machine: object) -> World:
    return World(**({"card_slot": True, "nearest": NEAREST} | machine)).do(ev.Recovered())


def at_out_of_service() -> World:
    return at_attract().do(ev.ClosedChanged("paper", "14:30"))


def at_entry(made: World | None = None) -> World:
    return (made or at_attract()).do(ASKED, OFFERED)


def at_maintenance(made: World | None = None) -> World:
    return at_entry(made).do(SEEN, ev.EntryTyped("123456"), ENTERED)


def at_under_work() -> World:
    return at_maintenance().do(ev.MaintenanceLocked())


PLACES: dict[State, Callable[[], World]] = {
    State.ATTRACT: at_attract, State.OUT_OF_SERVICE: at_out_of_service, State.UNDER_WORK: at_under_work,
}  # fmt: skip


def screen(made: World) -> Screen:
    return screen_of(made.visit, 1, made.now)


def body(made: World) -> EntryBody:
    found = screen(made).body
    assert isinstance(found, EntryBody)
    return found


def later(made: World, seconds: float) -> World:
    made.now = replace(made.now, monotonic=made.now.monotonic + seconds)
    return made


# -- asked for -----------------------------------------------------------------------------------------


def test_there_is_a_way_from_every_page_on_which_nobody_is_served() -> None:
    assert set(PLACES) == NOBODY


@pytest.mark.parametrize("event", [ASKED, SEEN], ids=["press", "card"])
@pytest.mark.parametrize("place", PLACES, ids=lambda state: state.value)
def test_staff_are_asked_in_and_the_slot_is_opened(place: State, event: ev.Event) -> None:
    made = PLACES[place]()
    opened, asked = made.started(AdmitCards), made.started(AdmitStaff)
    made.do(event)
    assert made.state is State.ENTRY
    assert made.started(AdmitStaff) == asked + 1
    assert made.started(AdmitCards) == opened + 1
    assert body(made) == EntryBody(card_lies=made.visit.machine.staff_card)


@pytest.mark.parametrize("leave", ["back", "quit", "time"])
@pytest.mark.parametrize("place", PLACES, ids=lambda state: state.value)
def test_who_does_not_enter_leaves_the_page_that_was_there(place: State, leave: str) -> None:
    made = PLACES[place]()
    before, closed = screen(made), made.started(DismissCards)
    made.do(ASKED, OFFERED, SEEN, GONE)
    if leave == "time":
        made.do(ev.TimerFired("quiet"))
        assert screen(made).chrome.warning
        made.do(ev.TimerFired("grace"))
    else:
        made.do(ev.EntryCancelled() if leave == "back" else ev.QuitPressed())
    assert made.state is place
    assert made.started(DismissCards) == closed + 1, "the slot is closed behind them"
    assert screen(made) == before
    assert made.visit.asking is None


def test_a_minute_without_a_touch_is_the_end_of_the_page() -> None:
    delays = Delays.load()
    assert delays.quiet[State.ENTRY] + delays.grace == 60
    made = at_entry()
    before = made.started(SetTimer)
    made.do(ev.EntryKey())
    assert made.last(SetTimer) == SetTimer("quiet", delays.quiet[State.ENTRY])
    assert made.started(SetTimer) == before + 1


def test_a_closed_terminal_is_closed_again_and_a_damaged_one_is_looked_at_again() -> None:
    made = at_attract().do(ev.ClosedChanged("venue"), ASKED, ev.ClosedChanged("paper", "09:00"), ev.EntryCancelled())
    assert screen(made).body == NoticeBody("closed_paper", "09:00", NEAREST.zh)
    made = World().do(ev.Recovered("journal_damaged"), ASKED, ev.EntryOffered(None))
    assert (body(made).way, body(made).problem) == ("none", "closed")
    made.do(ev.EntryTyped("123456"))
    assert made.started(CheckEntry) == 0
    looks = [one for one in made.effects if one == SetTimer("look_again", made.visit.machine.delays.out_of_service)]
    made.do(ev.EntryCancelled())
    assert made.state is State.OUT_OF_SERVICE
    again = [one for one in made.effects if one == SetTimer("look_again", made.visit.machine.delays.out_of_service)]
    assert len(again) == len(looks) + 1


def test_a_look_that_finds_the_terminal_whole_counts_when_staff_have_gone() -> None:
    made = World().do(ev.Recovered("journal_damaged"), ASKED, ev.Recovered())
    assert made.state is State.ENTRY
    assert made.do(ev.EntryCancelled()).state is State.ATTRACT


# -- the page ------------------------------------------------------------------------------------------


def test_with_a_card_it_asks_for_the_pin_and_without_it_shows_what_a_code_is_for() -> None:
    made = at_entry()
    shown = body(made)
    assert (shown.way, shown.terminal, shown.hour, shown.challenge) == (
        "code", CHALLENGE.terminal, CHALLENGE.hour, CHALLENGE.digits,
    )  # fmt: skip
    made.do(SEEN)
    assert (body(made).way, body(made).lead, body(made).challenge, body(made).other) == ("card", "card", "", "code")
    made.do(ev.EntryWayChosen("code"))
    assert (body(made).way, body(made).other) == ("code", "card")
    made.do(GONE, SEEN)
    assert body(made).way == "card", "laid in anew"


@pytest.mark.parametrize(
    ("offered", "way", "problem"),
    [
        (replace(CHALLENGE, digits=""), "card", ""),
        (replace(CHALLENGE, card_offered=False), "code", ""),
        (replace(CHALLENGE, digits="", card_offered=False), "none", "unset"),
        (None, "none", "closed"),
    ],
)
def test_only_what_can_be_tried_is_offered(offered: Challenge | None, way: str, problem: str) -> None:
    made = at_attract().do(ASKED, ev.EntryOffered(offered), SEEN)
    assert (body(made).way, body(made).problem, body(made).other) == (way, problem, "")


@pytest.mark.parametrize(("card", "way"), [(True, "card"), (False, "code")])
def test_what_is_typed_is_checked_once(card: bool, way: str) -> None:
    made = at_entry()
    if card:
        made.do(SEEN)
    made.do(ev.EntryTyped("12345678"), ev.EntryTyped("87654321"))
    assert [one for one in made.effects if isinstance(one, CheckEntry)] == [CheckEntry(way, "12345678")]
    assert body(made).checking
    assert "12345678" not in repr(made.visit) + repr(made.effects) + repr(ev.EntryTyped("12345678"))


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_is_told_and_the_challenge_asked_for_anew(reason: str) -> None:
    made = at_entry().do(ev.EntryTyped("12345678"))
    asked = made.started(AdmitStaff)
    made.do(ev.EntryChecked(Refused(reason, 3)))
    assert made.state is State.ENTRY
    assert (body(made).problem, body(made).attempts_left, body(made).checking) == (reason, 3, False)
    assert made.started(AdmitStaff) == asked + 1
    made.do(ev.EntryOffered(replace(CHALLENGE, digits="111222")))
    assert (body(made).problem, body(made).challenge) == (reason, "111222")
    made.do(ev.EntryTyped("87654321"))
    assert body(made).problem == ""


def test_where_no_try_is_left_none_is_counted() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.EntryChecked(Refused("wrong-pin", 4, card_tries=0)))
    assert body(made).problem == "wrong-pin.none"


def test_the_fewer_tries_are_told() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.EntryChecked(Refused("wrong-pin", 4, card_tries=2)))
    assert body(made).attempts_left == 2


def test_a_lock_is_counted_from_here_and_takes_nothing_until_it_is_over() -> None:
    made = at_entry().do(ev.EntryTyped("12345678"), ev.EntryChecked(Refused("wrong-code", 0, 15.0)))
    made.do(ev.EntryOffered(replace(CHALLENGE, code_locked_for=15.0)))
    assert body(made).locked_until == made.now.monotonic + 15
    assert made.last(SetTimer) == SetTimer(LOCK, 15.0)
    later(made, 14).do(ev.EntryTyped("12345678"))
    assert made.started(CheckEntry) == 1
    later(made, 1.01).do(ev.TimerFired(LOCK), OFFERED)
    assert body(made).locked_until is None
    made.do(ev.EntryTyped("12345678"))
    assert made.started(CheckEntry) == 2


def test_the_lock_of_a_card_is_not_that_of_codes() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.EntryChecked(Refused("wrong-pin", 0, 30.0)), OFFERED)
    assert body(made).locked_until == made.now.monotonic + 30
    made.do(ev.EntryTyped("123456"))
    assert made.started(CheckEntry) == 1
    made.do(ev.EntryWayChosen("code"))
    assert body(made).locked_until is None
    made.do(ev.EntryTyped("12345678"))
    assert made.last(CheckEntry) == CheckEntry("code", "12345678", 2)


def test_where_codes_are_locked_for_good_an_unlock_code_may_still_be_typed() -> None:
    made = at_entry().do(ev.EntryOffered(replace(CHALLENGE, code_locked=True)))
    assert body(made).lead == "shut"
    made.do(ev.EntryTyped("9" * 23))
    assert made.last(CheckEntry) == CheckEntry("code", "9" * 23)


def test_a_card_that_is_not_of_staff_is_given_back_with_words_and_the_next_one_let_in() -> None:
    made = at_entry().do(ev.SlotChanged("inside"), ev.OtherCardSeen())
    assert body(made).problem == "other-card-kind"
    given, opened = made.started(DismissCards), made.started(AdmitCards)
    assert given == 1
    made.do(ev.SlotChanged("offered"), ev.SlotChanged(""))
    assert body(made).problem == ""
    assert made.started(AdmitCards) == opened + 1
    made.do(ev.SlotChanged("inside"), SEEN)
    assert body(made).way == "card"


# -- pulled at every step ------------------------------------------------------------------------------


def test_a_card_pulled_before_the_pin_leads_back_to_the_code() -> None:
    made = at_entry().do(SEEN, GONE, ev.SlotChanged(""))
    assert (made.state, body(made).way) == (State.ENTRY, "code")


def test_a_card_pulled_while_it_is_asked_lets_nobody_in() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), GONE, ev.SlotChanged(""))
    assert body(made).checking
    made.do(ev.EntryChecked(Refused("pulled", 5)))
    assert (made.state, body(made).problem) == (State.ENTRY, "pulled")
    assert made.started(OpenMaintenance) == 0


def test_a_card_pulled_once_inside_changes_nothing() -> None:
    made = at_maintenance().do(GONE, ev.SlotChanged(""), SEEN, GONE)
    assert made.state is State.MAINTENANCE
    assert not made.visit.machine.staff_waits


def test_an_answer_to_a_page_that_was_left_lets_nobody_in() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.EntryCancelled(), ENTERED)
    assert made.state is State.ATTRACT
    made.do(ASKED, ENTERED, OFFERED, ENTERED)
    assert made.state is State.ENTRY
    assert made.started(OpenMaintenance) == 0


def test_the_answer_to_somebody_elses_pin_does_not_let_in_whoever_types_meanwhile() -> None:
    """A card may be asked for twenty seconds; its owner gives up, and the next one types whatever they like."""
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.EntryCancelled())
    made.do(ASKED, OFFERED, ev.EntryTyped("000000"), ENTERED)
    assert made.state is State.ENTRY
    assert made.started(OpenMaintenance) == 0
    made.do(ev.EntryChecked(Refused("wrong-pin", 4), turn=2))
    assert body(made).problem == "wrong-pin"


def test_a_session_that_ends_when_somebody_has_just_been_let_in_leaves_none_open_unseen() -> None:
    made = at_entry(at_under_work()).do(ev.EntryTyped("123456"), replace(ENTERED, turn=2))
    assert made.state is State.MAINTENANCE
    made.do(ev.MaintenanceLeft("abandoned"))  # of the session that had locked: it was on its way
    assert made.state is State.WIPING
    assert made.last(CloseMaintenance) == CloseMaintenance("another")


def test_a_pin_that_is_being_checked_is_waited_for() -> None:
    made = at_entry().do(SEEN, ev.EntryTyped("123456"), ev.TimerFired("quiet"))
    assert not screen(made).chrome.warning
    assert made.do(ENTERED).state is State.MAINTENANCE


# -- inside, locked, and the end -----------------------------------------------------------------------


def test_who_is_let_in_is_told_to_the_desk_and_the_card_given_back() -> None:
    made = at_maintenance()
    assert made.state is State.MAINTENANCE
    assert made.last(OpenMaintenance) == OpenMaintenance(Role.TECHNICIAN, "0417")
    assert made.started(DismissCards) == 1
    assert screen(made).body == NoticeBody()
    assert made.visit.expires_at is None


def test_a_session_that_locks_is_told_to_the_public_and_taken_up_from_there() -> None:
    made = at_under_work().do(ev.ClosedChanged("repair", "15:10"))
    assert screen(made).body == NoticeBody("under_work", "15:10", NEAREST.zh)
    made.do(SEEN, OFFERED, ev.EntryTyped("123456"), replace(ENTERED, turn=2))
    assert made.state is State.MAINTENANCE
    assert not made.visit.machine.under_work


ENDS: dict[str, tuple[Callable[[], World], ev.Event]] = {
    "left": (at_maintenance, ev.MaintenanceLeft("left")),
    "time": (at_maintenance, ev.MaintenanceLeft("time")),
    "abandoned": (at_under_work, ev.MaintenanceLeft("abandoned")),
    "battery": (at_maintenance, ev.PowerChanged(low=True)),
    "battery-locked": (at_under_work, ev.PowerChanged(low=True)),
}


@pytest.mark.parametrize("name", ENDS)
def test_however_it_ends_there_is_a_wipe_and_then_a_clean_page(name: str) -> None:
    begin, end = ENDS[name]
    made = begin()
    made.do(end)
    assert made.state is State.WIPING
    wipe = made.last(Wipe)
    assert isinstance(wipe, Wipe)
    assert (wipe.reason, wipe.committed) == ("maintenance", False)
    made.do(ev.MaintenanceLeft("left"), ev.MaintenanceLocked(), ENTERED)  # the desk's own answer, and what comes late
    assert made.state is State.WIPING
    made.do(ev.Wiped())
    low = isinstance(end, ev.PowerChanged)
    assert made.state is (State.OUT_OF_SERVICE if low else State.ATTRACT)
    assert made.started(CloseMaintenance) == (name != "abandoned")  # nothing is open behind the public's pages
    assert made.started(Wipe) == 1
    left = made.visit
    blank = left.fresh(left.state)
    assert replace(left, machine=blank.machine) == blank
    assert (left.machine.under_work, left.machine.staff_waits) == (False, False)
    if low:
        assert made.do(ev.TimerFired("power")).started(PowerDown) == 1


def test_closed_from_afar_the_work_goes_on_and_ends_out_of_service() -> None:
    made = at_maintenance().do(ev.ClosedChanged("operator"))
    assert made.state is State.MAINTENANCE
    made.do(ev.MaintenanceLeft("left"), ev.Wiped())
    assert made.state is State.OUT_OF_SERVICE


def test_a_session_that_ends_while_another_asks_to_be_let_in_is_wiped_and_they_are_asked_anew() -> None:
    made = at_entry(at_under_work()).do(ev.MaintenanceLeft("abandoned"))
    assert made.state is State.WIPING
    made.do(ev.Wiped())
    assert made.state is State.ENTRY
    assert made.do(ev.EntryCancelled()).state is State.ATTRACT


def test_on_an_empty_battery_nobody_is_let_in() -> None:
    made = at_attract().do(ev.PowerChanged(low=True), ASKED, SEEN)
    assert made.state is State.OUT_OF_SERVICE
    made = at_entry().do(ev.PowerChanged(low=True))
    assert made.state is State.OUT_OF_SERVICE
    assert made.last(SetTimer) == SetTimer("power", made.visit.machine.delays.power_off)


def test_nothing_of_it_is_left_after_a_start() -> None:
    made = World(card_slot=True).do(SEEN, ev.MaintenanceLocked(), ev.Recovered())
    assert made.state is State.ATTRACT


class Hands:
    """Ports that remember by what they were called."""

    def __init__(self) -> None:
        self.called: list[tuple[str, tuple[object, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given: self.called.append((name, given))


def test_the_core_loop_gives_each_effect_to_its_port() -> None:
    hands, machine = Hands(), at_attract().visit.machine
    runner = Runner(machine, hands)  # type: ignore[arg-type]  # every port
    for event in (ev.Recovered(), ASKED, OFFERED, SEEN, ev.EntryTyped("123456"), ENTERED, ev.PowerChanged(low=True)):
        runner.handle(event)
    wanted = ("admit_staff", "check_entry", "open_maintenance", "close_maintenance", "wipe")
    assert [call for call in hands.called if call[0] in wanted] == [
        ("admit_staff", ()),
        ("check_entry", (CheckEntry("card", "123456"),)),
        ("open_maintenance", (OpenMaintenance(Role.TECHNICIAN, "0417"),)),
        ("close_maintenance", (CloseMaintenance("battery-low"),)),
        ("wipe", (Wipe("maintenance", "maintenance", committed=False),)),
    ]
    assert runner.state is State.WIPING
