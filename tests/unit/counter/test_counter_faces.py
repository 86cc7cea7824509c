"""The face check's desk: what is called off never begins, the camera is let go before a visit counts as wiped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from devices.actor import Spec
from devices.contracts.camera import FaceMatched, FaceOutcome, FaceUnavailable, FaceUnclear, Frame
from devices.contracts.device import DeviceError
from devices.drivers.camera.driver import CameraDriver
from devices.manager import Manager
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait
from kiosk.counter.faces import FaceDesk
from kiosk.visit.events import Event, FaceChecked
from tests.patience import BUSY

SECONDS = 20.0


class Gated(CameraDriver):
    """The real driver and its child; a test may hold it up after the preview's start and in its release."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.previewing, self.go_on = threading.Event(), threading.Event()
        self.let_go = threading.Event()
        self.go_on.set()
        self.let_go.set()

    def start_preview(self, listener: Callable[[Frame], None]) -> None:
        super().start_preview(listener)
        self.previewing.set()
        self.go_on.wait(20)

    def release(self) -> None:
        self.let_go.wait(20)
        super().release()


class World:
    def __init__(self) -> None:
        self.twin = CameraTwin("camera")
        self.twin.start()
        self.twin.act("person", {"who": "none"})
        self.camera = Gated(self.twin.port)
        self.manager = Manager([Spec("camera", self.camera)])
        self.manager.start()
        self.bugs: list[BaseException] = []
        self.shown: list[Frame | None] = []
        self.events: list[Event] = []
        self.news = threading.Condition()
        self.desk = FaceDesk(self.manager["camera"], self.post, self.shown.append, SECONDS, self.bugs.append)

    def post(self, event: Event) -> None:
        with self.news:
            self.events.append(event)
            self.news.notify_all()

    def outcome(self) -> FaceOutcome:
        """Of the first check that was told."""
        with self.news:
            assert self.news.wait_for(lambda: any(isinstance(e, FaceChecked) for e in self.events), 15)
        return next(e.outcome for e in self.events if isinstance(e, FaceChecked))

    def close(self) -> None:
        self.camera.go_on.set()
        self.camera.let_go.set()
        self.manager.stop()
        self.twin.stop()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def test_a_check_called_off_while_the_camera_starts_never_begins(world: World) -> None:
    world.camera.go_on.clear()
    world.desk.check(card_portrait())
    assert world.camera.previewing.wait(10)
    world.desk.stop()
    begun = time.monotonic()
    world.camera.go_on.set()
    world.desk.await_release(15)
    assert time.monotonic() - begun < 5
    assert world.camera.child_pid() is None
    assert world.shown[-1] is None
    assert not [event for event in world.events if isinstance(event, FaceChecked)]


def test_a_check_called_off_in_the_middle_ends_at_once_and_the_next_one_has_the_camera(world: World) -> None:
    world.desk.check(card_portrait())
    with world.news:
        assert world.news.wait_for(lambda: bool(world.events), 15)  # a hint: it runs
    world.events.clear()
    world.desk.stop()
    world.twin.act("person", {"who": "same"})
    begun = time.monotonic()
    world.desk.check(card_portrait())
    assert isinstance(world.outcome(), FaceMatched)
    assert time.monotonic() - begun < 10


def test_turning_away_holds_up_nobody_even_when_the_camera_hangs(world: World) -> None:
    world.camera.let_go.clear()
    begun = time.monotonic()
    world.desk.check(card_portrait())
    world.desk.stop()
    world.desk.stop()
    assert time.monotonic() - begun < BUSY


def test_a_camera_that_does_not_let_go_has_its_child_killed(world: World) -> None:
    world.desk.prepare()
    world.manager["camera"].submit(lambda camera, deadline: None, 15).result(15)
    assert world.camera.child_pid() is not None
    world.camera.let_go.clear()
    world.desk.stop()
    world.desk.await_release(0.1)
    assert world.camera.child_pid() is None


class Broken:
    """A camera whose driver has a bug in one place."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> FaceOutcome | None:
            if name == self._where:
                raise ZeroDivisionError
            return None

        return call


class Direct:
    """An actor that runs a command at once."""

    def __init__(self, camera: object) -> None:
        self._camera = camera

    def submit(self, command: Callable[[Any, Any], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(command(self._camera, None))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("where", ["prepare", "start_preview", "match_face", "stop_preview", "release"])
def test_a_bug_in_a_camera_command_is_a_crash_and_not_a_wait(where: str) -> None:
    bugs: list[BaseException] = []
    desk = FaceDesk(Direct(Broken(where)), lambda event: None, lambda frame: None, SECONDS, bugs.append)  # type: ignore[arg-type]  # has no status
    desk.prepare()
    desk.check(b"")
    desk.stop()
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]


def test_a_bug_in_telling_the_outcome_is_a_crash(world: World) -> None:
    def post(event: Event) -> None:
        raise ZeroDivisionError

    bugs: list[BaseException] = []
    desk = FaceDesk(Direct(Broken("")), post, lambda frame: None, SECONDS, bugs.append)  # type: ignore[arg-type]  # has no status
    desk.check(b"")
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]


def test_a_fault_of_the_camera_is_an_answer() -> None:
    class Lost(Direct):
        def submit(self, command: Callable[[Any, Any], Any], timeout: float) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(DeviceError("gone", "gone", advice="", retryable=True))
            return future

    bugs: list[BaseException] = []
    events: list[Event] = []
    desk = FaceDesk(Lost(None), events.append, lambda frame: None, SECONDS, bugs.append)  # type: ignore[arg-type]  # has no status
    desk.prepare()
    desk.check(b"")
    desk.stop()
    desk.await_release(1)
    assert not bugs
    (told,) = events
    assert isinstance(told, FaceChecked)
    assert isinstance(told.outcome, FaceUnavailable)


def test_a_driver_given_a_called_off_check_leaves_the_camera_alone(world: World) -> None:
    called_off = threading.Event()
    called_off.set()
    answer = world.manager["camera"].submit(
        lambda camera, deadline: camera.match_face(card_portrait(), deadline=deadline, called_off=called_off), SECONDS
    )
    assert isinstance(answer.result(5), FaceUnclear)
    assert world.camera.child_pid() is None
