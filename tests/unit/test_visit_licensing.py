"""An electronic licence in a visit: asked for once, by consent; taken only where the person says so; else as before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.domain.envelope import Origin, Trust
from kiosk.domain.known import Known
from kiosk.domain.register import ANSWER, SILENT, Answered, Silent
from kiosk.visit import events as ev
from kiosk.visit.effects import AskRegister, Commit
from kiosk.visit.screen import FormBody, LicenceBody, ReviewBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.test_visit_situations import begun, form, give
from tests.unit.visit_world import PICTURE, SIGNATURE, TODAY, World, person

CHANGE, CLOSING, PERMIT = "individual_business_change", "individual_business_closing", "residence_permit_renewal"
CODE, NAME = "92140213MA0000015G", "大同市平城区南关小面馆（个体工商户）"
FOUND = {ANSWER: "found", "code": CODE, "registered.name": NAME}
SHOP, POLICE = "business_licence", "residence_permit"
MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
PROOF = "2026-11-22T02:14:00+08:00 signature"


def answered(values: dict[str, str], register: str = SHOP, number: str = "") -> ev.RegisterAnswered:
    return ev.RegisterAnswered(register, number or person().number, Answered(values, PROOF))


def body(world: World) -> Any:
    return screen_of(world.visit, 1, world.now).body


def at_licence(service: str = CHANGE, **machine: object) -> World:
    answers = {CHANGE: {"situation": "home"}, PERMIT: {"situation": "same"}}[service]
    world = give(begun(service, **machine), role="self", **answers)
    assert world.state is State.LICENCE
    return world


def taken(service: str = CHANGE, values: dict[str, str] | None = None, **machine: object) -> World:
    register = SHOP if service == CHANGE else POLICE
    world = at_licence(service, **machine).do(ev.NextPressed(), answered(values or FOUND, register))
    return world.do(ev.NextPressed())


def test_nothing_is_asked_before_the_touch_that_agrees_and_nothing_counts_before_the_one_that_takes_it() -> None:
    world = at_licence(document_camera=True)
    shown = body(world)
    assert isinstance(shown, LicenceBody)
    assert (shown.stage, shown.answers, shown.papers) == ("consent", ("信用代码",), ("营业执照",))
    assert world.started(AskRegister) == 0
    world.do(ev.NextPressed())
    assert (body(world).stage, world.last(AskRegister)) == ("asking", AskRegister(SHOP, person()))
    world.do(ev.NextPressed(), answered(FOUND))
    assert world.started(AskRegister) == 1, "a second touch asks nothing"
    assert (body(world).stage, body(world).lines) == ("found", (("信用代码", CODE), ("登记名称", NAME)))
    assert world.visit.envelope.get("code") is None
    world.do(ev.NextPressed())
    assert form(world).key == "phone", "the code is not asked"
    give(world, phone="13800000000")
    assert world.state is State.REVIEW, "and the licence is not scanned"


def test_it_stands_in_the_case_as_what_it_is() -> None:
    world = give(taken(document_camera=True), phone="13800000000")
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    rows = {line.key: (line.value, line.origin) for line in shown.lines}
    assert rows["code"] == (CODE, "licence")
    assert rows["registered.name"] == (NAME, "licence")
    assert rows["licence_copy"] == ("免交：电子营业执照", "licence")
    world.do(ev.NextPressed(), ev.Signed(SIGNATURE))
    commit = world.last(Commit)
    assert isinstance(commit, Commit)
    fields = {field.key: field for field in commit.envelope.fields}
    told = [fields[key] for key in ("code", "registered.name", "licence_copy")]
    assert {(field.origin, field.trust) for field in told} == {(Origin.LICENCE, Trust.A)}
    assert fields[f"register.{SHOP}"].value == PROOF, "the backend's word, which it looks at again"
    assert commit.materials == ()


def test_a_paper_that_is_asked_for_later_is_spared_as_well() -> None:
    world = give(begun(CLOSING, document_camera=True), role="self", situation="settled", bar="none")
    assert body(world).papers == (), "whether the licence is there to be scanned is asked below"
    world.do(ev.NextPressed(), answered(FOUND), ev.NextPressed())
    give(world, licence="here", phone="13800000000")
    assert world.state is State.COMMITMENT
    assert world.visit.envelope.value("licence_copy") == "电子营业执照"


def test_who_does_not_agree_fills_it_in_as_before_and_is_asked_once_only() -> None:
    world = at_licence(document_camera=True).do(ev.LicenceDeclined())
    assert world.started(AskRegister) == 0
    assert (form(world).key, form(world).unlent) == ("code", "")
    give(world, code=CODE, phone="13800000000")
    assert world.state is State.MATERIAL
    world.do(ev.BackPressed(), ev.BackPressed(), ev.BackPressed(), ev.NextPressed())
    assert form(world).key == "code"


def test_back_leads_to_the_question_before_and_the_page_comes_again() -> None:
    world = at_licence().do(ev.BackPressed())
    assert form(world).key == "situation"
    world.do(ev.NextPressed())
    assert (world.state, body(world).stage) == (State.LICENCE, "consent")
    world.do(ev.NextPressed(), ev.BackPressed(), answered(FOUND))
    assert world.visit.lent == {}, "what is given up is not waited for"
    world.do(ev.NextPressed())
    assert body(world).stage == "consent"


@pytest.mark.parametrize("cause", [*SILENT, "unreachable-backend", "none"])
def test_without_an_answer_it_says_why_and_all_is_asked_as_before(cause: str) -> None:
    said = answered({ANSWER: "none"}) if cause == "none" else ev.RegisterAnswered(SHOP, person().number, Silent(cause))
    world = at_licence(document_camera=True).do(ev.NextPressed(), said)
    word = body(world).problem
    assert body(world).stage == "failed"
    assert word in ("silent", "unfit", "not_connected", "line", "none")
    assert (word == "none") is (cause == "none")
    world.do(answered(FOUND))
    assert body(world).stage == "failed", "what comes late is not taken"
    world.do(ev.NextPressed())
    assert (form(world).key, form(world).unlent, form(world).licence) == ("code", word, "电子营业执照")
    give(world, code=CODE, phone="13800000000")
    assert world.state is State.MATERIAL
    assert world.started(AskRegister) == 1


@pytest.mark.parametrize(
    "values",
    [
        {}, {ANSWER: "found"}, {ANSWER: "perhaps"}, FOUND | {"more": "x"}, {ANSWER: "none", "code": CODE},
        FOUND | {"code": "92140213MA0000015A"}, {ANSWER: "found", "code": CODE},
    ],
)  # fmt: skip
def test_what_is_not_what_the_pack_names_or_answers_no_question_is_not_taken(values: dict[str, str]) -> None:
    world = at_licence().do(ev.NextPressed(), answered(values))
    assert (body(world).stage, body(world).problem) == ("failed", "unfit")
    assert world.visit.lent == {}


def test_an_answer_about_another_person_or_of_another_register_is_not_taken() -> None:
    world = at_licence().do(ev.NextPressed(), answered(FOUND, number="110101199001011237"), answered(FOUND, POLICE))
    assert body(world).stage == "asking"


def test_without_a_network_nobody_is_led_to_the_page_and_the_question_says_why() -> None:
    world = give(begun(CHANGE, online=False), role="self", situation="home")
    shown = form(world)
    assert isinstance(shown, FormBody)
    assert (shown.key, shown.unlent) == ("code", "line")


def test_nobody_is_asked_about_who_is_not_certain() -> None:
    world = World().at_consent(CHANGE).do(ev.OtherWayChosen(""), ev.OtherWayChosen("later"))
    give(world, role="self", situation="home")
    assert (form(world).key, form(world).unlent) == ("code", "unsure")
    assert world.started(AskRegister) == 0


def test_the_licence_of_who_stands_here_is_of_no_use_to_somebody_elses_matter() -> None:
    world = begun(CHANGE)
    give(world, role="agent", name="李明", number="140213198703030012", situation="home")
    assert (form(world).key, form(world).unlent) == ("code", "")
    world = give(taken(), phone="13800000000")
    world.do(ev.EditPressed("applicant.role"), ev.AnswerChanged("applicant.role", "agent"), ev.NextPressed())
    give(world, name="李明", number="140213198703030012")
    assert form(world).key == "code", "what was taken for oneself is gone"
    assert not [field for field in world.visit.envelope.fields if field.origin is Origin.LICENCE]


def test_another_situation_drops_what_it_does_not_ask_for() -> None:
    world = give(taken(), phone="13800000000")
    world.do(ev.EditPressed("situation"), ev.AnswerChanged("situation", "away"), ev.NextPressed())
    assert world.state is State.REVIEW
    assert not [field for field in world.visit.envelope.fields if field.origin is Origin.LICENCE]
    world.do(ev.EditPressed("situation"), ev.AnswerChanged("situation", "home"), ev.NextPressed())
    assert (world.state, body(world).stage) == (State.LICENCE, "found"), "it is not asked for again"
    assert world.started(AskRegister) == 1


def test_on_the_review_page_it_can_be_given_back() -> None:
    for row in ("code", "licence_copy"):
        world = give(taken(), phone="13800000000").do(ev.EditPressed(row))
        assert (world.state, body(world).stage) == (State.LICENCE, "found")
        world.do(ev.BackPressed())
        assert world.visit.envelope.value("code") == CODE, "a look changes nothing"
        world.do(ev.EditPressed(row), ev.NextPressed())
        assert (world.state, world.visit.envelope.value("code")) == (State.REVIEW, CODE)
        world.do(ev.EditPressed(row), ev.LicenceDeclined())
        assert form(world).key == "code"
        give(world, code=CODE)
        kept = {field.key: field.origin.value for field in world.visit.envelope.fields}
        assert kept["code"] == "typed"
        assert f"register.{SHOP}" not in kept


def test_where_the_answer_is_known_from_an_earlier_visit_it_is_offered_in_place_of_the_paper() -> None:
    known = ev.KnownFound(person().number, Known({"shop.credit_code": CODE, "person.phone": "13800000000"}, TODAY))
    world = World(document_camera=True).at_identify(CHANGE).do(ev.CardShown(person(), PICTURE), known)
    world.do(ev.FaceAgreed(), MATCHED)
    give(world, role="self", situation="home")
    assert (world.state, body(world).stage) == (State.LICENCE, "consent")
    world.do(ev.NextPressed(), answered(FOUND), ev.NextPressed())
    assert world.state is State.REVIEW
    assert {line.key: line.origin for line in body(world).lines}["code"] == "licence"


def test_a_day_is_not_typed_and_is_shown_in_words() -> None:
    world = at_licence(PERMIT).do(ev.NextPressed(), answered({ANSWER: "found", "until": "20261201"}, POLICE))
    assert body(world).lines == (("居住证有效到", "2026年12月1日"),)
    world.do(ev.NextPressed())
    assert (form(world).key, form(world).index, form(world).total) == ("reason", 3, 3)
    assert give(world, reason="work").state is State.REVIEW


def test_a_helper_sees_no_page_of_it_and_agrees_to_nothing() -> None:
    world = at_licence()
    assert not world.visit.helper
    world.visit = replace(world.visit, state=State.FORM, question=1, helper="0107", helped=("0107",))
    world.do(ev.AnswerChanged("situation", "home"), ev.NextPressed())
    assert world.state is State.LICENCE
    assert (world.visit.helper, world.visit.handover) == ("", "own"), "the help ends before the page is shown"
    world.do(ev.NextPressed())
    assert world.started(AskRegister) == 0, "before the person has taken over"
    world.do(ev.TakenOver(), ev.NextPressed())
    assert world.started(AskRegister) == 1


def test_who_leaves_leaves_nothing_of_it() -> None:
    world = give(taken(), phone="13800000000").do(ev.QuitPressed(), ev.KeepChosen(False))
    assert world.state is State.FAREWELL
    assert (world.visit.lent, world.visit.lending, world.visit.envelope.fields) == ({}, {}, ())
