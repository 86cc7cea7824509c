"""The window itself: a view, its bridge, and the pages that follow the first frame. Used by the app, the gallery and
the tests alike.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtQuick import QQuickView

from ui.bridge import Bridge

QML = Path(__file__).parent / "qml"


def make_view(bridge: Bridge, size: tuple[int, int], *, still: bool = False) -> QQuickView:
    """A view with the waiting page in it, not shown yet. ``still`` is reduced motion: nothing moves by itself."""
    view = QQuickView()
    view.engine().addImportPath(str(QML))
    view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
    view.setTitle("Kiosk 7×24")
    view.resize(*size)
    view.setInitialProperties({"bridge": bridge, "still": still})
    view.setSource(QUrl.fromLocalFile(str(QML / "Kiosk" / "Main.qml")))
    if view.status() != QQuickView.Status.Ready:
        raise RuntimeError("; ".join(error.toString() for error in view.errors()))
    return view


def complete(bridge: Bridge, view: QQuickView) -> None:
    """Everything that was left out before the first frame: own items, view models, the other pages."""
    from PySide6.QtQml import qmlRegisterType

    from ui.items.face import FacePicture
    from ui.items.signature import SignatureCanvas

    qmlRegisterType(FacePicture, "Kiosk.Native", 1, 0, "FacePicture")
    qmlRegisterType(SignatureCanvas, "Kiosk.Native", 1, 0, "SignatureCanvas")
    bridge.wiped.connect(lambda: view.engine().collectGarbage())
    bridge.prepare()
