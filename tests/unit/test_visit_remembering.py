"""Asked once across visits: agreed to on the review, kept with the commit, offered to the same person when certain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.domain.envelope import FieldValue, Origin, Trust
from kiosk.domain.known import Known
from kiosk.services import known as marks
from kiosk.services.loader import load_builtin
from kiosk.services.sense import dictionary
from kiosk.visit import events as ev
from kiosk.visit.effects import ForgetAnswers, KeepAnswers
from kiosk.visit.screen import FarewellBody, FormBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PICTURE, PRINTED, SIGNATURE, TODAY, World, person

MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
UNTIL = TODAY + timedelta(days=40)
KNOWN = Known({"person.phone": "13911112222"}, UNTIL)


def review(world: World) -> ReviewBody:
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, ReviewBody)
    return shown


def page(world: World) -> FormBody:
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, FormBody)
    return shown


def kept(world: World) -> Known:
    effect = world.last(KeepAnswers)
    assert isinstance(effect, KeepAnswers)
    return effect.known


def known_at_form(known: Known | None = KNOWN, **machine: object) -> World:
    world = World(**machine).at_consent().do(ev.KnownFound(person().number, known))
    return world.do(ev.FaceAgreed(), MATCHED)


def answered(world: World) -> World:
    for _ in range(4):
        key = world.visit.pack.questions[world.visit.question].key
        options = world.visit.pack.questions[world.visit.question].options
        value = options[0].value if options else {"shop_name": "小面", "premises": "南关街18号"}[key]
        world.do(ev.AnswerChanged(key, value), ev.NextPressed())
    return world.agree_all()


def signed(world: World) -> World:
    world.do(ev.NextPressed(), ev.Signed(SIGNATURE))
    return world.do(world.committed("receipt"))


def farewell(world: World) -> FarewellBody:
    world.do(ev.PaperEnded("receipt", PRINTED), ev.NextPressed(), ev.RatingSkipped())
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, FarewellBody)
    return shown


# -- agreeing


def test_it_is_offered_on_the_review_by_name_and_agreed_to_by_nobody_but_the_citizen() -> None:
    shown = review(World().at_review())
    assert (shown.keepable, shown.keep_days, shown.remember, shown.known_until) == (("联系电话",), 90, False, "")
    assert signed(World().at_review()).started(KeepAnswers) == 0


def test_who_agrees_has_it_kept_with_the_commit_and_is_told_until_when() -> None:
    world = World().at_review().do(ev.RememberToggled())
    assert review(world).remember
    assert world.started(KeepAnswers) == 0
    signed(world)
    assert kept(world) == Known({"person.phone": "13800000000"}, TODAY + timedelta(days=90))
    assert farewell(world.do(ev.AnswersKept(TODAY + timedelta(days=90)))).remembered == "2027-02-20"


def test_taking_it_back_keeps_nothing_and_a_disk_that_does_not_take_it_is_told() -> None:
    assert signed(World().at_review().do(ev.RememberToggled(), ev.RememberToggled())).started(KeepAnswers) == 0
    world = signed(World().at_review().do(ev.RememberToggled())).do(ev.AnswersKept(None))
    assert farewell(world).remembered == "failed"
    assert farewell(signed(World().at_review())).remembered == ""


def test_a_case_that_was_not_saved_keeps_nothing() -> None:
    world = World().at_review().do(ev.RememberToggled(), ev.NextPressed(), ev.Signed(SIGNATURE))
    assert world.do(ev.CommitFailed("save_failed")).started(KeepAnswers) == 0
    assert review(world).remember


@pytest.mark.parametrize("machine", [{"answer_days": 0}, {"face_check": False}], ids=["policy", "compared later"])
def test_where_it_is_not_to_be_nobody_is_asked(machine: dict[str, object]) -> None:
    world = World(**machine).at_identify().do(ev.CardShown(person(), PICTURE))
    world.do(*((ev.FaceAgreed(), MATCHED) if world.state is State.CONSENT else (ev.OtherWayChosen("later"),)))
    world.answer_all().agree_all().do(ev.RememberToggled())
    assert (review(world).keepable, review(world).remember) == ((), False)
    assert signed(world).started(KeepAnswers) == 0


def test_a_card_without_a_photograph_keeps_nothing() -> None:
    world = World().at_identify().do(ev.CardShown(person(photo=None), None), ev.OtherWayChosen("staff"))
    world.do(ev.StaffCodeEntered("1"), ev.StaffCodeChecked(True, 5, 0.0)).answer_all().agree_all()
    assert review(world).keepable == ()


# -- being offered


def test_it_is_not_asked_again_and_stands_on_the_review_as_what_it_is() -> None:
    world = known_at_form()
    assert (page(world).index, page(world).total) == (1, 4)
    assert world.visit.envelope.get("phone") == FieldValue("phone", "13911112222", Origin.EARLIER, Trust.D)
    answered(world)
    assert world.state is State.REVIEW
    shown = review(world)
    assert {line.key: (line.value, line.origin, line.editable) for line in shown.lines}["phone"] == (
        "13911112222", "earlier", True,
    )  # fmt: skip
    assert shown.known_until == "2027-01-01"
    assert "phone" not in [world.visit.pack.questions[n].key for n in range(world.visit.question)]


def test_it_can_be_changed_and_is_then_typed_and_looking_at_it_changes_nothing() -> None:
    world = answered(known_at_form()).do(ev.EditPressed("phone"))
    assert (page(world).value, page(world).index, page(world).total) == ("13911112222", 5, 5)
    world.do(ev.NextPressed())
    assert world.visit.envelope.get("phone").origin is Origin.EARLIER  # type: ignore[union-attr]
    world.do(ev.EditPressed("phone"), ev.AnswerChanged("phone", "13800000000"), ev.NextPressed())
    assert world.visit.envelope.get("phone") == FieldValue("phone", "13800000000", Origin.TYPED, Trust.D)


def test_going_back_passes_it_over() -> None:
    world = answered(known_at_form()).do(ev.BackPressed(), ev.BackPressed())
    assert page(world).key == "staff"


@pytest.mark.parametrize("way", ["later", "helped"])
def test_whoever_is_not_certain_is_offered_nothing(way: str) -> None:
    world = World(camera=False).at_identify().do(ev.CardShown(person(), PICTURE), ev.KnownFound(person().number, KNOWN))
    if way == "later":
        world.do(ev.OtherWayChosen("later"))
    else:
        world.do(ev.HelperPressed(), ev.StaffCodeEntered("1"), ev.StaffCodeChecked(True, 5, 0.0, "0107"))
        world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered("1"), ev.StaffCodeChecked(True, 5, 0.0, "0107"))
    assert world.state is State.FORM
    assert world.visit.envelope.get("phone") is None


def test_what_fits_the_question_no_more_is_asked() -> None:
    assert known_at_form(Known({"person.phone": "7"}, UNTIL)).visit.envelope.get("phone") is None


def test_an_answer_about_another_card_has_come_too_late_and_the_next_person_finds_nothing() -> None:
    world = World().at_consent().do(ev.KnownFound("140213199001010034", KNOWN))
    assert world.visit.known is None
    world = World().at_home().do(ev.CardShown(person(), PICTURE), ev.KnownFound(person().number, KNOWN), ev.CardGone())
    assert world.visit.known is None


def test_what_one_has_filled_in_for_oneself_is_not_offered_for_another() -> None:
    world = World().at_consent("social_card_replacement").do(ev.KnownFound(person().number, KNOWN))
    world.do(ev.FaceAgreed(), MATCHED, ev.AnswerChanged("applicant.role", "agent"), ev.NextPressed())
    assert world.visit.envelope.get("phone") is None
    world.do(ev.BackPressed(), ev.AnswerChanged("applicant.role", "self"), ev.NextPressed())
    assert world.visit.envelope.value("phone") == "13911112222"


# -- afterwards


def test_consent_is_withdrawn_by_a_touch_and_what_is_filled_in_stays() -> None:
    world = answered(known_at_form()).do(ev.KnownForgotten())
    assert world.last(ForgetAnswers) == ForgetAnswers(person())
    assert review(world).known_until == ""
    assert world.visit.envelope.value("phone") == "13911112222"
    assert signed(world).started(KeepAnswers) == 0


def test_it_is_withdrawn_beside_ones_cases_too_without_beginning_a_matter() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE), ev.KnownFound(person().number, KNOWN))
    world.do(ev.KnownForgotten())
    assert world.started(ForgetAnswers) == 0  # whose card it is is not certain yet
    world.do(ev.CasesPressed(), ev.FaceAgreed(), MATCHED)
    assert screen_of(world.visit, 1, world.now).body.known_until == "2027-01-01"  # type: ignore[union-attr]
    world.do(ev.KnownForgotten())
    assert world.started(ForgetAnswers) == 1
    assert screen_of(world.visit, 1, world.now).body.known_until == ""  # type: ignore[union-attr]


def test_what_changed_is_kept_as_it_is_now_and_no_longer_than_was_agreed() -> None:
    world = answered(known_at_form())
    assert signed(world).started(KeepAnswers) == 0
    world = answered(known_at_form()).do(
        ev.EditPressed("phone"), ev.AnswerChanged("phone", "13800000000"), ev.NextPressed()
    )
    assert kept(signed(world)) == Known({"person.phone": "13800000000"}, UNTIL)


def test_agreeing_anew_keeps_what_there_was_besides() -> None:
    world = answered(known_at_form(Known({"person.phone": "13911112222", "person.education": "college"}, UNTIL)))
    signed(world.do(ev.RememberToggled()))
    assert kept(world).answers == {"person.phone": "13911112222", "person.education": "college"}


# -- the marks


def test_nothing_of_health_family_money_or_grievances_is_ever_remembered() -> None:
    names = [f"{group}.{name}" for group, words in dictionary().items() for name in words]
    found = set(filter(marks.reusable, names))
    never = {"spouse", "child", "principal", "benefit", "loan", "appeal", "food"}
    assert "person.phone" in found
    assert not {name.partition(".")[0] for name in found} & never
    assert not found & {"person.bank", "person.bank_account", "person.marriage", "person.number"}


def test_what_follows_from_something_private_is_private() -> None:
    from dataclasses import replace

    pack = load_builtin()[BUSINESS]
    assert not marks.sensitive(pack, "full_premises")
    home = replace(
        pack,
        questions=tuple(replace(q, means="person.residence") if q.key == "premises" else q for q in pack.questions),
    )
    assert marks.sensitive(home, "full_premises")
    assert not marks.sensitive(home, "full_name")


def test_what_was_kept_never_tells_what_is_in_it() -> None:
    assert repr(KNOWN) == "Known(1 answers)"
    assert "139" not in repr(KeepAnswers(person(), KNOWN))
