"""开小餐饮店 in one visit: what is asked, typed and promised, what the review shows, what a change opens."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from kiosk.domain import codes
from kiosk.domain.known import Known
from kiosk.services import bundle, bundle_review, situations
from kiosk.services.loader import load_builtin
from kiosk.visit import events as ev
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Visit
from tests.unit.bundle_world import ANSWERS, BUNDLE, PLACE, Asked, BundleWorld, holder
from tests.unit.visit_world import TODAY

SHOP, FOOD, WATER, SIGN = "individual_business", "small_catering_filing", "utility_connection", "shop_sign_filing"
MOST_TYPED = 12


def alone(service: str, **answers: str) -> Asked:
    """The same citizen, with the same answers, at one item by itself."""
    said = {"situation": "new", "applicant.role": "self", "code": codes.credit_code("140213", 7), "use": "shop"}
    said |= {"same": "away", "address": ANSWERS["premises"], "sign_words": ANSWERS["shop_name"], **answers}
    return BundleWorld().through(service=service, **said).asked


def test_nothing_is_asked_twice() -> None:
    asked = BundleWorld().through().asked
    assert len(set(asked.questions)) == len(asked.questions)
    assert len(set(asked.titles)) == len(asked.titles)
    assert len(set(asked.papers)) == len(asked.papers)
    pack = load_builtin(PLACE)[BUNDLE]
    meanings = [question.means for question in pack.questions if question.means]
    assert len(set(meanings)) == len(meanings)


def test_one_form_is_far_shorter_than_four() -> None:
    """Counted, with every answer typed that can be: 29 questions in four matters become 19, and 86 characters 20."""
    together = BundleWorld().through().asked
    single = [alone(service) for service in (SHOP, FOOD, WATER, SIGN)]
    assert (len(together.questions), sum(len(each.questions) for each in single)) == (19, 29)
    assert (sum(together.typed.values()), sum(sum(each.typed.values()) for each in single)) == (20, 86)


HOME = "山西省大同市平城区南关街18号2单元301"


@pytest.mark.parametrize("service", [SHOP, BUNDLE])
@pytest.mark.parametrize("where", ["card", "ocr"])
def test_a_shop_is_registered_with_twelve_typed_characters_at_most_at_the_first_visit(service: str, where: str) -> None:
    """After the card. The name is one of those that are offered; the address is the card's, or read from a paper that
    is scanned for it. Eleven digits of a telephone are left to type."""
    world = BundleWorld(document_camera=True, page_reader=True)
    touches = {"shop_name": "suggestion", "premises": "suggestion" if where == "card" else "scan"}
    world.through(card=holder(name="王建国", address=HOME), service=service, touches=touches)
    assert world.asked.typed == {"phone": 11}
    assert sum(world.asked.typed.values()) <= MOST_TYPED
    origins = {field.key: field.origin.value for field in world.visit.envelope.fields}
    assert (origins["shop_name"], origins["premises"], origins["phone"]) == ("chosen", where, "typed")
    assert world.visit.envelope.value("full_premises").startswith("山西省大同市平城区南关街18号")
    assert "建国" in world.visit.envelope.value("full_name")


def test_who_writes_a_name_and_an_address_of_their_own_and_was_here_before_types_no_more_than_twelve() -> None:
    known = Known({"person.phone": "13800000001"}, TODAY)
    world = BundleWorld()
    typed = _with_known(world, known, SHOP).asked.typed
    assert typed == {"shop_name": 3, "premises": 6}
    assert sum(typed.values()) <= MOST_TYPED
    assert world.visit.envelope.value("phone") == "13800000001"


def test_the_bundle_asks_no_more_typing_than_its_first_item() -> None:
    assert BundleWorld().through().asked.typed == alone(SHOP).typed
    known = Known({"person.phone": "13800000001"}, TODAY)
    assert sum(_with_known(BundleWorld(), known, BUNDLE).asked.typed.values()) <= MOST_TYPED


def _with_known(world: BundleWorld, known: Known, service: str) -> BundleWorld:
    card = holder()
    found = ev.KnownFound(card.number, known)
    return world.through(service=service, card=card, found=found)


@pytest.mark.parametrize(
    ("utility", "sign", "items"),
    [("done", "no", (SHOP, FOOD)), ("apply", "no", (SHOP, FOOD, WATER)), ("done", "file", (SHOP, FOOD, SIGN))],
)
def test_what_is_not_wanted_is_not_asked_about(utility: str, sign: str, items: tuple[str, ...]) -> None:
    world = BundleWorld().through(wants_utility=utility, wants_sign=sign)
    assert tuple(item.pack_id for item in bundle.chosen(world.visit.whole, world.visit.envelope)) == items
    asked = set(world.asked.questions)
    assert ("pipe" in asked) is (WATER in items)
    assert ("sign_place" in asked) is (SIGN in items)
    assert ("owner" in asked) is (WATER in items or SIGN in items)
    assert world.asked.promises == ["premises_proof", *(["sign_picture"] if SIGN in items else [])]


def test_situations_of_an_item_trim_the_form() -> None:
    gas = BundleWorld().through(kind="gas").asked.questions
    assert "water_use" not in gas
    assert "gas_use" in gas
    high = BundleWorld().through(sign_place="wall").asked
    assert high.promises == ["premises_proof"], "what hangs high is not promised"


def test_promises_are_read_one_after_another_and_each_can_be_declined() -> None:
    world = BundleWorld().through(declines=frozenset({"premises_proof"}))
    assert world.asked.promises == ["premises_proof", "sign_picture"]
    assert set(world.visit.promises) == {"sign_picture"}
    assert world.visit.declined == {"premises_proof"}
    world.do(ev.EditPressed("premises_proof"))
    assert (world.state, world.visit.agreed) == (State.COMMITMENT, frozenset())
    world.do(*(ev.ClauseToggled(index) for index in range(4)), ev.NextPressed())
    assert world.state is State.REVIEW
    assert set(world.visit.promises) == {"premises_proof", "sign_picture"}


def test_back_from_the_second_promise_leads_to_the_first_as_it_was_made() -> None:
    world = BundleWorld().through().do(ev.BackPressed())
    assert (world.state, world.visit.promising) == (State.COMMITMENT, "sign_picture")
    world.do(ev.BackPressed())
    assert (world.visit.promising, world.visit.agreed) == ("premises_proof", frozenset(range(4)))
    world.do(ev.NextPressed())
    assert world.state is State.REVIEW, "what was made stays made"


def test_a_change_on_the_review_page_opens_what_it_needs_and_drops_what_it_ends() -> None:
    world = BundleWorld().through(wants_sign="no")
    world.do(ev.EditPressed("wants_sign"), ev.AnswerChanged("wants_sign", "file"), ev.NextPressed())
    assert world.state is State.FORM, "an item that is added has its questions asked"
    assert world.visit.pack.questions[world.visit.question].key == "sign_place", "what is known is not asked again"
    world = BundleWorld().through()
    world.do(ev.EditPressed("sign_place"), ev.AnswerChanged("sign_place", "wall"), ev.NextPressed())
    assert world.state is State.REVIEW
    assert set(world.visit.promises) == {"premises_proof"}


def test_the_review_shows_every_field_of_every_case_with_its_origin_once() -> None:
    world = BundleWorld().through()
    pack, envelope = world.visit.whole, world.visit.envelope
    groups = bundle_review.groups(pack, envelope)
    assert [group.title.zh for group in groups][2:] == [item.whole.name.zh for item in bundle.chosen(pack, envelope)]
    rows = bundle_review.rows(pack, envelope)
    shown = [(row.key, row.value) for row in rows]
    assert len(set(shown)) == len(shown)
    for item in bundle.chosen(pack, envelope):
        own = bundle.projected(item, envelope)
        keys = {row.key for row in rows}
        for part in (*item.whole.questions, *item.whole.prefill):
            if own.get(part.key) is not None and part.key != "address":
                assert item.names.get(part.key, part.key) in keys, f"{item.pack_id}: {part.key}"
    origins = {row.key: row.origin.value for row in rows}
    assert origins["trade"] == "derived"
    assert origins["phone"] == "typed"
    assert origins["applicant.name"] == "card"
    assert origins["small_catering_filing.licence_copy"] == "licence"
    body: Any = screen_of(world.visit, 1, world.now).body
    assert sum(bool(line.group) for line in body.lines) == len(groups)
    editable = [line.key for line in body.lines if line.editable]
    assert len(set(editable)) == len(editable), "an answer is changed in one place"


def test_a_draft_of_a_bundle_is_kept_and_taken_up_like_any_other() -> None:
    from kiosk.visit.unfinished import answers

    world = BundleWorld().through()
    visit: Visit = world.visit
    assert answers(visit) == {key: ANSWERS[key] for key in world.asked.questions}
    assert visit.pack.pack_id == BUNDLE


def test_the_guide_counts_the_shortest_and_the_longest_way() -> None:
    assert situations.question_counts(load_builtin(PLACE)[BUNDLE]) == (10, 19)


def test_what_was_made_of_a_form_for_its_items_is_forgotten_with_the_visit() -> None:
    world = BundleWorld().through(premises="忘记街99号")
    assert any("忘记街99号" in envelope.as_dict().values() for envelope in bundle._projected)
    world.visit = world.visit.fresh(State.HOME)
    world.effects.clear()
    gc.collect()
    for kept in (bundle._projected, situations._fits):
        assert not any("忘记街99号" in envelope.as_dict().values() for envelope in kept)
