"""Does the face matcher know the same person again? A picture of a moment ago against whoever stands there now.

The picture is the newest frame of the preview, in memory for as long as the comparison takes; none is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.contracts.camera import (
    FaceDiffers,
    FaceMatched,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    ReferenceUnusable,
)
from devices.contracts.device import DeviceError
from kiosk.health.asking import asked
from kiosk.maintenance.trying import Tried

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.counter.actors import Actor

SECONDS = 20.0


def same_person(actor: Actor, frame: Any) -> Tried:
    """``frame``: of the preview, None where none has come yet. Distance and threshold are in the report."""
    if frame is None:
        return Tried(None, "no picture has come yet")
    reference: bytes = frame.jpeg

    def match(camera: Any, deadline: Deadline) -> FaceOutcome:
        outcome: FaceOutcome = camera.match_face(reference, deadline=deadline)
        return outcome

    try:
        outcome = asked(actor, match, SECONDS)
    except DeviceError as error:
        return Tried(False, str(error), error.code)
    match outcome:
        case FaceMatched(distance, threshold):
            return Tried(True, f"the same person: distance {distance:.3f}, threshold {threshold:.3f}")
        case FaceDiffers(distance, threshold):
            return Tried(False, f"the same person was not known: distance {distance:.3f}, threshold {threshold:.3f}")
        case FaceUnclear(hint):
            return Tried(None, f"no usable face: {hint.value}")
        case ReferenceUnusable(reason):
            return Tried(None, f"no usable face in the picture: {reason}")
        case FaceUnavailable(reason):
            return Tried(False, reason.code, reason.code)
