"""What camera drivers share: a child that is ended whenever it hangs, a preview, a status that names its evidence.

Imports neither cv2 nor numpy: OpenCV may block for ever, and brings Qt plugins of its own. Nothing runs and nothing is
captured until a preview or a request needs it; ``release`` (or a minute of rest, noticed by ``poll``) ends the child.
Never stores a picture.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from devices.contracts.code_scanner import NoCode, ScannedCode, ScanOutcome
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, State, Status
from devices.contracts.inspection import Inspection
from devices.transports.child_channel import Message
from devices.transports.child_session import Session, garbage
from devices.vision.code_message import SeenCode, code_of
from devices.vision.inspection_message import inspection_of
from devices.vision.parameters import InspectionParameters, as_json
from devices.vision.source import FAULTS, UNKNOWN_FAULT, reach, state_when_gone

FrameT = TypeVar("FrameT")
HUNG = ("frozen", "gone")  # the capture may hang inside OpenCV: only a new process helps
_AGAIN = 0.2  # seconds between two looks at a code that was given already
_SHORTEST = 0.5  # seconds: with less left the child is not asked, as its answer could come too late
CHILD_CODES = ("child-died", "child-silent", "child-garbage")
_INSPECTION_FAULTS = {
    "occupied": Fault("occupied", Action.CLEAR, "something lies under the camera, or somebody stands before it"),
    "bad-reference": Fault("bad-reference", Action.CONFIGURE, "the kept reference is of another camera or size"),
}
_STATES = {"frozen": State.HARDWARE_ERROR, "covered": State.USER_ERROR, "no-permission": State.HARDWARE_ERROR}
_ENVIRONMENT = {
    # One thread each: two cores serve the whole terminal, and every pool costs memory.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "ERROR",
    "OPENCV_IO_MAX_IMAGE_PIXELS": str(2**25),  # a small file that claims to be a huge picture is refused
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Times of a camera's driver, in seconds."""

    start: float = 10.0
    """Longest the child may take to be ready (0.4 s when the files are cached)."""
    silence: float = 4.0
    """Longest the child may be silent during a request (a cold start of the matcher is the longest silence)."""
    margin: float = 0.4
    """What a request keeps back of its deadline for ending a hung child."""
    retry: float = 3.0
    """A check whose child failed starts again when at least this much of its deadline is left."""
    rest: float = 60.0
    """Without preview and request for this long, ``poll`` ends the child."""
    remember: float = 60.0
    """How long a fault that was seen stays in the status while nobody looks."""


class CapturingDriver(Generic[FrameT]):
    """One source, one child at a time. All methods belong to the actor's thread, ``cancel`` and ``abandon`` to any."""

    def __init__(
        self,
        source: str,
        module: str,
        configuration: Mapping[str, Any],
        *,
        frame_of: Callable[[Message], FrameT],
        limits: Limits | None,
        inspection: InspectionParameters,
    ) -> None:
        self._source, self._inspection = source, inspection
        self._limits = limits or Limits()
        self._session: Session[FrameT] = Session(
            module,
            {"do": "configure", "source": source, **configuration},
            environment=_ENVIRONMENT,
            frame_of=frame_of,
            on_fault=self._note,
        )
        self._preview = False
        self._used = time.monotonic()
        self._seen: tuple[Fault | None, float] = (None, 0.0)
        self._called_off = threading.Event()  # of the newest request
        self._codes: deque[ScannedCode] = deque()
        self._given: set[bytes] = set()

    def missing(self) -> tuple[Fault, ...]:
        """Faults of what is not installed; they do not block."""
        return ()

    def fault_of(self, code: str) -> Fault:
        """The fault for a code of the child; an unknown code is a fault too."""
        return FAULTS.get(code) or UNKNOWN_FAULT

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

    def release(self) -> None:
        """End preview and child: memory and all that was seen go back. It starts again at the next need."""
        self.stop_preview()
        self._session.stop(Deadline.after(0.5))

    def start_preview(self, listener: Callable[[FrameT], None]) -> None:
        """Deliver frames until ``stop_preview``. Raises DeviceError when the child does not start. The listener is
        called by one thread of the driver's and may take its time: it gets the next frame, the newest then, when it
        returns."""
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

    def abandon(self) -> None:
        """Kill the child, from any thread, within a second: for when ``release`` does not come to its turn."""
        self._session.abandon()

    def look(self, deadline: Deadline, *, picture: bool = False, live: bool = False) -> tuple[Mapping[str, Any], bytes]:
        """One frame's facts: size, light, what is seen in it, fault; with ``picture`` its JPEG too. For bench and
        self-test.

        ``live`` waits for a second frame that differs from the first: only then is the camera known not to hang."""
        answer = self.request({"do": "look", "picture": picture, "live": live}, deadline)
        self._note(answer.head.get("fault"))
        if answer.head.get("fault") in HUNG:
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
            return self._starting() if self._preview else self._poll_source(deadline)
        code = answer.head.get("fault")
        if code in HUNG and not answer.head.get("retrying"):
            self._session.kill()  # the next poll, or the next use, starts it afresh
        if code is None and not answer.head.get("seen"):
            return self._starting()  # being opened: that nothing is wrong yet does not make it well
        self._note(code)
        return self._status(self.fault_of(str(code)) if code else None, "frames")

    def reset(self, deadline: Deadline) -> None:
        """End the child and forget what was seen; a running preview begins again."""
        self._session.kill()
        self._seen = (None, 0.0)
        if self._preview:
            self._session.start(deadline.sooner(self._limits.start))

    def child_memory(self) -> int:
        """Resident memory of the child in bytes; 0 when none runs."""
        return self._session.resident_bytes()

    def child_pid(self) -> int | None:
        return self._session.pid

    def request(self, head: Mapping[str, Any], deadline: Deadline, body: bytes = b"") -> Message:
        """One question to the child, started if need be, with its ``seconds``. DeviceError, and no child any more,
        when there is no answer by the deadline."""
        try:
            self._session.start(deadline.sooner(self._limits.start))
            seconds = max(0.1, self._for_the_child(deadline))
            answer = self._ask({**head, "seconds": seconds}, deadline, body)
        except DeviceError:
            self._session.kill()
            raise
        self._used = time.monotonic()
        return answer

    def attend(
        self, head: Mapping[str, Any], body: bytes, deadline: Deadline, meanwhile: Callable[[Message], None]
    ) -> Message | None:
        """A request that tells of itself on its way and may be called off (``cancel``). None: no time for it was
        left. Raises DeviceError; ending the child then is the caller's."""

        def look_up(number: int) -> None:
            if self._called_off.is_set():  # now, or while the child was starting
                self._session.post({"do": "cancel", "id": number}, deadline)

        self._session.start(deadline.sooner(self._limits.start))
        seconds = self._for_the_child(deadline)
        if seconds <= 0:
            return None
        return self._session.ask(
            {**head, "seconds": seconds},
            body,
            deadline=deadline,
            silence=self._limits.silence,
            meanwhile=meanwhile,
            look_up=look_up,
        )

    def begin(self, deadline: Deadline) -> None:
        """For codes before the camera (``contracts.code_scanner.CodeScanner``): what was seen before is dropped."""
        self._codes.clear()
        self._session.start(deadline.sooner(self._limits.start))

    def scan(self, deadline: Deadline) -> ScanOutcome:
        """The next code; NoCode at the deadline. Codes seen in one picture come one after the other. DeviceError."""
        while not self._codes:
            if deadline.remaining() < _SHORTEST:
                return NoCode()
            codes = self.seen_codes(deadline)
            self._codes.extend(one.code for one in codes if one.code.data not in self._given)
            self._given = {one.code.data for one in codes}  # a code that stays before the camera is given once
            if codes and not self._codes:
                time.sleep(min(_AGAIN, deadline.remaining()))  # the same code still lies there
        return self._codes.popleft()

    def end(self, deadline: Deadline) -> None:
        """Forget what was seen."""
        self._codes.clear()
        self._given.clear()

    def inspect(self, reference: bytes, deadline: Deadline) -> Inspection:
        """See ``contracts.inspection.Inspecting``. A covered camera is an answer here, no error."""
        answer = self._inspected("compare", reference, deadline)
        try:
            return inspection_of(answer.head)
        except (KeyError, TypeError, ValueError):
            self._session.kill()
            raise garbage("an inspection without its findings") from None

    def take_reference(self, deadline: Deadline) -> bytes:
        """See ``contracts.inspection.Inspecting``."""
        return self._inspected("take", b"", deadline).body

    def _inspected(self, what: str, reference: bytes, deadline: Deadline) -> Message:
        head = {"do": "inspect", "what": what, "inspection": as_json(self._inspection)}
        answer = self.request(head, deadline, reference)
        code = answer.head.get("fault")
        if code is not None:
            self._end_if_hung(str(code))
            fault = _INSPECTION_FAULTS.get(str(code)) or self.fault_of(str(code))
            raise DeviceError(fault.code, fault.detail, advice=fault.detail, retryable=True, action=fault.action)
        return answer

    def seen_codes(self, deadline: Deadline) -> tuple[SeenCode, ...]:
        """Codes of the first picture that has any, with their places; none at the deadline. DeviceError otherwise."""
        answer = self.request({"do": "scan"}, deadline)
        code = answer.head.get("fault")
        self._note(code)
        if code is not None:
            self._end_if_hung(str(code))
            fault = self.fault_of(str(code))
            raise DeviceError(fault.code, fault.detail, advice=fault.detail, retryable=True, action=fault.action)
        try:
            return tuple(code_of(one) for one in answer.head["codes"])
        except (KeyError, TypeError, ValueError):
            self._session.kill()
            raise garbage("a code without its measures") from None

    def cancel(self) -> None:
        """End a running request early. Any thread: what has to be said to the child is said by the one that asks."""
        self._called_off.set()
        self._session.wake()

    def _for_the_child(self, deadline: Deadline) -> float:
        """Seconds of a deadline that the child may use: it answers before its parent gives it up."""
        left = deadline.remaining()
        return left - min(self._limits.margin, left / 3)

    def _ask(self, head: Mapping[str, Any], deadline: Deadline, body: bytes = b"") -> Message:
        return self._session.ask(head, body, deadline=deadline, silence=self._limits.silence)

    def _end_if_hung(self, code: str) -> None:
        if code in (*HUNG, *CHILD_CODES):
            self._session.kill()

    def _note(self, code: object, fault: Fault | None = None) -> None:
        """Remember what was last seen wrong with the pictures (called by the session's thread, too)."""
        known = None if code is None else fault or self.fault_of(str(code))
        if known is None or known.blocking:
            self._seen = (known, time.monotonic())

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

    def _starting(self) -> Status:
        fault, when = self._seen
        if fault is not None and time.monotonic() - when < self._limits.remember:
            return self._status(fault, "last use")
        return Status(State.STARTING, self.missing(), details={"evidence": "frames"})

    def _status(self, fault: Fault | None, evidence: str) -> Status:
        state = State.ONLINE
        if fault is not None:
            state = state_when_gone(self._source) if fault.code == "gone" else _STATES.get(fault.code, State.UNKNOWN)
        faults: tuple[Fault, ...] = (fault,) if fault is not None else ()
        return Status(state, (*faults, *self.missing()), details={"evidence": evidence})
