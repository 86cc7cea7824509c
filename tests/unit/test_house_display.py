"""What `deploy/setup` installs is enough for a window on a real X display, not only for drawing offscreen."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

WINDOW = """
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickView

app = QGuiApplication([])
view = QQuickView()
view.frameSwapped.connect(app.quit)
view.show()
app.exec()
print(app.platformName())
"""


@pytest.fixture
def display() -> Iterator[str]:
    """The name of an X display of our own; the server chooses a free number."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: bash deploy/setup --dev")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server, os.fdopen(reading) as said:
        os.close(writing)
        try:
            assert select.select([said], [], [], 20)[0], "Xvfb names no display"
            yield f":{said.readline().strip()}"
        finally:
            server.terminate()


def test_a_window_shows_its_first_frame_on_a_display(display: str) -> None:
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    run = subprocess.run([sys.executable, "-c", WINDOW], env=environment, capture_output=True, text=True, timeout=40)
    assert (run.returncode, run.stdout) == (0, "xcb\n"), run.stderr
