"""The face check: preview, comparison and, where the profile asks for it, a sign of life on the camera's actor, cut
short the moment the citizen turns away.

The faces are compared first: nobody is asked to move for nothing. While the sign of life is asked for, the face at rest
is compared again between the movements.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from devices.contracts.camera import FaceHint, FaceMatched, FaceOutcome, FaceUnavailable, FaceUnclear, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.liveness import Live, LivenessCamera, LivenessUnavailable, NotLive
from kiosk.counter.actors import Actor
from kiosk.counter.cameras import CameraDesk
from kiosk.visit.events import FaceChecked, FaceHinted, LivenessPrompted
from kiosk.visit.ports import Post

Checked = FaceOutcome | NotLive
FrameListener = Callable[[Frame | None], None]
_NOT_OFFERED = Fault("liveness-missing", Action.CONFIGURE, "a sign of life is asked for and cannot be seen here")


class FaceDesk(CameraDesk[LivenessCamera, Frame]):
    """``stop`` makes every answer of an earlier check void: none reaches the next citizen. No method waits but
    ``await_release``. ``crashed`` is told of every bug in what the camera's actor runs.

    ``seconds`` is the longest that a comparison may take, ``liveness`` the longest for a sign of life; None: none is
    asked for. Where one is asked for and the camera cannot, no face is compared either: the check is unavailable."""

    def __init__(
        self,
        actor: Actor | None,
        post: Post,
        show: FrameListener,
        seconds: float,
        crashed: Callable[[BaseException], None],
        liveness: float | None = None,
    ) -> None:
        super().__init__(actor, post, show, crashed)
        self._seconds, self._liveness = seconds, liveness

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

        def run(camera: LivenessCamera, deadline: Deadline) -> Checked:
            if called_off.is_set():
                return FaceUnclear(FaceHint.NO_FACE)
            self._known(camera)
            if self._liveness is not None and camera.capabilities.get("liveness") != "challenge":
                return FaceUnavailable(_NOT_OFFERED)
            try:
                camera.start_preview(lambda frame: self._frame(called_off, frame))
                outcome = camera.match_face(
                    picture,
                    deadline=deadline if self._liveness is None else deadline.sooner(self._seconds),
                    hint=lambda hint: self._tell(called_off, FaceHinted(hint)),
                    called_off=called_off,
                )
                if self._liveness is None or not isinstance(outcome, FaceMatched):
                    return outcome
                return self._proved(camera, picture, outcome, deadline, called_off)
            finally:
                camera.stop_preview()

        seconds = self._seconds + (self._liveness or 0.0)
        self._actor.submit(run, seconds).add_done_callback(lambda future: self._done(called_off, future))

    def stop(self) -> None:
        """End preview and check; the camera's child is let go, and with it every picture."""
        self._call_off()
        self._let_go()

    def _proved(
        self,
        camera: LivenessCamera,
        picture: bytes,
        matched: FaceMatched,
        deadline: Deadline,
        called_off: threading.Event,
    ) -> Checked:
        """The faces match; whether the person also showed a sign of life."""
        proof = camera.prove_live(
            deadline=deadline.sooner(self._liveness or 0.0),
            prompt=lambda prompt: self._tell(called_off, LivenessPrompted(prompt)),
            reference=picture,
            called_off=called_off,
        )
        match proof:
            case Live():
                return matched
            case LivenessUnavailable(reason):
                return FaceUnavailable(reason)
            case NotLive():
                return proof

    def _call_off(self) -> None:
        with self._telling:
            self._called_off.set()
            self._show(None)
        if self._camera is not None:
            self._camera.cancel_check()

    def _done(self, called_off: threading.Event, future: Future[Checked]) -> None:
        try:
            try:
                outcome: Checked = future.result()
            except DeviceError as error:
                outcome = FaceUnavailable(error.fault())
            self._tell(called_off, FaceChecked(outcome))
        except Exception as bug:  # a future drops what its callback raises
            self._crashed(bug)
