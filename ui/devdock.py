"""The panel of the demonstration beside the window: put a card, take paper away, pull the network, empty the battery.

Never imported by a production run. What it does goes through the object it is given, from a thread of its own, for
that object talks to another process. ``docktable`` says what it offers.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from PySide6.QtCore import Property, QObject, Qt, QUrl, Signal, Slot
from PySide6.QtQuick import QQuickView

from ui import docktable
from ui.window import DOCK, QML, beside

LOOK_EVERY = 1.0  # seconds between two looks at the devices
LANGUAGES = ("zh_CN", "en")
WORDS = {
    "zh_CN": {
        "staff": "工作人员",
        "code": "取一个口令",
        "said": "口令 {0}",
        "states": "设备现在的样子",
        "language": "English",
    },
    "en": {
        "staff": "Staff",
        "code": "Get a one-time code",
        "said": "Code {0}",
        "states": "How the devices are",
        "language": "中文",
    },
}
UNTOLD = ("kind", "port", "plugged", "cards", "edition", "devices", "lights", "paper", "applet")
"""Parts of a state that say nothing to who looks at the panel."""


class DevDockControl(Protocol):
    """The simulated devices' control point. ``do`` raises ValueError for what a device cannot do."""

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def staff_code(self) -> str: ...


class DevDock(QObject):
    """What the panel binds to."""

    changed = Signal()
    stated = Signal()
    arranged = Signal()  # another language, or other devices
    _heard = Signal(str, object)

    def __init__(self, control: DevDockControl, language: str = "zh_CN", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._language = language
        self._said = self._states = ""
        self._here: dict[str, Any] = {}
        self._groups: list[dict[str, Any]] = []
        self._asked: queue.Queue[tuple[str, str, Mapping[str, Any]] | None] = queue.Queue()
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="devdock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._asked.put(None)
        self._thread.join(5)

    def _work(self) -> None:
        """Look at once, then after every deed and now and then."""
        wait = 0.0
        while True:
            try:
                asked = self._asked.get(timeout=wait) if wait else self._asked.get_nowait()
                if asked is None:
                    return
                self._heard.emit("said", self._do(*asked))
            except queue.Empty:
                pass
            except (OSError, ValueError, RuntimeError) as error:  # the twin refused, or its process has gone
                self._heard.emit("said", str(error))
            try:
                self._heard.emit("states", self._control.state())
            except (OSError, ValueError, RuntimeError) as error:
                self._heard.emit("said", str(error))
            wait = LOOK_EVERY

    def _do(self, device: str, action: str, arguments: Mapping[str, Any]) -> str:
        if device == "staff":
            return WORDS[self._language]["said"].format(self._control.staff_code())
        self._control.do(device, action, dict(arguments))
        return " ".join([device, action, *(str(value) for value in arguments.values() if isinstance(value, str))])

    @Slot(str, object)
    def _hear(self, kind: str, news: Any) -> None:
        if kind == "said":
            self._said = news
            self.changed.emit()
            return
        states = _plain(news)
        if states != self._states:
            self._states = states
            self.stated.emit()
        self._here = news
        self._arrange()

    def _arrange(self) -> None:
        groups = docktable.shown(self._here, self._language)
        if groups != self._groups:
            self._groups = groups
            self.arranged.emit()

    said = Property(str, lambda self: self._said, notify=changed)
    states = Property(str, lambda self: self._states, notify=stated)
    groups = Property(list, lambda self: self._groups, notify=arranged)
    staffWord = Property(str, lambda self: WORDS[self._language]["staff"], notify=arranged)
    codeWord = Property(str, lambda self: WORDS[self._language]["code"], notify=arranged)
    statesWord = Property(str, lambda self: WORDS[self._language]["states"], notify=arranged)
    languageWord = Property(str, lambda self: WORDS[self._language]["language"], notify=arranged)

    @Slot(str, str)
    def act(self, device: str, key: str) -> None:
        """A button was pressed."""
        self._asked.put(("staff", "", {}) if device == "staff" else docktable.find(device, key))

    @Slot(str)
    def put(self, role: str) -> None:
        """Lay an identity card on the reader."""
        self.act("id_reader", f"card-{role}")

    @Slot()
    def switchLanguage(self) -> None:
        self._language = LANGUAGES[1 - LANGUAGES.index(self._language)]
        self._arrange()


def _plain(states: Mapping[str, Any]) -> str:
    """One line a device: what is not as it mostly is, and the figures."""
    lines = []
    for name, state in states.items():
        told = [f"{key} {_short(value)}" for key, value in state.items() if key not in UNTOLD and not _usual(value)]
        if state.get("plugged") is False:
            told.insert(0, "unplugged")
        lines.append(f"{name}: {', '.join(told) or 'well'}")
    return "\n".join(lines)


def _usual(value: Any) -> bool:
    return (
        value in (None, False, "", "ok", 0) or value == [] or (isinstance(value, Mapping) and not any(value.values()))
    )


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "/".join(str(key) for key, one in value.items() if one)
    if isinstance(value, list):
        return "/".join(str(one) for one in value)
    return "yes" if value is True else str(value)[:48]


class Dock:
    """The panel's window with its model. ``close`` ends both."""

    def __init__(self, control: DevDockControl, window: QQuickView, language: str = "zh_CN") -> None:
        self.model = DevDock(control, language)
        self.view = QQuickView()
        self.view.engine().addImportPath(QML)
        self.view.setTitle("DevDock")
        self.view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        self.view.setInitialProperties({"dock": self.model})
        self.view.setSource(QUrl.fromLocalFile(os.path.join(QML, "Kiosk", "DevDock", "DevDock.qml")))
        self.view.setGeometry(beside(window.frameGeometry(), DOCK, window.screen().availableGeometry()))
        self.view.show()

    def close(self) -> None:
        self.model.close()
        self.view.close()
        self.view.setSource(QUrl())


def open_dock(control: DevDockControl, window: QQuickView, language: str = "zh_CN") -> Dock:
    """Open the panel beside a window, on the same screen."""
    return Dock(control, window, language)
