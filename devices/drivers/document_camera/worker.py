"""What the document camera's child does beside the preview: one look, a page when it is good. The child only."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.contracts.document_camera import DocumentHint, DocumentUnavailable, NotCaptured, Page
from devices.drivers.document_camera.protocol import fault_of, outcome_head, page_head
from devices.transports.child_channel import Channel, Message
from devices.vision.capture import CaptureFault, Shot
from devices.vision.document_look import View, print_of, quad_of, same, take, view
from devices.vision.document_page import encode
from devices.vision.face import Image
from devices.vision.inspection_message import read_back_head
from devices.vision.parameters import DocumentParameters, InspectionParameters
from devices.vision.preview import TICK
from devices.vision.serving import Inbox, Server, facts_of
from devices.vision.steady import Steady
from devices.vision.streaks import judge_jpeg


class Worker(Server):
    """Looks at the desk; see ``Server`` for the rest. Of a page taken a small print is kept, until the child ends."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        super().__init__(channel, inbox)
        self._wanted = DocumentParameters()
        self._viewed: tuple[int, View] = (0, View(DocumentHint.NO_DOCUMENT))
        self._judging = threading.Lock()  # preview and capture share what was seen: no picture is judged twice
        self._taken: NDArray[np.float32] | None = None
        self._steady = 0.0
        self._hint_of_capture: DocumentHint | None = None

    def configure(self, head: Mapping[str, Any]) -> None:
        self._wanted = DocumentParameters(**head["document"])

    def serve(self, message: Message) -> None:
        head = message.head
        match head.get("do"):
            case "prepare":
                self.send({"is": "prepared", "id": head["id"]})
            case "look":
                self._look(head)
            case "read-back":
                self._read_back(head)
            case "capture":
                outcome = self._capture_page(head)
                answer = {"is": "outcome", "id": head["id"]}
                if isinstance(outcome, Page):
                    self.send(answer | page_head(outcome), outcome.jpeg)
                else:
                    self.send(answer | outcome_head(outcome))

    def dress(self, shot: Shot) -> dict[str, Any]:
        """Outline (in the frame's pixels), hint and progress of a preview frame; of the last one judged, where a
        capture takes long over its own."""
        seen = self._view(shot, TICK)
        width = shot.image.shape[1]
        factor = min(1.0, self._capture_parameters.width / width)
        outline = None if seen.outline is None else quad_of(seen.outline.corners, factor)
        hint = seen.hint or self._hint_of_capture
        return {
            "outline": outline,
            "hint": None if hint is None else hint.value,
            "steady": round(self._steady, 3),
        }

    def _view(self, shot: Shot, patience: float = -1) -> View:
        """What is seen in a shot, judged once. With ``patience`` (seconds) the view of an earlier one may do."""
        if self._judging.acquire(timeout=patience):
            try:
                if self._viewed[0] != shot.sequence:
                    self._viewed = shot.sequence, view(shot.image, self._wanted)
                return self._viewed[1]
            finally:
                self._judging.release()
        return self._viewed[1]

    def _look(self, head: Mapping[str, Any]) -> None:
        until = time.monotonic() + float(head["seconds"])
        capture, body = self.flow(), b""
        answer: dict[str, Any] = {"is": "looked", "id": head["id"]}
        shot = self.first(capture, until, live=bool(head.get("live")))
        if isinstance(shot, Shot):
            seen = self._view(shot)
            size = seen.measure
            answer |= facts_of(shot) | {
                "papers": seen.papers,
                "hint": None if seen.hint is None else seen.hint.value,
                "outline": None if seen.outline is None else [[round(x, 1), round(y, 1)] for x, y in seen.quad or ()],
                "size": None if size is None else size.size.value,
                "dpi": None if size is None else size.dpi,
            }
            if head.get("picture"):
                body = encode(shot.image, 95)
        fault = self.fault or (shot if isinstance(shot, CaptureFault) else None)
        answer["fault"] = fault.value if fault is not None else None if isinstance(shot, Shot) else "gone"
        self.send(answer, body)

    def occupied(self, image: Image, until: float) -> bool:
        """Whether a paper lies there."""
        return view(image, self._wanted).papers > 0

    def _read_back(self, head: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"is": "outcome", "id": head["id"]}
        plain = replace(self._wanted, shadow=False, quality=98)  # as it was seen: light is the bars' own matter
        outcome = self._capture_page(head, plain)
        if isinstance(outcome, Page):
            found = judge_jpeg(outcome.jpeg, InspectionParameters(**head["inspection"]))
            self.send(answer | read_back_head(found))
        else:
            self.send(answer | outcome_head(outcome))

    def _capture_page(
        self, head: Mapping[str, Any], wanted: DocumentParameters | None = None
    ) -> Page | NotCaptured | DocumentUnavailable:
        until = time.monotonic() + float(head["seconds"])
        capture = self.flow()
        other = self._taken if head.get("next") else None
        steady: Steady | None = None
        sequence, hint, told = capture.sequence, DocumentHint.NO_DOCUMENT, False  # only what is seen from now on
        try:
            while isinstance(shot := self.next(capture, sequence, until), Shot):
                sequence = shot.sequence
                if not shot.fresh:
                    continue  # the same picture again proves nothing
                if steady is None:
                    move = self._wanted.steady_move * math.hypot(*shot.image.shape[:2])
                    steady = Steady(move, self._wanted.steady_seconds)
                seen = self._view(shot)
                problem = seen.hint
                if problem is None and other is not None and same(other, print_of(shot.image, seen), self._wanted):
                    problem = DocumentHint.NEXT_PAGE
                self._steady = steady.see(seen.quad if problem is None else None, shot.seen)
                if self._steady >= 1:
                    self._taken = print_of(shot.image, seen)
                    return take(shot.image, seen, shot.seen, wanted or self._wanted)
                problem = problem or DocumentHint.HOLD_STILL
                self._hint_of_capture = problem
                if problem is not hint or not told:
                    hint, told = problem, True
                    self.send({"is": "hint", "hint": hint.value})
        finally:
            self._steady, self._hint_of_capture = 0.0, None
        if (fault := self.why(capture, shot)) is not None:
            return DocumentUnavailable(fault_of(fault.value))
        return NotCaptured(hint)
