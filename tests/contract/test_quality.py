"""Every driver answers the whole quality scale, and its evidence exists."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRIVERS = ROOT / "devices" / "drivers"
RULES = frozenset(tomllib.loads((DRIVERS / "quality_rules.toml").read_text(encoding="utf-8"))["rules"])
FOLDERS = sorted(folder.parent for folder in DRIVERS.glob("*/__init__.py"))
FILES = ("driver.py", "__main__.py", "QUALITY.toml")
KEYS = {"driver", "kind", "title", "sources", "verified", "no_protocol", "rules"}


def problems(folder: Path) -> list[str]:
    """What is wrong with a driver's folder; empty when it keeps the scale."""
    found = [f"{name} is missing" for name in FILES if not (folder / name).is_file()]
    if not (folder / "QUALITY.toml").is_file():
        return found
    sheet: dict[str, Any] = tomllib.loads((folder / "QUALITY.toml").read_text(encoding="utf-8"))
    rules: dict[str, dict[str, Any]] = sheet.get("rules", {})
    found += [f"unknown key {key}" for key in sheet.keys() - KEYS]
    found += [f"{key} is missing" for key in KEYS - sheet.keys() - {"no_protocol"}]
    if sheet.get("driver") != folder.name:
        found.append(f"driver must be {folder.name!r}")
    if (folder / "protocol.py").is_file() == bool(sheet.get("no_protocol")):
        found.append("exactly one of protocol.py and no_protocol is needed")
    if sheet.get("verified") not in ("twin", "foreign-peer", "hardware"):
        found.append("verified must be twin, foreign-peer or hardware")
    elif sheet["verified"] != "twin" and rules.get(sheet["verified"], {}).get("status") != "done":
        found.append(f"verified = {sheet['verified']} but that rule is not done")
    found += [f"rule {rule} is not answered" for rule in sorted(RULES - rules.keys())]
    found += [f"rule {rule} does not exist" for rule in sorted(rules.keys() - RULES)]
    for rule, answer in rules.items():
        found += [f"{rule}: {problem}" for problem in answer_problems(answer)]
    return found


def answer_problems(answer: dict[str, Any]) -> list[str]:
    """What is wrong with the answer to one rule."""
    status = answer.get("status")
    if status == "done":
        evidence = answer.get("evidence", [])
        files = [evidence] if isinstance(evidence, str) else list(evidence)
        missing = [f"evidence {file} does not exist" for file in files if not (ROOT / file.split("::")[0]).exists()]
        return missing if files else ["done without evidence"]
    if status in ("exempt", "todo"):
        return [] if str(answer.get("reason", "")).strip() else [f"{status} without a reason"]
    return [f"status {status!r} is none of done, exempt, todo"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_driver_answers_every_rule(folder: Path) -> None:
    assert problems(folder) == []


def test_a_driver_without_its_files_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "QUALITY.toml").write_text('driver = "x"\n[rules]\nmagic = { status = "done" }\n', encoding="utf-8")
    found = problems(tmp_path)
    assert "driver.py is missing" in found
    assert "rule magic does not exist" in found
    assert "magic: done without evidence" in found
    assert "rule deadlines is not answered" in found
