"""A finger: real touch events on the window."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QPointingDevice
from PySide6.QtQuick import QQuickWindow
from PySide6.QtTest import QTest

Path = tuple[tuple[float, float], ...]
SIGNATURE: tuple[Path, ...] = (
    ((0.18, 0.30), (0.30, 0.28), (0.44, 0.27)),
    ((0.31, 0.20), (0.31, 0.45), (0.30, 0.72), (0.24, 0.80)),
    ((0.20, 0.52), (0.32, 0.50), (0.42, 0.50)),
    ((0.56, 0.24), (0.60, 0.40), (0.58, 0.66), (0.52, 0.78)),
    ((0.66, 0.30), (0.74, 0.52), (0.84, 0.74)),
)
"""A made-up signature, in parts of the pad's width and height."""


class Finger:
    """One finger on one window. ``touches`` counts how often it came down."""

    def __init__(self, window: QQuickWindow) -> None:
        self._window = window
        self._device: QPointingDevice = QTest.createTouchDevice()
        self.touches = 0

    # Each sequence is held by a name until it has been committed: chained calls let the first wrapper die too soon.

    def press(self, at: QPointF) -> None:
        self.touches += 1
        sequence = QTest.touchEvent(self._window, self._device, False)
        sequence.press(0, self._point(at), self._window)
        sequence.commit()

    def move(self, to: QPointF) -> None:
        sequence = QTest.touchEvent(self._window, self._device, False)
        sequence.move(0, self._point(to), self._window)
        sequence.commit()

    def release(self, at: QPointF) -> None:
        sequence = QTest.touchEvent(self._window, self._device, False)
        sequence.release(0, self._point(at), self._window)
        sequence.commit()

    def tap(self, at: QPointF) -> None:
        self.press(at)
        self.release(at)

    def scroll(self, area: QRectF, distance: float) -> None:
        """Move what lies in an area up by ``distance`` pixels (negative: down), at most two thirds of its height."""
        reach = max(-area.height() / 3, min(area.height() / 3, distance / 2))
        start, end = area.center() + QPointF(0, reach), area.center() - QPointF(0, reach)
        self.press(start)
        for part in range(1, 11):
            self.move(start + (end - start) * (part / 10))
        self.release(end)

    def draw(self, pad: QRectF, paths: tuple[Path, ...] = SIGNATURE) -> None:
        """Strokes inside a rectangle, each point moved to as a hand would."""
        for path in paths:
            points = [QPointF(pad.x() + x * pad.width(), pad.y() + y * pad.height()) for x, y in path]
            self.press(points[0])
            for start, end in pairwise(points):
                for part in range(1, 6):
                    self.move(start + (end - start) * (part / 5))
            self.release(points[-1])

    @staticmethod
    def _point(at: QPointF) -> QPoint:
        return at.toPoint()
