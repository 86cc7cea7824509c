"""What the camera's child does beside the preview: one look, the face check. Runs in the child only (imports cv2)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import cv2

from devices.contracts.camera import (
    FaceHint,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    ReferenceUnusable,
)
from devices.contracts.liveness import LivenessOutcome, LivenessUnavailable, NotLive, NotLiveReason
from devices.drivers.camera.liveness import Proof, Tools
from devices.drivers.camera.protocol import fault_of, liveness_head, outcome_head
from devices.transports.child_channel import Channel, Message
from devices.vision.agreement import Agreement
from devices.vision.capture import Capture, CaptureFault, Shot
from devices.vision.face import (
    Descriptor,
    Detector,
    DlibMatcher,
    Face,
    LibFaceDetector,
    Matcher,
    MatcherMissing,
    ReferenceProblem,
    describe_reference,
)
from devices.vision.mesh import FaceMesh, MeshMissing
from devices.vision.parameters import FaceParameters, LivenessParameters
from devices.vision.quality import advise
from devices.vision.serving import Inbox, Server, facts_of


class Worker(Server):
    """Looks and compares; see ``Server`` for the rest."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        super().__init__(channel, inbox)
        self._face_parameters = FaceParameters()
        self._live_parameters = LivenessParameters()
        self._mesh: FaceMesh | None = None
        self._tools: tuple[Detector, Matcher] | None = None

    def configure(self, head: Mapping[str, Any]) -> None:
        self._face_parameters = FaceParameters(**head["face"])
        self._live_parameters = LivenessParameters(**head["liveness"])

    def serve(self, message: Message) -> None:
        head = message.head
        match head.get("do"):
            case "prepare":
                self._prepare(head)
            case "look":
                self._look(head)
            case "match":
                outcome = self._match(message)
                self.send({"is": "outcome", "id": head["id"], **outcome_head(outcome)})
            case "prove":
                self.send({"is": "outcome", "id": head["id"], **liveness_head(self._prove(message))})

    def _load(self) -> tuple[Detector, Matcher]:
        if self._tools is None:
            wanted = self._face_parameters
            self._tools = LibFaceDetector(confidence=wanted.confidence, width=wanted.detector_width), DlibMatcher()
        return self._tools

    def _prepare(self, head: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"is": "prepared", "id": head["id"], "matcher": None, "detector": None}
        try:
            detector, matcher = self._load()
        except MatcherMissing as error:
            answer["missing"] = str(error)
        else:
            answer |= {"detector": detector.name, "matcher": matcher.name}
            answer["liveness"] = self._load_mesh().name if head.get("liveness") else ""
        self.send(answer)

    def _load_mesh(self) -> FaceMesh:
        if self._mesh is None:
            self._mesh = FaceMesh()
        return self._mesh

    def _look(self, head: Mapping[str, Any]) -> None:
        """One frame's facts, for the bench tool and self-tests. The picture goes along only when asked for."""
        until = time.monotonic() + float(head["seconds"])
        capture, body = self.flow(), b""
        answer: dict[str, Any] = {"is": "looked", "id": head["id"]}
        shot = self.first(capture, until, live=bool(head.get("live")))
        if isinstance(shot, Shot):
            answer |= facts_of(shot) | self._faces(shot)
            if head.get("picture"):
                body = cv2.imencode(".jpg", shot.image)[1].tobytes()
        fault = self.fault or (shot if isinstance(shot, CaptureFault) else None)
        answer["fault"] = fault.value if fault is not None else None if isinstance(shot, Shot) else "gone"
        self.send(answer, body)

    def _faces(self, shot: Shot) -> dict[str, Any]:
        try:
            detector, _ = self._load()
        except MatcherMissing:
            return {"faces": None, "hint": None}
        faces = detector.find(shot.image)
        hint = advise(shot.image, faces, None, self._face_parameters)
        boxes = [[round(f.left), round(f.top), round(f.width), round(f.height), round(f.confidence, 2)] for f in faces]
        return {"faces": boxes, "hint": hint.value if hint is not None else None}

    def _match(self, message: Message) -> FaceOutcome:
        until = time.monotonic() + float(message.head["seconds"])
        capture = self.flow()  # opens while the models load
        wanted = self._face_parameters
        try:
            detector, matcher = self._load()
            reference = describe_reference(message.body, detector, matcher, max_bytes=wanted.max_reference_bytes)
        except MatcherMissing:
            return FaceUnavailable(fault_of("matcher-missing"))
        except ReferenceProblem as error:
            return ReferenceUnusable(str(error))
        return self._compare(capture, reference, detector, matcher, until)

    def _compare(
        self, capture: Capture, reference: Descriptor, detector: Detector, matcher: Matcher, until: float
    ) -> FaceOutcome:
        agreement, hint = Agreement(self._face_parameters), FaceHint.NO_FACE
        sequence, before, told = capture.sequence, None, False  # only what is seen from now on
        while isinstance(shot := self.next(capture, sequence, until), Shot):
            sequence = shot.sequence
            if not shot.fresh:
                continue  # the same picture again proves nothing
            faces = detector.find(shot.image)
            problem = advise(shot.image, faces, before, self._face_parameters)
            before = faces[0] if faces else None
            if problem in (FaceHint.SEVERAL_FACES, FaceHint.NO_FACE):
                agreement = Agreement(self._face_parameters)  # the frames that agree must be of one person who stayed
            if problem is None:
                face: Face = faces[0]
                problem = FaceHint.HOLD_STILL
                verdict = agreement.add(matcher.distance(reference, matcher.describe(shot.image, face)))
                if verdict is not None:
                    return verdict
            if problem is not hint or not told:
                hint, told = problem, True
                self.send({"is": "hint", "hint": hint.value})
        if isinstance(shot, CaptureFault):
            return FaceUnavailable(fault_of(shot.value))
        if self.fault is CaptureFault.COVERED:
            return FaceUnavailable(fault_of("covered"))
        return agreement.at_deadline() or FaceUnclear(hint)

    def _prove(self, message: Message) -> LivenessOutcome:
        """The liveness check; see ``devices.drivers.camera.liveness``."""
        until = time.monotonic() + float(message.head["seconds"])
        capture = self.flow()  # opens while the models load
        wanted, reference = self._face_parameters, None
        try:
            detector, matcher = self._load()
            tools = Tools(detector, matcher, self._load_mesh())
            if message.body:
                reference = describe_reference(message.body, detector, matcher, max_bytes=wanted.max_reference_bytes)
        except (MatcherMissing, MeshMissing):
            return LivenessUnavailable(fault_of("liveness-missing"))
        except ReferenceProblem:
            return NotLive(NotLiveReason.ANOTHER_FACE)  # nothing can be shown to be the face on it
        proof = Proof(tools, wanted, self._live_parameters, reference, self.send)
        sequence = capture.sequence  # only what is seen from now on
        while isinstance(shot := self.next(capture, sequence, until), Shot):
            sequence = shot.sequence
            if shot.fresh and (outcome := proof.see(shot)) is not None:  # the same picture again is no sign of life
                return outcome
        if isinstance(shot, CaptureFault):
            return LivenessUnavailable(fault_of(shot.value))
        if self.fault is CaptureFault.COVERED:
            return LivenessUnavailable(fault_of("covered"))
        return proof.at_deadline()
