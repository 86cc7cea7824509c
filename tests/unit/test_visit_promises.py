"""What home and guide promise is what this machine can do now; a result is a stamp only once there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.screen import GuideBody, HomeBody, OutcomeBody
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, PENSION, World

NO_NETWORK = Ability(Verdict.LIMITED, ("hours",), ("network",))
NO_PAPER = Ability(Verdict.LIMITED, ("hours", "network"), ("page_printer",))
NEITHER = Ability(Verdict.LIMITED, ("hours",), ("page_printer", "network"))
NO_ROLL = Ability(Verdict.LIMITED, ("hours", "network"), ("receipt_printer",))


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
    assert shown.errands == 1
    (card,) = [card for card in home(ability).services if card.service_id == BUSINESS]
    assert words.rstrip("后") in card.summary
    assert "当场发" not in shown.lead + card.summary


def test_without_a_receipt_roll_the_licence_is_still_handed_out() -> None:
    assert "当场发营业执照" in guide(NO_ROLL).lead
    assert guide(NO_ROLL).errands == 0


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
