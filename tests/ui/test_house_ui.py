"""Rules of the house that a look at the sources can keep."""

from __future__ import annotations

import gc
import json
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Property, QObject, Signal, Slot

import ui
from ui.models.records import RecordsModel
from ui.words import catalogue

ROOM = Path(ui.__file__).parent
QML = sorted(ROOM.glob("qml/**/*.qml"))
LITERALS = {
    "colour": re.compile(r'"#[0-9A-Fa-f]{3,8}"|Qt\.(rgba|hsla|lighter|darker)\(|color: "(?!transparent")'),
    "font": re.compile(r'font\.(pixelSize|pointSize): *\d|font\.family: *"'),
    "size": re.compile(r"\b(radius|spacing|padding|\w+Padding|\w*[mM]argins?|border\.width): *(?!0\b)\d"),
    "width": re.compile(r"\b(width|height|implicitWidth|implicitHeight): *(?![01]\b)\d"),
    "duration": re.compile(r"\b(duration|interval): *\d"),
    "clock": re.compile(r"\bTimer *\{|new Date|XMLHttpRequest"),
    "effect": re.compile(r"MultiEffect|ShaderEffect|layer\.enabled|import QtQuick\.(Controls|Effects)"),
}


@pytest.mark.parametrize("rule", LITERALS)
def test_no_literal_outside_theme(rule: str) -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in QML
        if path.name not in ("Theme.qml", "Works.qml")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if LITERALS[rule].search(line)
    ]
    assert found == []


def test_both_catalogues_have_the_same_keys_and_places() -> None:
    chinese, english = catalogue("zh_CN"), catalogue("en")
    assert list(chinese) == list(english)
    for key, text in chinese.items():
        places = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        other = {field for _, field, _, _ in string.Formatter().parse(english[key]) if field}
        if not key.startswith(("clock.", "guide.")) and not key.endswith(".one"):
            assert places == other, key
        assert text, key
        assert english[key], key


def test_words_are_calm_and_plain() -> None:
    for language in ("zh_CN", "en"):
        for key, text in catalogue(language).items():
            assert not re.search("[!！]", text), key
            assert "你" not in text, f"{key}: say 您"


def _used() -> set[str]:
    used: set[str] = set()
    for path in QML:
        used |= set(re.findall(r'Words\.t\("([a-z_0-9.]+)"', path.read_text("utf-8")))
        used |= set(re.findall(r'"(consent\.\w+)"', path.read_text("utf-8")))
        used |= set(re.findall(r': Words\.t\("([a-z_0-9.]+)"', path.read_text("utf-8")))
    for path in ROOM.glob("**/*.py"):
        used |= set(re.findall(r'\bt\("([a-z_0-9.]+)"', path.read_text("utf-8")))
    return used


def test_every_key_that_is_used_has_words() -> None:
    whole = {key for key in _used() if not key.endswith(".") and not key.startswith("maint.")}
    assert len(whole) > 60
    assert whole - set(catalogue("zh_CN")) == set()


def test_every_word_is_used() -> None:
    spoken = ROOM.parent.glob("kiosk/visit/speech*.py")
    sources = "\n".join(p.read_text("utf-8").replace("'", '"') for p in [*QML, *ROOM.glob("**/*.py"), *spoken])
    families = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)\."', sources)) | {
        found.rstrip(".") for found in re.findall(r'f"([a-z_]+(?:\.[a-z_]+)*\.)\{', sources)
    }
    for key in catalogue("zh_CN"):
        plain = key.removesuffix(".one")
        assert f'"{plain}"' in sources or any(plain.startswith(f"{family}.") for family in families), key


def test_qmllint_finds_nothing() -> None:
    tool = Path(sys.executable).with_name("pyside6-qmllint")
    if not tool.exists() and shutil.which("pyside6-qmllint") is None:
        pytest.skip("pyside6-qmllint is not installed")
    command = [str(tool) if tool.exists() else "pyside6-qmllint", "-I", str(ROOM / "qml"), *map(str, QML)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_the_first_frame_imports_nothing_heavy() -> None:
    code = (
        "import json, sys, ui.app\n"
        "from ui.bridge import Bridge\n"
        "Bridge('zh_CN')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True,
                         cwd=ROOM.parent)  # fmt: skip
    loaded = set(json.loads(out.stdout))
    heavy = {
        "numpy", "PIL", "cv2", "reportlab", "cryptography", "kiosk.visit.events", "kiosk.visit.screen", "ui.samples",
        "ui.devdock", "ui.viewmodels.base", "ui.viewmodels.form", "PySide6.QtWidgets", "PySide6.QtTest",
    }  # fmt: skip
    assert loaded & heavy == set()


class _Probe(QObject):
    told = Signal(object)
    plain = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.told.connect(self.hear)
        self.plain.connect(self.tick)

    @Slot(object)
    def hear(self, value: object) -> None:
        self.count += 1

    @Slot()
    def tick(self) -> None:
        self.count += 1

    value = Property(object, lambda self: None)


def test_signals_slots_and_properties_keep_the_references_of_none_and_true() -> None:
    """PySide6 6.12.0 on Python 3.11 loses one with every void call or emit, and aborts after seconds."""
    probe, rounds = _Probe(), 5000
    probe.told.emit(None)
    gc.collect()
    before = (sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False))
    for _ in range(rounds):
        probe.told.emit(None)
        probe.told.emit(True)
        probe.told.emit(False)
        probe.plain.emit()
        probe.setObjectName("x")
        probe.property("value")
    after = (sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False))
    drift = [abs(a - b) for a, b in zip(after, before, strict=True)]
    assert max(drift) < rounds / 10
    assert probe.count == 4 * rounds + 1


def test_a_list_tells_the_least_that_changed() -> None:
    owner = QObject()
    model = RecordsModel(("key", "text"), owner)
    told: list[tuple[Any, ...]] = []
    model.rowsInserted.connect(lambda _, first, last: told.append(("in", first, last)))
    model.rowsRemoved.connect(lambda _, first, last: told.append(("out", first, last)))
    model.dataChanged.connect(lambda first, last, _roles=None: told.append(("new", first.row(), last.row())))

    def rows(*keys: str, **texts: str) -> list[dict[str, str]]:
        return [{"key": key, "text": texts.get(key, "")} for key in keys]

    model.replace(rows("a", "b", "c"))
    model.replace(rows("a", "x", "c"))
    model.replace(rows("a", "x", "c", x="other"))
    model.replace(rows("a", "x", "c", x="other"))
    model.replace(rows("x", "c", x="other"))
    model.clear()
    assert told == [("in", 0, 2), ("out", 1, 1), ("in", 1, 1), ("new", 1, 1), ("out", 0, 0), ("out", 0, 1)]
