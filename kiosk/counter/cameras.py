"""What the two desks with a camera share: nothing is told of what was called off, and the camera's child is let go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

from devices.contracts.device import DeviceError
from kiosk.counter.actors import Actor
from kiosk.visit.events import Event
from kiosk.visit.ports import Post

RELEASE = 60.0  # s a release may wait for its turn: longer than anything that can be ahead of it


class Releasable(Protocol):
    """A camera whose pictures live in a child."""

    def release(self) -> None: ...

    def abandon(self) -> None: ...


CameraT = TypeVar("CameraT", bound=Releasable)
FrameT = TypeVar("FrameT")


class CameraDesk(Generic[CameraT, FrameT]):
    """``crashed`` is told of every bug in what the camera's actor runs. ``show``: the newest frame, None for none."""

    def __init__(
        self,
        actor: Actor | None,
        post: Post,
        show: Callable[[FrameT | None], None],
        crashed: Callable[[BaseException], None],
    ) -> None:
        self._actor, self._post, self._show, self._crashed = actor, post, show, crashed
        self._called_off = threading.Event()  # of what is looked at now
        self._telling = threading.Lock()  # nothing is told once it was called off
        self._camera: CameraT | None = None
        self._release: Future[None] | None = None

    def await_release(self, seconds: float) -> None:
        """Return when the camera's child is gone: one that does not go in this time is killed."""
        if self._release is None:
            return
        try:
            self._release.result(seconds)
        except (DeviceError, TimeoutError):
            if self._camera is not None:
                self._camera.abandon()

    def _let_go(self) -> None:
        """The camera's child goes in its turn, and with it every picture."""
        if self._actor is not None:
            self._release = self._actor.submit(lambda camera, deadline: camera.release(), RELEASE)
            self._release.add_done_callback(self._ended)

    def _known(self, camera: CameraT) -> CameraT:
        self._camera = camera
        return camera

    def _frame(self, called_off: threading.Event, frame: FrameT) -> None:
        with self._telling:
            if not called_off.is_set():
                self._show(frame)

    def _tell(self, called_off: threading.Event, event: Event) -> None:
        with self._telling:
            if not called_off.is_set():
                self._post(event)

    def _ended(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, DeviceError):
            self._crashed(error)
