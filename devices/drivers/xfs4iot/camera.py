"""The portrait camera of an ATM-class machine (XFS4IoT Camera): one picture at a time, as a StillCamera.

In edition 2021-1 the schema names the picture in the *command* and leaves the completion without one, which cannot be
meant; later editions have it in the completion, where this driver reads it in every edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Level, TestResult
from devices.contracts.stills import Still, encoding_of
from devices.drivers.xfs4iot.driver import XfsDevice
from devices.drivers.xfs4iot.shapes import CAMERAS, dig, unpack, word


class XfsCamera(XfsDevice):
    """``camera`` is ``person``, ``room`` or ``exitSlot``."""

    kind = "still_camera"
    interface = "Camera"
    key = "camera"

    def __init__(self, port: str, *, camera: str = "person", **options: Any) -> None:
        super().__init__(port, **options)
        if camera not in CAMERAS:
            raise ValueError(f"camera must be one of {', '.join(CAMERAS)}")
        self._camera = camera

    def take(self, deadline: Deadline) -> Still:
        done = self._session.request("Camera.TakePicture", {"camera": self._camera}, deadline=deadline)
        data = unpack(done.payload.get("pictureFile")) or b""
        if not data:
            raise _useless("no-picture", "the service took a picture and did not give it")
        encoding = encoding_of(data)
        if not encoding:
            raise _useless("picture-format", "the picture is neither JPEG nor PNG nor BMP")
        self._session.counts["pictures"] += 1
        return Still(data, encoding)

    def _told(self) -> Mapping[str, str]:
        cameras = dig(self._abilities, "cameras")
        has = sorted(name for name, there in cameras.items() if there is True) if isinstance(cameras, dict) else []
        return {"camera": self._camera, "cameras": " ".join(has)}

    def _look(self, part: Mapping[str, Any]) -> tuple[tuple[Fault, ...], Mapping[str, str]]:
        state = word(part, "cameras", self._camera) or "unknown"
        faults = []
        if state == "inop":
            faults.append(Fault("camera-broken", Action.CALL_TECHNICIAN))
        elif state == "notSupported":
            faults.append(Fault("camera-missing", Action.CONFIGURE, f"there is no camera {self._camera}"))
        elif state == "unknown":
            faults.append(Fault("camera-unknown", Action.NONE, "the service does not say", blocking=False))
        return tuple(faults), {"camera": state}

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        still = self.take(deadline)
        passed = None if level is Level.INTERACTIVE else True  # whether it shows what it should, a person sees
        return TestResult(level, passed, f"one picture, {still.encoding}")


def _useless(code: str, message: str) -> DeviceError:
    advice = "Check that the service is set to give pictures, as JPEG, PNG or BMP."
    return DeviceError(code, message, advice=advice, retryable=False, action=Action.CONFIGURE)
