"""What home and guide promise is what this machine can do now; a result is a stamp only once there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.text import EMPTY
from kiosk.services.model import Ability, Decider, Verdict
from kiosk.visit import events as ev
from kiosk.visit.screen import GuideBody, HomeBody, OutcomeBody
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PENSION, World

NO_NETWORK = Ability(Verdict.LIMITED, ("hours",), ("network",))
NO_PAPER = Ability(Verdict.CERTIFICATE_LATER, ("hours", "network"), ("page_printer",))
NEITHER = Ability(Verdict.LIMITED, ("hours",), ("page_printer", "network"))
NO_ROLL = Ability(Verdict.RECEIPT_LATER, ("hours", "network"), ("receipt_printer",))


def home(ability: Ability, service: str = BUSINESS) -> HomeBody:
    shown = screen_of((world := World(abilities={service: ability}).at_home()).visit, 1, world.now).body
    assert isinstance(shown, HomeBody)
    return shown


def guide(ability: Ability, service: str = BUSINESS) -> GuideBody:
    world = World(abilities={service: ability}).at_home().do(ev.ServiceChosen(service))
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, GuideBody)
    return shown


@pytest.mark.parametrize(
    ("ability", "words"),
    [(NO_NETWORK, "现在先收件，联网确认后"), (NO_PAPER, "现在能登记，执照"), (NEITHER, "现在先收件，联网确认后")],
)
def test_a_machine_that_cannot_do_all_of_it_says_what_it_can_do(ability: Ability, words: str) -> None:
    shown = guide(ability)
    assert words in shown.lead
    assert shown.errands == 2, "for the licence, and to the counter for its seal"
    (card,) = [card for card in home(ability).services if card.service_id == BUSINESS]
    assert words.rstrip("后") in card.summary
    assert "当场" not in shown.lead + card.summary


def test_without_a_receipt_roll_the_licence_is_still_handed_out() -> None:
    assert "当场打印执照" in guide(NO_ROLL).lead
    assert guide(NO_ROLL).errands == 1


def test_guide_result_and_receipt_say_the_same_of_the_seal() -> None:
    """The machine prints the licence without the registrar's seal: nobody is promised that no errand is left."""
    pack, told = World().visit.machine.packs[BUSINESS], guide(Ability(Verdict.CAN, (), ()))
    approved = pack.outcome_texts["approved"]
    assert told.errands == 1
    for words in (told.lead, approved.lead.zh, approved.holds.zh, approved.next_step.zh):
        assert "章" in words
    for words in (approved.lead.en, approved.holds.en, approved.next_step.en):
        assert "seal" in words
    world = World().at_outcome()
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, OutcomeBody)
    assert shown.unsealed is any(paper.kind == "certificate" for paper in world.visit.case.papers)  # type: ignore[union-attr]


def test_whom_the_rules_send_to_a_person_the_guide_does_not_promise_completion() -> None:
    pack = World().visit.machine.packs[BUSINESS]
    (cards, _), (age, details), *_ = pack.guide.prepare
    assert "港澳台" not in cards.zh
    assert "18" in age.zh
    told = pack.guide.prepare[0][1].zh + details.zh
    assert all(word in told for word in ("港澳台居民居住证", "16、17 周岁", "窗口登记"))


def test_who_is_referred_is_told_on_the_screen_where_to_go() -> None:
    """In the words of the result, or by the rule itself, which the screen shows with it."""
    for pack in World().visit.machine.packs.values():
        lead = pack.outcome_texts["referred"].lead
        told = "窗口" in lead.zh and "counter" in lead.en
        lacking = [rule.rule_id for rule in pack.rules if rule.outcome == "referred" and rule.go == EMPTY]
        assert told or pack.decides.by is not Decider.RULE or not lacking, (pack.pack_id, lacking)


def test_a_pension_result_never_forgets_the_next_check() -> None:
    texts = World().visit.machine.packs[PENSION].outcome_texts
    for wording in ("approved", "approved_offline"):
        assert "十二个月" in texts[wording].lead.zh
        assert "twelve months" in texts[wording].lead.en


def test_a_pension_check_is_as_good_without_a_network() -> None:
    assert guide(Ability(Verdict.CAN, ("hours", "offline"), ()), PENSION).errands == 0
    assert guide(NO_ROLL, PENSION).lead == guide(Ability(Verdict.CAN, (), ()), PENSION).lead


def test_a_card_on_the_home_page_promises_and_does_not_stamp() -> None:
    packs = World().visit.machine.packs
    for card in home(Ability(Verdict.CAN, (), ())).services:
        assert card.badge == packs[card.service_id].promise.zh
        assert card.badge != packs[card.service_id].badge.zh


def test_the_stamp_stands_on_the_result() -> None:
    world = World().at_outcome()
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, OutcomeBody)
    assert shown.stamp == world.visit.pack.badge.zh


def test_what_a_result_waits_for_is_told_first() -> None:
    world = World().at_outcome()
    case = world.visit.case
    assert case is not None
    offline = replace(case.draft.decision, online=False, rung=world.visit.pack.offline)
    waits = replace(world.visit, case=replace(case, draft=replace(case.draft, decision=offline), decision=offline))
    shown = screen_of(waits, 1, world.now).body
    assert isinstance(shown, OutcomeBody)
    assert "还没有和登记库核对过" in shown.reasons[0][0]
    assert "《" in shown.reasons[0][1], "and on which basis"


def test_the_heading_is_short_and_the_official_name_stands_beside_it() -> None:
    shown, pack = guide(Ability(Verdict.CAN, (), ()), PENSION), World().visit.machine.packs[PENSION]
    assert (shown.name, shown.full_name) == (pack.short_name.zh, pack.name.zh)


def test_the_guide_says_who_may_use_it_before_any_card_is_shown() -> None:
    for service, age in ((BUSINESS, "16"), (PENSION, "60")):
        told = "".join(title + detail for title, detail in guide(Ability(Verdict.CAN, (), ()), service).prepare)
        assert all(word in told for word in ("居民身份证", "港澳台居民居住证", "外国人", age, "刷脸", "工作人员"))
