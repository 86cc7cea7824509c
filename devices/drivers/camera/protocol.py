"""Messages between the camera driver and its child: JSON heads over ``devices.transports.child``.

To the child (``do``): ``configure`` source capture face | ``prepare`` | ``preview`` on | ``more`` (the last frame was
taken, send the next) | ``look`` seconds picture live | ``match`` seconds + body reference | ``cancel`` | ``status``.
From the child (``is``): ``ready`` | ``prepared`` | ``frame`` + body JPEG | ``hint`` | ``outcome`` | ``looked`` |
``status`` | ``fault`` code. Requests carry ``id``; its answer echoes it. Frames and faults come unasked, while frames
flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.contracts.camera import (
    FaceDiffers,
    FaceHint,
    FaceMatched,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    Frame,
    ReferenceUnusable,
)
from devices.contracts.device import Action, Fault
from devices.transports.child_channel import Message

FAULTS: Mapping[str, Fault] = {
    fault.code: fault
    for fault in (
        Fault("gone", Action.CALL_TECHNICIAN, "the camera's source does not open or has ended: check cable and power"),
        Fault("frozen", Action.RESET, "the camera sends no new pictures"),
        Fault("covered", Action.CLEAR, "the camera sees nothing: uncover and clean the lens"),
        Fault(
            "matcher-missing",
            Action.CONFIGURE,
            "the face matcher is not installed (optional extra 'face')",
            blocking=False,
        ),
    )
}
"""Faults the child may report, by code. Codes of the transport (``child-died`` …) come with their error."""


def fault_of(code: str) -> Fault:
    """The fault for a code of the child; an unknown code is a fault too."""
    return FAULTS.get(code) or Fault("child-garbage", Action.RESET, "the camera process reported an unknown fault")


def outcome_head(outcome: FaceOutcome) -> dict[str, Any]:
    """An outcome as the fields of an ``outcome`` message."""
    match outcome:
        case FaceMatched(distance, threshold):
            return {"kind": "matched", "distance": distance, "threshold": threshold}
        case FaceDiffers(distance, threshold):
            return {"kind": "differs", "distance": distance, "threshold": threshold}
        case FaceUnclear(hint):
            return {"kind": "unclear", "hint": hint.value}
        case ReferenceUnusable(reason):
            return {"kind": "reference", "reason": reason}
        case FaceUnavailable(fault):
            return {"kind": "unavailable", "code": fault.code}


def outcome_of(head: Mapping[str, Any]) -> FaceOutcome:
    """The outcome in an ``outcome`` message; raises ValueError, KeyError or TypeError on garbage."""
    match head["kind"]:
        case "matched":
            return FaceMatched(float(head["distance"]), float(head["threshold"]))
        case "differs":
            return FaceDiffers(float(head["distance"]), float(head["threshold"]))
        case "unclear":
            return FaceUnclear(FaceHint(head["hint"]))
        case "reference":
            return ReferenceUnusable(str(head["reason"]))
        case "unavailable":
            return FaceUnavailable(fault_of(str(head["code"])))
        case kind:
            raise ValueError(f"unknown outcome {kind!r}")


def frame_of(message: Message) -> Frame:
    """The preview frame in a ``frame`` message; raises ValueError, KeyError or TypeError on garbage."""
    head = message.head
    return Frame(
        message.body, int(head["width"]), int(head["height"]), int(head["sequence"]), float(head["captured_at"])
    )
