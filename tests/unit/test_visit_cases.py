"""My cases (我的办件): shown to one whose identity is certain and to nobody else; only what may be done now is offered;
a supplement or a withdrawal is saved before anything is printed, and wiped with the visit.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from devices.contracts.camera import FaceDiffers
from kiosk.domain.codes import group_case_no
from kiosk.domain.life import May
from kiosk.domain.life_table import State as Life
from kiosk.domain.my_case import Asked, MyCase, Pending, newest_first
from kiosk.domain.text import EMPTY
from kiosk.visit import events as ev
from kiosk.visit.effects import FindCases, HandIn, PrintPapers, Wipe
from kiosk.visit.screen_cases import CaseBody, CasesBody, HandedInBody, SupplementBody, WithdrawBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.case_world import (
    DEED,
    LEASE,
    MATCHED,
    NUMBER,
    PAGE,
    able,
    case,
    lacking,
    receipt,
    to_case,
    to_cases,
    to_handed_in,
)
from tests.unit.visit_world import (
    NOT_PRINTED,
    PICTURE,
    PRINTED,
    SIGNATURE,
    World,
    person,
    waiting,
)


def at_cases(*cases: MyCase, asked: Asked = Asked.TOLD) -> World:
    return to_cases(World(document_camera=True), *cases, asked=asked)


def at_case(one: MyCase) -> World:
    return to_case(World(document_camera=True), one)


def body(world: World, kind: type) -> Any:
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, kind), shown
    return shown


# -- who may see them --------------------------------------------------------------------------------


def test_nothing_is_asked_or_said_before_the_identity_is_certain() -> None:
    world = World().at_home().do(ev.CasesPressed())
    assert world.state is State.IDENTIFY
    world.do(ev.CardShown(person(), PICTURE))
    assert world.state is State.CONSENT
    world.do(ev.CasesFound(person().number, (case(),), Asked.TOLD))
    assert world.started(FindCases) == 0
    assert world.visit.cases is None
    world.do(ev.FaceAgreed(), MATCHED)
    assert world.state is State.CASES
    assert world.started(FindCases) == 1
    assert body(world, CasesBody).lines is None


def test_compared_later_is_neither_offered_nor_taken() -> None:
    world = World().at_home().do(ev.CasesPressed(), ev.CardShown(person(), PICTURE))
    world.do(ev.FaceAgreed(), ev.FaceChecked(FaceDiffers(0.1, 0.5)), ev.OtherWayChosen("later"))
    assert world.state is State.OTHER_WAY
    assert world.started(FindCases) == 0


def test_a_member_of_staff_may_compare_instead() -> None:
    world = World(camera=False).at_home().do(ev.CasesPressed(), ev.CardShown(person(), PICTURE))
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered("123456"), ev.StaffCodeChecked(True, 3, 0.0))
    assert world.state is State.CASES


def test_whoever_was_compared_in_this_visit_is_not_compared_again() -> None:
    world = World().at_form().do(ev.BackPressed(), ev.BackPressed(), ev.CasesPressed())
    assert world.state is State.CASES


def test_an_answer_about_another_card_has_come_too_late() -> None:
    world = at_cases(case()).do(ev.CasesFound("140213199001010034", (), Asked.TOLD))
    assert len(body(world, CasesBody).lines) == 1


def test_an_expired_card_is_refused() -> None:
    world = World().at_home().do(ev.CasesPressed())
    world.do(ev.CardShown(person(valid_to=date(2020, 1, 1)), PICTURE))
    assert (world.state, world.visit.problem) == (State.IDENTIFY, "card_expired")


def test_another_card_ends_the_visit_and_nothing_of_it_is_left() -> None:
    world = at_case(case()).do(ev.CardShown(person(number="140213199001010034"), PICTURE))
    assert world.state is State.FAREWELL
    assert world.visit.cases is None
    assert world.visit.opened == ""
    assert world.started(Wipe) == 1


@pytest.mark.parametrize("state", [State.CASES, State.CASE])
def test_the_card_that_goes_is_asked_for_and_then_the_visit_ends(state: State) -> None:
    world = at_cases(case()) if state is State.CASES else at_case(case())
    world.do(ev.CardGone())
    assert world.visit.card_missing
    world.do(ev.TimerFired("card_missing"))
    assert (world.state, world.visit.reason) == (State.FAREWELL, "card_gone")


# -- the list and one case ---------------------------------------------------------------------------


def test_what_moved_last_comes_first() -> None:
    old, new = case(days=9, case_id="old"), case(days=2, case_id="new")
    assert [one.case_id for one in newest_first((old, new))] == ["new", "old"]


def test_a_line_says_how_it_stands_since_when_by_when_and_what_is_lacking() -> None:
    world = at_cases(lacking(), case(due=date(2026, 12, 22)))
    first, second = body(world, CasesBody).lines
    assert (first.word, first.turn, first.lacking) == ("等您补材料", "you", 2)
    assert (second.word, second.turn, second.due) == ("已受理，正在办", "office", "2026-12-22")
    assert first.case_no == group_case_no(NUMBER)


def test_where_nobody_could_be_asked_that_is_said() -> None:
    assert body(at_cases(asked=Asked.NOT_TOLD), CasesBody).asked == "not_told"


def test_the_list_that_comes_later_replaces_the_first_and_an_open_case_stays_open() -> None:
    world = at_cases(case(Life.RECEIVED), asked=Asked.ASKING).do(ev.CaseChosen("case"))
    world.do(ev.CasesFound(person().number, (case(),), Asked.TOLD))
    assert body(world, CaseBody).line.word == "已受理，正在办"
    assert world.do(ev.BackPressed()).state is State.CASES
    assert world.do(ev.BackPressed()).state is State.HOME
    assert world.visit.cases is None


def test_what_is_known_here_does_not_take_the_place_of_what_the_backend_has_said() -> None:
    world = at_cases(case()).do(ev.CasesFound(person().number, (), Asked.ASKING))
    assert (len(body(world, CasesBody).lines), body(world, CasesBody).asked) == (1, "told")


def test_the_way_of_a_case_shows_what_is_behind_it_and_what_is_to_come() -> None:
    steps = body(at_case(lacking()), CaseBody).steps
    assert [(step.kind, step.stage) for step in steps] == [
        ("received", "done"), ("supplementing", "now"), ("accepting", "ahead"), ("deciding", "ahead"),
    ]  # fmt: skip
    assert steps[0].day == "2026-11-20", "the day in the case's number, where nothing else is known"


def test_a_complaint_is_answered_and_not_decided() -> None:
    steps = body(at_case(case(service_id="complaint")), CaseBody).steps
    assert [step.kind for step in steps] == ["received", "accepted", "answering"]


def test_the_days_of_receipt_and_acceptance_stand_on_the_way_where_they_are_known() -> None:
    known = case(Life.APPROVED, may=(), received=date(2026, 11, 18), accepted=date(2026, 11, 19))
    steps = body(at_case(known), CaseBody).steps
    assert [(step.kind, step.day) for step in steps[:2]] == [("received", "2026-11-18"), ("accepted", "2026-11-19")]


@pytest.mark.parametrize("state", list(Life))
def test_every_state_can_be_shown_and_its_way_has_one_now(state: Life) -> None:
    shown = body(at_case(case(state)), CaseBody)
    assert [step.stage for step in shown.steps].count("now") == 1
    assert shown.line.word == state.word.zh


def test_only_what_may_be_done_now_is_offered() -> None:
    assert body(at_case(case(Life.REFUSED, may=())), CaseBody).actions == ("rate",)
    assert body(at_case(case(may=())), CaseBody).actions == ()
    assert body(at_case(lacking()), CaseBody).actions == ("supplement", "withdraw")
    pending = lacking(pending=Pending.SUPPLEMENT, queued=True)
    assert body(at_case(pending), CaseBody).actions == ()
    world = at_case(case(Life.REFUSED, may=())).do(ev.ErrandPressed(May.WITHDRAW), ev.ErrandPressed(May.SUPPLEMENT))
    assert world.state is State.CASE


def test_without_a_document_camera_nothing_can_be_supplemented_and_that_is_said() -> None:
    world = at_case(lacking())
    world.do(able(world, document_camera=False))
    shown = body(world, CaseBody)
    assert (shown.actions, shown.obstacle) == (("withdraw",), "desk")
    assert world.do(ev.ErrandPressed(May.SUPPLEMENT)).state is State.CASE


def test_what_is_lacking_is_not_known_without_a_line_and_that_is_said() -> None:
    shown = body(at_case(lacking(lacking=(), whole=False)), CaseBody)
    assert (shown.actions, shown.obstacle) == (("withdraw",), "line")


# -- papers that lie here ----------------------------------------------------------------------------


def test_papers_of_a_case_are_collected_from_its_page_and_the_way_back_leads_to_it() -> None:
    world = World().at_home().do(ev.CasesPressed(), ev.CardShown(person(), PICTURE)).found(waiting())
    world.do(ev.FaceAgreed(), MATCHED, ev.CasesFound(person().number, (case(Life.APPROVED, may=()),), Asked.TOLD))
    assert body(world, CasesBody).papers == 1
    assert body(world.do(ev.CaseChosen("case")), CaseBody).actions == ("collect", "rate")
    world.do(ev.CollectPressed())
    assert world.state is State.COLLECT
    world.do(ev.PaperChosen(0), ev.PaperEnded("licence", PRINTED), ev.BackPressed())
    assert world.state is State.CASE


# -- supplement --------------------------------------------------------------------------------------


def scan(world: World, index: int) -> World:
    return world.do(ev.LackingChosen(index), ev.TakePressed(), PAGE, ev.NextPressed())


def test_every_paper_that_is_asked_for_is_scanned_signed_and_handed_in() -> None:
    world = at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT))
    assert [line.label for line in body(world, SupplementBody).lines] == [LEASE.zh, DEED.zh]
    world.do(ev.NextPressed())
    assert world.state is State.SUPPLEMENT, "nothing was scanned yet"
    assert scan(world, 0).state is State.SUPPLEMENT
    assert not body(world, SupplementBody).complete
    assert scan(world, 1).do(ev.NextPressed()).state is State.SIGN
    world.do(ev.Signed(SIGNATURE))
    assert world.state is State.COMMITTING
    asked = world.last(HandIn)
    assert isinstance(asked, HandIn)
    assert [material.kind for material in asked.materials] == ["lease", "lacking-2"]
    assert (asked.errand, asked.case.case_id, asked.strokes) == (May.SUPPLEMENT, "case", SIGNATURE)


def test_pages_can_be_taken_again_and_are_thrown_away_with_the_errand() -> None:
    world = scan(at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT)), 0)
    world.do(ev.LackingChosen(0), ev.RetakePressed(), ev.BackPressed())
    assert body(world, SupplementBody).lines[0].pages == 0
    scan(world, 0).do(ev.BackPressed())
    assert world.state is State.CASE
    assert not world.visit.pages


def test_a_paper_that_is_asked_for_is_not_skipped() -> None:
    world = at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT), ev.LackingChosen(0), ev.MaterialSkipped())
    assert world.state is State.MATERIAL


def test_what_was_not_saved_is_still_there() -> None:
    world = scan(scan(at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT)), 0), 1)
    world.do(ev.NextPressed(), ev.Signed(SIGNATURE), ev.CommitFailed("save_failed"))
    shown = body(world, SupplementBody)
    assert (shown.problem, shown.complete) == ("save_failed", True)


def test_the_way_back_from_the_signature_leads_to_the_papers() -> None:
    world = scan(scan(at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT)), 0), 1)
    assert world.do(ev.NextPressed(), ev.BackPressed()).state is State.SUPPLEMENT


def test_an_answer_that_comes_while_papers_are_put_together_changes_nothing_of_them() -> None:
    world = scan(at_case(lacking()).do(ev.ErrandPressed(May.SUPPLEMENT)), 0)
    world.do(ev.CasesFound(person().number, (), Asked.NOT_TOLD))
    assert len(body(world, SupplementBody).lines) == 2
    scan(world, 1).do(ev.NextPressed(), ev.Signed(SIGNATURE))
    late = ev.CasesFound(person().number, (case(Life.REFUSED, may=()),), Asked.TOLD)
    assert world.do(late, receipt(name="supplement"), late).state is State.HANDED_IN


def test_the_case_that_is_looked_at_stays_although_a_later_answer_does_not_name_it() -> None:
    world = at_case(case(case_id="elsewhere")).do(ev.CasesFound(person().number, (), Asked.NOT_TOLD))
    assert body(world, CaseBody).line.case_id == "elsewhere"


# -- withdrawal --------------------------------------------------------------------------------------


def test_a_withdrawal_is_asked_once_more_and_nobody_has_to_say_why() -> None:
    world = at_case(case()).do(ev.ErrandPressed(May.WITHDRAW))
    assert not any(chosen for _, chosen in body(world, WithdrawBody).reasons)
    world.do(ev.WithdrawConfirmed())
    asked = world.last(HandIn)
    assert isinstance(asked, HandIn)
    assert (asked.errand, asked.reason, asked.materials) == (May.WITHDRAW, EMPTY, ())


def test_a_reason_can_be_chosen_and_taken_back() -> None:
    world = at_case(case()).do(ev.ErrandPressed(May.WITHDRAW), ev.ReasonChosen(1))
    assert [chosen for _, chosen in body(world, WithdrawBody).reasons] == [False, True, False]
    world.do(ev.ReasonChosen(1), ev.ReasonChosen(7))
    assert world.visit.why == -1
    world.do(ev.ReasonChosen(2), ev.WithdrawConfirmed())
    asked = world.last(HandIn)
    assert isinstance(asked, HandIn)
    assert asked.reason.zh == "已经在别处办了"


def test_what_was_decided_meanwhile_is_not_withdrawn_and_that_is_said() -> None:
    world = at_case(case()).do(ev.ErrandPressed(May.WITHDRAW))
    world.do(ev.CasesFound(person().number, (case(Life.APPROVED, may=()),), Asked.TOLD), ev.WithdrawConfirmed())
    assert world.started(HandIn) == 0
    assert body(world, CaseBody).problem == "no_longer"


def test_keeping_it_leads_back_to_the_case() -> None:
    assert at_case(case()).do(ev.ErrandPressed(May.WITHDRAW), ev.BackPressed()).state is State.CASE


# -- handed in ---------------------------------------------------------------------------------------


def at_handed_in() -> World:
    return to_handed_in(World())


def test_it_is_saved_before_its_receipt_is_printed() -> None:
    world = at_handed_in()
    assert world.started(PrintPapers) == 1
    shown = body(world, HandedInBody)
    assert (shown.errand, shown.stage, shown.case_no) == ("withdraw", "waiting", group_case_no(NUMBER))
    world.do(ev.PaperProgressed("withdraw", 0, 1), ev.PaperEnded("withdraw", PRINTED), ev.NextPressed())
    assert (world.state, world.visit.reason, world.visit.saved) == (State.FAREWELL, "done", True)
    assert [title.zh for title in world.visit.printed] == ["撤回申请回执"]
    assert world.visit.handed is None


def test_a_receipt_that_did_not_come_out_is_printed_again_as_a_copy() -> None:
    world = at_handed_in().do(ev.PaperChosen(0), ev.PaperEnded("withdraw", NOT_PRINTED))
    assert body(world, HandedInBody).again
    world.do(ev.PaperChosen(0))
    asked = world.last(PrintPapers)
    assert isinstance(asked, PrintPapers)
    assert [paper.copy for paper in asked.papers] == [1]
    assert world.do(ev.PaperEnded("withdraw", PRINTED), ev.PaperChosen(0)).started(PrintPapers) == 2


@pytest.mark.parametrize("end", [ev.QuitPressed(), ev.NextPressed(), ev.TimerFired("quiet")])
def test_paper_that_is_coming_out_is_waited_for(end: ev.Event) -> None:
    assert at_handed_in().do(end).state is State.HANDED_IN


def test_the_card_may_go_and_another_one_is_shown_nothing() -> None:
    other = ev.CardShown(person(number="140213199001010034"), PICTURE)
    world = at_handed_in().do(ev.CardGone(), other, ev.PaperEnded("withdraw", PRINTED), ev.NextPressed())
    assert world.state is State.FAREWELL
    assert State.CASES not in world.passed[-2:]


def test_time_that_runs_out_leaves_what_was_handed_in_saved() -> None:
    world = at_handed_in().do(ev.PaperEnded("withdraw", PRINTED), ev.TimerFired("quiet"), ev.TimerFired("grace"))
    assert (world.visit.reason, world.visit.saved) == ("done", True)


@pytest.mark.parametrize("state", [State.CASES, State.CASE, State.SUPPLEMENT, State.WITHDRAW])
def test_leaving_by_the_button_saves_nothing_and_keeps_nothing(state: State) -> None:
    world = at_cases(lacking())
    if state is not State.CASES:
        world.do(ev.CaseChosen("case"))
    if state is State.SUPPLEMENT:
        scan(world.do(ev.ErrandPressed(May.SUPPLEMENT)), 0)
    if state is State.WITHDRAW:
        world.do(ev.ErrandPressed(May.WITHDRAW))
    world.do(ev.QuitPressed())
    assert (world.state, world.visit.reason, world.visit.saved) == (State.FAREWELL, "quit", False)
    assert world.started(HandIn) == 0
    assert not world.visit.pages
