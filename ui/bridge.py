"""The single crossing into Qt: snapshots come in from the core's thread, touches go out as events.

Holds the current snapshot only. What a page has shown is cleared as soon as another page takes its place, so nothing
of a visit is left in any property once the visit is wiped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from PySide6.QtCore import Property, QObject, Signal, Slot

from ui.speech import SpeechModel
from ui.viewmodels.attract import AttractModel
from ui.words import Words

if TYPE_CHECKING:
    from kiosk.visit.events import Touch
    from kiosk.visit.screen import Screen
    from ui.speech import Voice
    from ui.viewmodels.chrome import ChromeModel
    from ui.viewmodels.maintenance import MaintenanceModel, MaintenancePost

MAINTENANCE = "maintenance"  # the page of staff, which a core fills by its desk
Unsubscribe = Callable[[], None]


class PreviewFrame(Protocol):
    """What of a camera frame the window needs: a whole JPEG picture."""

    @property
    def jpeg(self) -> bytes: ...


class Core(Protocol):
    """The terminal's mind as the window knows it. Every method returns at once and may be called from the Qt thread.

    ``subscribe`` delivers the current snapshot soon after the call and then every change, in order, from the core's
    own thread. ``subscribe_frames`` delivers preview pictures while a face check or a scan runs, from any thread.
    """

    def post(self, event: Touch) -> None: ...

    def subscribe(self, listener: Callable[[Screen], None]) -> Unsubscribe: ...

    def subscribe_frames(self, listener: Callable[[Any], None]) -> Unsubscribe: ...

    def stop(self) -> None: ...


@runtime_checkable
class Speaker(Protocol):
    """A core that can make something heard: its voice, None while it has none."""

    @property
    def voice(self) -> Voice | None: ...


@runtime_checkable
class Maintained(Protocol):
    """A core with a maintenance desk: None while it has none."""

    @property
    def maintenance(self) -> MaintenancePost | None: ...


class Bridge(QObject):
    """What QML binds to. Lives in the Qt thread; only ``_arrived`` and ``_pictured`` are emitted elsewhere."""

    changed = Signal()
    attachedChanged = Signal()  # QML's naming
    turned = Signal(int)  # another question on the same page: 1 forward, -1 back
    wiped = Signal()
    _arrived = Signal(object)
    _pictured = Signal()

    def __init__(self, language: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._words = Words(language, self)
        self._attract = AttractModel(self._words, self._post, self)
        self._speech = SpeechModel(self._words, clock, self)
        self._chrome: ChromeModel | None = None
        self._models: dict[str, Any] = {}
        self._maintenance: MaintenanceModel | None = None  # made when staff come
        self._find_desk: Callable[[], MaintenancePost | None] = lambda: None
        self._core: Core | None = None
        self._ends: list[Unsubscribe] = []
        self._page = "recovering"
        self._elder = False
        self._picture: PreviewFrame | None = None
        self._due = False  # a picture waits to be drawn

    # -- the core ------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Build the view models of every page. Called after the first frame: they import the visit's events."""
        from PySide6.QtCore import Qt  # 28 ms

        from ui.viewmodels import build
        from ui.viewmodels.chrome import ChromeModel

        self._arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._pictured.connect(self._draw, Qt.ConnectionType.QueuedConnection)
        self._chrome = ChromeModel(self._words, self._post, self._clock, self)
        self._models = build(self._words, self._post, self._chrome, self)
        self._models["form"].turned.connect(self.turned)
        self._models["material"].hinted.connect(self._hinted)
        self.attachedChanged.emit()

    def attach(self, core: Core) -> None:
        """Follow this core from now on."""
        self._core = core
        if isinstance(core, Speaker):
            self.speaks_by(lambda: core.voice)
        if isinstance(core, Maintained):
            self.maintained_by(lambda: core.maintenance)
        self._ends = [core.subscribe(self._arrived.emit), core.subscribe_frames(self._keep_newest)]

    def speaks_by(self, find: Callable[[], Voice | None]) -> None:
        """Where the voice is found by which pages are said."""
        self._speech.use(find)

    def maintained_by(self, find: Callable[[], MaintenancePost | None]) -> None:
        """Where the desk is found whose snapshots the page of staff shows."""
        self._find_desk = find

    def detach(self) -> None:
        """Follow nobody; what is shown stays until the window closes."""
        if self._maintenance is not None:
            self._maintenance.leave_it()
        for end in self._ends:
            end()
        self._ends = []
        self._core = None

    def _post(self, event: Touch) -> None:
        if self._core is not None:
            self._core.post(event)

    # -- snapshots -----------------------------------------------------------------------------------

    @Slot(object)
    def _show(self, screen: Screen) -> None:
        page = screen.page
        if page != MAINTENANCE:  # whose language is chosen there
            self._words.switch(screen.chrome.language)
        if self._chrome is None:
            raise AssertionError("a snapshot came before prepare()")
        self._chrome.follow(screen.chrome, page)
        left = page != self._page
        for name, model in self._models.items():
            if name == page:
                model.show(screen.body)
            elif left:
                model.clear()
        if page == "attract":
            self._attract.show(screen.body, screen.chrome)
        elif left:
            self._attract.clear()
        self._maintain(page)
        if left:
            self._picture = None
        if left and page in ("wiping", "attract"):
            self.wiped.emit()
        if left or screen.chrome.elder != self._elder:
            self._page = page
            self._elder = screen.chrome.elder
            self.changed.emit()
        self._speech.follow(screen)

    def _maintain(self, page: str) -> None:
        """Follow the desk while its page is shown, and keep nothing of it afterwards."""
        if page != MAINTENANCE:
            if self._maintenance is not None and self._maintenance.following:
                self._maintenance.leave_it()
            return
        if self._maintenance is None:
            from ui.viewmodels.maintenance import MaintenanceModel

            self._maintenance = MaintenanceModel(self._words, self._clock, self)
        desk = None if self._maintenance.following else self._find_desk()
        if desk is not None:
            self._maintenance.follow(desk)

    @Slot()
    def _hinted(self) -> None:
        self._speech.hint(self._models["material"].property("hintText"))

    def _keep_newest(self, frame: PreviewFrame) -> None:
        """From the camera's thread. ``_due`` is set after the picture and cleared before it is taken, so that none
        is left lying with nobody to draw it."""
        self._picture = frame
        if not self._due:
            self._due = True
            self._pictured.emit()

    @Slot()
    def _draw(self) -> None:
        self._due = False
        frame, self._picture = self._picture, None
        if frame is not None and self._page == "face":
            self._models["face"].picture(frame.jpeg)
        elif frame is not None and self._page == "material":
            self._models["material"].preview(frame)
        elif frame is not None and self._page == MAINTENANCE and self._maintenance is not None:
            self._maintenance.picture(frame)

    # -- what QML reads ------------------------------------------------------------------------------

    page = Property(str, lambda self: self._page, notify=changed)
    elder = Property(bool, lambda self: self._elder, notify=changed)
    attached = Property(bool, lambda self: self._chrome is not None, notify=attachedChanged)
    words = Property(QObject, lambda self: self._words, constant=True)
    attract = Property(QObject, lambda self: self._attract, constant=True)
    chrome = Property(QObject, lambda self: self._chrome, notify=attachedChanged)
    maintenance = Property(QObject, lambda self: self._maintenance, notify=changed)
    speech = Property(QObject, lambda self: self._speech, constant=True)

    @Slot(str, result=QObject)
    def model(self, page: str) -> QObject:
        """The view model of a page; QML does not come to own it, for it has a parent."""
        model: QObject = self._models[page]
        return model
