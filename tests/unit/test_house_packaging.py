"""What is installed is what stands in the checkout, at no cost to a process's start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="kiosk")
    assert command.value == "kiosk.cli:main"


def test_the_checkout_is_on_the_path_without_an_import_hook() -> None:
    hooks = [file for file in distribution("kiosk-7x24").files or [] if "finder" in file.name]
    assert hooks == []
    run = subprocess.run(
        [sys.executable, "-c", "import kiosk; print(kiosk.__file__)"],
        capture_output=True,
        text=True,
        cwd="/",
        timeout=50,
    )
    assert Path(run.stdout.strip()) == ROOT / "kiosk" / "__init__.py", run.stderr


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="not a git checkout")
def test_git_ignores_no_data_file() -> None:
    """The wheel leaves out what git ignores: only what Python makes by itself may be among it."""
    run = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "kiosk", "devices", "ui"],
        capture_output=True, text=True, cwd=ROOT, timeout=50,
    )  # fmt: skip
    ignored = [line for line in run.stdout.splitlines() if not line.endswith(".pyc")]
    assert (run.returncode, ignored) == (0, [])


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
