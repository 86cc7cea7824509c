"""A sign of life at the counter: asked for where the profile says so, after the faces match, and never a trap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.actor import Spec
from devices.contracts.camera import FaceDiffers, FaceMatched, FaceOutcome, FaceUnavailable, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Fault
from devices.contracts.liveness import (
    Challenge,
    Live,
    LivenessOutcome,
    LivenessPrompt,
    LivenessUnavailable,
    NotLive,
    NotLiveReason,
    PromptListener,
)
from devices.drivers.camera.driver import CameraDriver, missing_liveness, missing_packages
from devices.manager import Manager
from devices.simulators import motion
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait
from kiosk.counter.faces import FaceDesk
from kiosk.visit.events import Event, FaceChecked, LivenessPrompted

SECONDS, LIVENESS = 20.0, 35.0
MATCHED, FAULT = FaceMatched(0.3, 0.5), Fault("frozen", Action.RESET)
BLINK = LivenessPrompt(Challenge.BLINK, 1, 3)


@dataclass
class Scripted:
    """A camera as its contract has it, with the outcomes that a test names."""

    matched: FaceOutcome
    live: LivenessOutcome
    liveness: str = "challenge"
    meanwhile: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)
    references: list[bytes] = field(default_factory=list)

    @property
    def capabilities(self) -> dict[str, str]:
        return {"liveness": self.liveness}

    def start_preview(self, listener: Callable[[Frame], None]) -> None:
        self.calls.append("preview")

    def stop_preview(self) -> None:
        self.calls.append("stopped")

    def cancel_check(self) -> None:
        self.calls.append("cancelled")

    def release(self) -> None:
        self.calls.append("released")

    def match_face(self, reference: bytes, *, deadline: Deadline, **others: Any) -> FaceOutcome:
        assert deadline.remaining() <= SECONDS
        self.calls.append("match")
        return self.matched

    def prove_live(
        self, *, deadline: Deadline, prompt: PromptListener, reference: bytes, called_off: threading.Event
    ) -> LivenessOutcome:
        assert deadline.remaining() <= LIVENESS
        self.calls.append("prove")
        self.references.append(reference)
        prompt(BLINK)
        self.meanwhile()
        prompt(BLINK)
        return self.live


class Direct:
    """An actor that runs a command at once."""

    def __init__(self, camera: object) -> None:
        self._camera = camera

    def submit(self, command: Callable[[Any, Any], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(command(self._camera, Deadline.after(timeout)))
        return future


def desk_of(camera: Scripted, events: list[Event], liveness: float | None = LIVENESS) -> FaceDesk:
    def crash(bug: BaseException) -> None:
        raise bug

    actor: Any = Direct(camera)
    return FaceDesk(actor, events.append, lambda frame: None, SECONDS, crash, liveness)


def checked(camera: Scripted, liveness: float | None = LIVENESS) -> list[Event]:
    events: list[Event] = []
    desk_of(camera, events, liveness).check(b"card")
    return events


def test_a_sign_of_life_follows_the_match_and_the_citizen_is_told_what_to_do() -> None:
    camera = Scripted(MATCHED, Live((Challenge.BLINK,)))
    assert checked(camera) == [LivenessPrompted(BLINK), LivenessPrompted(BLINK), FaceChecked(MATCHED)]
    assert camera.calls == ["preview", "match", "prove", "stopped"]
    assert camera.references == [b"card"]  # the face that moves is compared again


def test_nobody_is_asked_where_the_profile_does_not_ask() -> None:
    camera = Scripted(MATCHED, Live(()))
    assert checked(camera, None) == [FaceChecked(MATCHED)]
    assert "prove" not in camera.calls


def test_who_is_not_the_person_on_the_card_is_not_asked_to_move() -> None:
    differs = FaceDiffers(0.9, 0.5)
    camera = Scripted(differs, Live(()))
    assert checked(camera) == [FaceChecked(differs)]
    assert "prove" not in camera.calls


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (NotLive(NotLiveReason.WRONG_MOVE), NotLive(NotLiveReason.WRONG_MOVE)),
        (LivenessUnavailable(FAULT), FaceUnavailable(FAULT)),
    ],
)
def test_without_a_sign_of_life_a_match_is_no_match(live: LivenessOutcome, told: FaceOutcome | NotLive) -> None:
    assert checked(Scripted(MATCHED, live))[-1] == FaceChecked(told)


def test_a_camera_that_cannot_see_one_compares_nobody() -> None:
    camera = Scripted(MATCHED, Live(()), liveness="missing")
    (event,) = checked(camera)
    assert isinstance(event, FaceChecked)
    assert isinstance(event.outcome, FaceUnavailable)
    assert event.outcome.reason.code == "liveness-missing"
    assert camera.calls == []


def test_who_turns_away_in_the_middle_hears_no_more_of_it() -> None:
    events: list[Event] = []
    camera = Scripted(MATCHED, Live((Challenge.BLINK,)))
    desk = desk_of(camera, events)
    camera.meanwhile = desk.stop
    desk.check(b"card")
    assert events == [LivenessPrompted(BLINK)]
    assert "cancelled" in camera.calls


class World:
    """The desk over the real driver, its child, its networks and the twin of a camera."""

    def __init__(self) -> None:
        self.twin = CameraTwin("camera")
        self.twin.start()
        for name in motion.GESTURES:
            motion.gesture(name)  # drawn now, not while the clock runs
        self.manager = Manager([Spec("camera", CameraDriver(self.twin.port, liveness={"answer_seconds": 5.0}))])
        self.manager.start()
        self.news = threading.Condition()
        self.events: list[Event] = []
        self.bugs: list[BaseException] = []
        self.obeys = True
        self.desk = FaceDesk(self.manager["camera"], self.post, lambda frame: None, SECONDS, self.bugs.append, LIVENESS)

    def post(self, event: Event) -> None:
        """The person before the camera does what is asked, as soon as anybody could have heard it."""
        with self.news:
            self.events.append(event)
            self.news.notify_all()
        asked = event.prompt if isinstance(event, LivenessPrompted) else None
        if self.obeys and asked is not None and asked.challenge is not None and asked.hint is None:
            threading.Timer(0.4, self.twin.act, ("gesture", {"what": asked.challenge.value})).start()

    def wait_for(self, kind: type) -> Any:
        with self.news:
            assert self.news.wait_for(lambda: any(isinstance(one, kind) for one in self.events), 50)
            return next(one for one in self.events if isinstance(one, kind))

    def close(self) -> None:
        self.manager.stop()
        self.twin.stop()


@pytest.fixture
def world() -> Iterator[World]:
    if missing := missing_packages() + missing_liveness():
        pytest.skip(f"needs the extras 'face' and 'liveness': {', '.join(missing)}")
    world = World()
    yield world
    world.close()


def test_over_the_wire_a_person_who_obeys_is_through(world: World) -> None:
    world.desk.check(card_portrait())
    assert isinstance(world.wait_for(FaceChecked).outcome, FaceMatched)
    asked = [event.prompt for event in world.events if isinstance(event, LivenessPrompted)]
    assert {one.number for one in asked if one.challenge is not None} == {1, 2, 3}
    assert not world.bugs


def test_over_the_wire_a_photograph_of_the_right_person_is_not(world: World) -> None:
    world.obeys = False  # it sways before the camera, and does nothing that it is asked
    world.desk.check(card_portrait())
    assert isinstance(world.wait_for(FaceChecked).outcome, NotLive)


def test_over_the_wire_turning_away_ends_it(world: World) -> None:
    world.obeys = False
    world.desk.check(card_portrait())
    world.wait_for(LivenessPrompted)
    world.desk.stop()
    world.desk.await_release(15)
    driver = world.manager["camera"].submit(lambda camera, deadline: camera.child_pid(), 5)
    assert driver.result(10) is None
    assert not [event for event in world.events if isinstance(event, FaceChecked)]
