"""The camera's picture with the oval to put the face into; a silhouette until the first picture comes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtQml import QmlElement

from ui.items.picture import FedPicture, colour

QML_IMPORT_NAME = "Kiosk.Native"
QML_IMPORT_MAJOR_VERSION = 1

OVAL = (0.29, 0.42)  # half axes of the oval, in widths and heights
RING = 12.0  # pixels


@QmlElement
class FacePicture(FedPicture):
    """Shows ``feed.image`` mirrored, as a mirror does, and cut to the frame."""

    COLOURS = ("ground", "within", "figure", "guide")

    within = colour("within")
    figure = colour("figure")
    guide = colour("guide")

    def paint(self, painter: QPainter) -> None:
        whole = self.begin(painter)
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
