"""The panel of the demonstration beside the window: put a card, take the paper away, pull the network.

Never imported by a production run. What it does goes through the object it is given, from a thread of its own, for
that object talks to another process.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from PySide6.QtCore import Property, QObject, Qt, QUrl, Signal, Slot
from PySide6.QtQuick import QQuickView

from ui.window import DOCK, QML, beside

LOOK_EVERY = 1.0  # seconds between two looks at the devices
ROLES = (
    ("resident", "居民身份证"), ("elder", "老人的身份证"), ("long_term", "长期证 · 别人的脸"), ("minority", "少数民族"),
    ("rare_name", "生僻字姓名"), ("expired", "过期的证"), ("minor", "未成年人"), ("hmt", "港澳台居住证"),
    ("foreigner_2017", "永居证 2017"), ("foreigner_2023", "永居证 2023"),
)  # fmt: skip
ACTIONS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("page_printer", "证照打印机", (("paper-out", "没纸"), ("cover-open", "开盖"), ("jam", "卡纸"), ("ok", "恢复"))),
    ("receipt_printer", "回执打印机", (("paper-out", "没纸"), ("cover-open", "开盖"), ("ok", "恢复"))),
    ("network", "网络", (("off", "断开"), ("slow", "变慢"), ("on", "恢复"))),
    ("camera", "摄像头", (("covered", "遮住"), ("gone", "拔掉"), ("ok", "恢复"))),
)


class DevDockControl(Protocol):
    """The simulated devices' control point. ``do`` raises ValueError for what a device cannot do."""

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def staff_code(self) -> str: ...


class DevDock(QObject):
    """What the panel binds to."""

    changed = Signal()
    _heard = Signal(str, str)

    def __init__(self, control: DevDockControl, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._said = ""
        self._states = ""
        self._asked: queue.Queue[tuple[str, str, dict[str, Any]] | None] = queue.Queue()
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="devdock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._asked.put(None)
        self._thread.join(5)

    def _work(self) -> None:
        while True:
            try:
                asked = self._asked.get(timeout=LOOK_EVERY)
                if asked is None:
                    return
                device, action, arguments = asked
                if device == "staff":
                    said = f"口令 {self._control.staff_code()}"
                else:
                    self._control.do(device, action, arguments)
                    said = f"{device} {action}"
                self._heard.emit("said", said)
            except queue.Empty:
                pass
            except (OSError, ValueError, RuntimeError) as error:  # the twin refused, or its process has gone
                self._heard.emit("said", str(error))
            try:
                self._heard.emit("states", _plain(self._control.state()))
            except (OSError, ValueError, RuntimeError) as error:
                self._heard.emit("said", str(error))

    @Slot(str, str)
    def _hear(self, kind: str, text: str) -> None:
        if kind == "said":
            self._said = text
        else:
            self._states = text
        self.changed.emit()

    said = Property(str, lambda self: self._said, notify=changed)
    states = Property(str, lambda self: self._states, notify=changed)
    cards = Property(list, lambda self: [{"role": r, "name": n} for r, n in ROLES], constant=True)
    devices = Property(
        list,
        lambda self: [
            {"device": device, "name": name, "actions": [{"action": a, "name": n} for a, n in actions]}
            for device, name, actions in ACTIONS
        ],
        constant=True,
    )

    @Slot(str, str)
    def act(self, device: str, action: str) -> None:
        self._asked.put((device, action, {}))

    @Slot(str)
    def put(self, role: str) -> None:
        self._asked.put(("id_reader", "put", {"card": role}))


def _plain(states: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {json.dumps(state, ensure_ascii=False)[:160]}" for name, state in states.items())


class Dock:
    """The panel's window with its model. ``close`` ends both."""

    def __init__(self, control: DevDockControl, window: QQuickView) -> None:
        self.model = DevDock(control)
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


def open_dock(control: DevDockControl, window: QQuickView) -> Dock:
    """Open the panel beside a window, on the same screen."""
    return Dock(control, window)
