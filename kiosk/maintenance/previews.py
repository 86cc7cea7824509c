"""A camera's live picture on a page of maintenance. Nothing is kept; the child goes with the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from devices.contracts.device import DeviceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devices.contracts.camera import Frame
    from devices.contracts.document_camera import DocumentFrame
    from kiosk.counter.actors import Actor

CAMERAS = ("camera", "document_camera")
START, RELEASE = 15.0, 60.0  # s; a release may wait for what is ahead of it


class Preview:
    """One picture at a time. ``show``: the newest frame, None for none. Called from the desk's thread, never waits.

    ``wrong`` is told the code where a camera cannot show anything, ``bug`` what no camera should raise, ``first`` that
    the first picture is there: before it nobody can say how it is.
    """

    def __init__(
        self,
        actors: Mapping[str, Actor],
        show: Callable[[Frame | DocumentFrame | None], None],
        wrong: Callable[[str], None],
        bug: Callable[[BaseException], None],
        first: Callable[[], None],
    ) -> None:
        self._actors, self._show, self._wrong, self._bug, self._first = actors, show, wrong, bug, first
        self._kind = ""
        self._guard = threading.Lock()  # no frame is shown once it was stopped
        self._turn = 0
        self._last: Any = None

    @property
    def kind(self) -> str:
        return self._kind

    def start(self, kind: str) -> None:
        if self._kind == kind:
            return
        self.stop()
        actor = self._actors.get(kind)
        if actor is None:
            return
        self._kind = kind
        with self._guard:
            self._turn += 1
            turn = self._turn

        def frame(one: Frame | DocumentFrame | None) -> None:
            with self._guard:
                here = turn == self._turn
                begins = here and self._last is None and one is not None
                if here:
                    self._last = one
                    self._show(one)
            if begins:
                self._first()

        begun: Future[None] = actor.submit(lambda camera, deadline: camera.start_preview(frame), START)
        begun.add_done_callback(self._begun)

    def newest(self) -> Any:
        """The frame that is shown, or None."""
        with self._guard:
            return self._last

    def stop(self) -> None:
        """The picture goes from the screen at once, the camera's child in its turn."""
        kind, self._kind = self._kind, ""
        with self._guard:
            self._turn += 1
            self._last = None
        if not kind:
            return
        self._show(None)
        self._actors[kind].submit(_let_go, RELEASE).add_done_callback(self._gone)

    def _begun(self, future: Future[None]) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, DeviceError):
            self._wrong(error.code)
        elif error is not None:
            self._bug(error)

    def _gone(self, future: Future[None]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, DeviceError):
            self._bug(error)


def _let_go(camera: Any, deadline: object) -> None:
    camera.stop_preview()
    camera.release()
