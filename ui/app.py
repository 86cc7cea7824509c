"""Runs the window: first frame first, then the core."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickView

from ui.bridge import Bridge, Core
from ui.window import DOCK, complete, destroy, fitted, make_view

if TYPE_CHECKING:
    from ui.devdock import DevDockControl, Dock
    from ui.signals import SignalWatch


UNSEEN = ("offscreen", "minimal")
FRAME = 40  # a title bar, where there is one


def _room(dock: bool) -> QSize:
    """What the screen leaves for the window. A screen that nobody sees limits nothing: pictures are of full size."""
    screen = QGuiApplication.primaryScreen()
    if screen is None or QGuiApplication.platformName() in UNSEEN:
        return QSize(1 << 15, 1 << 15)
    room = screen.availableGeometry().size()
    return QSize(room.width() - (DOCK.width() + 8 if dock else 0), room.height() - FRAME)


def _beats(beat: Callable[[], None]) -> bool:
    beat()
    return True


def run(
    core_factory: Callable[[], Core],
    *,
    size: tuple[int, int] = (1080, 1920),
    language: str = "zh_CN",
    on_first_frame: Callable[[QQuickView], None] | None = None,
    dev_dock: DevDockControl | None = None,
    fullscreen: bool = False,
    still: bool = False,
    beat: Callable[[], None] | None = None,
    beat_seconds: float = 1.0,
    ending: Callable[[], None] = lambda: None,
) -> int:
    """Show the window until it is closed or the process is asked to end (SIGTERM, SIGINT); returns the exit status.

    The waiting page is shown at once. When its frame has been swapped, ``core_factory`` is called in the Qt thread: it
    starts the core in its own thread and returns at once. Then ``on_first_frame`` is called with the window. When the
    event loop ends, the core is stopped. ``dev_dock`` opens the panel of the demonstration beside the window.
    A window that is not ``fullscreen`` and larger than the screen is opened smaller, in the same shape.
    ``still`` is reduced motion. ``beat`` is called in the Qt thread every ``beat_seconds`` from then on, and
    ``ending`` before the core is stopped. Raises whatever ``core_factory`` or ``on_first_frame`` raises, after the
    loop's end.
    """
    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    app.setApplicationName("kiosk724")
    bridge = Bridge(language)
    view = make_view(bridge, size if fullscreen else fitted(size, _room(dev_dock is not None)), still=still)
    core: list[Core] = []
    docks: list[Dock] = []
    watches: list[SignalWatch] = []
    failures: list[BaseException] = []

    def begin() -> None:
        from ui.signals import quit_on_signals

        try:
            watches.append(quit_on_signals(app))
            complete(bridge, view)
            core.append(core_factory())
            bridge.attach(core[0])
            if on_first_frame is not None:
                on_first_frame(view)
            if dev_dock is not None:
                from ui.devdock import open_dock

                docks.append(open_dock(dev_dock, view, language))
            if beat is not None:
                from ui.ticks import tick

                tick(view, round(beat_seconds * 1000), partial(_beats, beat))
        except BaseException as error:
            failures.append(error)
            app.exit(1)

    def swapped() -> None:
        view.frameSwapped.disconnect(swapped)
        QTimer.singleShot(0, begin)

    view.frameSwapped.connect(swapped)
    view.showFullScreen() if fullscreen else view.show()
    status = app.exec()
    ending()
    for watch in watches:
        watch.close()
    bridge.detach()
    if core:
        core[0].stop()
    for dock in docks:
        dock.close()
    destroy(view)
    if failures:
        raise failures[0]
    return status
