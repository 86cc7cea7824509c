"""SIGTERM and SIGINT end the event loop. Python's handlers do not run while Qt waits, so a socket wakes it."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Slot

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SignalWatch(QObject):
    """Quits the application at the first signal. ``close`` puts back what was there before."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self._app = app
        self._here, self._there = socket.socketpair()
        self._there.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, self._noted) for number in SIGNALS}
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._quit)

    def _noted(self, number: int, frame: FrameType | None) -> None:
        """The wake-up socket has already been written to."""

    @Slot()
    def _quit(self) -> None:
        self._here.recv(64)
        self._app.quit()

    def close(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._here.close()
        self._there.close()


def quit_on_signals(app: QCoreApplication) -> SignalWatch:
    """Watch from now on. Only the main thread may call this."""
    return SignalWatch(app)
