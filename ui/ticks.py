"""A precise tick of the Qt thread: how late it comes says how long the window could not answer.

For benches, and as the window's sign of life (kiosk/health/watchdog.py). It is a round trip of the event loop and draws
nothing. A renderer that hangs is seen by it too: it holds the Qt thread at the next frame.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer


def tick(parent: QObject, milliseconds: int, told: Callable[[], bool]) -> None:
    """Call ``told`` every so many milliseconds, from the Qt thread, until it returns False or ``parent`` is gone."""
    timer = QTimer(parent)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(milliseconds)

    def turn() -> None:
        if not told():
            timer.stop()

    timer.timeout.connect(turn)
    timer.start()
