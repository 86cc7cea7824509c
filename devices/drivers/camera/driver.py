"""The camera as the terminal drives it: preview and face check, in a child that is ended whenever it hangs.

Imports neither cv2 nor numpy: OpenCV may block for ever, and brings Qt plugins of its own. Nothing runs and nothing is
captured until a preview or a check needs it; ``release`` (or a minute of rest, noticed by ``poll``) ends the child.
Never stores a picture, never checks liveness.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from devices.contracts.camera import (
    FaceDiffers,
    FaceHint,
    FaceMatched,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    FrameListener,
    HintListener,
)
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.drivers.camera.protocol import FAULTS, fault_of, outcome_of
from devices.drivers.camera.session import Session, garbage
from devices.drivers.camera.source import reach, state_when_gone, without_login
from devices.transports.child_channel import Message
from devices.vision.parameters import LARGEST_THRESHOLD, LIMITS, CaptureParameters, FaceParameters, as_json

_FACE_PACKAGES = ("yuface", "dlib", "face_recognition_models")
_STATES = {"frozen": State.HARDWARE_ERROR, "covered": State.USER_ERROR, "no-permission": State.HARDWARE_ERROR}


@dataclass(frozen=True, slots=True)
class Limits:
    """Times of the driver, in seconds."""

    start: float = 10.0
    """Longest the child may take to be ready (0.4 s when the files are cached)."""
    silence: float = 4.0
    """Longest the child may be silent during a check (a cold start of the matcher is the longest silence)."""
    margin: float = 0.4
    """What a check keeps back of its deadline for ending a hung child."""
    retry: float = 3.0
    """A check whose child failed starts again when at least this much of its deadline is left."""
    rest: float = 60.0
    """Without preview and check for this long, ``poll`` ends the child."""
    remember: float = 60.0
    """How long a fault that was seen stays in the status while nobody looks."""


class CameraDriver:
    """Implements ``devices.contracts.camera.Camera``; see there. ``cancel_check`` may be called by any thread.

    ``face_threshold`` replaces the one of ``face``; DeviceError ``bad-threshold`` unless it lies above 0 and at most
    at the 0.6 that dlib documents."""

    def __init__(
        self,
        source: str,
        *,
        capture: CaptureParameters | None = None,
        face: FaceParameters | None = None,
        face_threshold: float | None = None,
        limits: Limits | None = None,
    ) -> None:
        face = face or FaceParameters()
        if face_threshold is not None:
            face = replace(face, threshold=_checked(face_threshold))
        self._source = source
        self._limits = limits or Limits()
        self._session = Session(
            {
                "do": "configure",
                "source": source,
                "capture": as_json(capture or CaptureParameters()),
                "face": as_json(face),
            },
            self._note,
        )
        self._preview = False
        self._used = time.monotonic()
        self._seen: tuple[Fault | None, float] = (None, 0.0)
        self._called_off = threading.Event()  # of the newest check
        self._counts = dict.fromkeys(("checks", "matched", "differs", "unclear", "reference", "unavailable"), 0)

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("camera", "camera", without_login(self._source))

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {"preview": "jpeg", "face": "missing" if missing_packages() else "match", "liveness": "no"}

    def open(self, deadline: Deadline) -> None:
        """Succeeds when the source is there. Starts nothing."""
        if importlib.util.find_spec("cv2") is None:
            raise DeviceError(
                "opencv-missing",
                "OpenCV is not installed",
                advice="install opencv-python-headless<5",
                retryable=False,
                action=Action.CONFIGURE,
            )
        reach(self._source, deadline)

    def close(self) -> None:
        self.stop_preview()
        self._session.kill()

    def prepare(self, deadline: Deadline) -> Mapping[str, str]:
        """Start the child and load the matcher ahead of need (0.6 s), so that the check begins at once.

        Returns names of ``detector`` and ``matcher``, or ``missing``. The source is not opened yet."""
        try:
            self._session.start(deadline.sooner(self._limits.start))
            answer = self._ask({"do": "prepare"}, deadline)
        except DeviceError:
            self._session.kill()
            raise
        self._used = time.monotonic()
        names = ("detector", "matcher", "missing")
        return {name: str(answer.head[name]) for name in names if answer.head.get(name)}

    def release(self) -> None:
        """End preview and child: memory and descriptors go back. It starts again at the next need."""
        self.stop_preview()
        self._session.stop(Deadline.after(0.5))

    def start_preview(self, listener: FrameListener) -> None:
        """See Camera. Raises DeviceError when the child does not start. The listener is called by one thread of the
        driver's and may take its time: it gets the next frame, the newest then, when it returns."""
        self._session.deliver_to(listener)
        resumed = self._session.running
        self._preview = True
        self._session.start(Deadline.after(self._limits.start))
        if resumed:
            self._session.post({"do": "preview", "on": True}, Deadline.after(1.0))

    def stop_preview(self) -> None:
        self._session.deliver_to(None)
        if self._preview and self._session.running:
            try:
                self._session.post({"do": "preview", "on": False}, Deadline.after(1.0))
            except DeviceError:
                self._session.kill()
        self._preview = False
        self._used = time.monotonic()

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
        self._end_if_hung(outcome)
        again = isinstance(outcome, FaceUnavailable) and outcome.reason.code in ("frozen", *_CHILD_CODES)
        if again and not self._called_off.is_set() and deadline.remaining() >= self._limits.retry:
            outcome = self._match_once(reference, deadline, hint)
            self._end_if_hung(outcome)
        if isinstance(outcome, FaceUnavailable):
            self._note(outcome.reason.code, outcome.reason)
        elif isinstance(outcome, FaceMatched | FaceDiffers):
            self._note(None)
        self._used = time.monotonic()
        self._counts[_COUNTED[type(outcome).__name__]] += 1
        return outcome

    def cancel_check(self) -> None:
        """End a running ``match_face`` early (it returns FaceUnclear or what is known by then). Any thread: what has
        to be said to the child is said by the one that checks."""
        self._called_off.set()
        self._session.wake()

    def abandon(self) -> None:
        """See Camera."""
        self._session.abandon()

    def look(self, deadline: Deadline, *, picture: bool = False, live: bool = False) -> tuple[Mapping[str, Any], bytes]:
        """One frame's facts: size, light, faces, hint, fault; with ``picture`` its JPEG too. For bench and self-test.

        ``live`` waits for a second frame that differs from the first: only then is the camera known not to hang."""
        try:
            self._session.start(deadline.sooner(self._limits.start))
            seconds = max(0.1, deadline.remaining() - self._limits.margin)
            answer = self._ask({"do": "look", "seconds": seconds, "picture": picture, "live": live}, deadline)
        except DeviceError:
            self._session.kill()
            raise
        self._used = time.monotonic()
        self._note(answer.head.get("fault"))
        if answer.head.get("fault") in _HUNG:
            self._session.kill()
        facts = {key: value for key, value in answer.head.items() if key not in ("is", "id", "captured_at")}
        if "captured_at" in answer.head:
            facts["age"] = round(max(0.0, time.monotonic() - float(answer.head["captured_at"])), 3)
        return facts, answer.body

    def poll(self, deadline: Deadline) -> Status:
        """At rest: is the source there (no picture is taken: ``details["evidence"]`` says so). While frames flow: how
        the child is; a hung one is ended and started again."""
        if not self._preview and time.monotonic() - self._used > self._limits.rest and self._session.running:
            self.release()
        if not self._preview and not self._session.running:
            return self._poll_source(deadline)
        try:
            self._session.start(deadline.sooner(self._limits.start))
            answer = self._ask({"do": "status"}, deadline)
        except DeviceError as error:
            self._session.kill()
            return Status(State.UNKNOWN, (error.fault(),), details={"evidence": "child"})
        if not answer.head.get("flowing"):
            return self._poll_source(deadline)
        code = answer.head.get("fault")
        if code in _HUNG:
            self._session.kill()  # the next poll, or the next use, starts it afresh
        self._note(code)
        return self._status(fault_of(str(code)) if code else None, "frames")

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL: the child starts and has its matcher. EXTERNAL: a picture comes, with content. INTERACTIVE: the
        same, and a person says whether the picture is right."""
        limits = "; ".join(LIMITS)
        if level is Level.INTERNAL:
            tools = self.prepare(deadline)
            report = tools.get("missing") or f"{tools.get('detector')}; {tools.get('matcher')}; {limits}"
            return TestResult(level, "missing" not in tools, report)
        facts, _ = self.look(deadline, live=True)
        if facts["fault"] is not None:
            return TestResult(level, False, fault_of(str(facts["fault"])).detail)
        faces = "no matcher installed" if facts["faces"] is None else f"{len(facts['faces'])} face(s)"
        report = f"{facts['width']}x{facts['height']}, light {facts['light']}, {faces}; {limits}"
        return TestResult(level, None if level is Level.INTERACTIVE else True, report)

    def reset(self, deadline: Deadline) -> None:
        """End the child and forget what was seen; a running preview begins again."""
        self._session.kill()
        self._seen = (None, 0.0)
        if self._preview:
            self._session.start(deadline.sooner(self._limits.start))

    def statistics(self) -> Mapping[str, int]:
        return {**self._counts, "child-starts": self._session.starts, "frames": self._session.frames}

    def child_memory(self) -> int:
        """Resident memory of the child in bytes; 0 when none runs."""
        return self._session.resident_bytes()

    def child_pid(self) -> int | None:
        return self._session.pid

    def _match_once(self, reference: bytes, deadline: Deadline, hint: HintListener | None) -> FaceOutcome:
        def pass_on(message: Message) -> None:
            if hint is not None and message.head.get("hint") in _HINTS:
                hint(_HINTS[message.head["hint"]])

        def look_up(number: int) -> None:
            if self._called_off.is_set():  # now, or while the child was starting
                self._session.post({"do": "cancel", "id": number}, deadline)

        try:
            self._session.start(deadline.sooner(self._limits.start))
            seconds = deadline.remaining() - self._limits.margin
            if seconds <= 0:
                return FaceUnclear(FaceHint.NO_FACE)
            head = {"do": "match", "seconds": seconds}
            answer = self._session.ask(
                head, reference, deadline=deadline, silence=self._limits.silence, meanwhile=pass_on, look_up=look_up
            )
        except DeviceError as error:
            return FaceUnavailable(error.fault())
        try:
            return outcome_of(answer.head)
        except (KeyError, TypeError, ValueError):
            return FaceUnavailable(garbage("an unknown outcome").fault())

    def _end_if_hung(self, outcome: FaceOutcome) -> None:
        if isinstance(outcome, FaceUnavailable) and outcome.reason.code in (*_HUNG, *_CHILD_CODES):
            self._session.kill()

    def _ask(self, head: Mapping[str, Any], deadline: Deadline) -> Message:
        return self._session.ask(head, deadline=deadline, silence=self._limits.silence)

    def _note(self, code: object, fault: Fault | None = None) -> None:
        """Remember what was last seen wrong with the pictures (called by the session's thread, too)."""
        if code != "matcher-missing":
            self._seen = (None if code is None else fault or fault_of(str(code)), time.monotonic())

    def _poll_source(self, deadline: Deadline) -> Status:
        try:
            reach(self._source, deadline)
        except DeviceError as error:
            state = state_when_gone(self._source) if error.code == "gone" else _STATES.get(error.code, State.UNKNOWN)
            return Status(state, (error.fault(),), details={"evidence": "source"})
        fault, when = self._seen
        if fault is not None and time.monotonic() - when < self._limits.remember:
            return self._status(fault, "last use")
        return self._status(None, "source")

    def _status(self, fault: Fault | None, evidence: str) -> Status:
        state = State.ONLINE
        if fault is not None:
            state = state_when_gone(self._source) if fault.code == "gone" else _STATES.get(fault.code, State.UNKNOWN)
        faults: tuple[Fault, ...] = (fault,) if fault is not None else ()
        if missing_packages():
            faults += (FAULTS["matcher-missing"],)
        return Status(state, faults, details={"evidence": evidence})


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
_HUNG = ("frozen", "gone")  # the capture may hang inside OpenCV: only a new process helps
_CHILD_CODES = ("child-died", "child-silent", "child-garbage")
_COUNTED = {
    "FaceMatched": "matched",
    "FaceDiffers": "differs",
    "FaceUnclear": "unclear",
    "ReferenceUnusable": "reference",
    "FaceUnavailable": "unavailable",
}


@cache
def missing_packages() -> tuple[str, ...]:
    """Packages of the extra ``face`` that are not installed. Looks, imports nothing."""
    return tuple(name for name in _FACE_PACKAGES if importlib.util.find_spec(name) is None)
