"""Help (帮办): marked, masked, and never a hand for what only the person may do."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import FieldValue, Origin, Trust
from kiosk.domain.known import Known
from kiosk.domain.text import Text
from kiosk.domain.unfinished import Unfinished
from kiosk.services.loader import load_builtin
from kiosk.visit import events as ev
from kiosk.visit.effects import CheckFace, Commit, KeepAnswers, KeepDraft, NoteHelper, SaveRating, SetTimer
from kiosk.visit.helping import CALLED_IN, HELPED
from kiosk.visit.screen import FormBody, HelperBody, OtherWayBody, RateBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PICTURE, PRINTED, SIGNATURE, World, person, waiting

WORKER, CODE = "0107", "0107123456"
MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
COMES = (ev.HelperPressed(), ev.StaffCodeEntered(CODE), ev.StaffCodeChecked(True, 5, 0.0, WORKER))


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def chrome(world: World) -> tuple[str, bool, str]:
    shown = screen_of(world.visit, 1, world.now).chrome
    return shown.helper, shown.helped, shown.handover


def question(world: World, key: str) -> FormBody:
    """The page of this question, come to from its review row."""
    world.do(ev.EditPressed(key))
    shown = body(world)
    assert isinstance(shown, FormBody)
    return shown


def helped_form(**machine: object) -> World:
    return World(**machine).at_form().do(*COMES)


# -- beginning


def test_a_code_of_a_member_of_staff_begins_it_and_leads_back_to_the_page() -> None:
    world = World().at_form().do(ev.HelpPressed(), ev.HelperPressed())
    assert (world.state, body(world)) == (State.HELPER, HelperBody())
    assert not world.visit.help_called
    world.do(ev.StaffCodeEntered(CODE), ev.StaffCodeChecked(False, 3, 0.0, ""))
    assert body(world) == HelperBody("code_wrong", 3)
    world.do(ev.StaffCodeEntered(CODE), ev.StaffCodeChecked(True, 5, 0.0, WORKER))
    assert world.state is State.FORM
    assert chrome(world) == (WORKER, True, "")
    assert world.last(NoteHelper) == NoteHelper(WORKER)
    assert SetTimer("helper", world.visit.machine.delays.helper) in world.effects


def test_going_back_begins_nothing_and_quitting_is_as_on_the_page_before() -> None:
    world = World().at_form().do(ev.HelperPressed(), ev.BackPressed())
    assert (world.state, chrome(world)) == (State.FORM, ("", False, ""))
    first = world.visit.pack.questions[0]
    world.do(ev.AnswerChanged(first.key, first.options[0].value), ev.NextPressed(), ev.HelperPressed())
    world.do(ev.QuitPressed())
    assert world.state is State.KEEP
    assert world.do(ev.BackPressed()).state is State.FORM


@pytest.mark.parametrize("state", sorted(set(State) - set(CALLED_IN), key=lambda state: state.value))
def test_it_begins_nowhere_else(state: State) -> None:
    from kiosk.visit.step import step

    world = World().at_form()
    there = replace(world.visit, state=state, waiting=(), case=None)
    after, effects = step(there, ev.HelperPressed(), world.now)
    assert after.state is state
    assert not any(isinstance(effect, NoteHelper) for effect in effects)


def test_without_staff_codes_and_for_papers_of_an_earlier_visit_nobody_is_called_in() -> None:
    assert World(staff_codes=False).at_form().do(ev.HelperPressed()).state is State.FORM
    world = World().at_home().do(ev.CollectPressed(), ev.HelperPressed())
    assert world.state is State.IDENTIFY
    assert not screen_of(world.visit, 1, world.now).chrome.helper_possible


def test_who_helps_comes_along_when_the_card_is_shown_and_not_to_another_person() -> None:
    world = World().at_home().do(*COMES, ev.ServiceChosen(BUSINESS), ev.NextPressed(), ev.CardShown(person(), PICTURE))
    assert chrome(world)[0] == WORKER
    other = World().at_home().do(ev.CardShown(person(), PICTURE), *COMES)
    other.do(ev.CardShown(person(number="140213199001010034"), PICTURE))
    assert chrome(other) == ("", False, "")
    assert other.last(NoteHelper) == NoteHelper(WORKER, "ended")


# -- what is shown, and what is entered


def test_what_a_helper_enters_says_so_and_what_stands_there_keeps_its_origin() -> None:
    world = World().at_form()
    trade = world.visit.pack.questions[0]
    world.do(ev.AnswerChanged(trade.key, trade.options[0].value), ev.NextPressed(), *COMES)
    world.do(ev.BackPressed(), ev.NextPressed(), ev.AnswerChanged("shop_name", "小面"), ev.NextPressed())
    origins = {field.key: field.origin for field in world.visit.envelope.fields}
    assert origins["trade"] is Origin.CHOSEN
    assert origins["shop_name"] is Origin.HELPER


def test_the_citizen_changing_it_makes_it_theirs_and_reading_over_it_does_not() -> None:
    world = helped_form().answer_all()
    assert chrome(world) == ("", True, "own")
    world.do(ev.TakenOver()).agree_all().do(ev.EditPressed("shop_name"), ev.NextPressed())
    assert world.visit.envelope.get("shop_name") == FieldValue("shop_name", "小面", Origin.HELPER, Trust.D)
    world.do(ev.EditPressed("shop_name"), ev.AnswerChanged("shop_name", "大面"), ev.NextPressed())
    assert world.visit.envelope.get("shop_name") == FieldValue("shop_name", "大面", Origin.TYPED, Trust.D)


def test_private_answers_are_shown_in_part_on_the_review_and_not_at_all_where_they_are_typed() -> None:
    world = World().at_review().do(*COMES)
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    values = {line.key: line.value for line in shown.lines}
    assert values["phone"] == "138****0000"
    assert values["applicant.address"] == "平城区****"
    assert "1402 **** **** 0017" in values.values()
    assert values["shop_name"] == "小面"
    page = question(world, "phone")
    assert (page.value, page.hidden, page.preview) == ("", "138****0000", "")
    world.do(ev.NextPressed())
    assert world.visit.envelope.get("phone") == FieldValue("phone", "13800000000", Origin.TYPED, Trust.D)
    assert question(world, "shop_name").value == "小面"


def test_typing_over_a_hidden_answer_shows_what_is_typed_and_the_person_sees_all_again() -> None:
    world = World().at_review().do(*COMES)
    question(world, "phone")
    world.do(ev.AnswerChanged("phone", "1"))
    page = body(world)
    assert isinstance(page, FormBody)
    assert (page.value, page.hidden) == ("1", "")
    world = World().at_review().do(ev.EditPressed("phone"), *COMES)
    page = body(world)
    assert isinstance(page, FormBody)
    assert (page.value, page.hidden) == ("", "138****0000")
    world.do(ev.HelperEnded())
    page = body(world)  # the helper may stand there still
    assert isinstance(page, FormBody)
    assert (page.value, page.hidden) == ("", "138****0000")
    world.do(ev.TakenOver())
    page = body(world)
    assert isinstance(page, FormBody)
    assert (page.value, page.hidden) == ("13800000000", "")


def test_a_private_choice_and_what_is_made_of_private_answers_are_not_shown_either() -> None:
    pack = load_builtin()[BUSINESS]
    private = {"trade": "child.birth", "premises": "person.residence"}
    asked = tuple(
        replace(q, means=private.get(q.key, q.means), preview=Text("{premises}", "{premises}"))
        if q.key in ("trade", "shop_name", "premises") else q
        for q in pack.questions
    )  # fmt: skip
    world = World(packs={BUSINESS: replace(pack, questions=asked)}).at_review()
    assert question(world, "shop_name").preview
    world.do(ev.NextPressed(), *COMES)
    assert question(world, "shop_name").preview == ""
    world.do(ev.NextPressed())
    assert not any(option.chosen for option in question(world, "trade").options)
    world.do(ev.NextPressed())
    assert question(world, "shop_name").preview == ""
    world.do(ev.HelperEnded())  # and stands there still
    page = body(world)
    assert isinstance(page, FormBody)
    assert page.preview == ""
    world.do(ev.TakenOver())
    page = body(world)
    assert isinstance(page, FormBody)
    assert page.preview


# -- the person's own hand


def test_promise_and_signature_are_the_persons_own() -> None:
    world = helped_form().answer_all()
    assert world.state is State.COMMITMENT
    assert chrome(world) == ("", True, "own")
    assert world.last(NoteHelper) == NoteHelper(WORKER, "own")
    world.do(ev.ClauseToggled(0), ev.CommitmentDeclined(), ev.NextPressed())  # the panel lies over the page
    assert (world.state, world.visit.agreed) == (State.COMMITMENT, frozenset())
    world.do(ev.TakenOver()).agree_all().do(ev.NextPressed(), ev.Signed(SIGNATURE))
    asked = world.last(Commit)
    assert isinstance(asked, Commit)
    assert asked.helped == (WORKER,)


def test_consent_to_the_face_check_is_the_persons_own_too() -> None:
    world = World().at_consent().do(*COMES)
    assert world.state is State.CONSENT  # nobody is called in there
    world = World().at_home().do(*COMES, ev.ServiceChosen(BUSINESS), ev.NextPressed(), ev.CardShown(person(), PICTURE))
    world.do(ev.FaceAgreed(), MATCHED)
    assert (world.state, chrome(world), world.started(CheckFace)) == (State.CONSENT, ("", True, "own"), 0)
    world.do(ev.TakenOver(), ev.FaceAgreed())
    assert (world.state, world.started(CheckFace)) == (State.FACE, 1)


def test_handing_in_from_the_review_takes_the_persons_touch_first() -> None:
    world = World().at_review().do(*COMES, ev.NextPressed())
    assert (world.state, chrome(world)) == (State.REVIEW, ("", True, "own"))
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    assert {line.key: line.value for line in shown.lines}["phone"] == "138****0000"  # the helper stands there still
    world.do(ev.NextPressed())
    assert world.state is State.REVIEW
    world.do(ev.TakenOver(), ev.NextPressed())
    assert world.state is State.SIGN


def test_help_ends_by_the_button_and_by_its_time_and_a_new_code_begins_it_again() -> None:
    world = helped_form().do(ev.HelperEnded(), ev.AnswerChanged("trade", "x"))
    assert (chrome(world), world.visit.answer) == (("", True, "left"), "")
    world.do(ev.TakenOver(), *COMES, ev.TimerFired("helper"))
    assert chrome(world) == ("", True, "over")
    world.do(ev.HelperEnded(), ev.TimerFired("helper"), ev.TakenOver())
    assert chrome(world) == ("", True, "")
    assert [effect.reason for effect in world.effects if isinstance(effect, NoteHelper)] == ["", "left", "", "over"]
    world.do(ev.HelperPressed(), ev.StaffCodeEntered("x"), ev.StaffCodeChecked(True, 5, 0.0, "0202"))
    assert world.visit.helped == (WORKER, "0202")


def test_a_visit_that_ends_takes_the_help_with_it() -> None:
    world = helped_form().do(ev.TimerFired("quiet"), ev.TimerFired("grace"))
    assert (world.state, chrome(world)) == (State.FAREWELL, ("", False, ""))
    assert world.last(NoteHelper) == NoteHelper(WORKER, "ended")


# -- who was compared by staff alone


def by_staff(*, camera: bool = True) -> World:
    world = World(camera=camera).at_identify().do(ev.CardShown(person(), PICTURE))
    if camera:
        world.do(ev.OtherWayChosen())
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered(CODE), ev.StaffCodeChecked(True, 5, 0.0, WORKER))
    return world.do(*COMES).answer_all()


def test_where_staff_alone_compared_the_face_check_is_offered_once_more_and_comes_back() -> None:
    world = by_staff()
    assert screen_of(world.visit, 1, world.now).chrome.handover_face
    world.do(ev.TakenOver(face=True), ev.FaceAgreed(), MATCHED)
    assert (world.state, world.visit.verification.value) == (State.COMMITMENT, "face")  # type: ignore[union-attr]
    assert chrome(world) == ("", True, "")


def test_it_is_never_the_only_way() -> None:
    assert by_staff().do(ev.TakenOver()).state is State.COMMITMENT
    assert not screen_of((away := by_staff(camera=False)).visit, 1, away.now).chrome.handover_face
    world = by_staff().do(ev.TakenOver(face=True), ev.OtherWayChosen())
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert (shown.own_possible, shown.staff_possible, shown.later_possible) == (True, False, False)
    world.do(ev.OtherWayChosen("staff"))
    assert world.visit.way == ""
    world.do(ev.OtherWayChosen("own"))
    assert (world.state, chrome(world)[2]) == (State.COMMITMENT, "")
    back = by_staff().do(ev.TakenOver(face=True), ev.BackPressed())
    assert (back.state, chrome(back)[2]) == (State.COMMITMENT, "own")


# -- what is of an earlier visit


@pytest.mark.parametrize("touch", [ev.CollectPressed(), ev.ResumePressed(), ev.CasesPressed()])
def test_nothing_of_an_earlier_visit_is_opened_with_a_helper_in(touch: ev.Event) -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting())
    world.do(ev.DraftFound(person().number, Unfinished(BUSINESS, {"shop_name": "小面"})), *COMES, touch)
    assert (world.state, chrome(world)) == (State.HOME, ("", True, "own"))


@pytest.mark.parametrize("touch", [ev.CollectPressed(), ev.ResumePressed(), ev.CasesPressed()])
def test_nor_on_the_word_of_staff_once_somebody_has_helped(touch: ev.Event) -> None:
    draft = Unfinished(BUSINESS, {"shop_name": "小面"})
    world = World(camera=False).at_home().do(ev.CardShown(person(), PICTURE)).found(waiting())
    world.do(ev.DraftFound(person().number, draft), *COMES, ev.HelperEnded(), ev.TakenOver(), touch)
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert (shown.reason, shown.staff_possible, shown.later_possible, shown.face_possible) == (
        "helped", False, False, False,
    )  # fmt: skip
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeChecked(True, 5, 0.0, WORKER))
    assert world.state is State.OTHER_WAY


def test_with_the_face_it_is_opened_for_who_was_helped() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting())
    world.do(*COMES, ev.HelperEnded(), ev.TakenOver(), ev.CollectPressed(), ev.FaceAgreed(), MATCHED)
    assert world.state is State.COLLECT


# -- rating


def rating(world: World) -> RateBody:
    shown = body(world)
    assert isinstance(shown, RateBody)
    return shown


def at_rate() -> World:
    world = helped_form().answer_all().do(ev.TakenOver()).agree_all().do(ev.NextPressed(), ev.Signed(SIGNATURE))
    world.do(world.committed("receipt"))
    return world.do(ev.PaperEnded("receipt", PRINTED), ev.NextPressed())


def test_nobody_rates_before_they_say_that_who_helped_has_gone() -> None:
    world = at_rate().do(ev.LevelChosen(5), ev.RatingSubmitted())
    assert (rating(world).locked, rating(world).level) == (True, 0)
    assert world.started(SaveRating) == 0
    world.do(ev.TakenOver(), ev.LevelChosen(1), ev.RatingSubmitted())
    assert not rating(world).locked
    assert world.started(SaveRating) == 1
    assert not rating(World().at_rate()).locked
    assert at_rate().do(ev.RatingSkipped()).state is State.FAREWELL


# -- whatever happens, in whatever order


def touches(world: World, chance: random.Random) -> list[ev.Event]:
    """What may happen now, rather more often what leads on."""
    form = world.visit.state is State.FORM
    asked = world.visit.pack.questions[world.visit.question] if form else None
    value = "13800000000" if asked is None else asked.options[0].value if asked.options else "小面馆"
    key, number = "" if asked is None else asked.key, person().number
    if form and chance.random() < 0.5:
        return [ev.AnswerChanged(key, "13800000000" if key == "phone" else value), ev.NextPressed()]
    if world.state is State.COMMITMENT and chance.random() < 0.5:
        return [ev.ClauseToggled(0), ev.ClauseToggled(1), ev.ClauseToggled(2), ev.ClauseToggled(3), ev.NextPressed()]
    onward = {State.REVIEW: ev.NextPressed(), State.SIGN: ev.Signed(SIGNATURE)}
    if world.visit.handover and chance.random() < 0.4:
        return [ev.TakenOver()]
    if world.state in onward and chance.random() < 0.4:
        return [onward[world.state]]
    if chance.random() < 0.12:
        return [*COMES]
    return chance.choice(
        [
            [ev.HelperEnded()], [ev.TakenOver()], [ev.TakenOver()], [ev.TakenOver(face=True)],
            [ev.TimerFired("helper")], [ev.ServiceChosen(BUSINESS)], [ev.CardShown(person(), PICTURE)],
            [ev.CardGone(), ev.CardShown(person(), PICTURE)],
            [ev.CollectPressed()], [ev.ResumePressed()], [ev.CasesPressed()], [ev.NextPressed()], [ev.NextPressed()],
            [ev.NextPressed()], [ev.BackPressed()], [ev.FaceAgreed()], [MATCHED], [ev.OtherWayChosen()],
            [ev.OtherWayChosen("staff"), ev.StaffCodeEntered(CODE), ev.StaffCodeChecked(True, 5, 0.0, WORKER)],
            [ev.OtherWayChosen("own")], [ev.OtherWayChosen("later")], [ev.EditPressed("phone")], [ev.Signed(SIGNATURE)],
            [ev.RememberToggled()], [ev.KeepChosen(keep=True)], [ev.QuitPressed()], [ev.HelpPressed(), ev.HelpClosed()],
            [ev.LevelChosen(5), ev.RatingSubmitted()], [ev.PapersFound(number, (waiting(),))],
            [ev.KnownFound(number, Known({"person.phone": "13800000000"}))],
            [ev.DraftFound(number, Unfinished(BUSINESS, {"shop_name": "小面"}))],
        ]
    )  # fmt: skip


ALONE = (Commit, SaveRating, KeepDraft, KeepAnswers)
PLACES = (World.at_home, World.at_identify, World.at_consent, World.at_form, World.at_review, World.at_review)


def test_no_helper_is_ever_in_where_the_person_acts_alone() -> None:
    """Walks of chance: whoever helps is on none of the person's own pages, and nothing final is done beside them."""
    chance, helped, committed = random.Random(7), 0, 0
    for _ in range(40):
        place = chance.choice(PLACES)
        world = place(World(camera=place not in PLACES[:2] or chance.random() < 0.5))
        for _ in range(30):
            for event in touches(world, chance):
                with_helper = bool(world.visit.helper or world.visit.handover)
                before = len(world.effects)
                world.do(event)
                done = [effect for effect in world.effects[before:] if isinstance(effect, ALONE)]
                assert not (with_helper and done), "something was done that only the person may do"
                assert not world.visit.helper or world.state in HELPED
                if world.visit.helped and world.state in (State.COLLECT, State.CASES) and world.visit.waiting:
                    assert world.visit.verification is Verification.FACE
            helped += bool(world.visit.helper)
            if world.state is State.COMMITTING:
                committed += bool(world.visit.helped)
                world.do(world.committed("receipt"), ev.PaperEnded("receipt", PRINTED))
            if world.state is State.FAREWELL:
                break
    assert helped > 100
    assert committed
