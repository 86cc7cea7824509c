"""The face networks in a process of their own, as seen from the camera's child.

libfacedetection and dlib keep the interpreter's lock while they work (45 ms a look and 150 ms a comparison on a slow
terminal): in the camera's own process no picture could leave meanwhile. A network that crashes or hangs ends the
camera's child with it, which its driver knows and starts again. The other end is ``devices.vision.networks_child``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.child import ChildProcess
from devices.transports.child_channel import Message
from devices.vision.face import Descriptor, DlibMatcher, Face, Image, LibFaceDetector, MatcherMissing
from devices.vision.scale import narrowed

_MODULE = "devices.vision.networks_child"
_LONGEST = 4.0  # seconds for one answer
_KEPT = str(1 << 28)
_ENVIRONMENT = {
    # The memory of one look is kept for the next one: given back to the system each time, it costs a third of the look.
    "MALLOC_MMAP_THRESHOLD_": _KEPT,
    "MALLOC_TRIM_THRESHOLD_": _KEPT,
}
_AROUND = 1.0  # how much of the picture around a face goes along, as a share of the face, on every side


class Networks:
    """Both networks, which load on their own; ``detector`` and ``matcher`` are of use once they are ``ready``.
    DeviceError when the process fails."""

    def __init__(self, *, confidence: float, width: int) -> None:
        self._child = ChildProcess(_MODULE, environment=_ENVIRONMENT)
        self.spent = 0.0  # processor time of the other process so far, in seconds
        self.detector, self.matcher = _Detector(self, width), _Matcher(self)
        self._loaded = False
        self._missing = ""
        self._child.start()
        self._child.send({"do": "load", "confidence": confidence, "width": width}, deadline=Deadline.after(_LONGEST))

    def ready(self, seconds: float) -> bool:
        """Whether they are loaded, within so many seconds. MatcherMissing where their packages are not installed."""
        if not self._loaded and not self._missing:
            try:
                answer = self._child.receive(Deadline.after(seconds))
            except DeviceError as error:
                if error.code == "child-silent":
                    return False
                raise
            self._loaded, self._missing = True, str(answer.head.get("missing", ""))
        if self._missing:
            raise MatcherMissing(self._missing)
        return True

    def find(self, small: Image) -> list[Face]:
        answer = self._ask({"do": "find", "shape": small.shape}, small.tobytes())
        return [Face(*(float(number) for number in one)) for one in answer.head["faces"]]

    def describe(self, image: Image, face: Face) -> Descriptor:
        where = [face.left, face.top, face.width, face.height, face.confidence]
        return np.frombuffer(self._ask({"do": "describe", "shape": image.shape, "face": where}, image.tobytes()).body)

    def close(self) -> None:
        """End the process. The end of ours ends it too."""
        self._child.kill()

    def _ask(self, head: Mapping[str, Any], body: bytes = b"") -> Message:
        deadline = Deadline.after(_LONGEST)
        self._child.send(head, body, deadline=deadline)
        answer = self._child.receive(deadline)
        self.spent = float(answer.head["spent"])
        return answer


class _Detector:
    """Implements ``Detector``: the picture is made small here, so that little of it travels."""

    name = LibFaceDetector.name

    def __init__(self, networks: Networks, width: int) -> None:
        self._networks, self._width = networks, width

    def find(self, image: Image) -> list[Face]:
        small = narrowed(image, self._width)
        return [face.scaled(image.shape[1] / small.shape[1]) for face in self._networks.find(small)]


class _Matcher:
    """Implements ``Matcher``: the face and what is around it travels."""

    name = DlibMatcher.name

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def describe(self, image: Image, face: Face) -> Descriptor:
        height, width = image.shape[:2]
        left = max(0, int(face.left - _AROUND * face.width))
        top = max(0, int(face.top - _AROUND * face.height))
        right = min(width, int(face.left + (1 + _AROUND) * face.width))
        bottom = min(height, int(face.top + (1 + _AROUND) * face.height))
        placed = Face(face.left - left, face.top - top, face.width, face.height, face.confidence)
        return self._networks.describe(image[top:bottom, left:right], placed)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        return float(np.linalg.norm(one - other))
