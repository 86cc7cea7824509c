"""The face mesh on one bent photograph: a turn is seen, a blink is seen, and a flat picture shows neither."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.simulators import motion, portrait
from devices.vision.face import Image, LibFaceDetector
from devices.vision.mesh import FaceMesh, MeshMissing, Pose
from devices.vision.parameters import FaceParameters, LivenessParameters

WANTED = LivenessParameters()


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    try:
        return FaceMesh()
    except MeshMissing as missing:
        pytest.skip(f"{missing}: needs the extra 'liveness'")


@pytest.fixture(scope="module")
def detector() -> LibFaceDetector:
    wanted = FaceParameters()
    return LibFaceDetector(confidence=wanted.confidence, width=wanted.detector_width)


def seen(jpeg: bytes, mesh: FaceMesh, detector: LibFaceDetector) -> Pose:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    image: Image = decoded.astype(np.uint8)
    return mesh.pose(image, detector.find(image)[0])


@pytest.fixture(scope="module")
def rest(mesh: FaceMesh, detector: LibFaceDetector) -> Pose:
    return seen(portrait.camera_picture(), mesh, detector)


def test_a_face_at_rest_looks_straight_with_open_eyes(rest: Pose) -> None:
    assert abs(rest.turn) < WANTED.straight_turn
    assert rest.eyes > WANTED.open_eyes
    assert rest.sure > 0.9


@pytest.mark.parametrize(("name", "sign"), [("turn_left", 1), ("turn_right", -1)])
def test_a_turn_of_the_head_is_seen_to_its_side(
    name: str, sign: int, rest: Pose, mesh: FaceMesh, detector: LibFaceDetector
) -> None:
    turned = seen(motion.gesture(name)[5], mesh, detector)
    assert sign * (turned.turn - rest.turn) > WANTED.turn + 0.05
    assert turned.eyes > WANTED.open_share * rest.eyes


def test_closed_eyes_are_seen_and_the_head_has_not_turned(
    rest: Pose, mesh: FaceMesh, detector: LibFaceDetector
) -> None:
    shut = seen(motion.gesture("blink")[2], mesh, detector)
    assert shut.eyes < WANTED.shut_share * rest.eyes - 0.03
    assert abs(shut.turn - rest.turn) < WANTED.rest_turn


@pytest.mark.parametrize("kind", ["tilted", "bobbing"])
def test_a_flat_photograph_waved_about_neither_turns_nor_blinks(
    kind: str, rest: Pose, mesh: FaceMesh, detector: LibFaceDetector
) -> None:
    poses = [seen(jpeg, mesh, detector) for jpeg in motion.waved(kind)[2::3]]
    turns, eyes = [abs(one.turn - rest.turn) for one in poses], [one.eyes / rest.eyes for one in poses]
    print(f"\n{kind}: turn up to {max(turns):.3f} (wanted {WANTED.turn}), eyes down to {min(eyes):.2f}")
    assert max(turns) < WANTED.turn - 0.05
    assert min(eyes) > WANTED.shut_share + 0.2
