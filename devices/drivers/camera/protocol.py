"""Messages between the camera driver and its child: JSON heads over ``devices.transports.child_session``.

To the child (``do``): ``configure`` source capture face | ``prepare`` | ``preview`` on | ``more`` (the last frame was
taken, send the next) | ``look`` seconds picture live | ``match`` seconds + body reference | ``scan`` seconds |
``prove`` seconds + body reference | ``inspect`` what (compare, take) seconds inspection + body reference | ``cancel`` |
``status``.
From the child (``is``): ``ready`` | ``prepared`` | ``frame`` + body JPEG | ``hint`` | ``prompt`` | ``outcome`` |
``looked`` | ``scanned`` codes fault | ``inspected`` + body | ``status`` flowing fault seen
retrying | ``fault`` code. Requests carry ``id``; its
answer echoes it. Frames and faults come unasked, while frames flow.
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
from devices.contracts.liveness import (
    Challenge,
    Live,
    LivenessOutcome,
    LivenessPrompt,
    LivenessUnavailable,
    NotLive,
    NotLiveReason,
)
from devices.transports.child_channel import Message
from devices.vision import source

FAULTS: Mapping[str, Fault] = {
    **source.FAULTS,
    "matcher-missing": Fault(
        "matcher-missing",
        Action.CONFIGURE,
        "the face matcher is not installed (optional extra 'face')",
        blocking=False,
    ),
    "liveness-missing": Fault(
        "liveness-missing",
        Action.CONFIGURE,
        "the liveness check is not installed (optional extras 'face' and 'liveness')",
        blocking=False,
    ),
}
"""Faults the child may report, by code. Codes of the transport (``child-died`` …) come with their error."""


def fault_of(code: str) -> Fault:
    """The fault for a code of the child; an unknown code is a fault too."""
    return FAULTS.get(code) or source.UNKNOWN_FAULT


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


def liveness_head(outcome: LivenessOutcome) -> dict[str, Any]:
    """An outcome of ``prove`` as the fields of an ``outcome`` message."""
    match outcome:
        case Live(challenges):
            return {"kind": "live", "challenges": [one.value for one in challenges]}
        case NotLive(reason):
            return {"kind": "not-live", "reason": reason.value}
        case LivenessUnavailable(fault):
            return {"kind": "unavailable", "code": fault.code}


def liveness_of(head: Mapping[str, Any]) -> LivenessOutcome:
    """The outcome of ``prove``; raises ValueError, KeyError or TypeError on garbage: nothing else is a sign of life."""
    match head["kind"]:
        case "live":
            challenges = tuple(Challenge(one) for one in head["challenges"])
            if not challenges:
                raise ValueError("live without a challenge")
            return Live(challenges)
        case "not-live":
            return NotLive(NotLiveReason(head["reason"]))
        case "unavailable":
            return LivenessUnavailable(fault_of(str(head["code"])))
        case kind:
            raise ValueError(f"unknown outcome {kind!r}")


def prompt_of(head: Mapping[str, Any]) -> LivenessPrompt:
    """What to tell the person; raises ValueError, KeyError or TypeError on garbage."""
    challenge, hint = head["challenge"], head["hint"]
    return LivenessPrompt(
        None if challenge is None else Challenge(challenge),
        int(head["number"]),
        int(head["total"]),
        None if hint is None else FaceHint(hint),
    )


def frame_of(message: Message) -> Frame:
    """The preview frame in a ``frame`` message; raises ValueError, KeyError or TypeError on garbage."""
    head = message.head
    return Frame(
        message.body, int(head["width"]), int(head["height"]), int(head["sequence"]), float(head["captured_at"])
    )
