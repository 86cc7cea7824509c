"""A window that is really drawn (offscreen, software) with a core that only remembers what was posted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import PySide6.QtQuick  # noqa: F401  # before anything is grabbed
import pytest
from PySide6.QtCore import (
    QCoreApplication,
    QElapsedTimer,
    QEventLoop,
    QPointF,
    QRectF,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication, QPointingDevice
from PySide6.QtQuick import QQuickItem, QQuickView
from PySide6.QtTest import QTest

from kiosk.visit.screen import Screen
from tests.ui.looks import LOOKS, Look
from ui.bridge import Bridge
from ui.samples import Sample, samples, snapshot
from ui.window import complete, destroy, make_view

PORTRAIT, LANDSCAPE = (1080, 1920), (1920, 1080)


class Silent:
    """A voice that is there and says nothing: the control that asks for it is drawn on every page."""

    ready = True

    def say(self, sentences: Any, language: str, ended: Callable[[bool], None]) -> None:
        pass

    def hush(self) -> None:
        pass


class FakeCore:
    """Remembers events; delivers the snapshots a test hands it."""

    def __init__(self) -> None:
        self.voice = Silent()
        self.events: list[Any] = []
        self.listener: Callable[[Screen], None] = lambda screen: None
        self.frames: Callable[[Any], None] = lambda frame: None
        self.stopped = False

    def post(self, event: Any) -> None:
        self.events.append(event)

    def subscribe(self, listener: Callable[[Screen], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    def subscribe_frames(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.frames = listener
        return lambda: None

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Stage:
    """The window under test."""

    view: QQuickView
    bridge: Bridge
    core: FakeCore
    touch: QPointingDevice
    now: list[float] = field(default_factory=lambda: [0.0])

    def show(self, sample: Sample, language: Any = "zh_CN", elder: bool = False) -> None:
        self.core.listener(snapshot(sample, language, elder))
        self.until(lambda: self.bridge.page == sample.page)
        self.settle()

    def settle(self) -> None:
        """Until the page stands: its loader is filled and nothing is left in the queue."""
        self.until(lambda: not any(item.property("standing") is False for item in self.items()))
        drawn: list[bool] = []
        connection = self.view.frameSwapped.connect(lambda: drawn.append(True))
        for count in (1, 2):  # the first frame may have been on its way before the change
            self.view.update()
            self.until(lambda wanted=count: len(drawn) >= wanted)  # type: ignore[misc]
        self.view.frameSwapped.disconnect(connection)

    @staticmethod
    def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Sleeps between events: with a time of its own `processEvents` comes back at once, and the wait is hot."""
        timer, tick = QElapsedTimer(), QTimer()
        timer.start()
        tick.start(20)  # for what changes without an event
        while not condition():
            assert timer.elapsed() < seconds * 1000, "waited in vain"
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)  # what came with it

    def items(self) -> Iterator[QQuickItem]:
        stack = [self.view.contentItem()]
        while stack:
            item = stack.pop()
            if item.isVisible() and item.opacity() > 0:
                yield item
                stack.extend(item.childItems())

    def named(self, name: str) -> QQuickItem:
        found = [item for item in self.items() if item.objectName() == name]
        assert len(found) == 1, f"{len(found)} visible items are called {name}"
        return found[0]

    def targets(self) -> list[QQuickItem]:
        """Whatever can be touched."""
        return [i for i in self.items() if i.isEnabled() and i.metaObject().indexOfSignal("tapped()") >= 0]

    def press(self, point: QPointF) -> None:
        QTest.touchEvent(self.view, self.touch).press(0, point.toPoint(), self.view).commit()

    def move(self, point: QPointF) -> None:
        QTest.touchEvent(self.view, self.touch).move(0, point.toPoint(), self.view).commit()

    def release(self, point: QPointF) -> None:
        QTest.touchEvent(self.view, self.touch).release(0, point.toPoint(), self.view).commit()

    def tap(self, name: str) -> list[Any]:
        """Touch the middle of an item; what was posted by it."""
        before = len(self.core.events)
        centre = self.box(self.named(name)).center()
        self.press(centre)
        self.release(centre)
        self.settle()
        return self.core.events[before:]

    @staticmethod
    def box(item: QQuickItem) -> QRectF:
        return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


@pytest.fixture(scope="session")
def app() -> QGuiApplication:
    return QGuiApplication.instance() or QGuiApplication([])  # type: ignore[return-value]


@pytest.fixture(scope="session")
def touch(app: QGuiApplication) -> QPointingDevice:
    return QTest.createTouchDevice()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Every warning Qt or QML utters during the test; the test fails when there is one."""
    heard: list[str] = []

    def hear(kind: QtMsgType, context: Any, message: str) -> None:
        if kind != QtMsgType.QtDebugMsg and kind != QtMsgType.QtInfoMsg and "propagateSizeHints" not in message:
            heard.append(message)

    before = qInstallMessageHandler(hear)
    yield heard
    qInstallMessageHandler(before)
    assert not heard


def open_stage(size: tuple[int, int], touch: QPointingDevice) -> Stage:
    now = [0.0]
    bridge = Bridge("zh_CN", clock=lambda: now[0])
    view = make_view(bridge, size, still=True)
    view.show()
    complete(bridge, view)
    core = FakeCore()
    bridge.attach(core)
    return Stage(view, bridge, core, touch, now)


@pytest.fixture
def stage(complaints: list[str], touch: QPointingDevice) -> Iterator[Stage]:
    """A portrait window."""
    stage = open_stage(PORTRAIT, touch)
    yield stage
    destroy(stage.view)


@pytest.fixture
def wide_stage(complaints: list[str], touch: QPointingDevice) -> Iterator[Stage]:
    """A landscape window."""
    stage = open_stage(LANDSCAPE, touch)
    yield stage
    destroy(stage.view)


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """A hand-made page by its name."""

    def by_name(name: str, language: Any = "zh_CN") -> Sample:
        return next(s for s in samples(language) if s.name == name)

    return by_name


@pytest.fixture(params=LOOKS)
def look(request: Any) -> Look:
    """A window, a language and a size of type (looks.py)."""
    orientation, language, size = request.param.split("-")
    window = request.getfixturevalue("stage" if orientation == "portrait" else "wide_stage")
    return Look(window, language, size == "elder")
