"""Who did not rate at the visit may do so at a later card read: voluntary, once, and only what is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.domain.life import May
from kiosk.domain.life_table import State as Life
from kiosk.domain.rating import Rated
from kiosk.visit import events as ev
from kiosk.visit.effects import SaveRating
from kiosk.visit.screen import RateBody
from kiosk.visit.screen_cases import CaseBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.case_world import NUMBER, case, to_case
from tests.unit.visit_world import World, person


def body(world: World, kind: type) -> Any:
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, kind), shown
    return shown


def at_rating() -> World:
    return to_case(World(), case(Life.APPROVED, may=())).do(ev.ErrandPressed(May.RATE))


def test_it_is_rated_by_the_person_whose_card_lies_there_and_nothing_is_chosen_before() -> None:
    world = at_rating()
    shown = body(world, RateBody)
    assert (world.state, shown.again, shown.level, shown.options) == (State.RATE, False, 0, ())
    world.do(ev.RatingSubmitted())
    assert world.started(SaveRating) == 0, "no level, no rating"
    world.do(ev.LevelChosen(2), ev.OptionToggled("207"), ev.RatingSubmitted())
    assert world.last(SaveRating) == SaveRating("case", NUMBER, "", 2, ("207",), person(), first=True)
    world.do(ev.RatingSaved())
    assert (world.state, world.visit.reason, world.visit.saved) == (State.FAREWELL, "done", True)


def test_it_may_be_left_as_easily() -> None:
    world = at_rating().do(ev.RatingSkipped())
    assert (world.state, world.started(SaveRating)) == (State.FAREWELL, 0)


def test_who_was_helped_rates_alone() -> None:
    world = at_rating()
    world.visit = replace(world.visit, helped=("S-1",))
    assert body(world, RateBody).locked
    world.do(ev.LevelChosen(5), ev.RatingSubmitted())
    assert world.started(SaveRating) == 0


def test_it_is_offered_once_and_of_what_is_over() -> None:
    rated = case(Life.APPROVED, may=(), rating=Rated(2))
    for state, offered in (
        (case(Life.APPROVED, may=()), ("rate",)), (case(Life.REFUSED, may=()), ("rate",)),
        (case(Life.ACCEPTED, may=()), ()), (case(Life.APPROVED, may=(), added=True), ()), (rated, ("reply",)),
    ):  # fmt: skip
        world = to_case(World(), state)
        assert body(world, CaseBody).actions == offered
        assert (world.do(ev.ErrandPressed(May.RATE)).state is State.RATE) is (offered == ("rate",))


def test_one_that_is_saved_says_so_before_the_office_has_it() -> None:
    said = body(to_case(World(), case(Life.APPROVED, may=(), added=True)), CaseBody).rated
    assert (said.level, said.saved) == ("", True)
