"""The document camera as the terminal drives it: preview with outline, pages, codes, in a child that can be killed.

Imports neither cv2 nor numpy; see ``devices.drivers.capturing`` for what every camera's driver does. Never stores a
picture: a page exists in the answer alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, DeviceInfo, Level, TestResult
from devices.contracts.document_camera import (
    CaptureOutcome,
    DocumentFrame,
    DocumentHint,
    DocumentHintListener,
    DocumentUnavailable,
    NotCaptured,
    Page,
)
from devices.contracts.inspection import ReadBack
from devices.drivers.capturing import CHILD_CODES, CapturingDriver, Limits
from devices.drivers.document_camera.protocol import fault_of, frame_of, outcome_of
from devices.transports.child_channel import Message
from devices.transports.child_session import garbage
from devices.vision.inspection_message import read_back_of
from devices.vision.parameters import (
    CaptureParameters,
    DocumentParameters,
    InspectionParameters,
    as_json,
    changed,
)
from devices.vision.source import without_login

_MODULE = "devices.drivers.document_camera.child"
_HINTS = {hint.value: hint for hint in DocumentHint}
OPENING = 30.0  # s for the child: a matter is half filled in then, and the machine may have much to do
NOT_CALIBRATED = "gates not calibrated on a real document camera"


class DocumentCameraDriver(CapturingDriver[DocumentFrame]):
    """Implements ``devices.contracts.document_camera.DocumentCamera``, and ``CodeScanner`` beside it.

    ``mm_per_pixel`` is what a pixel of the full picture covers on the desk: with it sizes and dpi are measured.
    ``document`` changes single numbers of ``DocumentParameters``. DeviceError ``bad-parameter``."""

    def __init__(
        self,
        source: str,
        *,
        mm_per_pixel: float = 0.0,
        document: Mapping[str, float | bool] | None = None,
        capture: CaptureParameters | None = None,
        limits: Limits | None = None,
        inspection: InspectionParameters | None = None,
    ) -> None:
        wanted = changed(DocumentParameters(), {**(document or {}), "mm_per_pixel": mm_per_pixel})
        self._measures = wanted.mm_per_pixel > 0
        configuration = {
            "capture": as_json(capture or CaptureParameters(rate=10.0, width=960)),
            "document": as_json(wanted),
        }
        usual = Limits(margin=1.0, start=OPENING)
        judged = inspection or InspectionParameters()
        super().__init__(source, _MODULE, configuration, frame_of=frame_of, limits=limits or usual, inspection=judged)
        self._counts = dict.fromkeys(("captures", "pages", "not-captured", "unavailable"), 0)

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("document_camera", "document_camera", without_login(self._source))

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {
            "preview": "jpeg",
            "pages": "jpeg",
            "sizes": "measured" if self._measures else "by ratio",
            "codes": "qr dataMatrix pdf417 code128 ean",
            "gates": "not calibrated",
        }

    def prepare(self, deadline: Deadline) -> Mapping[str, str]:
        """Start the child ahead of need. The source is not opened yet."""
        self.request({"do": "prepare"}, deadline)
        return {"opencv": self._session.opencv}

    def capture(
        self,
        deadline: Deadline,
        *,
        next_page: bool = False,
        hint: DocumentHintListener | None = None,
        called_off: threading.Event | None = None,
    ) -> CaptureOutcome:
        """See DocumentCamera. A hung or dead child is ended and the capture begins again if time allows. ``hint`` is
        called by this thread. A child that was started again no longer knows the page taken last."""
        self._called_off = called_off or threading.Event()
        if self._called_off.is_set():
            return NotCaptured(DocumentHint.NO_DOCUMENT)
        self._counts["captures"] += 1
        outcome = self._capture_once(deadline, next_page, hint)
        again = isinstance(outcome, DocumentUnavailable) and outcome.reason.code in ("frozen", *CHILD_CODES)
        if again and not self._called_off.is_set() and deadline.remaining() >= self._limits.retry:
            outcome = self._capture_once(deadline, next_page, hint)
        match outcome:
            case Page():
                self._counts["pages"] += 1
                self._note(None)
            case NotCaptured():
                self._counts["not-captured"] += 1
            case DocumentUnavailable(reason):
                self._counts["unavailable"] += 1
                self._note(reason.code, reason)
        self._used = time.monotonic()
        return outcome

    def read_back(self, deadline: Deadline) -> ReadBack | NotCaptured | DocumentUnavailable:
        """See ``contracts.inspection.ReadingBack``. A child that hangs is ended; nothing is begun again."""
        self._called_off = threading.Event()
        head = {"do": "read-back", "inspection": as_json(self._inspection)}
        try:
            answer = self.attend(head, b"", deadline, lambda _: None)
            if answer is None:
                return NotCaptured(DocumentHint.NO_DOCUMENT)
            if answer.head.get("kind") == "read-back":
                return read_back_of(answer.head)
            outcome = outcome_of(answer)
            if isinstance(outcome, Page):
                raise TypeError("a page was not asked for")
        except DeviceError as error:
            outcome = DocumentUnavailable(error.fault())
        except (KeyError, TypeError, ValueError):
            outcome = DocumentUnavailable(garbage("an unknown outcome").fault())
        if isinstance(outcome, DocumentUnavailable):
            self._note(outcome.reason.code, outcome.reason)
            self._end_if_hung(outcome.reason.code)
        return outcome

    def cancel_capture(self) -> None:
        """End a running ``capture`` early (it returns NotCaptured). Any thread."""
        self.cancel()

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL: the child starts. EXTERNAL: a picture comes, with content. INTERACTIVE: the same, and a person
        says whether the outline on the screen lies on the paper."""
        if level is Level.INTERNAL:
            names = self.prepare(deadline)
            return TestResult(level, True, f"OpenCV {names['opencv']}; {NOT_CALIBRATED}")
        facts, _ = self.look(deadline, live=True)
        if facts["fault"] is not None:
            return TestResult(level, False, fault_of(str(facts["fault"])).detail)
        seen = f"{facts['width']}x{facts['height']}, light {facts['light']}, {facts['papers']} paper(s)"
        return TestResult(level, None if level is Level.INTERACTIVE else True, f"{seen}; {NOT_CALIBRATED}")

    def statistics(self) -> Mapping[str, int]:
        return {**self._counts, "child-starts": self._session.starts, "frames": self._session.frames}

    def _capture_once(self, deadline: Deadline, next_page: bool, hint: DocumentHintListener | None) -> CaptureOutcome:
        def pass_on(message: Message) -> None:
            if hint is not None and message.head.get("hint") in _HINTS:
                hint(_HINTS[message.head["hint"]])

        try:
            answer = self.attend({"do": "capture", "next": next_page}, b"", deadline, pass_on)
            outcome = NotCaptured(DocumentHint.NO_DOCUMENT) if answer is None else outcome_of(answer)
        except DeviceError as error:
            outcome = DocumentUnavailable(error.fault())
        except (KeyError, TypeError, ValueError):
            outcome = DocumentUnavailable(garbage("an unknown outcome").fault())
        if isinstance(outcome, DocumentUnavailable):
            self._end_if_hung(outcome.reason.code)
        return outcome
