"""The battery is low: no visit begins, a running one is warned and ended; what was begun for good is finished first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.contracts.printing import NotPrinted, Printed
from kiosk.visit import events as ev
from kiosk.visit.effects import CancelTimer, PowerDown, PrintPapers, SetTimer, Wipe
from kiosk.visit.power import ENDED
from kiosk.visit.screen import FarewellBody, NoticeBody
from kiosk.visit.states import BEFORE_COMMIT, State
from kiosk.visit.view import screen_of
from tests.unit.case_world import to_handed_in
from tests.unit.test_visit_endings import REACH, assert_nothing_is_left, names
from tests.unit.visit_world import JAM, World

LOW, MAINS = ev.PowerChanged(True), ev.PowerChanged(False)
OVER = ev.TimerFired("power")
EARLY = sorted(BEFORE_COMMIT, key=lambda state: state.value)
AFTER: dict[State, Callable[[World], World]] = {
    State.OUTCOME: lambda world: world.at_outcome("receipt").do(ev.PaperEnded("receipt", Printed(1))),
    State.TROUBLE: World.at_trouble,
    State.RATE: World.at_rate,
    State.HANDED_IN: lambda world: to_handed_in(world).do(ev.PaperEnded("withdraw", Printed(1))),
}


def panel(world: World) -> str:
    return screen_of(world.visit, 1, world.now).chrome.power


def timer(world: World) -> SetTimer:
    found = [effect for effect in world.effects if isinstance(effect, SetTimer) and effect.name == "power"]
    return found[-1]


def farewell(world: World) -> FarewellBody:
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, FarewellBody)
    return body


def test_every_page_of_a_visit_is_reached_here() -> None:
    assert {*REACH, *AFTER} == ENDED


def test_with_nobody_there_it_is_out_of_service_in_words_and_then_ends() -> None:
    world = World().do(ev.Recovered(), LOW)
    assert world.state is State.OUT_OF_SERVICE
    assert screen_of(world.visit, 1, world.now).body == NoticeBody("battery_low")
    assert timer(world).seconds == world.visit.machine.delays.power_off
    assert world.started(PowerDown) == 0
    world.do(OVER)
    assert world.started(PowerDown) == 1


@pytest.mark.parametrize("event", [ev.Started(), ev.LanguageChosen("en"), ev.ElderChosen(True)])
def test_no_visit_is_begun_with_a_low_battery(event: ev.Event) -> None:
    world = World().do(ev.Recovered(), LOW, event)
    assert world.state is State.OUT_OF_SERVICE


def test_a_terminal_that_starts_on_a_low_battery_never_shows_its_start_page() -> None:
    world = World().do(LOW, ev.Recovered())
    assert world.passed == [State.RECOVERING, State.OUT_OF_SERVICE]
    assert world.do(OVER).started(PowerDown) == 1


def test_mains_that_come_back_before_the_end_call_it_off() -> None:
    world = World().do(ev.Recovered(), LOW, MAINS)
    assert world.state is State.ATTRACT
    assert CancelTimer("power") in world.effects
    assert world.do(OVER).started(PowerDown) == 0, "a timer that raced its cancellation"


def test_a_terminal_out_of_service_for_another_reason_stays_so_when_the_mains_are_back() -> None:
    world = World().do(ev.Recovered("journal_damaged"), LOW, LOW)
    assert screen_of(world.visit, 1, world.now).body == NoticeBody("journal_damaged")
    assert sum(isinstance(effect, SetTimer) and effect.name == "power" for effect in world.effects) == 1
    world.do(MAINS)
    assert world.state is State.OUT_OF_SERVICE
    assert World().do(ev.Recovered("journal_damaged"), LOW, OVER).started(PowerDown) == 1


def test_whichever_is_known_first_the_journal_or_the_battery_the_terminal_ends() -> None:
    world = World().do(LOW, ev.Recovered("journal_damaged"))
    assert timer(world).seconds == world.visit.machine.delays.power_off
    world.do(ev.TimerFired("look_again"), ev.Recovered("journal_damaged"))
    assert sum(isinstance(effect, SetTimer) and effect.name == "power" for effect in world.effects) == 1
    assert world.do(OVER).started(PowerDown) == 1


@pytest.mark.parametrize("state", EARLY, ids=names(EARLY))
def test_what_was_not_committed_is_warned_of_ended_and_wiped(state: State) -> None:
    world = REACH[state](World()).do(LOW)
    assert world.state is state
    assert panel(world) == "ending"
    assert screen_of(world.visit, 1, world.now).chrome.expires_at == world.now.monotonic + timer(world).seconds
    assert timer(world).seconds >= 20
    assert_nothing_is_left(world.do(OVER), "power")
    assert not farewell(world).saved
    world.do(ev.Wiped(), ev.NextPressed())
    assert world.state is State.OUT_OF_SERVICE
    assert world.do(OVER).started(PowerDown) == 1


@pytest.mark.parametrize("state", AFTER, ids=[state.value for state in AFTER])
def test_what_was_committed_is_told_as_saved(state: State) -> None:
    world = AFTER[state](World()).do(LOW)
    assert world.state is state
    assert panel(world) == "ending_saved"
    world.do(OVER)
    assert (farewell(world).reason, farewell(world).saved) == ("power", True)
    assert farewell(world).case_no


def test_papers_that_are_coming_out_are_finished_first() -> None:
    world = World().at_outcome().do(LOW)
    assert panel(world) == "finishing"
    world.do(ev.PaperEnded("licence", Printed(1)))
    assert panel(world) == "finishing"
    assert world.do(OVER).state is State.OUTCOME
    world.do(ev.PaperEnded("receipt", Printed(1)))
    assert panel(world) == "ending_saved"
    assert timer(world).seconds == world.visit.machine.delays.power_warning
    world.do(OVER)
    assert len(farewell(world).papers) == 2


def test_a_paper_that_did_not_come_out_is_told_and_the_visit_ends_all_the_same() -> None:
    world = World().at_outcome("receipt").do(LOW, ev.PaperEnded("receipt", NotPrinted(JAM)))
    assert world.state is State.TROUBLE
    assert panel(world) == "ending_saved"
    world.do(OVER)
    assert farewell(world).saved
    assert world.started(PrintPapers) == 1


def test_a_commit_under_way_is_waited_for_and_its_papers_too() -> None:
    world = World().at_committing().do(LOW)
    assert panel(world) == "finishing"
    assert world.do(OVER).state is State.COMMITTING
    world.do(world.committed("receipt"))
    assert (world.state, panel(world)) == (State.OUTCOME, "finishing")
    world.do(ev.PaperEnded("receipt", Printed(1)))
    assert panel(world) == "ending_saved"


def test_a_commit_that_fails_leaves_nothing() -> None:
    world = World().at_committing().do(LOW, ev.CommitFailed("journal-full"))
    assert (world.state, panel(world)) == (State.REVIEW, "ending")
    assert_nothing_is_left(world.do(OVER), "power")


def test_a_kept_paper_that_is_coming_out_is_finished_too() -> None:
    world = World().at_collect().do(ev.PaperChosen(0), LOW)
    assert panel(world) == "finishing"
    world.do(ev.PaperEnded("licence", Printed(1)))
    assert panel(world) == "ending"
    world.do(OVER)
    assert farewell(world).papers == ("licence",)


def test_nobody_ends_what_is_being_finished() -> None:
    world = World().at_outcome().do(LOW, ev.QuitPressed())
    assert (world.state, world.started(Wipe)) == (State.OUTCOME, 0)


@pytest.mark.parametrize("touch", [ev.NextPressed(), ev.BackPressed(), ev.EditPressed("shop_name")])
def test_a_touch_that_raced_the_panel_does_not_go_on(touch: ev.Event) -> None:
    world = World().at_review().do(LOW, touch)
    assert world.state is State.REVIEW


def test_who_has_read_the_panel_may_end_at_once() -> None:
    world = World().at_review().do(LOW, ev.QuitPressed())
    assert farewell(world).reason == "power"
    assert CancelTimer("power") in world.effects
    assert world.started(Wipe) == 1
    world.do(OVER)
    assert world.started(Wipe) == 1, "a countdown that is over ends nothing twice"


def test_mains_that_come_back_during_the_warning_let_the_visit_go_on() -> None:
    world = World().at_review().do(LOW, MAINS)
    assert (world.state, panel(world)) == (State.REVIEW, "")
    assert world.visit.power_until is None
    assert CancelTimer("power") in world.effects
    assert world.do(OVER).state is State.REVIEW
    assert world.do(ev.NextPressed()).state is State.SIGN


def test_mains_that_come_back_during_the_farewell_lead_to_the_start_page() -> None:
    world = World().at_review().do(LOW, OVER, MAINS, ev.Wiped(), ev.NextPressed())
    assert world.state is State.ATTRACT


def test_the_wipe_is_waited_for_before_the_terminal_is_out_of_service() -> None:
    world = World().at_review().do(LOW, OVER, ev.TimerFired("farewell"))
    assert world.state is State.WIPING
    assert world.do(ev.Wiped()).state is State.OUT_OF_SERVICE


def test_a_card_that_was_taken_meanwhile_changes_nothing_of_it() -> None:
    world = World().at_review().do(LOW)
    ends = world.visit.power_until
    world.do(ev.CardGone())
    assert panel(world) == "ending"
    assert screen_of(world.visit, 1, world.now).chrome.expires_at == ends
    assert_nothing_is_left(world.do(OVER), "power")
