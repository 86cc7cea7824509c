"""What five packs ask in which situation, in a visit without a window: 小餐饮备案, 变更, 注销, 生育登记, 居住证申领."""

from __future__ import annotations

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.services import situations
from kiosk.services.loader import load_builtin
from kiosk.visit import events as ev
from kiosk.visit.states import State
from tests.unit.test_visit_situations import begun, form, give, review
from tests.unit.visit_world import PICTURE, World, person

CATERING, CHANGE, CLOSING = "small_catering_filing", "individual_business_change", "individual_business_closing"
BIRTH, PERMIT = "birth_registration", "residence_permit"
CODE, PHONE, OWN = "92140213MA0000015G", "13800000000", "140213195804030018"


@pytest.mark.parametrize(("name", "ways"), [
    (CATERING, (4, 10)), (CHANGE, (2, 7)), (CLOSING, (2, 8)), (BIRTH, (2, 7)), (PERMIT, (2, 8)),
])  # fmt: skip
def test_who_is_turned_away_is_asked_little(name: str, ways: tuple[int, int]) -> None:
    assert situations.question_counts(load_builtin()[name]) == ways


def test_a_move_to_another_district_asks_nothing_more() -> None:
    world = give(begun(CHANGE, document_camera=True), role="self", situation="away")
    assert world.state is State.REVIEW


def test_the_simple_closing_alone_offers_a_promise() -> None:
    world = give(begun(CLOSING), role="self", situation="settled", bar="none", code=CODE, licence="here", phone=PHONE)
    assert world.state is State.COMMITMENT
    world = give(
        begun(CLOSING), role="self", situation="settled", bar="dispute", code=CODE, licence="here", phone=PHONE
    )
    assert world.state is State.REVIEW
    assert review(world)["tax_clearance"] == "到窗口提交"


def test_nobody_is_his_own_spouse() -> None:
    world = World().at_identify(BIRTH).do(ev.CardShown(person(number=OWN), PICTURE))
    world.do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))
    give(world, situation="expecting", where="living", order="first", marriage="married", spouse_name="李明")
    world.do(ev.AnswerChanged("spouse_number", OWN), ev.NextPressed())
    assert "您自己的号码" in form(world).complaint
    give(world, spouse_number="140213198703030012", due="20270315")
    assert world.state is State.COMMITMENT


def test_only_work_and_study_ask_for_a_second_paper() -> None:
    lived = {"dwelling": "rented", "residence": "南关街18号", "phone": PHONE}
    papers = {
        reason: set(review(give(begun(PERMIT), role="self", stay="registered", reason=reason, **lived)))
        for reason in ("work", "dwelling", "study")
    }
    assert papers["work"] - papers["dwelling"] == {"work_proof"}
    assert papers["study"] - papers["dwelling"] == {"study_proof"}


def test_a_lost_card_is_asked_for_the_code_and_a_telephone() -> None:
    world = give(begun(CATERING), role="self", situation="lost", code=CODE, phone=PHONE)
    assert world.state is State.REVIEW
