"""The visit while a sign of life is asked for: what the page shows, where a failure leads, what is forgotten."""

from __future__ import annotations

import pytest

from devices.contracts.camera import FaceHint, FaceMatched
from devices.contracts.liveness import Challenge, LivenessPrompt, NotLive, NotLiveReason
from kiosk.visit import events as ev
from kiosk.visit.effects import CheckFace, StopCamera
from kiosk.visit.screen import ConsentBody, FaceBody, OtherWayBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import World


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def asked(challenge: Challenge | None, number: int, hint: FaceHint | None = None) -> ev.LivenessPrompted:
    return ev.LivenessPrompted(LivenessPrompt(challenge, number, 3, hint))


def at_face() -> World:
    return World().at_consent().do(ev.FaceAgreed(), ev.FaceHinted(FaceHint.HOLD_STILL))


@pytest.mark.parametrize("asks", [False, True])
def test_who_is_asked_to_agree_is_told_of_the_movements(asks: bool) -> None:
    found = body(World(liveness=asks).at_consent())
    assert isinstance(found, ConsentBody)
    assert found.moves is asks


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (asked(None, 0), FaceBody("", "straight", 0, 3)),
        (asked(Challenge.BLINK, 1), FaceBody("", "blink", 1, 3)),
        (asked(Challenge.TURN_LEFT, 2, FaceHint.COME_CLOSER), FaceBody("come_closer", "turn_left", 2, 3)),
        (asked(None, 2), FaceBody("", "straight", 2, 3)),
    ],
)
def test_the_page_says_what_to_do_and_what_stands_in_the_way(event: ev.LivenessPrompted, shown: FaceBody) -> None:
    assert body(at_face().do(event)) == shown


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (NotLiveReason.NO_FACE, "unclear"),
        (NotLiveReason.SEVERAL_FACES, "unclear"),
        (NotLiveReason.NO_RESPONSE, "not_live"),
        (NotLiveReason.WRONG_MOVE, "not_live"),
        (NotLiveReason.FACE_LOST, "not_live"),
        (NotLiveReason.ANOTHER_FACE, "differs"),
    ],
)
def test_without_a_sign_of_life_there_is_another_way_and_another_try(reason: NotLiveReason, told: str) -> None:
    world = at_face().do(asked(Challenge.BLINK, 1), ev.FaceChecked(NotLive(reason)))
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert (shown.reason, shown.face_possible, shown.staff_possible) == (told, True, True)
    assert world.started(StopCamera) == 1
    world.do(ev.OtherWayChosen("face"), ev.FaceAgreed())
    assert world.started(CheckFace) == 2
    assert body(world) == FaceBody()  # nothing of the first try is left on the page


def test_whoever_turns_away_is_asked_nothing_more() -> None:
    world = at_face().do(asked(Challenge.BLINK, 1), ev.OtherWayChosen(), asked(Challenge.TURN_LEFT, 2))
    assert world.state is State.OTHER_WAY
    assert world.started(StopCamera) == 1
    assert world.visit.prompt is None


def test_with_a_sign_of_life_the_visit_goes_on() -> None:
    world = at_face().do(asked(Challenge.BLINK, 1), ev.FaceChecked(FaceMatched(0.3, 0.5)))
    assert world.state is State.FORM
    assert world.visit.prompt is None
