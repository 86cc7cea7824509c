"""Scanning papers: the document camera's picture, pages that are taken from it, and what is read of them.

The camera's child is let go of with the page that scans, and the reading process with the visit: pages live on in the
visit alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.document_camera import (
    CaptureOutcome,
    DocumentCamera,
    DocumentFrame,
    DocumentHint,
    DocumentUnavailable,
    NotCaptured,
)
from devices.contracts.reading import PageReader
from kiosk.counter.actors import Actor
from kiosk.counter.cameras import CameraDesk
from kiosk.visit.effects import ReadPage
from kiosk.visit.events import DeskOpensAgain, PageRead, PageTaken
from kiosk.visit.materials import OPENS_AGAIN
from kiosk.visit.ports import Post

FrameListener = Callable[[DocumentFrame | None], None]
START = 40.0  # s for the camera's child to be there: longer than its driver gives it on a machine that has much to do
TRIES = 3  # to open it, until it counts as lost
READ = 45.0  # s for one page, on a machine that has much else to do; nobody waits for it


class MaterialDesk(CameraDesk[DocumentCamera, DocumentFrame]):
    """``hide`` makes every answer of an earlier scan void, ``stop`` every reading too: none reaches the next citizen.
    No method waits but ``await_release`` and ``close``. ``crashed`` is told of every bug, ``failed`` of a code for
    operators when pages cannot be read. ``seconds``: the longest that one page may take."""

    def __init__(
        self,
        actor: Actor | None,
        reader: PageReader | None,
        post: Post,
        show: FrameListener,
        seconds: float,
        failed: Callable[[str], None],
        crashed: Callable[[BaseException], None],
    ) -> None:
        super().__init__(actor, post, show, crashed)
        self._reader, self._seconds, self._failed = reader, seconds, failed
        self._over = threading.Event()  # of the visit whose pages are being read
        self._readings = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")

    def show(self) -> None:
        """The desk's picture from now on; PageTaken(DocumentUnavailable) where it does not come. A camera whose process
        was not there in time is opened again, and that is told."""
        self._call_off()
        called_off = self._called_off = threading.Event()
        if self._actor is None:
            self._post(PageTaken(DocumentUnavailable(Fault("no-camera", Action.CONFIGURE))))
            return

        def run(camera: DocumentCamera, deadline: Deadline) -> None:
            if not called_off.is_set():
                self._known(camera).start_preview(lambda frame: self._frame(called_off, frame))

        self._begin(run, called_off, TRIES)

    def take(self) -> None:
        called_off = self._called_off
        if self._actor is None:
            return

        def run(camera: DocumentCamera, deadline: Deadline) -> CaptureOutcome:
            if called_off.is_set():
                return NotCaptured(DocumentHint.NO_DOCUMENT)
            return self._known(camera).capture(deadline, called_off=called_off)

        self._actor.submit(run, self._seconds).add_done_callback(lambda future: self._taken(called_off, future))

    def read(self, asked: ReadPage) -> None:
        """On a thread of its own, one page after the other. What cannot be read is answered, too."""
        over, reader = self._over, self._reader
        if reader is None:
            self._post(PageRead(asked.material, {}, asked.page))
            return

        def run() -> None:
            if over.is_set():
                return
            try:
                reading = reader.read(asked.page, Deadline.after(READ))
                found = {one.name: one.value for one in reader.fields(asked.document, reading)}
            except DeviceError as error:
                found = {}
                if not over.is_set():
                    self._failed(error.code)
            self._tell(over, PageRead(asked.material, found, asked.page))
            if over.is_set():  # the visit ended just before this page was taken up: its child goes, too
                reader.release()

        self._readings.submit(run).add_done_callback(self._ended)

    def hide(self) -> None:
        """No picture, no page any more; the camera's child is let go, and with it every picture."""
        self._call_off()
        if self._camera is not None:
            self._let_go()

    def stop(self) -> None:
        """The visit is over."""
        with self._telling:
            self._over.set()
            self._over = threading.Event()
        if self._reader is not None:
            self._reader.release()
        self.hide()

    def close(self) -> None:
        self.stop()
        self._readings.shutdown(wait=True, cancel_futures=True)

    def _call_off(self) -> None:
        with self._telling:
            if not self._called_off.is_set() and self._camera is not None:
                self._show(None)
            self._called_off.set()
        if self._camera is not None:
            self._camera.cancel_capture()

    def _begin(self, run: Callable[[DocumentCamera, Deadline], None], called_off: threading.Event, tries: int) -> None:
        if self._actor is None or called_off.is_set():
            return

        def shown(future: Future[None]) -> None:
            error = future.exception()
            if tries > 1 and isinstance(error, DeviceError) and error.code in OPENS_AGAIN:
                self._tell(called_off, DeskOpensAgain())
                self._begin(run, called_off, tries - 1)
            else:
                self._shown(called_off, error)

        self._actor.submit(run, START).add_done_callback(shown)

    def _shown(self, called_off: threading.Event, error: BaseException | None) -> None:
        if isinstance(error, DeviceError):
            self._tell(called_off, PageTaken(DocumentUnavailable(error.fault())))
        elif error is not None:
            self._crashed(error)

    def _taken(self, called_off: threading.Event, future: Future[CaptureOutcome]) -> None:
        try:
            try:
                outcome: CaptureOutcome = future.result()
            except DeviceError as error:
                outcome = DocumentUnavailable(error.fault())
            self._tell(called_off, PageTaken(outcome))
        except Exception as bug:  # a future drops what its callback raises
            self._crashed(bug)
