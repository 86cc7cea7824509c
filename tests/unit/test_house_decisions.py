"""The decisions of CONTRIBUTING.md are numbered, whole, and there when something refers to one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^### (\d+)\. .+$", TEXT, flags=re.MULTILINE)
DECISIONS = dict(zip(map(int, SECTIONS[1::2]), SECTIONS[2::2], strict=True))
SUFFIXES = {".py", ".md", ".toml", ".yaml", ".qml", ".sh"}
REFERENCE = re.compile(r"\bdecision (\d+)\b", re.IGNORECASE)


def test_they_are_numbered_one_by_one() -> None:
    assert list(DECISIONS) == list(range(1, len(DECISIONS) + 1))


def test_each_says_when_why_what_and_what_follows() -> None:
    lacking = [
        (number, part)
        for number, body in DECISIONS.items()
        for part in ("Date:", "Context:", "Decision:", "Consequence:")
        if part not in body
    ]
    assert lacking == []


def test_every_decision_referred_to_exists() -> None:
    files = [ROOT / "pyproject.toml"]
    for room in ("kiosk", "devices", "ui", "deploy", "tests"):
        files += [file for file in sorted((ROOT / room).rglob("*")) if file.suffix in SUFFIXES]
    unknown = {
        f"{file.relative_to(ROOT)}: decision {number}"
        for file in files
        for number in REFERENCE.findall(file.read_text(encoding="utf-8"))
        if int(number) not in DECISIONS
    }
    assert unknown == set()


def test_the_changelog_knows_the_version() -> None:
    namespace: dict[str, str] = {}
    exec((ROOT / "kiosk" / "__init__.py").read_text(encoding="utf-8"), namespace)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dynamic"] == ["version"]
    assert f"## {namespace['__version__']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
