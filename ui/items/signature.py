"""A pad to sign on: strokes of points in 0..1 of its width and height, drawn as they come."""

from __future__ import annotations

import itertools
import math

from PySide6.QtCore import Property, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen, QTouchEvent
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

QML_IMPORT_NAME = "Kiosk.Native"
QML_IMPORT_MAJOR_VERSION = 1

Stroke = list[tuple[float, float]]
LEAST_INK = 0.6  # length of all strokes together, in heights of the pad: less is a slip of the finger
NEAR = 0.004  # points closer than this add nothing


@QmlElement
class SignatureCanvas(QQuickPaintedItem):
    """Takes one finger, or the mouse. ``meaningful`` once enough has been written to be a signature."""

    changed = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self._strokes: list[Stroke] = []
        self._finger: int | None = None
        self._ink = QColor()
        self._pen = 9
        self._length = 0.0
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        self.setAcceptTouchEvents(True)
        self.setKeepMouseGrab(True)
        self.setKeepTouchGrab(True)
        self.setAntialiasing(True)

    # -- what is written -----------------------------------------------------------------------------

    def points(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The strokes, each point (x, y) in 0..1."""
        return tuple(tuple(stroke) for stroke in self._strokes)

    def is_meaningful(self) -> bool:
        return self._length >= LEAST_INK

    @Slot()
    def clear(self) -> None:
        self._strokes.clear()
        self._finger = None
        self._length = 0.0
        self.changed.emit()
        self.update()

    def _get_ink(self) -> QColor:
        return self._ink

    def _set_ink(self, ink: QColor) -> None:
        self._ink = ink

    def _get_pen(self) -> int:
        return self._pen

    def _set_pen(self, pen: int) -> None:
        self._pen = pen

    ink = Property(QColor, _get_ink, _set_ink)
    pen = Property(int, _get_pen, _set_pen)
    empty = Property(bool, lambda self: not self._strokes, notify=changed)
    meaningful = Property(bool, is_meaningful, notify=changed)

    # -- the finger ----------------------------------------------------------------------------------

    def touchEvent(self, event: QTouchEvent) -> None:
        for point in event.points():
            state = point.state()
            if state == point.State.Pressed and self._finger is None:
                self._finger = point.id()
                self._press(point.position())
            elif point.id() == self._finger and state == point.State.Updated:
                self._move(point.position())
            elif point.id() == self._finger and state == point.State.Released:
                self._finger = None
        event.accept()

    def touchUngrabEvent(self) -> None:
        self._finger = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _place(self, position: QPointF) -> tuple[float, float]:
        across = min(max(position.x() / max(1.0, self.width()), 0.0), 1.0)
        down = min(max(position.y() / max(1.0, self.height()), 0.0), 1.0)
        return across, down

    def _press(self, position: QPointF) -> None:
        self._strokes.append([self._place(position)])
        self.changed.emit()
        self.update()

    def _move(self, position: QPointF) -> None:
        if not self._strokes:
            return
        stroke, place = self._strokes[-1], self._place(position)
        ratio = self.width() / max(1.0, self.height())
        step = math.hypot((place[0] - stroke[-1][0]) * ratio, place[1] - stroke[-1][1])
        if step < NEAR:
            return
        was = self.is_meaningful()
        stroke.append(place)
        self._length += step
        if self.is_meaningful() != was:
            self.changed.emit()
        # Only where the line has grown, with the last three points that smoothing moves.
        across = [x * self.width() for x, _ in stroke[-4:]]
        down = [y * self.height() for _, y in stroke[-4:]]
        edge = 2 * self._pen
        box = QRectF(QPointF(min(across) - edge, min(down) - edge), QPointF(max(across) + edge, max(down) + edge))
        self.update(box.toAlignedRect())

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPen(self._ink, self._pen, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(line)
        for stroke in self._strokes:
            spots = [QPointF(x * self.width(), y * self.height()) for x, y in stroke]
            if len(spots) == 1:
                painter.drawPoint(spots[0])
                continue
            path = QPainterPath(spots[0])
            for here, after in itertools.pairwise(spots):
                path.quadTo(here, (here + after) / 2)
            path.lineTo(spots[-1])
            painter.drawPath(path)
