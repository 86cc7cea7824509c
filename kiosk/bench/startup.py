"""Spawn to first frame: the terminal's window against an empty one that Qt Quick draws in the same way."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kiosk.bench.rows import Row, compare
from kiosk.bench.world import SIZE, Window, World

ROUNDS = 11
LIMIT = 1.3

# The least that shows a frame with this PySide6; a script, because nothing of kiosk imports Qt.
EMPTY_WINDOW = f"""
import time
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine
import PySide6.QtQuick

app = QGuiApplication([])
engine = QQmlApplicationEngine()
engine.loadData(b"import QtQuick\\nWindow {{ width: {SIZE[0]}; height: {SIZE[1]}; visible: true }}")

def shown():
    print(time.monotonic(), flush=True)
    app.quit()

engine.rootObjects()[0].frameSwapped.connect(shown, Qt.ConnectionType.SingleShotConnection)
app.exec()
"""


def measure(rounds: int = ROUNDS) -> list[Row]:
    """One row. The terminal starts as it does every morning: enrolled, with its devices and backend there."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name, World(Path(name)) as world:
        folder = Path(name)

        def empty() -> float:
            window = Window(["-c", EMPTY_WINDOW], folder / "empty.log")
            try:
                return window.wait_for_first_frame()
            finally:
                window.end()

        def terminal() -> float:
            window = world.start_terminal()
            try:
                return window.wait_for_first_frame()
            finally:
                window.end()

        return [compare("spawn to first frame", empty, terminal, rounds, limit=LIMIT, warm_up=2)]
