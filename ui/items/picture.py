"""What the items that show a camera's pictures share: a feed to listen to, a ground and rounded corners."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QObject, QRectF, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem


def colour(name: str) -> Any:
    """A property for a colour that QML sets from the theme; it stands in ``colours``."""

    def get(self: FedPicture) -> QColor:
        return self.colours[name]

    def put(self: FedPicture, value: QColor) -> None:
        self.colours[name] = value
        self.update()

    return Property(QColor, get, put)


class FedPicture(QQuickPaintedItem):
    """Draws what ``feed``, a page's model, has, anew with each ``frame`` signal. Keeps no picture of its own."""

    COLOURS: tuple[str, ...] = ("ground",)

    feedChanged = Signal()  # QML's naming

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.colours = {name: QColor() for name in self.COLOURS}
        self._corner = 0
        self._feed: Any = None

    ground = colour("ground")

    def _get_corner(self) -> int:
        return self._corner

    def _set_corner(self, corner: int) -> None:
        self._corner = corner

    def _get_feed(self) -> QObject | None:
        return self._feed  # type: ignore[no-any-return]  # a page's model, or None

    def _set_feed(self, feed: Any) -> None:
        if feed is self._feed:
            return
        if self._feed is not None:
            self._feed.frame.disconnect(self.refresh)
        self._feed = feed
        if feed is not None:
            feed.frame.connect(self.refresh)
        self.feedChanged.emit()
        self.update()

    corner = Property(int, _get_corner, _set_corner)
    feed = Property(QObject, _get_feed, _set_feed, notify=feedChanged)

    @Slot()
    def refresh(self) -> None:
        """A new picture is there, or the last has gone."""
        self.update()

    def begin(self, painter: QPainter) -> QRectF:
        """The ground, cut to the frame for all that follows; returns the item's area."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, 0, self.width(), self.height())
        frame = QPainterPath()
        frame.addRoundedRect(whole, self._corner, self._corner)
        painter.setClipPath(frame)
        painter.fillRect(whole, self.colours["ground"])
        return whole
