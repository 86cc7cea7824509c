"""PySide6 is pinned because a release lost a reference to None on every void call: this is how we would notice."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 20_000
DRIFT = f"""
import sys
from PySide6.QtCore import QObject, QTimer, Signal

class Bell(QObject):
    rung = Signal(bool)

bell, timer = Bell(), QTimer()
bell.rung.connect(lambda on: None)
before = sys.getrefcount(None), sys.getrefcount(True)
for _ in range({ROUNDS}):
    bell.rung.emit(True)
    timer.setInterval(5)
after = sys.getrefcount(None), sys.getrefcount(True)
print(max(abs(b - a) for a, b in zip(before, after)))
"""


def test_void_calls_and_emits_keep_the_references_of_none_and_true() -> None:
    run = subprocess.run([sys.executable, "-c", DRIFT], capture_output=True, text=True, timeout=50)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < ROUNDS // 100


def test_the_version_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [line for line in project["dependencies"] if line.startswith("PySide6")] == ["PySide6-Essentials==6.11.3"]
