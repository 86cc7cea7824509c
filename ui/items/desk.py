"""What lies under the document camera, with the paper's outline; and pages that were taken, large or as a thumbnail."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

QML_IMPORT_NAME = "Kiosk.Native"
QML_IMPORT_MAJOR_VERSION = 1

OUTLINE = 8.0  # pixels


@QmlElement
class DeskPicture(QQuickPaintedItem):
    """Shows whole what ``feed`` has: the live picture where ``page`` is -1, else the page of that number. It keeps none
    of its own."""

    feedChanged = Signal()  # QML's naming
    pageChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._ground, self._good, self._bad = QColor(), QColor(), QColor()
        self._corner, self._page = 0, -1
        self._feed: Any = None

    def _get_ground(self) -> QColor:
        return self._ground

    def _set_ground(self, value: QColor) -> None:
        self._ground = value

    def _get_good(self) -> QColor:
        return self._good

    def _set_good(self, value: QColor) -> None:
        self._good = value

    def _get_bad(self) -> QColor:
        return self._bad

    def _set_bad(self, value: QColor) -> None:
        self._bad = value

    def _get_corner(self) -> int:
        return self._corner

    def _set_corner(self, corner: int) -> None:
        self._corner = corner

    def _get_page(self) -> int:
        return self._page

    def _set_page(self, page: int) -> None:
        if page != self._page:
            self._page = page
            self.pageChanged.emit()
            self.update()

    def _get_feed(self) -> QObject | None:
        return self._feed  # type: ignore[no-any-return]  # a MaterialModel, or None

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

    ground = Property(QColor, _get_ground, _set_ground)
    good = Property(QColor, _get_good, _set_good)
    bad = Property(QColor, _get_bad, _set_bad)
    corner = Property(int, _get_corner, _set_corner)
    page = Property(int, _get_page, _set_page, notify=pageChanged)
    feed = Property(QObject, _get_feed, _set_feed, notify=feedChanged)

    @Slot()
    def refresh(self) -> None:
        """A new picture is there, or the last has gone."""
        self.update()

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, 0, self.width(), self.height())
        frame = QPainterPath()
        frame.addRoundedRect(whole, self._corner, self._corner)
        painter.setClipPath(frame)
        painter.fillRect(whole, self._ground)
        image = self._image()
        if image is None or image.isNull():
            return
        scale = min(whole.width() / image.width(), whole.height() / image.height())
        place = QRectF(0, 0, image.width() * scale, image.height() * scale)
        place.moveCenter(whole.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._page >= 0)
        painter.drawImage(place, image)
        if self._page >= 0:
            painter.setPen(QPen(self._ground, 2.0))
            painter.drawRect(place)
        if self._page < 0 and self._feed.outline:
            corners = [QPointF(place.x() + x * scale, place.y() + y * scale) for x, y in self._feed.outline]
            pen = QPen(self._bad if self._feed.hint else self._good, OUTLINE)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF(corners))

    def _image(self) -> QImage | None:
        if self._feed is None:
            return None
        if self._page < 0:
            live: QImage = self._feed.image
            return live
        pages: list[QImage] = self._feed.pictures
        return pages[self._page] if self._page < len(pages) else None
