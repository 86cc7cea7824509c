"""What every camera's child does: frames out as long as somebody wants them, faults told, requests served in between.

Four threads: the main one does what is asked, one reads commands, one captures while frames are wanted, one sends the
preview's. The end of the channel ends the process at once, even while OpenCV blocks. Pictures are held in memory only.
Runs in a child process only (imports cv2). The messages are those of ``devices.transports.child_session``.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import cv2

from devices.transports.child_channel import Channel, Garbage, Message
from devices.vision.capture import Capture, CaptureFault, Shot
from devices.vision.code_message import code_head
from devices.vision.codes import read
from devices.vision.face import Image
from devices.vision.inspection import BadReference, common, inspect, packed
from devices.vision.inspection_message import inspection_head
from devices.vision.parameters import CaptureParameters, CodeParameters, InspectionParameters
from devices.vision.preview import TICK, Preview

Inbox = queue.SimpleQueue[Message]


class Server(ABC):
    """Serves the parent's commands, one after the other; the preview goes its own way."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        self._channel, self._inbox = channel, inbox
        self._capture_parameters = CaptureParameters()
        self._capture: Capture | None = None
        self._preview = Preview(channel, self.dress, self._report_fault)
        self._last_use = 0.0
        self._telling = threading.Lock()  # faults are told in the order in which they were seen
        self._fault: CaptureFault | None = None
        self._told = False  # whether the parent knows the fault, or its absence, of this run of the capture
        self._later: deque[Message] = deque()
        self._request = 0
        self.cancelled = 0  # id of the newest request that was called off; set by the command thread

    @abstractmethod
    def configure(self, head: Mapping[str, Any]) -> None:
        """Take what ``configure`` says beyond source and capture."""

    @abstractmethod
    def serve(self, message: Message) -> None:
        """Do what a request asks and send its answer."""

    def dress(self, shot: Shot) -> dict[str, Any]:
        """What else goes with a preview frame (measures in the frame's own pixels). Called by the preview's thread."""
        return {}

    def run(self) -> None:
        """Until the channel ends (EOFError)."""
        while True:
            capture = self._capture
            flowing = capture is not None and capture.running
            try:  # at rest: blocked, no cost
                message = self._later.popleft() if self._later else self._inbox.get(timeout=TICK if flowing else None)
            except queue.Empty:
                pass
            else:
                self._obey(message)
                continue
            if capture is None:
                continue
            self._report_fault(capture)
            if not self._preview.on and time.monotonic() - self._last_use > self._capture_parameters.linger:
                capture.stop()

    def status(self, now: float) -> dict[str, Any]:
        """For ``status``; called from the command thread."""
        capture = self._capture
        fault = capture.fault() if capture is not None else None
        return {
            "flowing": capture is not None and capture.running,
            "fault": fault.value if fault is not None else None,
            "seen": capture is not None and capture.sequence > capture.first,
            "retrying": capture is not None and capture.retrying(),
            "now": now,
        }

    def more(self) -> None:
        """A preview frame was taken; called from the command thread."""
        self._preview.more()

    def _obey(self, message: Message) -> None:
        head = message.head
        self._request = int(head.get("id", 0))
        match head.get("do"):
            case "configure":
                self._capture_parameters = CaptureParameters(**head["capture"])
                self._capture = Capture(head["source"], self._capture_parameters)
                self.configure(head)
            case "preview":
                if head["on"]:
                    self._preview.start(self.flow(), self._capture_parameters.width)
                else:
                    self._preview.stop()
                self._last_use = time.monotonic()
            case "scan":
                self._scan(head)
                self._last_use = time.monotonic()
            case "inspect":
                self._inspect(message)
                self._last_use = time.monotonic()
            case _:
                self.serve(message)
                self._last_use = time.monotonic()

    def flow(self) -> Capture:
        """The capture, running."""
        if self._capture is None:
            raise RuntimeError("configure comes first")
        if not self._capture.running:
            with self._telling:
                self._told = False
            self._capture.start()
        return self._capture

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        self._channel.send(head, body)

    @property
    def called_off(self) -> bool:
        """Whether the request that is served was called off."""
        return self.cancelled >= self._request

    @property
    def fault(self) -> CaptureFault | None:
        """What was last seen wrong with the pictures."""
        return self._fault

    def next(self, capture: Capture, after: int, until: float) -> Shot | CaptureFault | None:
        """The next shot; a fault that ends the wait (gone, frozen); None at ``until`` or on cancel."""
        while (left := until - time.monotonic()) > 0 and not self.called_off:
            self._turn_preview()
            shot = capture.newest(after, min(left, TICK))
            self._report_fault(capture)
            if self._fault in (CaptureFault.GONE, CaptureFault.FROZEN):
                return self._fault
            if shot is not None:
                return shot
        return None

    def why(self, capture: Capture, ended: CaptureFault | None) -> CaptureFault | None:
        """What is wrong with the pictures, once the wait for the next one has ``ended``: also at a deadline that came
        before anybody could look."""
        self._report_fault(capture)
        return ended or self._fault

    def first(self, capture: Capture, until: float, *, live: bool = False) -> Shot | CaptureFault | None:
        """A shot from now on, with content unless the lens is covered; with ``live`` one that differs from it."""
        shot = self.next(capture, capture.sequence, until)
        while isinstance(shot, Shot) and shot.empty and self._fault is None:
            if (later := self.next(capture, shot.sequence, until)) is None:
                break
            shot = later  # covered is said only after a while of it
        if live and isinstance(shot, Shot):
            return self._fresh_after(capture, shot, until)
        return shot

    def _fresh_after(self, capture: Capture, shot: Shot, until: float) -> Shot | CaptureFault | None:
        """A later shot with another picture, or the fault that there is none."""
        later = self.next(capture, shot.sequence, until)
        while isinstance(later, Shot) and not later.fresh:
            later = self.next(capture, later.sequence, until)
        return later

    def _scan(self, head: Mapping[str, Any]) -> None:
        """Codes of the first picture that has any; none at the deadline. The fault that there are no pictures."""
        until = time.monotonic() + float(head["seconds"])
        capture = self.flow()
        sequence = capture.sequence  # only what is seen from now on
        answer: dict[str, Any] = {"is": "scanned", "id": head["id"], "codes": [], "fault": None}
        while isinstance(shot := self.next(capture, sequence, until), Shot):
            sequence = shot.sequence
            if codes := read(shot.image, CodeParameters(), shot.seen):
                answer["codes"] = [code_head(one) for one in codes]
                break
        if isinstance(shot, CaptureFault) or (shot is None and self._fault is not None):
            answer["fault"] = (shot or self._fault or CaptureFault.GONE).value
        self._channel.send(answer)

    def occupied(self, image: Image, until: float) -> bool:
        """Whether something lies under this camera, or somebody stands before it. A camera that can tell says so."""
        return False

    def _inspect(self, message: Message) -> None:
        """Several pictures against a reference (``compare``), or a new reference (``take``), which is the answer's
        body. ``fault``: no pictures came, or ``occupied``, ``covered``, ``bad-reference``."""
        head = message.head
        until, wanted = time.monotonic() + float(head["seconds"]), InspectionParameters(**head["inspection"])
        answer: dict[str, Any] = {"is": "inspected", "id": head["id"], "fault": None}
        shots = self._several(wanted, until)
        if not isinstance(shots, list):
            self._channel.send(answer | {"fault": shots})
            return
        asked = head.get("what") == "take" or bool(message.body)  # else it makes no difference
        occupied = asked and self.occupied(shots[-1], until)
        body = b""
        if head.get("what") == "take":
            bare = inspect(shots, b"", wanted, occupied=occupied)
            answer["fault"] = "covered" if bare.covered else "occupied" if occupied else None
            if answer["fault"] is None:
                body = packed(common(shots, wanted.width))
        else:
            try:
                answer |= inspection_head(inspect(shots, message.body, wanted, occupied=occupied))
            except BadReference:
                answer["fault"] = "bad-reference"
        self._channel.send(answer, body)

    def _several(self, wanted: InspectionParameters, until: float) -> list[Image] | str:
        """Different pictures, some time apart; or the code of what prevents it."""
        capture, shots = self.flow(), list[Image]()
        sequence, due = capture.sequence, 0.0
        shot = self.next(capture, sequence, until)
        while isinstance(shot, Shot):
            sequence = shot.sequence
            if shot.fresh and shot.seen >= due:
                due = shot.seen + wanted.pause
                shots.append(shot.image)
                if len(shots) == wanted.pictures:
                    return shots
            shot = self.next(capture, sequence, until)
        return (shot or self._fault or CaptureFault.FROZEN).value

    def _report_fault(self, capture: Capture) -> None:
        with self._telling:
            fault = capture.fault()
            if fault is not self._fault or (not self._told and capture.sequence > capture.first):
                self._fault, self._told = fault, True
                self._channel.send({"is": "fault", "code": fault.value if fault is not None else None})

    def _turn_preview(self) -> None:
        """Turn the preview on or off during a request, if that is asked for; the rest waits for its turn."""
        request = self._request
        while not self._inbox.empty():
            queued = self._inbox.get()
            if queued.head.get("do") == "preview":
                self._obey(queued)
            else:
                self._later.append(queued)
        self._request = request


def facts_of(shot: Shot) -> dict[str, Any]:
    """Size, light and contrast of a shot."""
    height, width = shot.image.shape[:2]
    return {
        "width": width,
        "height": height,
        "captured_at": shot.seen,
        "light": round(shot.light, 1),
        "deviation": round(shot.deviation, 1),
    }


def serve(channel: Channel, make: Callable[[Channel, Inbox], Server]) -> None:
    """The life of a child: ready, then what the parent asks, until the channel ends."""
    cv2.setNumThreads(1)
    inbox: Inbox = queue.SimpleQueue()
    server = make(channel, inbox)
    threading.Thread(target=_listen, args=(channel, inbox, server), name="commands", daemon=True).start()
    channel.send({"is": "ready", "opencv": cv2.__version__})
    try:
        server.run()
    except EOFError:
        os._exit(0)


def _listen(channel: Channel, inbox: Inbox, server: Server) -> None:
    """Feed the server. What must work in the middle of a request is dealt with here."""
    try:
        while True:
            message = channel.receive()
            match message.head.get("do"):
                case "status":
                    channel.send({"is": "status", "id": message.head.get("id"), **server.status(time.monotonic())})
                case "cancel":
                    server.cancelled = int(message.head["id"])
                case "more":
                    server.more()
                case _:
                    inbox.put(message)
    except (EOFError, Garbage):
        os._exit(0)  # not sys.exit: a blocked capture would keep the process alive
