"""The slot for smart cards: open on the identify page alone; a card in it is given back, told of, kept by leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.visit import events as ev
from kiosk.visit.effects import AdmitCards, CancelTimer, DismissCards, Effect, KeepCard, SetTimer
from kiosk.visit.screen import AttractBody, FarewellBody, IdentifyBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import PICTURE, World, person

CARD = ev.CardShown(person(), PICTURE)
INSIDE, OFFERED, EMPTY, KEPT = (ev.SlotChanged(slot) for slot in ("inside", "offered", "", "kept"))
LEFT = ev.TimerFired("card_left")


def world(**machine: object) -> World:
    return World(**({"card_slot": True} | machine))


def count(made: World) -> tuple[int, int]:
    return made.started(AdmitCards), made.started(DismissCards)


def lights(made: World) -> list[str]:
    body = screen_of(made.visit, 1, made.now).body
    assert isinstance(body, AttractBody)
    return [light.key for light in body.lights]


def problem(made: World) -> str:
    body = screen_of(made.visit, 1, made.now).body
    assert isinstance(body, IdentifyBody)
    return body.problem


def test_it_opens_with_the_identify_page_and_closes_behind_it() -> None:
    made = world().at_identify()
    assert count(made) == (1, 0)
    made.do(CARD)
    assert made.state is State.CONSENT
    assert count(made) == (1, 1)


@pytest.mark.parametrize("leave", [ev.BackPressed(), ev.QuitPressed()])
def test_it_closes_however_the_page_is_left(leave: ev.Event) -> None:
    assert count(world().at_identify().do(leave)) == (1, 1)


def test_it_closes_when_the_time_is_over() -> None:
    assert count(world().at_identify().do(ev.TimerFired("quiet"), ev.TimerFired("grace"))) == (1, 1)


def test_who_is_known_already_finds_it_closed() -> None:
    made = world().do(ev.Recovered(), CARD, ev.ServiceChosen("individual_business"), ev.NextPressed())
    assert made.state is State.CONSENT
    assert count(made) == (0, 0)


def test_a_terminal_without_a_slot_asks_for_none() -> None:
    assert count(World().at_identify().do(CARD)) == (0, 0)


def test_a_card_that_cannot_help_is_given_back_with_words_and_the_next_one_let_in() -> None:
    made = world().at_identify().do(INSIDE)
    assert problem(made) == "slot_card"
    assert count(made) == (1, 1)
    made.do(OFFERED)
    assert problem(made) == "slot_card"
    made.do(EMPTY)
    assert problem(made) == ""
    assert count(made) == (2, 1)
    assert made.do(CARD).state is State.CONSENT


def test_a_card_in_the_slot_is_called_to_mind_at_the_end_and_on_the_start_page() -> None:
    made = world().at_rate().do(OFFERED, ev.RatingSkipped())
    body = screen_of(made.visit, 1, made.now).body
    assert isinstance(body, FarewellBody)
    assert body.card_in_slot
    made.do(ev.Wiped(), ev.NextPressed())
    assert "card_left" in lights(made)
    made.do(EMPTY)
    assert "card_left" not in lights(made)


def timers(made: World) -> list[Effect]:
    return [one for one in made.effects if isinstance(one, SetTimer | CancelTimer) and one.name == "card_left"]


def test_nothing_is_kept_where_the_profile_does_not_say_so() -> None:
    made = world().do(ev.Recovered(), OFFERED)
    assert not any(isinstance(one, SetTimer) for one in timers(made))


def test_a_card_that_nobody_takes_is_kept_after_the_profiles_time_and_that_is_told() -> None:
    made = world(keep_card_after=60.0).do(ev.Recovered(), OFFERED)
    assert timers(made)[-1] == SetTimer("card_left", 60.0)
    made.do(LEFT)
    assert made.started(KeepCard) == 1
    made.do(KEPT)
    assert timers(made)[-1] == CancelTimer("card_left")
    assert "card_kept" in lights(made)


@pytest.mark.parametrize("state", ["attract", "home", "identify", "review", "farewell", "out_of_service"])
def test_the_time_runs_out_on_any_page_without_disturbing_it(state: str) -> None:
    reach: dict[str, Callable[[World], World]] = {
        "attract": lambda made: made.do(ev.Recovered()),
        "home": World.at_home,
        "identify": World.at_identify,
        "review": World.at_review,
        "farewell": lambda made: made.at_home().do(ev.QuitPressed()),
        "out_of_service": lambda made: made.do(ev.Recovered("journal_damaged")),
    }
    made = reach[state](world(keep_card_after=60.0)).do(OFFERED, LEFT)
    assert made.started(KeepCard) == 1
    assert made.state.value == state


def test_a_card_taken_in_time_is_not_kept() -> None:
    made = world(keep_card_after=60.0).do(ev.Recovered(), OFFERED, EMPTY)
    assert timers(made)[-1] == CancelTimer("card_left")
    assert made.do(LEFT).started(KeepCard) == 0


def test_a_card_that_is_inside_is_never_kept() -> None:
    assert world(keep_card_after=60.0).do(ev.Recovered(), INSIDE, LEFT).started(KeepCard) == 0
