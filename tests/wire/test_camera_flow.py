"""Pictures flow whatever looks for faces in them: the networks stand still, die or are slow, the preview goes on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.contracts.camera import FaceHint, FaceMatched, FaceOutcome, FaceUnavailable, Frame
from devices.contracts.deadline import Deadline
from devices.drivers.camera.driver import CameraDriver, missing_packages
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="needs the extra 'face'")
PICTURES = 20  # that flow while nothing is found


@pytest.fixture
def twin() -> Iterator[CameraTwin]:
    twin = CameraTwin("camera", rate=30)
    twin.start()
    twin.act("person", {"who": "none"})
    yield twin
    twin.stop()


@pytest.fixture
def camera(twin: CameraTwin) -> Iterator[CameraDriver]:
    camera = CameraDriver(twin.port, rate=30.0)
    yield camera
    camera.close()


class Viewer:
    """Counts pictures, and waits for more."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self.count = 0

    def __call__(self, frame: Frame) -> None:
        with self._news:
            self.count += 1
            self._news.notify_all()

    def sees(self, more: int) -> bool:
        """Whether so many pictures more come."""
        with self._news:
            wanted = self.count + more
            return self._news.wait_for(lambda: self.count >= wanted, 20)


class Check(threading.Thread):
    """A face check that runs; ``begun`` once the networks have looked at a picture."""

    def __init__(self, camera: CameraDriver, seconds: float) -> None:
        super().__init__(daemon=True)
        self._camera, self._seconds = camera, seconds
        self.begun = threading.Event()
        self.outcome: FaceOutcome | None = None
        self.start()

    def run(self) -> None:
        deadline = Deadline.after(self._seconds)
        self.outcome = self._camera.match_face(card_portrait(), deadline=deadline, hint=self._hear)

    def _hear(self, hint: FaceHint) -> None:
        self.begun.set()

    def ended(self) -> FaceOutcome | None:
        self.join(self._seconds + 10)
        return self.outcome


def networks_of(camera: CameraDriver) -> int:
    """The process in which the networks run: the child's only child."""
    pid = camera.child_pid()
    assert pid is not None
    (child,) = " ".join(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")).split()
    return int(child)


def test_pictures_flow_while_a_look_for_faces_stands_still(twin: CameraTwin, camera: CameraDriver) -> None:
    viewer = Viewer()
    camera.start_preview(viewer)
    check = Check(camera, 60)
    assert check.begun.wait(30)
    networks = networks_of(camera)
    os.kill(networks, signal.SIGSTOP)
    try:
        assert viewer.sees(PICTURES)
        assert check.outcome is None
    finally:
        os.kill(networks, signal.SIGCONT)
    twin.act("person", {"who": "same"})
    assert isinstance(check.ended(), FaceMatched)
    assert camera.statistics()["child-starts"] == 1


def test_networks_that_die_are_started_again_and_the_check_goes_on(twin: CameraTwin, camera: CameraDriver) -> None:
    viewer = Viewer()
    camera.start_preview(viewer)
    check = Check(camera, 60)
    assert check.begun.wait(30)
    twin.act("person", {"who": "same"})
    with suppress(ProcessLookupError):
        os.kill(networks_of(camera), signal.SIGKILL)
    assert isinstance(check.ended(), FaceMatched)
    assert viewer.sees(PICTURES)


def test_networks_that_hang_do_not_outlast_the_deadline(camera: CameraDriver) -> None:
    camera.prepare(Deadline.after(20))
    check = Check(camera, 5)
    assert check.begun.wait(5)
    networks = networks_of(camera)
    os.kill(networks, signal.SIGSTOP)
    outcome = check.ended()
    assert isinstance(outcome, FaceUnavailable)
    assert outcome.reason.code in ("child-silent", "child-died")  # given up by the driver, or by the child itself
    assert camera.child_pid() is None
    gone = Deadline.after(10)
    while Path(f"/proc/{networks}").exists() and not gone.expired:
        threading.Event().wait(0.02)
    assert not Path(f"/proc/{networks}").exists()
