"""A camera behind XFS4IoT gives a picture or an error with its name, and shows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contracts.device import DeviceError, Level
from devices.contracts.stills import Still
from devices.drivers.xfs4iot.camera import XfsCamera
from devices.simulators.xfs4iot import XfsTwin
from devices.simulators.xfs4iot_services import bitmap
from tests.contract.xfs4iot.xfs_room import soon


def test_the_camera_gives_a_picture_and_shows_nothing_of_it(made: Any, twin: XfsTwin) -> None:
    camera: XfsCamera = made("still_camera")
    still = camera.take(soon())
    assert isinstance(still, Still)
    assert (still.data, still.encoding) == (bitmap(32, 24), "bmp")
    assert repr(still) == f"Still(bmp, {len(still.data)} bytes)"
    assert camera.self_test(Level.EXTERNAL, soon()).passed is True
    assert camera.self_test(Level.INTERACTIVE, soon()).passed is None
    assert camera.statistics()["pictures"] == 3


@pytest.mark.parametrize(("action", "code"), [("lens-broken", "hardware-error"), ("no-picture", "no-picture")])
def test_no_picture_is_an_error_with_its_name(made: Any, twin: XfsTwin, action: str, code: str) -> None:
    camera: XfsCamera = made("still_camera")
    twin.act(action, {})
    with pytest.raises(DeviceError) as caught:
        camera.take(soon())
    assert caught.value.code == code


def test_what_is_no_picture_is_refused(made: Any, twin: XfsTwin) -> None:
    camera: XfsCamera = made("still_camera")
    twin.camera.picture = b"<html>"
    with pytest.raises(DeviceError) as caught:
        camera.take(soon())
    assert caught.value.code == "picture-format"
