"""What was entered and not committed: kept at one visit, taken up at the next, through the real window and reader. Then
somebody is helped, and what they wanted remembered is offered at their next visit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
VISITS = ("keep", "resume", "helped", "remembered")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_card_goes_on_where_it_stopped(tmp_path: Path) -> None:
    scripts = [part for name in VISITS for part in ("--visit", str(HERE / f"{name}.toml"))]
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "demo", "--headless", *scripts, "--out", str(tmp_path),
         "--pictures", "few"],
        capture_output=True, text=True, timeout=280, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["ok"]
    assert report["journal"]["committed"] == 1
