"""The window itself: a view, its bridge, and the pages that follow the first frame. Used by the app, the gallery and
the tests alike.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QUICK_BACKEND", "software")
# Every point of a finger counts: a signature would lose those between two frames.
os.environ.setdefault("QML_NO_TOUCH_COMPRESSION", "1")

from PySide6.QtCore import QRect, QSize, QUrl
from PySide6.QtQuick import QQuickView

from ui.bridge import Bridge

DOCK = QSize(460, 900)  # the panel of the demonstration
QML = os.path.join(os.path.dirname(os.path.abspath(__file__)), "qml")


def fitted(size: tuple[int, int], room: QSize) -> tuple[int, int]:
    """The same shape, no larger than the room: a page that is drawn smaller, never one that is cut off."""
    scale = min(1.0, room.width() / size[0], room.height() / size[1])
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def beside(frame: QRect, size: QSize, screen: QRect) -> QRect:
    """Where a second window stands: right of the first, else left of it, always wholly on the screen."""
    gap = 8
    right, left = frame.right() + gap, frame.left() - gap - size.width()
    x = right if right + size.width() <= screen.right() + 1 or left < screen.left() else left
    x = max(screen.left(), min(x, screen.right() + 1 - size.width()))
    height = min(size.height(), screen.height())
    y = max(screen.top(), min(frame.top(), screen.bottom() + 1 - height))
    return QRect(x, y, size.width(), height)


def make_view(bridge: Bridge, size: tuple[int, int], *, still: bool = False) -> QQuickView:
    """A view with the waiting page in it, not shown yet. ``still`` is reduced motion: nothing moves by itself."""
    view = QQuickView()
    view.engine().addImportPath(QML)
    view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
    view.setTitle("Kiosk 7×24")
    view.resize(*size)
    view.setInitialProperties({"bridge": bridge, "still": still})
    view.setSource(QUrl.fromLocalFile(os.path.join(QML, "Kiosk", "Main.qml")))
    if view.status() != QQuickView.Status.Ready:
        raise RuntimeError("; ".join(error.toString() for error in view.errors()))
    return view


def complete(bridge: Bridge, view: QQuickView) -> None:
    """Everything that was left out before the first frame: own items, view models, the other pages."""
    import ui.items.desk
    import ui.items.face
    import ui.items.signature  # noqa: F401  # importing them registers them

    bridge.wiped.connect(lambda: view.engine().collectGarbage())
    bridge.prepare()


def destroy(view: QQuickView) -> None:
    """End the window now, pages first: they must not outlive the bridge they are bound to."""
    import shiboken6

    view.close()
    shiboken6.delete(view)
