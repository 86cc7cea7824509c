"""The ladder and the late truth as a citizen meets them: what goes no further, what is said, what is printed."""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.camera import FaceMatched
from kiosk.documents import notice
from kiosk.domain import late
from kiosk.domain.decision import Rung
from kiosk.domain.waiting import WaitingPaper, WaitingState
from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.effects import PrintPapers
from kiosk.visit.screen import CollectBody, GuideBody, HomeBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PICTURE, PRINTED, World, person, waiting

MEANING = late.meaning("uscc", Rung.PROVISIONAL)
MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def a_notice() -> WaitingPaper:
    title, told = notice.told(MEANING)
    return replace(waiting("notice", WaitingState.NOTICE), title=title, told=told)


def test_what_needs_the_line_goes_no_further_than_its_guide() -> None:
    """A service of the rung `save`: said before anybody has shown a card or typed a letter."""
    world = World(abilities={BUSINESS: Ability(Verdict.CANNOT, ("hours",), ("line",))}, online=False)
    world.at_home().do(ev.ServiceChosen(BUSINESS), ev.NextPressed())
    shown = body(world)
    assert world.state is State.GUIDE
    assert isinstance(shown, GuideBody)
    assert shown.ability.lacking == ("line",)


def test_a_line_that_goes_in_the_middle_loses_nothing_of_what_was_typed() -> None:
    world = World().at_committing().do(ev.CommitFailed("needs_network"))
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    assert shown.problem == "needs_network"
    assert shown.lines
    assert world.visit.case is None
    assert not world.visit.saved
    assert world.started(PrintPapers) == 0


def test_a_notice_comes_before_everything_else_and_says_nothing_before_log_in() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting(), a_notice())
    shown = body(world)
    assert isinstance(shown, HomeBody)
    assert (shown.collect, shown.collect_count) == ("notice", 1)
    assert MEANING.cause.title.zh not in repr(shown)


def test_it_is_read_in_the_citizens_language_and_printed() -> None:
    world = World().at_collect(a_notice())
    shown = body(world)
    assert isinstance(shown, CollectBody)
    assert shown.lines[0].title == "更正告知"
    assert MEANING.holds.zh in shown.lines[0].told
    world.do(ev.LanguageChosen("en"))
    shown = body(world)
    assert isinstance(shown, CollectBody)
    assert shown.lines[0].title == "Notice of correction"
    assert MEANING.holds.en in shown.lines[0].told
    world.do(ev.PaperChosen(0))
    printed = world.last(PrintPapers)
    assert isinstance(printed, PrintPapers)
    assert [paper.paper_id for paper in printed.papers] == ["notice"]
    world.do(ev.PaperEnded("notice", PRINTED), ev.PaperChosen(0))
    again = world.last(PrintPapers)
    assert isinstance(again, PrintPapers)
    assert again.papers[0].copy == 1, "printed again it says so"


def test_nobody_reads_a_notice_before_the_person_is_certain() -> None:
    world = World().at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE)).found(a_notice())
    assert world.state is State.CONSENT
    world.do(ev.PaperChosen(0))
    assert world.started(PrintPapers) == 0
    assert world.do(ev.FaceAgreed(), MATCHED).state is State.COLLECT
