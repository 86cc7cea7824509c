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
    Face,
    Image,
    Matcher,
    MatcherMissing,
)
from devices.vision.mesh import FaceMesh, MeshMissing
from devices.vision.networks import Networks
from devices.vision.parameters import FaceParameters, LivenessParameters
from devices.vision.preview import TICK
from devices.vision.quality import advise
from devices.vision.reference import ReferenceProblem, describe_reference
from devices.vision.serving import Inbox, Server, facts_of


class Worker(Server):
    """Looks and compares; see ``Server`` for the rest."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        super().__init__(channel, inbox)
        self._face_parameters = FaceParameters()
        self._live_parameters = LivenessParameters()
        self._mesh: FaceMesh | None = None
        self._networks: Networks | None = None

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

    def _load(self, until: float) -> tuple[Detector, Matcher] | None:
        """None where they are not loaded in time, or the request was called off meanwhile. MatcherMissing."""
        if self._networks is None:
            wanted = self._face_parameters
            self._networks = Networks(confidence=wanted.confidence, width=wanted.detector_width)
        while not self._networks.ready(TICK):
            if time.monotonic() > until or self.called_off:
                return None
        return self._networks.detector, self._networks.matcher

    def _prepare(self, head: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"is": "prepared", "id": head["id"], "matcher": None, "detector": None}
        try:
            tools = self._load(time.monotonic() + float(head["seconds"]))
        except MatcherMissing as error:
            answer["missing"] = str(error)
        else:
            if tools is None:
                answer["missing"] = "the face networks did not load in time"
            else:
                answer |= {"detector": tools[0].name, "matcher": tools[1].name}
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
            answer |= facts_of(shot) | self._faces(shot, until)
            if head.get("picture"):
                body = cv2.imencode(".jpg", shot.image)[1].tobytes()
        fault = self.fault or (shot if isinstance(shot, CaptureFault) else None)
        answer["fault"] = fault.value if fault is not None else None if isinstance(shot, Shot) else "gone"
        self.send(answer, body)

    def _faces(self, shot: Shot, until: float) -> dict[str, Any]:
        try:
            tools = self._load(until)
        except MatcherMissing:
            tools = None
        if tools is None:
            return {"faces": None, "hint": None}
        faces = tools[0].find(shot.image)
        hint = advise(shot.image, faces, None, self._face_parameters)
        boxes = [[round(f.left), round(f.top), round(f.width), round(f.height), round(f.confidence, 2)] for f in faces]
        return {"faces": boxes, "hint": hint.value if hint is not None else None}

    def occupied(self, image: Image, until: float) -> bool:
        """Whether somebody stands there, as far as the detector is installed and can tell."""
        try:
            tools = self._load(until)
        except MatcherMissing:
            return False
        return tools is not None and bool(tools[0].find(image))

    def _match(self, message: Message) -> FaceOutcome:
        until = time.monotonic() + float(message.head["seconds"])
        capture = self.flow()  # opens while the models load
        wanted = self._face_parameters
        try:
            if (tools := self._load(until)) is None:
                return self._without_look(capture)
            detector, matcher = tools
            reference = describe_reference(message.body, detector, matcher, max_bytes=wanted.max_reference_bytes)
        except MatcherMissing:
            return FaceUnavailable(fault_of("matcher-missing"))
        except ReferenceProblem as error:
            return ReferenceUnusable(str(error))
        return self._compare(capture, reference, detector, matcher, until)

    def _without_look(self, capture: Capture) -> FaceUnavailable | FaceUnclear:
        """There was no time for a look: what is wrong with the pictures is known all the same."""
        fault = self.why(capture, None)
        return FaceUnclear(FaceHint.NO_FACE) if fault is None else FaceUnavailable(fault_of(fault.value))

    def _compare(
        self, capture: Capture, reference: Descriptor, detector: Detector, matcher: Matcher, until: float
    ) -> FaceOutcome:
        agreement, hint = Agreement(self._face_parameters), FaceHint.NO_FACE
        sequence, before, told = capture.sequence, None, False  # only what is seen from now on
        due, period = 0.0, 1 / max(1.0, self._face_parameters.looks)
        while isinstance(shot := self.next(capture, sequence, until), Shot):
            sequence = shot.sequence
            if not shot.fresh or shot.seen < due:
                continue  # the same picture again proves nothing
            due = max(due, shot.seen - period) + period
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
        if (fault := self.why(capture, shot)) is not None:
            return FaceUnavailable(fault_of(fault.value))
        return agreement.at_deadline() or FaceUnclear(hint)

    def _prove(self, message: Message) -> LivenessOutcome:
        """The liveness check; see ``devices.drivers.camera.liveness``."""
        until = time.monotonic() + float(message.head["seconds"])
        capture = self.flow()  # opens while the models load
        wanted, reference = self._face_parameters, None
        try:
            if (loaded := self._load(until)) is None:
                fault = self.why(capture, None)
                return NotLive(NotLiveReason.NO_FACE) if fault is None else LivenessUnavailable(fault_of(fault.value))
            detector, matcher = loaded
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
        if (fault := self.why(capture, shot)) is not None:
            return LivenessUnavailable(fault_of(fault.value))
        return proof.at_deadline()
