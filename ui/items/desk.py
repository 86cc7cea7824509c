"""What lies under the document camera, with the paper's outline; and pages that were taken, large or as a thumbnail."""

from __future__ import annotations

from PySide6.QtCore import Property, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem

from ui.items.picture import FedPicture, colour

QML_IMPORT_NAME = "Kiosk.Native"
QML_IMPORT_MAJOR_VERSION = 1

OUTLINE = 8.0  # pixels


@QmlElement
class DeskPicture(FedPicture):
    """Shows whole what ``feed`` has: the live picture where ``page`` is -1, else the page of that number."""

    COLOURS = ("ground", "good", "bad")

    pageChanged = Signal()  # QML's naming

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._page = -1

    good = colour("good")
    bad = colour("bad")

    def _get_page(self) -> int:
        return self._page

    def _set_page(self, page: int) -> None:
        if page != self._page:
            self._page = page
            self.pageChanged.emit()
            self.update()

    page = Property(int, _get_page, _set_page, notify=pageChanged)

    def paint(self, painter: QPainter) -> None:
        whole = self.begin(painter)
        image = self._image()
        if image is None or image.isNull():
            return
        scale = min(whole.width() / image.width(), whole.height() / image.height())
        place = QRectF(0, 0, image.width() * scale, image.height() * scale)
        place.moveCenter(whole.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._page >= 0)
        painter.drawImage(place, image)
        if self._page >= 0:
            painter.setPen(QPen(self.colours["ground"], 2.0))
            painter.drawRect(place)
        if self._page < 0 and self._feed.outline:
            corners = [QPointF(place.x() + x * scale, place.y() + y * scale) for x, y in self._feed.outline]
            pen = QPen(self.colours["bad" if self._feed.hint else "good"], OUTLINE)
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
