"""Reading pages, in a process of its own that can be killed: 文字识别 by RapidOCR (PP-OCRv4), where it is installed.

Standard library only, for the parent's side. The child (``ocr_child``) takes some 400 MB: it is started by the first
page and ends by itself when no page comes for a while. Nothing is stored; a page lives in the two processes' memory.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Mapping
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level, TestResult
from devices.contracts.reading import FoundField, Reading, TextLine
from devices.transports.child import ChildProcess
from devices.transports.child_channel import Message
from devices.vision import ocr_fields
from devices.vision.parameters import OCR_MISSING, OCR_UNTRIED, OcrParameters

_MODULE = "devices.vision.ocr_child"
_PACKAGES = ("rapidocr_onnxruntime", "onnxruntime", "cv2")
_LONGEST = 8.0  # s: with more of a deadline left a child that died under a page is given the page again
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_LOG_LEVEL": "ERROR"}
_REFUSED = {
    "ocr-missing": (OCR_MISSING, "Install the extra 'ocr'; without it papers are scanned, not read.", False),
    "picture-malformed": ("the page is no picture that can be read", "Take the page again.", True),
    "picture-too-large": ("the page has more pixels than are read", "Let the camera send smaller pictures.", False),
}  # fmt: skip
"""What the child may answer in place of lines: what it means, what to do, whether trying again can help."""


class OcrReader:
    """Implements ``devices.contracts.reading.PageReader``. One page at a time; who comes second waits his turn."""

    def __init__(self, parameters: OcrParameters | None = None) -> None:
        self._parameters = parameters or OcrParameters()
        self._child = ChildProcess(_MODULE, environment=_ENVIRONMENT)
        self._turn = threading.Lock()
        self._released = 0  # how often
        self._failures = 0

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {"ocr": "not installed" if self.missing() else "installed", "accuracy": "untried on camera pictures"}

    @staticmethod
    def missing() -> tuple[str, ...]:
        """Packages that are not installed. Nothing is imported to know it."""
        return tuple(name for name in _PACKAGES if importlib.util.find_spec(name) is None)

    def read(self, jpeg: bytes, deadline: Deadline) -> Reading:
        """See PageReader."""
        answer = self._ask({"do": "read"}, jpeg, deadline)
        try:
            return _reading(answer.head)
        except (KeyError, TypeError, ValueError):
            self.release()
            raise DeviceError(
                "child-garbage", "the reading process sent lines without their measures",
                advice="It was ended; update the software if it happens again.", retryable=True,
            ) from None  # fmt: skip

    def fields(self, document: str, reading: Reading) -> tuple[FoundField, ...]:
        return ocr_fields.extract(document, reading)

    def release(self) -> None:
        self._released += 1
        if self._turn.acquire(blocking=False):
            try:
                self._child.kill()
            finally:
                self._turn.release()
        else:
            self._child.abandon()  # whoever is reading clears away behind it

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        if level is Level.INTERNAL:
            engine = self._ask({"do": "load"}, b"", deadline).head.get("engine", "")
            return TestResult(level, True, f"{engine}; {OCR_UNTRIED}")
        right = self._ask({"do": "test"}, b"", deadline).head.get("right") is True
        return TestResult(level, right, f"digits drawn for it were read {'right' if right else 'wrong'}; {OCR_UNTRIED}")

    def child_pid(self) -> int | None:
        return self._child.pid

    def child_memory(self) -> int:
        """Resident memory of the child in bytes; 0 when none runs."""
        return self._child.resident_bytes()

    @property
    def starts(self) -> int:
        return self._child.starts

    @property
    def failures(self) -> int:
        """See PageReader."""
        return self._failures

    def _ask(self, head: Mapping[str, Any], body: bytes, deadline: Deadline) -> Message:
        released = self._released
        if self.missing():
            raise _refusal("ocr-missing")
        if len(body) > self._parameters.max_bytes:
            raise _refusal("picture-too-large")
        if not self._turn.acquire(timeout=deadline.remaining()):
            raise DeviceError("child-silent", "another page is being read", advice="Try again.", retryable=True)
        try:
            answer = self._exchange(head, body, deadline, released)
        finally:
            self._turn.release()
        if (code := answer.head.get("fault")) is not None:
            raise _refusal(str(code))
        return answer

    def _exchange(self, head: Mapping[str, Any], body: bytes, deadline: Deadline, released: int) -> Message:
        """A child that died (killed, or at rest and just gone) is started once more where time is left for it."""
        while True:
            if self._released != released:
                raise _ended()
            try:
                return self._once(head, body, deadline, released)
            except DeviceError as error:
                self._child.kill()
                self._failures += self._released == released
                again = error.code == "child-died" and deadline.remaining() >= _LONGEST and "again" not in head
                if not again and self._released == released:
                    raise
                head = {**head, "again": True}

    def _once(self, head: Mapping[str, Any], body: bytes, deadline: Deadline, released: int) -> Message:
        if not self._child.running:
            self._child.start()
            if self._released != released:  # in the middle of the start: ``release`` has found no child to end
                raise _ended()
            self._child.send({"do": "begin", **_settings(self._parameters)}, deadline=deadline)
        self._child.send(head, body, deadline=deadline)
        return self._child.receive(deadline)


def _ended() -> DeviceError:
    return DeviceError("reading-ended", "the reading was called off", advice="Begin again.", retryable=True)


def _settings(parameters: OcrParameters) -> dict[str, Any]:
    return {"idle": parameters.idle, "max_pixels": parameters.max_pixels, "threads": parameters.threads}


def _reading(head: Mapping[str, Any]) -> Reading:
    lines = tuple(TextLine(str(text), float(sure), *(float(side) for side in box)) for text, sure, box in head["lines"])
    turn = int(head["turn"])
    if turn not in (0, 90, 180, 270):
        raise ValueError("no quarter turn")
    return Reading(lines, int(head["width"]), int(head["height"]), turn)


def _refusal(code: str) -> DeviceError:
    words, advice, retryable = _REFUSED.get(code, ("the reading process refused", "Try again.", True))
    action = Action.CONFIGURE if not retryable else Action.RESET
    return DeviceError(code, words, advice=advice, retryable=retryable, action=action)
