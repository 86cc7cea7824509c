"""Active liveness (活体检测): a random sequence of blinks and turns of the head, asked for and watched.

Stops a photograph and a frozen picture. Not claimed: a film that happens to do the right thing, a mask, a screen that
reacts. The check is a help, never the only way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from devices.contracts.camera import Camera, FaceHint
from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault


class Challenge(Enum):
    """What the person is asked to do; left and right are the person's own. The value is the message key."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"


@dataclass(frozen=True, slots=True)
class LivenessPrompt:
    """What to tell the person now: a challenge (the ``number``-th of ``total``, from 1), or with None to look straight
    into the camera; ``hint`` is what keeps the check from going on."""

    challenge: Challenge | None
    number: int
    total: int
    hint: FaceHint | None = None


class NotLiveReason(Enum):
    """Why the person was not shown to be live."""

    NO_FACE = "no_face"  # no usable face, or never at rest, before the deadline
    SEVERAL_FACES = "several_faces"
    NO_RESPONSE = "no_response"  # a challenge was not answered in time
    WRONG_MOVE = "wrong_move"  # something else was done, or it was done before it was asked
    FACE_LOST = "face_lost"  # it left the picture, or jumped, in between
    ANOTHER_FACE = "another_face"  # not the same face throughout, or not the one on the card


@dataclass(frozen=True, slots=True)
class Live:
    """Every challenge was answered, by one face throughout."""

    challenges: tuple[Challenge, ...]


@dataclass(frozen=True, slots=True)
class NotLive:
    """Not shown to be live. Says nothing of intent: trying again is right."""

    reason: NotLiveReason


@dataclass(frozen=True, slots=True)
class LivenessUnavailable:
    """Not offered here (``liveness-missing``), or the camera failed."""

    reason: Fault


LivenessOutcome = Live | NotLive | LivenessUnavailable
PromptListener = Callable[[LivenessPrompt], None]


class LivenessCamera(Camera, Protocol):
    """A camera that can ask for a sign of life. ``capabilities["liveness"]`` is ``challenge`` or ``missing``."""

    def prove_live(
        self,
        *,
        deadline: Deadline,
        prompt: PromptListener,
        reference: bytes = b"",
        called_off: Event | None = None,
    ) -> LivenessOutcome:
        """Ask and watch. With ``reference`` (a picture as for ``match_face``) the face at rest between the challenges
        must also be the one on it. ``cancel_check`` ends it early. Raises nothing that an outcome can say."""
        ...
