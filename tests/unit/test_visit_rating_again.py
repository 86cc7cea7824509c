"""An answer to a rating is seen on the page of the case; one word may be added there (追评), by the person alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from kiosk.domain.life import May
from kiosk.domain.life_table import State as Life
from kiosk.domain.my_case import Asked, MyCase
from kiosk.domain.rating import Rated
from kiosk.visit import events as ev
from kiosk.visit.effects import HandIn, SaveRating
from kiosk.visit.screen import RateBody
from kiosk.visit.screen_cases import CaseBody, CasesBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.case_world import NUMBER, case, to_case, to_cases
from tests.unit.visit_world import World, person

ANSWER = "清单已经补好。"
ANSWERED = Rated(2, date(2026, 11, 18), ("208",), "answered", None, "upheld", ANSWER, date(2026, 11, 19))


def rated(rating: Rated = ANSWERED, **changes: Any) -> MyCase:
    return case(Life.APPROVED, may=(), rating=rating, **changes)


def body(world: World, kind: type) -> Any:
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, kind), shown
    return shown


def at_rating(world: World | None = None) -> World:
    return to_case(world or World(), rated()).do(ev.ErrandPressed(May.REPLY))


def test_the_answer_is_told_in_the_list_and_on_the_case() -> None:
    world = to_cases(World(), rated(), case(case_id="other"))
    assert [line.answered for line in body(world, CasesBody).lines] == [True, False]
    shown = body(world.do(ev.CaseChosen("case")), CaseBody)
    assert shown.actions == ("reply",)
    said = shown.rated
    assert (said.level, said.reasons, said.task, said.finding) == (
        "不满意",
        ("没有提供材料清单",),
        "已经答复",
        "情况属实",
    )
    assert (said.answer, said.answered, said.due) == (ANSWER, "2026-11-19", "")


def test_one_that_is_under_way_says_by_when() -> None:
    waits = Rated(1, date(2026, 11, 18), (), "open", date(2026, 11, 25), longer="要到现场看")
    said = body(to_case(World(), rated(waits)), CaseBody).rated
    assert (said.task, said.due, said.longer, said.answer) == ("正在核实", "2026-11-25", "要到现场看", "")


def test_a_word_is_added_with_the_document_that_lies_there_and_nothing_is_chosen_before() -> None:
    world = at_rating()
    assert world.state is State.RATE
    shown = body(world, RateBody)
    assert (shown.again, shown.level, shown.options) == (True, 0, ())
    world.do(ev.RatingSubmitted())
    assert world.started(SaveRating) == 0, "no level, no rating"
    world.do(ev.LevelChosen(4), ev.OptionToggled("413"), ev.RatingSubmitted())
    assert world.last(SaveRating) == SaveRating("case", NUMBER, "", 4, ("413",), person())
    assert world.started(HandIn) == 0
    world.do(ev.RatingSaved())
    assert (world.state, world.visit.reason, world.visit.saved) == (State.FAREWELL, "done", True)
    assert world.visit.document is None


def test_one_that_was_not_saved_is_told_and_may_be_tried_again_or_left() -> None:
    world = at_rating().do(ev.LevelChosen(1), ev.RatingSubmitted(), ev.RatingSaved(False))
    assert (world.state, body(world, RateBody).problem) == (State.RATE, "rating_failed")
    world.do(ev.RatingSkipped())
    assert (world.state, world.visit.saved) == (State.FAREWELL, False)


def test_it_is_offered_once() -> None:
    for done in (rated(Rated(2, added=3)), rated(added=True), case(Life.APPROVED, may=())):
        world = to_case(World(), done)
        assert "reply" not in body(world, CaseBody).actions
        assert world.do(ev.ErrandPressed(May.REPLY)).state is State.CASE


def test_without_a_line_that_it_was_rated_is_known_and_a_word_can_be_added() -> None:
    world = to_cases(World(), rated(Rated()), asked=Asked.NOT_TOLD).do(ev.CaseChosen("case"))
    shown = body(world, CaseBody)
    assert (shown.rated.level, shown.rated.answer, shown.actions) == ("", "", ("reply",))
    assert world.do(ev.ErrandPressed(May.REPLY)).state is State.RATE
