"""A code of a member of staff counts for what it was typed for: who came to help has vouched for nobody."""

from __future__ import annotations

from kiosk.domain.decision import Verification
from kiosk.visit import events as ev
from kiosk.visit.states import State
from tests.unit.visit_world import World

CODE, RIGHT = "0107123456", ev.StaffCodeChecked(True, 5, 0.0, "0107")


def other_way() -> World:
    return World().at_consent().do(ev.OtherWayChosen())


def test_a_code_typed_to_help_does_not_vouch_for_the_person_who_went_back_meanwhile() -> None:
    world = other_way().do(ev.HelperPressed(), ev.StaffCodeEntered(CODE), ev.BackPressed())
    assert world.state is State.OTHER_WAY
    world.do(RIGHT)
    assert world.visit.verification is not Verification.STAFF
    assert not world.visit.certain
    assert world.state is State.OTHER_WAY


def test_a_code_typed_to_vouch_lets_nobody_help() -> None:
    world = other_way().do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered(CODE), ev.HelperPressed())
    assert world.do(RIGHT).state is State.HELPER
    assert world.visit.helper == ""
