"""Scripted citizens of 诉求投诉, 用水用气报装, 融资担保 and 社保卡补领: every situation, in one demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NAMES = (
    "complaint",
    "complaint_help",
    "complaint_advice_en",
    "complaint_danger",
    "complaint_court",
    "utility_home",
    "utility_shop",
    "utility_water_en",
    "financing_shop",
    "financing_farm_en",
    "financing_firm_over",
    "financing_private",
    "social_card_lost",
    "social_card_agent_en",
    "social_card_name",
    "social_card_child",
)
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("packs_b")
    scripts = [part for name in NAMES for part in ("--visit", str(HERE / f"{name}.toml"))]
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "demo", "--headless", *scripts, "--out", str(out)],
        capture_output=True, text=True, timeout=1180, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return found


def test_every_citizen_ends_as_the_script_says(report: dict[str, Any]) -> None:
    expected = {name: tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))["expect"] for name in NAMES}
    assert {Path(visit["script"]).stem: visit["outcome"] for visit in report["visits"]} == {
        name: expect["outcome"] for name, expect in expected.items()
    }


def test_nobody_is_decided_upon_by_rule(report: dict[str, Any]) -> None:
    assert {visit["outcome"] for visit in report["visits"]} == {"referred", "refused"}


def test_each_leaves_one_receipt_and_one_case_at_the_office(report: dict[str, Any]) -> None:
    assert report["backend"] == {"cases": len(NAMES), "duplicates": 0}
    assert len([name for name in report["documents"] if name.endswith(".png")]) == len(NAMES)
