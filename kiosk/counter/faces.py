"""The face check: preview and comparison on the camera's actor, cut short the moment the citizen turns away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from devices.contracts.camera import Camera, FaceHint, FaceOutcome, FaceUnavailable, FaceUnclear, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from kiosk.counter.actors import Actor
from kiosk.visit.events import Event, FaceChecked, FaceHinted
from kiosk.visit.ports import Post

FrameListener = Callable[[Frame | None], None]
RELEASE = 60.0  # s a release may wait for its turn: longer than anything that can be ahead of it


class FaceDesk:
    """``stop`` makes every answer of an earlier check void: none reaches the next citizen. No method waits but
    ``await_release``. ``crashed`` is told of every bug in what the camera's actor runs."""

    def __init__(
        self,
        actor: Actor | None,
        post: Post,
        show: FrameListener,
        seconds: float,
        crashed: Callable[[BaseException], None],
    ) -> None:
        self._actor, self._post, self._show, self._seconds, self._crashed = actor, post, show, seconds, crashed
        self._called_off = threading.Event()  # of the newest check
        self._telling = threading.Lock()  # nothing of a check is told once stop has returned
        self._camera: Camera | None = None
        self._release: Future[None] | None = None

    def prepare(self) -> None:
        """Start the camera's child while the citizen reads the page."""
        if self._actor is not None:
            future = self._actor.submit(lambda camera, deadline: self._known(camera).prepare(deadline), 15.0)
            future.add_done_callback(self._ended)

    def check(self, picture: bytes) -> None:
        self._call_off()
        called_off = self._called_off = threading.Event()
        if self._actor is None:
            self._post(FaceChecked(FaceUnavailable(Fault("no-camera", Action.CONFIGURE))))
            return

        def run(camera: Camera, deadline: Deadline) -> FaceOutcome:
            if called_off.is_set():
                return FaceUnclear(FaceHint.NO_FACE)
            self._known(camera)
            try:
                camera.start_preview(lambda frame: self._frame(called_off, frame))
                return camera.match_face(
                    picture,
                    deadline=deadline,
                    hint=lambda hint: self._tell(called_off, FaceHinted(hint)),
                    called_off=called_off,
                )
            finally:
                camera.stop_preview()

        self._actor.submit(run, self._seconds).add_done_callback(lambda future: self._done(called_off, future))

    def stop(self) -> None:
        """End preview and check; the camera's child is let go, and with it every picture."""
        self._call_off()
        if self._actor is not None:
            self._release = self._actor.submit(lambda camera, deadline: camera.release(), RELEASE)
            self._release.add_done_callback(self._ended)

    def await_release(self, seconds: float) -> None:
        """Return when the camera's child is gone: one that does not go in this time is killed."""
        if self._release is None:
            return
        try:
            self._release.result(seconds)
        except (DeviceError, TimeoutError):
            if self._camera is not None:
                self._camera.abandon()

    def _call_off(self) -> None:
        with self._telling:
            self._called_off.set()
            self._show(None)
        if self._camera is not None:
            self._camera.cancel_check()

    def _known(self, camera: Camera) -> Camera:
        self._camera = camera
        return camera

    def _frame(self, called_off: threading.Event, frame: Frame) -> None:
        with self._telling:
            if not called_off.is_set():
                self._show(frame)

    def _tell(self, called_off: threading.Event, event: Event) -> None:
        with self._telling:
            if not called_off.is_set():
                self._post(event)

    def _done(self, called_off: threading.Event, future: Future[FaceOutcome]) -> None:
        try:
            try:
                outcome = future.result()
            except DeviceError as error:
                outcome = FaceUnavailable(error.fault())
            self._tell(called_off, FaceChecked(outcome))
        except Exception as bug:  # a future drops what its callback raises
            self._crashed(bug)

    def _ended(self, future: Future[Any]) -> None:
        error = future.exception()
        if error is not None and not isinstance(error, DeviceError):
            self._crashed(error)
