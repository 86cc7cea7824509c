"""Nothing heavy is imported before the first frame: what the window's process loads by name stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "PIL", "cv2", "reportlab", "fontTools", "cryptography", "fastapi", "sqlalchemy", "uvicorn",
         "sqlite_utils", "sqlcipher3", "jsonschema", "yaml", "zxingcpp", "serial", "asyncio", "hypothesis",
         "kiosk.suites", "kiosk.keystore", "chinese_calendar")  # fmt: skip
SIMULATED = ("devices.simulators", "kiosk.demo", "kiosk.backend", "kiosk.bench")


def loaded_by(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after a statement."""
    script = f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=50)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import kiosk.cli", "import kiosk.running, kiosk.profile, kiosk.terminal", "import ui.app"]
)
def test_the_way_to_the_first_frame_is_light(statement: str) -> None:
    loaded = loaded_by(statement)
    assert sorted(loaded & set(HEAVY)) == []
    assert sorted(name for name in loaded if name.startswith(SIMULATED)) == []


def test_a_heavy_module_would_be_noticed() -> None:
    assert "numpy" in loaded_by("import numpy")
