"""情形 in a visit: answers trim what is asked, handed in and promised; what is trimmed away leaves no value behind."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.contracts.camera import FaceMatched
from devices.contracts.document_camera import Page, PageSize
from kiosk.domain.envelope import Origin
from kiosk.domain.text import Text
from kiosk.domain.unfinished import Unfinished
from kiosk.services import forms, situations
from kiosk.services.model import CrossCheck, Effective, Question, QuestionKind, ServicePack
from kiosk.visit import events as ev
from kiosk.visit.effects import Commit, KeepDraft
from kiosk.visit.screen import FormBody, GuideBody, HomeBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import PICTURE, SIGNATURE, World, person

SCAN = Page(b"jpeg", 800, 600, PageSize.OTHER, 0, 0, 0, False, 0.0)
PERMIT, WORK, ALLOWANCE = "residence_permit_renewal", "flexible_employment", "elder_allowance"
UNTIL, MOVED = "20261201", {"dwelling": "rented", "residence": "南关街18号", "phone": "13800000000"}


def begun(service: str, **machine: object) -> World:
    world = World(**machine).at_consent(service)
    return world.do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))


def give(world: World, **answers: str) -> World:
    """These answers, in the order in which they are asked."""
    for key, value in answers.items():
        if world.state is State.LICENCE:
            world.do(ev.LicenceDeclined())
        asked = form(world).key
        assert asked.rpartition(".")[2] == key, f"{asked} was asked, not {key}"
        world.do(ev.AnswerChanged(asked, value), ev.NextPressed())
    return world


def form(world: World) -> FormBody:
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, FormBody), world.state
    return body


def review(world: World) -> dict[str, str]:
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, ReviewBody), world.state
    return {line.key: line.value for line in body.lines}


def moved(**machine: object) -> World:
    return give(begun(PERMIT, **machine), role="self", situation="moved", until=UNTIL, reason="work", **MOVED)


def test_who_stays_is_asked_less_than_who_moved() -> None:
    world = give(begun(PERMIT), role="self", situation="same", until=UNTIL)
    assert (form(world).index, form(world).total) == (4, 4)
    assert give(world, reason="work").state is State.REVIEW
    assert "dwelling" not in review(world)
    world = give(begun(PERMIT), role="self", situation="moved", until=UNTIL)
    assert (form(world).index, form(world).total) == (4, 7)


def test_the_guide_names_the_shortest_and_the_longest_way() -> None:
    world = World().at_home().do(ev.ServiceChosen(PERMIT))
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, GuideBody)
    assert (body.fewest, body.questions) == (4, 9), "who stays; a guardian who moved"


def test_what_is_no_longer_asked_has_no_value() -> None:
    world = moved()
    assert review(world)["residence"].endswith("南关街18号")
    world.do(ev.EditPressed("situation"), ev.AnswerChanged("situation", "same"), ev.NextPressed())
    assert world.state is State.REVIEW
    kept = world.visit.envelope.as_dict()
    assert not kept.keys() & {"dwelling", "residence", "phone", "full_residence", "dwelling_proof"}
    assert not review(world).keys() & {"dwelling", "residence", "phone"}


def test_a_change_on_the_review_page_asks_for_what_it_opens() -> None:
    world = give(begun(PERMIT), role="self", situation="same", until=UNTIL, reason="work")
    world.do(ev.EditPressed("situation"), ev.AnswerChanged("situation", "moved"), ev.NextPressed())
    assert form(world).key == "dwelling"
    world.do(ev.BackPressed())
    assert world.state is State.REVIEW
    world.do(ev.NextPressed())
    assert form(world).key == "dwelling", "nothing is signed with an answer missing"
    give(world, **MOVED)
    assert world.state is State.REVIEW
    world.do(ev.NextPressed())
    assert world.state is State.SIGN


def test_papers_belong_to_their_situation() -> None:
    world = moved(document_camera=True)
    assert world.state is State.MATERIAL
    world.do(ev.TakePressed(), ev.PageTaken(SCAN), ev.NextPressed())
    assert world.state is State.REVIEW
    assert review(world)["dwelling_proof"] == "已扫描 1 页"
    world.do(ev.EditPressed("situation"), ev.AnswerChanged("situation", "same"), ev.NextPressed())
    assert world.visit.pages == {}
    world.do(ev.NextPressed(), ev.Signed(SIGNATURE))
    asked = world.last(Commit)
    assert isinstance(asked, Commit)
    assert asked.materials == ()


def test_what_the_card_says_need_not_be_handed_in() -> None:
    world = give(begun(PERMIT), role="self", situation="same", until=UNTIL, reason="work")
    assert review(world)["id_copy"] == "免交：读卡取得"
    assert world.visit.envelope.get("id_copy").origin is Origin.CARD  # type: ignore[union-attr]
    world.do(ev.EditPressed("id_copy"))
    assert world.state is State.REVIEW, "there is nothing to change in it"


def test_a_promise_goes_with_its_situation() -> None:
    world = give(begun(WORK), form="platform", since="20261101", place="南关街道", phone="13800000000")
    assert world.state is State.COMMITMENT
    world.agree_all()
    assert world.visit.commitment is not None
    world.do(ev.EditPressed("form"), ev.AnswerChanged("form", "licensed"), ev.NextPressed())
    assert world.visit.commitment is None
    assert form(world).key == "code"
    give(world, code="92140213MA0000015G")
    assert world.state is State.REVIEW
    assert "work_proof" not in review(world)
    world.do(ev.EditPressed("form"), ev.AnswerChanged("form", "online"), ev.NextPressed())
    assert world.state is State.COMMITMENT, "promised anew, or not at all"


def test_nobody_promises_for_another_and_the_paper_is_asked_for() -> None:
    world = World()
    pack = world.visit.machine.packs[WORK]
    proxied = proxy_pack(pack)
    world = give(begun(WORK, packs={WORK: proxied}), role="agent", name="李某", number="140213195804030018")
    give(world, form="platform", since="20261101", place="南关街道", phone="13800000000")
    assert world.state is State.REVIEW
    assert review(world)["work_proof"] == "到窗口提交"


def proxy_pack(pack: ServicePack) -> ServicePack:
    from kiosk.services.loader import _about_applicant
    from kiosk.services.model import Applicant

    kinds = (Applicant.SELF, Applicant.AGENT)
    return replace(pack, applicants=kinds, questions=(*_about_applicant(kinds), *pack.questions))


def test_a_proxy_writes_for_whom_he_applies() -> None:
    world = give(begun(ALLOWANCE), role="agent")
    assert form(world).key == "principal.name"
    give(world, name="李某")
    world.do(ev.AnswerChanged("principal.number", "140213195804030017"), ev.NextPressed())
    assert "身份证号码不对" in form(world).complaint
    give(world, number="140213193504030017")
    world = give(begun(ALLOWANCE), role="self")
    assert form(world).key == "pay"


@pytest.mark.parametrize("typed", ["20261131", "2026113", "20261201", "19791231"])
def test_a_date_that_cannot_be_is_refused(typed: str) -> None:
    world = give(begun(WORK), form="platform")
    world.do(ev.AnswerChanged("since", typed), ev.NextPressed())
    assert form(world).key == "since"
    assert form(world).complaint


def test_a_date_is_typed_in_digits_and_shown_in_words() -> None:
    world = give(begun(WORK), form="platform")
    assert form(world).kind == "digits"
    world.do(ev.AnswerChanged("since", "20261101"))
    assert form(world).preview == "2026年11月1日"
    give(world, since="20261101", place="南关街道", phone="13800000000").agree_all()
    assert review(world)["since"] == "2026年11月1日"


def test_a_draft_is_taken_up_in_its_situation() -> None:
    world = moved()
    world.do(ev.QuitPressed(), ev.KeepChosen(True))
    kept = world.last(KeepDraft)
    assert isinstance(kept, KeepDraft)
    answers = dict(kept.draft.answers)
    assert answers["residence"] == "南关街18号"
    answers["phone"] = ""
    draft = Unfinished(PERMIT, answers, world.now.wall, world.now.wall + timedelta(days=7))
    again = World().at_identify(PERMIT).do(ev.CardShown(person(), PICTURE), ev.DraftFound(person().number, draft))
    again.do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))
    assert again.state is State.RESUME
    body = screen_of(again.visit, 1, again.now).body
    assert (body.answered, body.total) == (7, 7)  # type: ignore[union-attr]
    again.do(ev.NextPressed())
    assert form(again).key == "phone"


def test_a_draft_of_another_situation_does_not_come_back() -> None:
    answers = {
        "applicant.role": "self",
        "situation": "same",
        "residence": "南关街18号",
        "until": UNTIL,
        "reason": "work",
    }
    draft = Unfinished(PERMIT, answers, None, None)
    world = World().at_identify(PERMIT).do(ev.CardShown(person(), PICTURE), ev.DraftFound(person().number, draft))
    world.do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)), ev.NextPressed())
    assert world.state is State.REVIEW
    assert "residence" not in world.visit.envelope.as_dict()


@pytest.mark.parametrize(("since", "until", "there"), [
    ("", "", True), ("2026-11-22", "2026-11-22", True), ("2026-11-23", "", False), ("2026-01-01", "2026-11-21", False),
])  # fmt: skip
def test_a_pack_is_offered_on_its_days_alone(since: str, until: str, there: bool) -> None:
    packs = World().visit.machine.packs
    pack = replace(packs[PERMIT], effective=Effective(since, until))
    world = World(packs={PERMIT: pack}).at_home()
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, HomeBody)
    assert bool(body.services) is there
    world.do(ev.ServiceChosen(PERMIT))
    assert (world.state is State.GUIDE) is there


CLASH = CrossCheck(
    'answers["reason"] != "study" || answers["until"] >= "20270101"', "until", Text("上学的要到明年", "Until next year")
)


def test_answers_that_do_not_agree_are_told_on_the_question_to_change() -> None:
    packs = World().visit.machine.packs
    pack = replace(packs[PERMIT], checks=(CLASH,))
    world = give(begun(PERMIT, packs={PERMIT: pack}), role="self", situation="same", until=UNTIL, reason="study")
    assert (form(world).key, form(world).complaint) == ("until", "上学的要到明年")
    world.do(ev.NextPressed())
    assert form(world).key == "until", "as long as they do not agree"
    give(world, until="20270601")
    assert world.state is State.REVIEW
    world.do(ev.EditPressed("until"), ev.AnswerChanged("until", "20261201"), ev.NextPressed())
    assert form(world).complaint == "上学的要到明年", "where the other answer is known it is told at once"
    world.do(ev.BackPressed(), ev.EditPressed("reason"), ev.AnswerChanged("reason", "work"), ev.NextPressed())
    assert world.state is State.REVIEW


def test_a_change_elsewhere_that_makes_answers_disagree_leads_to_the_question() -> None:
    packs = World().visit.machine.packs
    pack = replace(packs[PERMIT], checks=(CLASH,))
    world = give(begun(PERMIT, packs={PERMIT: pack}), role="self", situation="same", until=UNTIL, reason="work")
    world.do(ev.EditPressed("reason"), ev.AnswerChanged("reason", "study"), ev.NextPressed())
    assert (form(world).key, form(world).complaint) == ("until", "上学的要到明年")
    world.do(ev.BackPressed(), ev.NextPressed())
    assert form(world).key == "until", "nothing is signed that does not agree"


def test_an_amount_is_told_in_groups_and_kept_within_its_limits() -> None:
    question = Question(
        "amount", QuestionKind.AMOUNT, Text("金额", "Amount"), Text("多少？", "How much?"), unit=Text("元", "yuan"),
        max_length=9, least=10_000, most=3_000_000,
    )  # fmt: skip
    said = {
        value: forms.complaint(question, value) for value in ("9999", "10000", "3000000", "3000001", "1.5", "-5", "")
    }
    told = {value: None if text is None else text.zh for value, text in said.items()}
    assert told["10000"] is told["3000000"] is None
    assert told["9999"] == "不能少于 10,000 元"
    assert told["3000001"] == "不能多于 3,000,000 元"
    assert all(told[value] for value in ("1.5", "-5", ""))
    assert forms.spoken(question, "250000") == Text("250,000 元", "250,000 yuan")


def test_letters_of_a_number_are_capitals_however_they_were_typed() -> None:
    world = give(begun(WORK), form="licensed", code="92140213ma0000015g")
    assert world.visit.envelope.value("code") == "92140213MA0000015G"
    world = give(begun(WORK), form="licensed")
    world.do(ev.AnswerChanged("code", "92140213MA0000015H"), ev.NextPressed())
    assert "信用代码不对" in form(world).complaint


def test_what_was_trimmed_for_a_visit_is_forgotten_with_it() -> None:
    world = moved()
    assert len(situations._fits) > 0
    world.visit = world.visit.fresh(State.HOME)
    world.effects.clear()
    gc.collect()
    assert not any("南关街18号" in envelope.as_dict().values() for envelope in situations._fits)
