"""The DevDock: every button does what the twin behind it knows, in both languages, and only for what is here."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickItem, QQuickView
from PySide6.QtTest import QTest

from devices.simulators.cabinet import Cabinet, make_twins
from devices.simulators.control import Control, ControlError
from kiosk.demo import cabinet as demo_cabinet
from kiosk.demo import whole
from kiosk.demo.stage import DemoStage
from tests.ui.conftest import Stage
from ui import docktable
from ui.devdock import DevDock, Dock

until = Stage.until
DEEDS = [(one.device, deed) for group in docktable.GROUPS for one in group.devices for deed in one.deeds]


class Recorder:
    """A control point that remembers what it was asked for."""

    def __init__(self, state: Mapping[str, Any], refusal: str = "") -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal = refusal
        self._state = dict(state)

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None:
        if self.refusal:
            raise ValueError(self.refusal)
        self.asked.append((device, action, arguments))

    def state(self) -> dict[str, Any]:
        return self._state

    def staff_code(self) -> str:
        return "246810"


WHOLE = {
    device: {"kind": "x"}
    for device in ("id_reader", "card_reader", "page_printer", "receipt_printer", "network", "ups", "camera",
                   "document_camera", "document_scanner", "code_scanner", "sound")
} | {"sensors": {"kind": "modbus", "doors": {"upper": True}, "boxes": {"A1": False}}}  # fmt: skip


@pytest.fixture
def app() -> QGuiApplication:
    return QGuiApplication.instance() or QGuiApplication([])  # type: ignore[return-value]  # the one that the fixtures make


@pytest.fixture
def dock(app: QGuiApplication) -> Iterator[Dock]:
    window = QQuickView()
    made = Dock(Recorder(WHOLE), window)
    made.view.resize(460, 2200)
    until(lambda: bool(made.model.groups))
    yield made
    made.close()
    window.close()


def items(view: QQuickView) -> Iterator[QQuickItem]:
    stack = [view.rootObject()]
    while stack:
        item = stack.pop()
        yield item
        stack.extend(item.childItems())


def named(view: QQuickView, name: str) -> QQuickItem:
    (found,) = [item for item in items(view) if item.objectName() == name]
    return found


def touch(view: QQuickView, name: str) -> None:
    item = named(view, name)
    at = item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(at.x(), at.y()))


# -- the table -------------------------------------------------------------------------------------------------


def test_no_two_buttons_have_one_name_and_every_word_is_there_in_both_languages() -> None:
    keys = [(device, deed.key) for device, deed in DEEDS]
    assert len(set(keys)) == len(keys)
    pairs = [deed.name for _, deed in DEEDS]
    pairs += [group.name for group in docktable.GROUPS]
    pairs += [one.name for group in docktable.GROUPS for one in group.devices]
    assert all(zh.strip() and en.strip() and en.isascii() for zh, en in pairs)


def test_a_device_that_is_not_here_is_not_offered() -> None:
    shown = docktable.shown({"id_reader": {}, "sensors": {"doors": {}}}, "zh_CN")
    assert [one["device"] for group in shown for one in group["devices"]] == ["id_reader", "sensors"]


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """The whole cabinet of the demo, as far as this machine has it; the page printer without its cupsd."""
    folder = tmp_path_factory.mktemp("cabinet")
    without = {**whole.left_out(), "page_printer": "tried by the demo itself"}
    spec = demo_cabinet.spec(folder, "http://127.0.0.1:1", more=whole.twins(folder, without))
    cabinet = Cabinet(make_twins(spec), folder / "control")
    cabinet.start()
    with Control(folder / "control", timeout=30.0) as made:
        yield made
    cabinet.stop()


@pytest.mark.parametrize(("device", "deed"), DEEDS, ids=[f"{device}-{deed.key}" for device, deed in DEEDS])
def test_every_button_is_something_that_its_twin_can_do(control: Control, device: str, deed: docktable.Deed) -> None:
    twin, action, arguments = docktable.find(device, deed.key)
    if twin not in control.state():
        pytest.skip(whole.left_out().get(twin, ""))
    control.do(twin, action, **arguments)


def test_what_a_twin_cannot_do_would_be_noticed(control: Control) -> None:
    with pytest.raises(ControlError):
        control.do("ups", "explode")


def test_everything_that_can_be_shown_here_is_in_the_whole_cabinet(control: Control) -> None:
    here = {one["device"] for group in docktable.shown(control.state(), "en") for one in group["devices"]}
    assert here | set(whole.left_out()) >= {one.device for group in docktable.GROUPS for one in group.devices}


# -- the panel -------------------------------------------------------------------------------------------------


def control_of(dock: Dock) -> Recorder:
    recorder = dock.model._control
    assert isinstance(recorder, Recorder)
    return recorder


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("dock-card-resident", ("id_reader", "put", {"card": "resident"})),
        ("dock-card-take", ("id_reader", "take", {})),
        ("dock-ups-low", ("ups", "low", {})),
        ("dock-sensors-upper-open", ("sensors", "door-open", {"name": "upper"})),
        ("dock-locker-jam-A2", ("sensors", "jam", {"box": "A2"})),
        ("dock-document_camera-dark", ("document_camera", "lay", {"paper": "a4", "how": "dark"})),
    ],
)
def test_a_touch_reaches_the_twin(dock: Dock, name: str, asked: tuple[str, str, dict[str, Any]]) -> None:
    until(lambda: any(item.objectName() == name for item in items(dock.view)))
    touch(dock.view, name)
    until(lambda: control_of(dock).asked == [asked])
    until(lambda: dock.model.said != "")  # type: ignore[comparison-overlap]  # a Qt property


def test_the_panel_speaks_both_languages(dock: Dock) -> None:
    def words() -> set[str]:
        return {str(item.property("text")) for item in items(dock.view) if item.property("text")}

    until(lambda: "不间断电源" in words())
    assert "UPS" not in words()
    touch(dock.view, "dock-language")
    until(lambda: "UPS" in words())
    assert "不间断电源" not in words()
    left = {word for word in words() - {"中文"} if not word.isascii()}
    assert left == set(), "words that were not translated"


def test_a_code_for_staff_is_told(dock: Dock) -> None:
    touch(dock.view, "dock-staff-code")
    until(lambda: "246810" in str(dock.model.said))


def test_a_refusal_is_told_and_the_panel_goes_on(app: QGuiApplication) -> None:
    recorder = Recorder(
        {"ups": {"status": "OL", "charge": 100, "plugged": False, "fault": None}}, refusal="no such thing"
    )
    model = DevDock(recorder, "en")
    try:
        until(lambda: bool(model.groups))
        model.act("ups", "low")
        until(lambda: model.said == "no such thing")  # type: ignore[comparison-overlap]  # a Qt property
        assert str(model.states) == "ups: unplugged, status OL, charge 100"
        recorder.refusal = ""
        model.act("ups", "ok")
        until(lambda: recorder.asked == [("ups", "ok", {})])
    finally:
        model.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "devdock"]


def test_the_spec_of_the_whole_cabinet_is_kept_beside_the_papers(tmp_path: Path) -> None:
    twins = whole.twins(tmp_path, {})
    assert twins["page_printer"]["spool"] == str(tmp_path)
    assert "sound" not in whole.twins(tmp_path, {"sound": "not here"})


def test_what_the_cabinet_refuses_reaches_the_panel_and_does_not_end_it(control: Control, tmp_path: Path) -> None:
    stage = DemoStage(control, tmp_path / "staff.secret")
    with pytest.raises(ValueError, match="it has"):
        stage.do("ups", "explode", {})
    with pytest.raises(ValueError, match="no device"):
        stage.do("toaster", "on", {})
    model = DevDock(stage, "en")
    try:
        until(lambda: bool(model.groups))
        model._asked.put(("ups", "explode", {}))
        until(lambda: "explode" in str(model.said))
        model.act("ups", "ok")
        until(lambda: str(model.said) == "ups ok")
    finally:
        model.close()
