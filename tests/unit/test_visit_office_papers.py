"""What a person approved after the visit is printed at a later card read, fetched from the office as it was sealed."""

from __future__ import annotations

from typing import Any

from devices.contracts.device import Action, Fault
from devices.contracts.printing import NotPrinted
from kiosk.domain.life import May
from kiosk.domain.life_table import State as Life
from kiosk.domain.my_case import Asked, MyCase
from kiosk.domain.text import Text
from kiosk.domain.waiting import NOT_FETCHED, OFFICE, at_office
from kiosk.visit import events as ev
from kiosk.visit.effects import PrintPapers
from kiosk.visit.screen import CollectBody
from kiosk.visit.screen_cases import CaseBody, CasesBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.case_world import NUMBER, case, to_cases
from tests.unit.visit_world import JAM, PRINTED, TODAY, World, person, waiting

TITLE = Text("高龄津贴审核通过告知单", "Notice")
VOUCHER = at_office("case", NUMBER, "voucher", TITLE, TODAY, 0, test=False)


def approved(**changes: Any) -> MyCase:
    return case(Life.APPROVED, may=(May.COLLECT,), **({"paper": VOUCHER} | changes))


def body(world: World) -> Any:
    return screen_of(world.visit, 1, world.now).body


def test_it_is_told_with_the_case_and_printed_from_the_office() -> None:
    world = to_cases(World(), approved(), case(case_id="other"))
    shown = body(world)
    assert isinstance(shown, CasesBody)
    assert shown.papers == 1
    world.do(ev.CaseChosen("case"))
    shown = body(world)
    assert isinstance(shown, CaseBody)
    assert ("collect" in shown.actions, shown.papers) == (True, 1)
    world.do(ev.CollectPressed())
    shown = body(world)
    assert isinstance(shown, CollectBody)
    assert [(line.title, line.state) for line in shown.lines] == [("高龄津贴审核通过告知单", "ready")]
    world.do(ev.PaperChosen(0))
    (paper,) = world.last(PrintPapers).papers
    assert (paper.template, paper.kind, paper.copy) == (OFFICE, "certificate", 0)
    world.do(ev.PaperEnded("voucher", PRINTED), ev.BackPressed())
    assert world.state is State.CASE


def test_one_that_could_not_be_fetched_is_no_copy_when_it_can() -> None:
    world = to_cases(World(), approved()).do(ev.CaseChosen("case"), ev.CollectPressed(), ev.PaperChosen(0))
    world.do(ev.PaperEnded("voucher", NotPrinted(Fault(NOT_FETCHED, Action.NONE))), ev.PaperChosen(0))
    assert [paper.copy for paper in world.last(PrintPapers).papers] == [0]
    world.do(ev.PaperEnded("voucher", NotPrinted(JAM)), ev.PaperChosen(0))
    assert [paper.copy for paper in world.last(PrintPapers).papers] == [1], "a printer has had it in hand"


def test_the_farewell_names_it_in_the_language_of_the_visit() -> None:
    world = to_cases(World(), approved()).do(ev.CaseChosen("case"), ev.CollectPressed(), ev.PaperChosen(0))
    world.do(ev.PaperEnded("voucher", PRINTED), ev.NextPressed())
    assert world.visit.printed == (TITLE,)


def test_one_that_lies_here_as_well_is_told_once_and_as_it_lies_here() -> None:
    world = World().at_home()
    world = to_cases(world, case())
    world.found(waiting()).do(ev.CasesFound(person().number, (approved(),), Asked.TOLD))
    assert [one.paper.template for one in world.visit.waiting or ()] == ["licence"]


def test_it_stays_when_the_card_is_put_back_and_comes_last_where_papers_are_being_collected() -> None:
    world = to_cases(World(), case()).found(waiting("receipt")).do(ev.CollectPressed())
    world.do(ev.CasesFound(person().number, (approved(),), Asked.TOLD))
    assert [line.title for line in body(world).lines] == ["receipt", TITLE.zh]
    world.do(ev.BackPressed()).found(waiting("receipt"))
    assert [one.paper.paper_id for one in world.visit.waiting or ()] == ["receipt", "voucher"]
    assert world.visit.of_nobody().waiting is None


def test_the_department_s_word_stands_beside_the_decision() -> None:
    said = Text("符合条件。", "The conditions are met.")
    one = approved(reason=said, confirmed=TODAY.date(), confirmation=Text("从次月起发放", "从次月起发放"))
    shown = body(to_cases(World(), one).do(ev.CaseChosen("case")))
    assert shown.said == "符合条件。\n部门确认：从次月起发放"
    assert [(step.kind, step.stage) for step in shown.steps][-2:] == [("approved", "done"), ("confirmed", "now")]
