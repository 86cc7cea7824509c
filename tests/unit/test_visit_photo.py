"""The card's photograph comes later than the name: the check waits for it, the citizen does not."""

from __future__ import annotations

import pytest

from devices.contracts.camera import FaceMatched
from kiosk.visit import events as ev
from kiosk.visit.effects import CheckFace, StopCamera
from kiosk.visit.screen import ConsentBody, FaceBody, OtherWayBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import PICTURE, World, person

SHOWN = ev.CardShown(person(), None, photo_due=True)
DECODED = ev.PhotoDecoded(person().number, PICTURE)
UNDECODABLE = ev.PhotoDecoded(person().number, None)


def waiting_at_consent() -> World:
    return World().at_identify().do(SHOWN)


def waiting_at_face() -> World:
    return waiting_at_consent().do(ev.FaceAgreed())


def test_the_name_is_on_the_screen_before_the_photograph_is_there() -> None:
    world = waiting_at_consent()
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, ConsentBody)
    assert body.name.startswith("王")


def test_a_photograph_that_comes_while_the_page_is_read_changes_nothing_on_it() -> None:
    world = waiting_at_consent().do(DECODED)
    assert world.state is State.CONSENT
    world.do(ev.FaceAgreed())
    assert world.last(CheckFace) == CheckFace(PICTURE)


def test_who_agrees_early_is_told_what_is_waited_for_and_the_check_begins_by_itself() -> None:
    world = waiting_at_face()
    assert world.state is State.FACE
    assert world.started(CheckFace) == 0
    assert screen_of(world.visit, 1, world.now).body == FaceBody("reading_photo")
    world.do(DECODED)
    assert world.last(CheckFace) == CheckFace(PICTURE)
    assert screen_of(world.visit, 1, world.now).body == FaceBody("")
    assert world.do(ev.FaceChecked(FaceMatched(0.3, 0.5))).state is State.FORM


@pytest.mark.parametrize("reach", [waiting_at_consent, waiting_at_face])
def test_one_that_cannot_be_decoded_leads_to_the_other_way(reach: object) -> None:
    world = reach().do(UNDECODABLE)  # type: ignore[operator]
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, OtherWayBody)
    assert (body.reason, body.face_possible) == ("photo", False)
    assert world.started(StopCamera) == 1
    assert world.started(CheckFace) == 0


def test_the_other_way_can_be_chosen_while_it_is_waited_for() -> None:
    world = waiting_at_face().do(ev.OtherWayChosen())
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, OtherWayBody)
    assert body.face_possible
    world.do(UNDECODABLE)
    after = screen_of(world.visit, 1, world.now).body
    assert isinstance(after, OtherWayBody)
    assert not after.face_possible
    assert world.do(ev.OtherWayChosen("later")).state is State.FORM


def test_another_cards_photograph_is_nobodys() -> None:
    world = waiting_at_face().do(ev.PhotoDecoded("140213199001010034", PICTURE))
    assert world.started(CheckFace) == 0
    assert world.visit.picture is None


def test_a_photograph_known_already_is_not_replaced_and_the_check_not_begun_again() -> None:
    world = waiting_at_face().do(DECODED, ev.PhotoDecoded(person().number, b"another"))
    assert world.started(CheckFace) == 1
    assert world.visit.picture == PICTURE


@pytest.mark.parametrize("again", [ev.CardShown(person(), PICTURE), SHOWN])
def test_the_card_put_back_brings_the_photograph_that_left_with_it(again: ev.CardShown) -> None:
    world = waiting_at_face().do(ev.CardGone(), again)
    if again.photo_due:
        world.do(DECODED)
    assert world.last(CheckFace) == CheckFace(PICTURE)
    assert not world.visit.card_missing


def test_a_card_shown_first_has_its_photograph_by_the_time_it_is_asked_for() -> None:
    world = World().do(ev.Recovered(), SHOWN, DECODED)
    assert (world.state, world.visit.picture) == (State.HOME, PICTURE)
    world.do(ev.CardGone(), DECODED)
    assert world.visit.picture is None, "whoever comes next finds nothing of the one who left"


def test_who_collects_papers_waits_for_no_photograph_either() -> None:
    world = World().at_home().do(ev.CollectPressed(), SHOWN)
    from tests.unit.visit_world import waiting

    world.found(waiting())
    assert world.state is State.CONSENT
    assert world.do(UNDECODABLE).visit.way_reason == "photo"
