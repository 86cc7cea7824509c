"""A wheel carries every data file: the packs, the catalogues, the pages of QML."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATTERNS: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
    "package-data"
]["*"]
PASSED_OVER = {".py", ".pyc", ".pyi"}


@pytest.mark.parametrize("room", ["kiosk", "devices", "ui"])
def test_every_data_file_is_packed(room: str) -> None:
    files = [file for file in (ROOT / room).rglob("*") if file.is_file() and file.suffix not in PASSED_OVER]
    left_out = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if not any(fnmatch.fnmatch(file.name, pattern) for pattern in PATTERNS)
    ]
    assert left_out == []


def test_device_contracts_need_the_standard_library_alone() -> None:
    script = """
import importlib, pathlib, sys
before = set(sys.modules)
import devices.contracts
for file in pathlib.Path(devices.contracts.__file__).parent.glob("*.py"):
    importlib.import_module(f"devices.contracts.{file.stem}")
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - sys.stdlib_module_names - {"devices"}))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=50)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
