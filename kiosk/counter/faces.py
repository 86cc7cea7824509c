"""The face check: preview and comparison on the camera's actor, cut short the moment the citizen turns away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from devices.contracts.camera import Camera, FaceHint, FaceOutcome, FaceUnavailable, FaceUnclear, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from kiosk.counter.actors import Actor
from kiosk.visit.events import FaceChecked, FaceHinted
from kiosk.visit.ports import Post

FrameListener = Callable[[Frame | None], None]


class FaceDesk:
    """``stop`` makes every answer of an earlier check void: none reaches the next citizen."""

    def __init__(self, actor: Actor | None, post: Post, show: FrameListener, seconds: float) -> None:
        self._actor, self._post, self._show, self._seconds = actor, post, show, seconds
        self._epoch = 0
        self._checking: Camera | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Start the camera's child while the citizen reads the page."""
        if self._actor is not None:
            self._actor.submit(lambda camera, deadline: camera.prepare(deadline), 15.0)

    def check(self, picture: bytes) -> None:
        with self._lock:
            self._epoch += 1
            epoch = self._epoch
        if self._actor is None:
            self._post(FaceChecked(FaceUnavailable(Fault("no-camera", Action.CONFIGURE))))
            return

        def run(camera: Camera, deadline: Deadline) -> FaceOutcome:
            if not self._current(epoch):
                return FaceUnclear(FaceHint.NO_FACE)
            self._checking = camera
            try:
                camera.start_preview(lambda frame: self._frame(epoch, frame))
                return camera.match_face(picture, deadline=deadline, hint=lambda hint: self._hint(epoch, hint))
            finally:
                self._checking = None
                camera.stop_preview()

        self._actor.submit(run, self._seconds).add_done_callback(lambda future: self._done(epoch, future))

    def stop(self) -> None:
        """End preview and check; the camera's child is let go, and with it every picture."""
        with self._lock:
            self._epoch += 1
        self._show(None)
        if (checking := self._checking) is not None:
            checking.cancel_check()
        if self._actor is not None:
            self._actor.submit(lambda camera, deadline: camera.release(), 5.0)

    def _current(self, epoch: int) -> bool:
        with self._lock:
            return epoch == self._epoch

    def _frame(self, epoch: int, frame: Frame) -> None:
        if self._current(epoch):
            self._show(frame)

    def _hint(self, epoch: int, hint: FaceHint) -> None:
        if self._current(epoch):
            self._post(FaceHinted(hint))

    def _done(self, epoch: int, future: Future[FaceOutcome]) -> None:
        if not self._current(epoch):
            return
        try:
            outcome = future.result()
        except DeviceError as error:
            outcome = FaceUnavailable(error.fault())
        self._post(FaceChecked(outcome))
