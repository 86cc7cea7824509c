"""The policy's threshold of the face check reaches the child that compares; one that proves nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.contracts.device import Action, DeviceError
from devices.drivers.camera.driver import CameraDriver
from devices.vision.parameters import FaceParameters
from kiosk.cabinet import specs
from kiosk.profile import parse
from tests.unit.test_profile import GOOD


def threshold_of(camera: object) -> float:
    assert isinstance(camera, CameraDriver)
    return float(camera._session._configuration["face"]["threshold"])


@pytest.mark.parametrize(("policy", "wanted"), [({}, FaceParameters().threshold), ({"face_threshold": 0.42}, 0.42)])
def test_the_policy_says_how_alike_two_faces_have_to_be(policy: dict[str, float], wanted: float) -> None:
    cameras = {"camera": {"driver": "camera", "port": "http://127.0.0.1:9/video"}}
    profile = parse({**GOOD, "policy": policy, "devices": cameras}, Path("/srv/kiosk"))
    (spec,) = specs(profile)
    assert threshold_of(spec.device) == wanted


@pytest.mark.parametrize("threshold", [0.0, -0.3, 0.61, float("nan")])
def test_a_threshold_that_tells_nobody_apart_or_knows_nobody_is_refused(threshold: float) -> None:
    with pytest.raises(DeviceError) as error:
        CameraDriver("/dev/video0", face_threshold=threshold)
    assert (error.value.code, error.value.action) == ("bad-threshold", Action.CONFIGURE)
    assert "face_threshold" in error.value.advice
