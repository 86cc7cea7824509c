"""Leaving with something entered, and coming back to it: asked for, kept for the same person, never shown unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.domain.unfinished import Unfinished
from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.effects import Commit, ForgetDraft, KeepDraft, TakeUpDraft, Wipe
from kiosk.visit.screen import ConsentBody, FarewellBody, HomeBody, KeepBody, OtherWayBody, ResumeBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PENSION, PICTURE, TODAY, World, person

UNTIL = TODAY + timedelta(days=7)
DRAFT = Unfinished(BUSINESS, {"shop_name": "小面", "premises": "南关街18号"}, TODAY - timedelta(days=1), UNTIL)
MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def kept(world: World) -> KeepDraft:
    effect = world.last(KeepDraft)
    assert isinstance(effect, KeepDraft)
    return effect


def asked(**machine: object) -> World:
    """Half of the form is filled in, and the citizen is about to leave."""
    world = World(**machine).at_form()
    first = world.visit.pack.questions[0]
    return world.do(
        ev.AnswerChanged(first.key, first.options[0].value), ev.NextPressed(),
        ev.AnswerChanged(world.visit.pack.questions[1].key, "小面"), ev.QuitPressed(),
    )  # fmt: skip


def at_home_with(draft: Unfinished | None = DRAFT, **machine: object) -> World:
    world = World(**machine).do(ev.Recovered(), ev.CardShown(person(), PICTURE))
    return world.do(ev.DraftFound(person().number, draft))


# -- leaving


def test_who_leaves_with_something_entered_is_asked_and_nothing_is_chosen_for_them() -> None:
    world = asked()
    assert world.state is State.KEEP
    assert world.started(KeepDraft) == 0
    assert body(world) == KeepBody(world.visit.pack.short_name.zh, 7)


def test_it_is_kept_with_the_answer_on_the_screen_and_told_only_once_it_lies_on_the_disk() -> None:
    world = asked().do(ev.KeepChosen(keep=True))
    first, second = world.visit.pack.questions[:2]
    assert kept(world).draft.answers == {first.key: first.options[0].value, second.key: "小面"}
    assert kept(world).document == person()
    assert world.state is State.KEEP
    assert world.started(Wipe) == 0
    world.do(ev.KeepChosen(keep=False))  # a second touch while it is being written
    assert world.state is State.KEEP
    world.do(ev.DraftKept(UNTIL))
    shown = body(world)
    assert isinstance(shown, FarewellBody)
    assert (shown.reason, shown.saved, shown.kept_until) == ("kept", False, "2026-11-29")
    assert world.started(KeepDraft) == 1
    assert world.visit.document is None
    assert not world.visit.envelope.fields


def test_where_it_cannot_be_kept_the_page_says_so_and_it_can_be_tried_again() -> None:
    world = asked().do(ev.KeepChosen(keep=True), ev.DraftKept(None))
    shown = body(world)
    assert isinstance(shown, KeepBody)
    assert shown.problem == "keep_failed"
    world.do(ev.KeepChosen(keep=True), ev.DraftKept(UNTIL))
    assert world.state is State.FAREWELL
    assert world.started(KeepDraft) == 2


def test_not_keeping_keeps_nothing() -> None:
    world = asked().do(ev.KeepChosen(keep=False))
    shown = body(world)
    assert isinstance(shown, FarewellBody)
    assert (shown.reason, shown.kept_until) == ("quit", "")
    assert world.started(KeepDraft) == world.started(ForgetDraft) == 0


def test_not_keeping_what_was_taken_up_erases_what_was_kept_before() -> None:
    world = resumed().do(ev.QuitPressed(), ev.KeepChosen(keep=False))
    assert world.state is State.FAREWELL
    assert world.started(KeepDraft) == 0
    assert world.last(ForgetDraft) == ForgetDraft(person())


@pytest.mark.parametrize("ending", [ev.QuitPressed(), ev.TimerFired("grace")])
def test_who_does_not_answer_keeps_nothing(ending: ev.Event) -> None:
    world = asked().do(ev.TimerFired("quiet"), ending)
    assert world.state is State.FAREWELL
    assert world.started(KeepDraft) == 0


def test_going_back_goes_on_with_the_same_question() -> None:
    world = asked().do(ev.BackPressed())
    assert world.state is State.FORM
    assert (world.visit.question, world.visit.answer) == (1, "小面")


def test_the_card_may_be_gone_already_and_another_persons_card_ends_it() -> None:
    world = asked().do(ev.CardGone())
    assert not screen_of(world.visit, 1, world.now).chrome.card_missing
    world.do(ev.CardShown(person(), PICTURE))
    assert world.state is State.KEEP
    world.do(ev.CardGone(), ev.CardShown(person(number="140213199001010034"), PICTURE))
    assert (world.state, world.visit.reason) == (State.FAREWELL, "card_changed")
    assert world.started(KeepDraft) == 0


def test_going_back_without_the_card_asks_for_it() -> None:
    world = asked().do(ev.CardGone(), ev.BackPressed())
    assert world.visit.card_missing


def test_with_nothing_entered_nobody_is_asked() -> None:
    assert World().at_form().do(ev.QuitPressed()).state is State.FAREWELL


@pytest.mark.parametrize("where", ["at_review", "at_sign"])
def test_it_is_asked_up_to_the_commit_and_not_behind_it(where: str) -> None:
    world = getattr(World(), where)().do(ev.QuitPressed())
    assert world.state is State.KEEP
    assert set(world.do(ev.KeepChosen(keep=True)) and kept(world).draft.answers) == {
        question.key for question in world.visit.pack.questions
    }
    assert World().at_outcome().do(ev.QuitPressed()).started(KeepDraft) == 0


@pytest.mark.parametrize(
    "machine", [{"draft_days": 0}, {"staff_codes": False, "face_check": False}], ids=["policy", "nobody-can-be-certain"]
)
def test_where_it_could_not_be_taken_up_again_it_is_not_offered(machine: dict[str, object]) -> None:
    world = World(**machine).at_identify().do(ev.CardShown(person(), PICTURE))
    if world.state is State.CONSENT:
        world.do(ev.FaceAgreed(), MATCHED)
    else:
        world.do(ev.OtherWayChosen("later"))
    assert world.state is State.FORM
    assert world.answer_all().agree_all().do(ev.QuitPressed()).state is State.FAREWELL


def test_a_card_without_a_photograph_keeps_no_draft() -> None:
    world = World().at_identify().do(ev.CardShown(person(photo=None), None), ev.OtherWayChosen("later"))
    assert world.answer_all().agree_all().do(ev.QuitPressed()).state is State.FAREWELL


@pytest.mark.parametrize(
    "ending",
    [(ev.TimerFired("quiet"), ev.TimerFired("grace")), (ev.CardGone(), ev.TimerFired("card_missing"))],
    ids=["time", "card"],
)
def test_a_visit_that_ends_by_itself_keeps_only_what_was_agreed_to_before(ending: tuple[ev.Event, ...]) -> None:
    new = World().at_form().answer_all().do(*ending)
    assert (new.state, new.started(KeepDraft)) == (State.FAREWELL, 0)
    again = resumed().do(*ending)
    assert (again.state, again.started(KeepDraft)) == (State.FAREWELL, 1)
    order = [type(effect) for effect in again.effects if isinstance(effect, KeepDraft | Wipe)]
    assert order == [KeepDraft, Wipe]  # the key leaves memory with the wipe
    again.do(ev.DraftKept(UNTIL))
    shown = body(again)
    assert isinstance(shown, FarewellBody)
    assert (shown.reason, shown.kept_until) == ("kept", "2026-11-29")


# -- coming back


def resumed() -> World:
    return at_home_with().do(ev.ResumePressed(), ev.FaceAgreed(), MATCHED, ev.NextPressed())


def test_the_start_page_says_that_there_is_something_and_not_what() -> None:
    shown = body(at_home_with())
    assert isinstance(shown, HomeBody)
    assert shown.unfinished
    assert not body(at_home_with(None)).unfinished  # type: ignore[attr-defined]
    assert not body(at_home_with(replace(DRAFT, service_id="another"))).unfinished  # type: ignore[attr-defined]


def test_the_person_is_compared_anew_before_anything_of_it_is_shown() -> None:
    world = at_home_with().do(ev.ResumePressed())
    shown = body(world)
    assert isinstance(shown, ConsentBody)
    assert not shown.later_possible
    other = body(world.do(ev.OtherWayChosen()))
    assert isinstance(other, OtherWayBody)
    assert not other.later_possible
    world.do(ev.OtherWayChosen("later"))
    assert world.state is State.OTHER_WAY
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered("123456"), ev.StaffCodeChecked(True, 3, 0.0))
    assert world.state is State.RESUME
    assert body(world) == ResumeBody(world.visit.pack.short_name.zh, 2, 5, "2026-11-21", "2026-11-29")


def test_it_goes_on_at_the_first_question_that_is_not_answered() -> None:
    world = resumed()
    assert world.state is State.FORM
    assert world.visit.question == 0
    assert world.visit.envelope.value("shop_name") == "小面"
    assert world.visit.envelope.value("applicant.name") == "王某某"
    assert world.last(TakeUpDraft) == TakeUpDraft(BUSINESS)


def test_an_answer_that_fits_no_more_is_asked_again() -> None:
    draft = replace(DRAFT, answers={"shop_name": "x", "trade": "no such trade"})
    world = at_home_with(draft).do(ev.ResumePressed(), ev.FaceAgreed(), MATCHED, ev.NextPressed())
    assert world.visit.envelope.get("trade") is None
    assert world.visit.envelope.get("shop_name") is None


def test_with_all_answered_it_goes_on_behind_the_questions_and_promises_are_made_anew() -> None:
    full = World().at_review()
    answers = {question.key: full.visit.envelope.value(question.key) for question in full.visit.pack.questions}
    draft = replace(DRAFT, answers=answers)
    world = at_home_with(draft).do(ev.ResumePressed(), ev.FaceAgreed(), MATCHED, ev.NextPressed())
    assert world.state is State.COMMITMENT
    assert world.visit.agreed == frozenset()
    world.agree_all().do(ev.NextPressed(), ev.Signed((((0.1, 0.1), (0.8, 0.8)),)))
    asked_for = world.last(Commit)
    assert isinstance(asked_for, Commit)
    assert asked_for.draft


def test_the_same_matter_chosen_by_itself_asks_whether_to_go_on() -> None:
    world = World().at_consent().do(ev.DraftFound(person().number, DRAFT), ev.FaceAgreed(), MATCHED)
    assert world.state is State.RESUME
    assert World().at_consent().do(ev.FaceAgreed(), MATCHED).state is State.FORM


def test_another_matter_goes_its_own_way_and_its_commit_leaves_the_draft() -> None:
    draft = replace(DRAFT, service_id=PENSION)
    world = World().at_consent().do(ev.DraftFound(person().number, draft), ev.FaceAgreed(), MATCHED)
    assert world.state is State.FORM
    world.answer_all().agree_all().do(ev.NextPressed(), ev.Signed((((0.1, 0.1), (0.8, 0.8)),)))
    asked_for = world.last(Commit)
    assert isinstance(asked_for, Commit)
    assert not asked_for.draft


def test_another_matter_left_says_that_it_would_replace_the_one_that_is_kept() -> None:
    draft = replace(DRAFT, service_id=PENSION)
    world = World().at_consent().do(ev.DraftFound(person().number, draft), ev.FaceAgreed(), MATCHED)
    shown = body(world.answer_all().do(ev.QuitPressed()))
    assert isinstance(shown, KeepBody)
    assert shown.replaces


def test_it_can_be_erased_from_the_start_page_and_from_its_matter() -> None:
    home = at_home_with().do(ev.ResumePressed(), ev.FaceAgreed(), MATCHED, ev.DraftErased())
    assert home.state is State.HOME
    assert home.last(ForgetDraft) == ForgetDraft(person())
    assert not body(home).unfinished  # type: ignore[attr-defined]
    matter = World().at_consent().do(ev.DraftFound(person().number, DRAFT), ev.FaceAgreed(), MATCHED, ev.DraftErased())
    assert matter.state is State.FORM
    assert matter.visit.envelope.value("shop_name") == ""
    assert matter.started(ForgetDraft) == 1


def test_going_back_leaves_it_kept() -> None:
    world = at_home_with().do(ev.ResumePressed(), ev.FaceAgreed(), MATCHED, ev.BackPressed())
    assert world.state is State.HOME
    assert world.started(ForgetDraft) == 0
    assert world.visit.draft is DRAFT


def test_what_cannot_be_done_now_is_said_and_nobody_is_identified_for_it() -> None:
    world = at_home_with(abilities={BUSINESS: Ability(Verdict.CANNOT, (), ("room",))}).do(ev.ResumePressed())
    shown = body(world)
    assert isinstance(shown, HomeBody)
    assert shown.problem == "resume_not_now"


def test_an_answer_about_another_card_has_come_too_late() -> None:
    world = World().do(ev.Recovered(), ev.CardShown(person(), PICTURE))
    assert world.do(ev.DraftFound("140213199001010034", DRAFT)).visit.draft is None


def test_whoever_comes_next_finds_nothing_of_it() -> None:
    other = person(number="140213199001010034")
    world = at_home_with().do(ev.CardGone())
    assert world.visit.draft is None
    world = at_home_with().do(ev.CardGone(), ev.CardShown(other, PICTURE))
    assert world.visit.draft is None
    world = at_home_with().do(ev.ResumePressed(), ev.BackPressed())
    assert (world.state, world.visit.resuming) == (State.HOME, False)


def test_a_draft_never_tells_what_is_in_it() -> None:
    assert repr(DRAFT) == "Unfinished(individual_business, 2 answers)"
    assert "小面" not in repr(KeepDraft(person(), DRAFT, 7))
