"""What every camera's child does: frames out as long as somebody wants them, faults told, requests served in between.

Three threads: the main one works (frames out, requests), one reads commands, one captures while frames are wanted.
The end of the channel ends the process at once, even while OpenCV blocks. Pictures are held in memory only. Runs in a
child process only (imports cv2). The messages are those of ``devices.transports.child_session``.
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
from devices.vision.parameters import CaptureParameters, CodeParameters

TICK = 0.1  # seconds between looks at the inbox while frames flow
Inbox = queue.SimpleQueue[Message]


class Server(ABC):
    """Serves the parent's commands, one after the other; the preview goes on during a request."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        self._channel, self._inbox = channel, inbox
        self._capture_parameters = CaptureParameters()
        self._capture: Capture | None = None
        self._preview = False
        self._credit = False
        self._previewed = 0
        self._last_use = 0.0
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
        """What else goes with a preview frame (measures in the frame's own pixels)."""
        return {}

    def run(self) -> None:
        """Until the channel ends (EOFError)."""
        while True:
            capture = self._capture
            flowing = capture is not None and capture.running
            # At rest: blocked, no cost. While frames flow: the capture sets the pace.
            wait = None if not flowing else 0.0 if self._sendable() else TICK
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
                self._send_preview(capture.newest(self._previewed, TICK))
            if not self._preview and time.monotonic() - self._last_use > self._capture_parameters.linger:
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

    def _sendable(self) -> bool:
        return self._preview and self._credit

    def _obey(self, message: Message) -> None:
        head = message.head
        self._request = int(head.get("id", 0))
        match head.get("do"):
            case "configure":
                self._capture_parameters = CaptureParameters(**head["capture"])
                self._capture = Capture(head["source"], self._capture_parameters)
                self.configure(head)
            case "preview":
                self._preview = self._credit = bool(head["on"])
                self._last_use = time.monotonic()
                if self._preview:
                    self.flow()
            case "more":
                self._credit = True
            case "scan":
                self._scan(head)
                self._last_use = time.monotonic()
            case _:
                self.serve(message)
                self._last_use = time.monotonic()

    def flow(self) -> Capture:
        """The capture, running."""
        if self._capture is None:
            raise RuntimeError("configure comes first")
        if not self._capture.running:
            self._told = False
            self._capture.start()
        return self._capture

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        self._channel.send(head, body)

    @property
    def fault(self) -> CaptureFault | None:
        """What was last seen wrong with the pictures."""
        return self._fault

    def next(self, capture: Capture, after: int, until: float) -> Shot | CaptureFault | None:
        """The next shot; a fault that ends the wait (gone, frozen); None at ``until`` or on cancel.

        Keeps the preview going, which shares these shots."""
        while (left := until - time.monotonic()) > 0 and self.cancelled < self._request:
            self._serve_preview()
            shot = capture.newest(after, min(left, TICK))
            self._report_fault(capture)
            if self._fault in (CaptureFault.GONE, CaptureFault.FROZEN):
                return self._fault
            if shot is not None:
                if self._sendable():
                    self._send_preview(shot)
                return shot
        return None

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

    def _report_fault(self, capture: Capture) -> None:
        fault = capture.fault()
        if fault is not self._fault or (not self._told and capture.sequence > capture.first):
            self._fault, self._told = fault, True
            self._channel.send({"is": "fault", "code": fault.value if fault is not None else None})

    def _send_preview(self, shot: Shot | None) -> None:
        if shot is None:
            return
        image = narrowed(shot.image, self._capture_parameters.width)
        done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])
        if not done:
            return
        self._previewed, self._credit = shot.sequence, False
        height, width = image.shape[:2]
        head = {"is": "frame", "width": width, "height": height, "sequence": shot.sequence, "captured_at": shot.seen}
        self._channel.send(head | self.dress(shot), jpeg.tobytes())

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


def narrowed(image: Image, width: int) -> Image:
    """The picture, at most ``width`` pixels wide."""
    scale = width / image.shape[1]
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]  # cv2's stub widens the dtype


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
    """Feed the server. ``status`` and ``cancel`` are dealt with here, so that they work in the middle of a request."""
    try:
        while True:
            message = channel.receive()
            match message.head.get("do"):
                case "status":
                    channel.send({"is": "status", "id": message.head.get("id"), **server.status(time.monotonic())})
                case "cancel":
                    server.cancelled = int(message.head["id"])
                case _:
                    inbox.put(message)
    except (EOFError, Garbage):
        os._exit(0)  # not sys.exit: a blocked capture would keep the process alive
