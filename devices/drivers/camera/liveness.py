"""The liveness check in the camera's child: pictures to poses, poses to the course, faces compared at every rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts.camera import FaceHint
from devices.contracts.liveness import Challenge, Live, NotLive, NotLiveReason
from devices.vision.capture import Shot
from devices.vision.face import Descriptor, Detector, Face, Matcher
from devices.vision.liveness import Asked, Course, Reading, Rested, drawn
from devices.vision.mesh import FaceMesh
from devices.vision.parameters import FaceParameters, LivenessParameters
from devices.vision.quality import advise

Tell = Callable[[Mapping[str, Any]], None]
_GOES_ON = (FaceHint.HOLD_STILL, FaceHint.BLURRED)  # said of a head that moves as it was asked to
_LOWEST_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Tools:
    """What the check looks with."""

    detector: Detector
    matcher: Matcher
    mesh: FaceMesh


class Proof:
    """One check. ``reference`` is the descriptor of the card's picture, or None."""

    def __init__(
        self, tools: Tools, face: FaceParameters, live: LivenessParameters, reference: Descriptor | None, tell: Tell
    ) -> None:
        self._tools, self._face, self._live, self._tell = tools, face, live, tell
        self._known = reference
        self._challenges = drawn(live.challenges)
        self._course = Course(self._challenges, live)
        self._before: Face | None = None
        self._hint: FaceHint | None = None
        self._asked: tuple[Challenge | None, int] = (None, 0)
        self._several = 0

    def see(self, shot: Shot) -> Live | NotLive | None:
        """What follows from one picture more; None while the check goes on."""
        face, hint = self._judged(shot)
        if hint is FaceHint.SEVERAL_FACES:
            self._several += 1
            if self._course.started and self._several >= self._live.pictures:
                return NotLive(NotLiveReason.SEVERAL_FACES)
        else:
            self._several = 0
        if face is not None and self._course.started and self._jumped(face):
            return NotLive(NotLiveReason.FACE_LOST)
        reading = None if face is None else self._reading(shot, face)
        self._before = face or self._before
        event = self._course.see(reading, shot.seen)
        if isinstance(event, NotLiveReason):
            return NotLive(event)
        if isinstance(event, Rested) and face is not None:
            if not self._same(shot, face):
                return NotLive(NotLiveReason.ANOTHER_FACE)
            if event.done:
                return Live(self._challenges)
            event = self._course.ask(shot.seen)
        self._say(event if isinstance(event, Asked) else None, hint)
        return None

    def at_deadline(self) -> NotLive:
        """What is said when time is up."""
        if self._course.started:
            return NotLive(NotLiveReason.NO_RESPONSE)
        several = self._hint is FaceHint.SEVERAL_FACES
        return NotLive(NotLiveReason.SEVERAL_FACES if several else NotLiveReason.NO_FACE)

    def _judged(self, shot: Shot) -> tuple[Face | None, FaceHint | None]:
        """The one usable face, and what stands in the way."""
        faces = self._tools.detector.find(shot.image)
        hint = advise(shot.image, faces, None, self._face)
        usable = hint is None or (hint in _GOES_ON and self._course.started)
        return (faces[0] if faces and usable else None), hint

    def _jumped(self, face: Face) -> bool:
        if self._before is None:
            return False
        (x, y), (u, v) = face.middle, self._before.middle
        return max(abs(x - u), abs(y - v)) > self._live.jump * face.width

    def _reading(self, shot: Shot, face: Face) -> Reading | None:
        pose = self._tools.mesh.pose(shot.image, face)
        return Reading(pose.eyes, pose.turn) if pose.sure >= _LOWEST_SURE else None

    def _same(self, shot: Shot, face: Face) -> bool:
        """Whether the face at rest is the one on the card, or the one of the first rest."""
        seen = self._tools.matcher.describe(shot.image, face)
        if self._known is None:
            self._known = seen
            return True
        return self._tools.matcher.distance(self._known, seen) < self._face.threshold

    def _say(self, asked: Asked | None, hint: FaceHint | None) -> None:
        if asked is not None:
            self._asked = asked.challenge, asked.number
        shown = None if self._course.started and hint in _GOES_ON else hint
        if asked is None and shown is self._hint:
            return
        self._hint = shown
        challenge, number = self._asked
        self._tell(
            {
                "is": "prompt",
                "challenge": None if challenge is None else challenge.value,
                "number": number,
                "total": len(self._challenges),
                "hint": None if shown is None else shown.value,
            }
        )
