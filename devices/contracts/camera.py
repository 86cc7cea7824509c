"""Camera with vision beside it, in one killable child process: preview frames and the face check (人脸核验)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault


@dataclass(frozen=True, slots=True)
class Frame:
    """One preview frame, stamped where it was captured."""

    jpeg: bytes
    width: int
    height: int
    sequence: int
    captured_at: float  # monotonic seconds

    def __repr__(self) -> str:
        return f"Frame({self.width}x{self.height} #{self.sequence})"


class FaceHint(Enum):
    """What the person in front can do better; the value is the message key."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    CENTRE = "centre"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"
    HOLD_STILL = "hold_still"


@dataclass(frozen=True, slots=True)
class FaceMatched:
    """Same person, as far as the matcher can tell. Distance below threshold."""

    distance: float
    threshold: float


@dataclass(frozen=True, slots=True)
class FaceDiffers:
    """Not the person on the card, as far as the matcher can tell."""

    distance: float
    threshold: float


@dataclass(frozen=True, slots=True)
class FaceUnclear:
    """No usable face was seen before the deadline."""

    hint: FaceHint


@dataclass(frozen=True, slots=True)
class ReferenceUnusable:
    """The card's picture shows no usable face: verify another way."""

    reason: str


@dataclass(frozen=True, slots=True)
class FaceUnavailable:
    """Camera or matcher failed: verify another way."""

    reason: Fault


FaceOutcome = FaceMatched | FaceDiffers | FaceUnclear | ReferenceUnusable | FaceUnavailable
FrameListener = Callable[[Frame], None]
HintListener = Callable[[FaceHint], None]


class Camera(Device, Protocol):
    """Frames and face checks. Pictures never leave the child but as preview frames; nothing is stored."""

    def start_preview(self, listener: FrameListener) -> None:
        """Deliver frames from the camera's own thread until ``stop_preview``; the newest, at the driver's rate."""
        ...

    def stop_preview(self) -> None: ...

    def match_face(
        self,
        reference: bytes,
        *,
        deadline: Deadline,
        hint: HintListener | None = None,
        called_off: Event | None = None,
    ) -> FaceOutcome:
        """Compare the person in front with a picture (BMP, PNG, JPEG or WebP bytes). ``called_off``, once set, keeps
        it from beginning; ``cancel_check`` after it ends a running one."""
        ...

    def cancel_check(self) -> None:
        """End a running ``match_face`` early, from any thread. Returns at once."""
        ...

    def abandon(self) -> None:
        """Kill the child, from any thread, within a second: for when ``release`` does not come to its turn."""
        ...

    def prepare(self, deadline: Deadline) -> Mapping[str, str]:
        """Warm up ahead of a check."""
        ...

    def release(self) -> None:
        """Let go of camera and child; both start again when next needed."""
        ...
