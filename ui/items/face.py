"""The camera's picture with the oval to put the face into; a silhouette until the first picture comes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

QML_IMPORT_NAME = "Kiosk.Native"
QML_IMPORT_MAJOR_VERSION = 1

OVAL = (0.29, 0.42)  # half axes of the oval, in widths and heights
RING = 12.0  # pixels


def _colour(name: str) -> Any:
    def get(self: FacePicture) -> QColor:
        return self.colours[name]

    def put(self: FacePicture, value: QColor) -> None:
        self.colours[name] = value
        self.update()

    return Property(QColor, get, put)


@QmlElement
class FacePicture(QQuickPaintedItem):
    """Shows ``feed.image`` mirrored, as a mirror does, and cut to the frame. Keeps no picture of its own."""

    feedChanged = Signal()  # QML's naming

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.colours = {name: QColor() for name in ("ground", "within", "figure", "guide")}
        self._corner = 0
        self._feed: Any = None

    ground = _colour("ground")
    within = _colour("within")
    figure = _colour("figure")
    guide = _colour("guide")

    def _get_corner(self) -> int:
        return self._corner

    def _set_corner(self, corner: int) -> None:
        self._corner = corner

    def _get_feed(self) -> QObject | None:
        return self._feed  # type: ignore[no-any-return]  # a FaceModel, or None

    def _set_feed(self, feed: Any) -> None:
        if feed is self._feed:
            return
        if self._feed is not None:
            self._feed.frame.disconnect(self.refresh)
        self._feed = feed
        if feed is not None:
            feed.frame.connect(self.refresh)
        self.feedChanged.emit()

    corner = Property(int, _get_corner, _set_corner)
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
        painter.fillRect(whole, self.colours["ground"])
        centre = QPointF(whole.width() / 2, whole.height() * 0.47)
        oval = QRectF(0, 0, 2 * OVAL[1] * 0.78 * whole.height(), 2 * OVAL[1] * whole.height())
        oval.moveCenter(centre)
        image = self._feed.image if self._feed is not None else None
        if image is None or image.isNull():
            self._silhouette(painter, oval)
        else:
            scale = max(whole.width() / image.width(), whole.height() / image.height())
            size = QRectF(0, 0, image.width() * scale, image.height() * scale)
            size.moveCenter(whole.center())
            painter.save()
            painter.translate(whole.width(), 0)
            painter.scale(-1, 1)
            painter.drawImage(size, image)
            painter.restore()
        painter.setPen(QPen(self.colours["guide"], RING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(oval)

    def _silhouette(self, painter: QPainter, oval: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colours["within"])
        painter.drawEllipse(oval)
        painter.save()
        inside = QPainterPath()
        inside.addEllipse(oval)
        painter.setClipPath(inside, Qt.ClipOperation.IntersectClip)
        painter.setBrush(self.colours["figure"])
        head = oval.width() * 0.24
        painter.drawEllipse(QPointF(oval.center().x(), oval.y() + oval.height() * 0.38), head, head)
        body = QRectF(0, 0, oval.width() * 0.86, oval.height() * 0.5)
        body.moveCenter(QPointF(oval.center().x(), oval.y() + oval.height() * 0.97))
        painter.drawEllipse(body)
        painter.restore()
