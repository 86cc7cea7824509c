"""What the child does: preview, one look, the face check. Runs in the child process only (imports cv2)."""

from __future__ import annotations

import queue
import time
from collections import deque
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
from devices.drivers.camera.protocol import fault_of, outcome_head
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
from devices.vision.parameters import CaptureParameters, FaceParameters
from devices.vision.quality import advise

_TICK = 0.1  # seconds between looks at the inbox while frames flow


class Worker:
    """Serves the parent's commands, one after the other; the preview goes on during a check."""

    def __init__(self, channel: Channel, inbox: queue.SimpleQueue[Message]) -> None:
        self._channel, self._inbox = channel, inbox
        self._capture_parameters, self._face_parameters = CaptureParameters(), FaceParameters()
        self._capture: Capture | None = None
        self._tools: tuple[Detector, Matcher] | None = None
        self._preview = False
        self._credit = False
        self._previewed = 0
        self._last_use = 0.0
        self._fault: CaptureFault | None = None
        self._told = False  # whether the parent knows the fault, or its absence, of this run of the capture
        self._later: deque[Message] = deque()
        self._request = 0
        self.cancelled = 0  # id of the newest request that was called off; set by the command thread

    def run(self) -> None:
        """Until the channel ends (EOFError)."""
        while True:
            capture = self._capture
            flowing = capture is not None and capture.running
            # At rest: blocked, no cost. While frames flow: the capture sets the pace.
            wait = None if not flowing else 0.0 if self._sendable() else _TICK
            try:
                message = self._later.popleft() if self._later else self._inbox.get(timeout=wait)
            except queue.Empty:
                pass
            else:
                self._obey(message)
                continue
            if capture is None:
                continue
            self._report_fault(capture)
            if self._sendable():
                self._send_preview(capture.newest(self._previewed, _TICK))
            if not self._preview and time.monotonic() - self._last_use > self._capture_parameters.linger:
                capture.stop()

    def status(self, now: float) -> dict[str, Any]:
        """For ``status``; called from the command thread."""
        capture = self._capture
        fault = capture.fault() if capture is not None else None
        return {
            "flowing": capture is not None and capture.running,
            "fault": fault.value if fault is not None else None,
            "now": now,
        }

    def _sendable(self) -> bool:
        return self._preview and self._credit

    def _obey(self, message: Message) -> None:
        head = message.head
        self._request = int(head.get("id", 0))
        match head.get("do"):
            case "configure":
                self._capture_parameters = CaptureParameters(**head["capture"])
                self._face_parameters = FaceParameters(**head["face"])
                self._capture = Capture(head["source"], self._capture_parameters)
            case "prepare":
                self._prepare(head)
            case "preview":
                self._preview = self._credit = bool(head["on"])
                self._last_use = time.monotonic()
                if self._preview:
                    self._flow()
            case "more":
                self._credit = True
            case "look":
                self._look(head)
            case "match":
                outcome = self._match(message)
                self._last_use = time.monotonic()
                self._channel.send({"is": "outcome", "id": head["id"], **outcome_head(outcome)})

    def _flow(self) -> Capture:
        if self._capture is None:
            raise RuntimeError("configure comes first")
        if not self._capture.running:
            self._told = False
            self._capture.start()
        return self._capture

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
        self._channel.send(answer)

    def _report_fault(self, capture: Capture) -> None:
        fault = capture.fault()
        if fault is not self._fault or (not self._told and capture.sequence > capture.first):
            self._fault, self._told = fault, True
            self._channel.send({"is": "fault", "code": fault.value if fault is not None else None})

    def _send_preview(self, shot: Shot | None) -> None:
        if shot is None:
            return
        image = shot.image
        scale = self._capture_parameters.width / image.shape[1]
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # cv2's stub widens the dtype
        done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
        if not done:
            return
        self._previewed, self._credit = shot.sequence, False
        height, width = image.shape[:2]
        head = {"is": "frame", "width": width, "height": height, "sequence": shot.sequence, "captured_at": shot.seen}
        self._channel.send(head, jpeg.tobytes())

    def _next(self, capture: Capture, after: int, until: float) -> Shot | CaptureFault | None:
        """The next shot; a fault that ends the wait (gone, frozen); None at ``until`` or on cancel.

        Keeps the preview going, which shares these shots."""
        while (left := until - time.monotonic()) > 0 and self.cancelled < self._request:
            self._serve_preview()
            shot = capture.newest(after, min(left, _TICK))
            self._report_fault(capture)
            if self._fault in (CaptureFault.GONE, CaptureFault.FROZEN):
                return self._fault
            if shot is not None:
                if self._sendable():
                    self._send_preview(shot)
                return shot
        return None

    def _serve_preview(self) -> None:
        """Obey what concerns the preview; the rest waits for its turn."""
        request = self._request
        while not self._inbox.empty():
            queued = self._inbox.get()
            if queued.head.get("do") in ("preview", "more"):
                self._obey(queued)
            else:
                self._later.append(queued)
        self._request = request

    def _look(self, head: Mapping[str, Any]) -> None:
        """One frame's facts, for the bench tool and self-tests. The picture goes along only when asked for."""
        until = time.monotonic() + float(head["seconds"])
        capture, body = self._flow(), b""
        answer: dict[str, Any] = {"is": "looked", "id": head["id"]}
        shot = self._next(capture, capture.sequence, until)
        while isinstance(shot, Shot) and shot.empty and self._fault is None:
            if (later := self._next(capture, shot.sequence, until)) is None:
                break
            shot = later  # covered is said only after a while of it
        if head.get("live") and isinstance(shot, Shot):
            shot = self._fresh_after(capture, shot, until)
        self._last_use = time.monotonic()
        if isinstance(shot, Shot):
            answer |= self._facts(shot)
            if head.get("picture"):
                body = cv2.imencode(".jpg", shot.image)[1].tobytes()
        fault = self._fault or (shot if isinstance(shot, CaptureFault) else None)
        answer["fault"] = fault.value if fault is not None else None if isinstance(shot, Shot) else "gone"
        self._channel.send(answer, body)

    def _fresh_after(self, capture: Capture, shot: Shot, until: float) -> Shot | CaptureFault | None:
        """A later shot with another picture, or the fault that there is none."""
        later = self._next(capture, shot.sequence, until)
        while isinstance(later, Shot) and not later.fresh:
            later = self._next(capture, later.sequence, until)
        return later

    def _facts(self, shot: Shot) -> dict[str, Any]:
        height, width = shot.image.shape[:2]
        facts: dict[str, Any] = {
            "width": width,
            "height": height,
            "captured_at": shot.seen,
            "light": round(shot.light, 1),
            "deviation": round(shot.deviation, 1),
        }
        try:
            detector, _ = self._load()
        except MatcherMissing:
            return facts | {"faces": None, "hint": None}
        faces = detector.find(shot.image)
        hint = advise(shot.image, faces, None, self._face_parameters)
        boxes = [[round(f.left), round(f.top), round(f.width), round(f.height), round(f.confidence, 2)] for f in faces]
        return facts | {"faces": boxes, "hint": hint.value if hint is not None else None}

    def _match(self, message: Message) -> FaceOutcome:
        until = time.monotonic() + float(message.head["seconds"])
        capture = self._flow()  # opens while the models load
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
        while isinstance(shot := self._next(capture, sequence, until), Shot):
            sequence = shot.sequence
            if not shot.fresh:
                continue  # the same picture again proves nothing
            faces = detector.find(shot.image)
            problem = advise(shot.image, faces, before, self._face_parameters)
            before = faces[0] if faces else None
            if problem is None:
                face: Face = faces[0]
                problem = FaceHint.HOLD_STILL
                verdict = agreement.add(matcher.distance(reference, matcher.describe(shot.image, face)))
                if verdict is not None:
                    return verdict
            if problem is not hint or not told:
                hint, told = problem, True
                self._channel.send({"is": "hint", "hint": hint.value})
        if isinstance(shot, CaptureFault):
            return FaceUnavailable(fault_of(shot.value))
        if self._fault is CaptureFault.COVERED:
            return FaceUnavailable(fault_of("covered"))
        return agreement.at_deadline() or FaceUnclear(hint)
