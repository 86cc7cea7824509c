"""The face check over the wire: twin, child and matcher as in the field."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from devices.contracts.camera import (
    FaceDiffers,
    FaceHint,
    FaceMatched,
    FaceUnavailable,
    FaceUnclear,
    Frame,
    ReferenceUnusable,
)
from devices.contracts.deadline import Deadline
from devices.drivers.camera.driver import CameraDriver
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait, stranger_portrait
from devices.simulators.twin import UnknownAction
from tests.patience import BUSY


@pytest.fixture(scope="module")
def twin() -> Iterator[CameraTwin]:
    twin = CameraTwin("camera")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture(scope="module")
def prepared(twin: CameraTwin) -> Iterator[CameraDriver]:
    camera = CameraDriver(twin.port)
    camera.prepare(Deadline.after(15))
    yield camera
    camera.close()


@pytest.fixture
def camera(twin: CameraTwin, prepared: CameraDriver) -> CameraDriver:
    twin.act("ok", {})
    return prepared


def test_the_person_on_the_card_matches(camera: CameraDriver) -> None:
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(10))
    assert isinstance(outcome, FaceMatched)
    assert outcome.distance < outcome.threshold


@pytest.mark.parametrize("number", [0, 7, 21])
def test_a_card_of_somebody_else_differs(camera: CameraDriver, number: int) -> None:
    outcome = camera.match_face(stranger_portrait(number), deadline=Deadline.after(10))
    assert isinstance(outcome, FaceDiffers)
    assert outcome.distance > outcome.threshold


def test_somebody_else_before_the_camera_differs(twin: CameraTwin, camera: CameraDriver) -> None:
    try:
        twin.act("person", {"who": "other"})
    except UnknownAction as missing:
        pytest.skip(str(missing))
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(10))
    assert isinstance(outcome, FaceDiffers)


@pytest.mark.parametrize(("who", "hint"), [("none", FaceHint.NO_FACE), ("several", FaceHint.SEVERAL_FACES)])
def test_nobody_or_several_are_unclear_at_the_deadline(
    twin: CameraTwin, camera: CameraDriver, who: str, hint: FaceHint
) -> None:
    twin.act("person", {"who": who})
    begun = time.monotonic()
    heard: list[FaceHint] = []
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(2), hint=heard.append)
    assert outcome == FaceUnclear(hint)
    assert hint in heard
    assert 1 < time.monotonic() - begun < 2 + BUSY


def test_the_person_may_come_late(twin: CameraTwin, camera: CameraDriver) -> None:
    twin.act("person", {"who": "none"})
    heard: list[FaceHint] = []

    def come(hint: FaceHint) -> None:
        heard.append(hint)
        twin.act("person", {"who": "same"})

    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(10), hint=come)
    assert isinstance(outcome, FaceMatched)
    assert heard[0] is FaceHint.NO_FACE


@pytest.mark.parametrize("data", [b"", b"not a picture"])
def test_a_card_picture_that_cannot_be_decoded_is_said_at_once(camera: CameraDriver, data: bytes) -> None:
    begun = time.monotonic()
    assert camera.match_face(data, deadline=Deadline.after(10)) == ReferenceUnusable("undecodable")
    assert time.monotonic() - begun < 3


def test_a_check_can_be_called_off_from_another_thread(twin: CameraTwin, camera: CameraDriver) -> None:
    twin.act("person", {"who": "none"})

    def call_off(_: FaceHint) -> None:
        threading.Thread(target=camera.cancel_check).start()

    begun = time.monotonic()
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(20), hint=call_off)
    assert isinstance(outcome, FaceUnclear)
    assert time.monotonic() - begun < 5
    twin.act("ok", {})
    assert isinstance(camera.match_face(card_portrait(), deadline=Deadline.after(10)), FaceMatched)


def test_a_check_called_off_while_the_child_still_starts_ends_early(twin: CameraTwin) -> None:
    twin.act("person", {"who": "none"})
    camera = CameraDriver(twin.port)
    outcomes: list[object] = []

    def check() -> None:
        outcomes.append(camera.match_face(card_portrait(), deadline=Deadline.after(20)))

    try:
        thread = threading.Thread(target=check)
        begun = time.monotonic()
        thread.start()
        while camera.statistics()["checks"] == 0:
            threading.Event().wait(0.001)
        camera.cancel_check()
        thread.join(10)
        assert isinstance(outcomes[0], FaceUnclear)
        assert time.monotonic() - begun < 6
    finally:
        camera.close()


def test_the_preview_goes_on_during_a_check(camera: CameraDriver) -> None:
    frames: list[Frame] = []
    camera.start_preview(frames.append)
    try:
        outcome = camera.match_face(stranger_portrait(0), deadline=Deadline.after(10))
        assert isinstance(outcome, FaceDiffers)
        assert len(frames) >= 4
    finally:
        camera.stop_preview()


def test_a_deadline_that_has_passed_says_nothing_of_the_person(camera: CameraDriver) -> None:
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(0))
    assert isinstance(outcome, FaceUnclear | FaceUnavailable)
