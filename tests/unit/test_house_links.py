"""What the READMEs point at exists, and every room tells the person who opens it what it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("kiosk", "devices", "ui", "tests", "deploy")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
PAGES = sorted([*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md"))])
PACKAGES = sorted(init.parent for room in ("kiosk", "devices", "ui") for init in (ROOT / room).rglob("__init__.py"))
# The packages that a person opens first; ui is told as one.
OPENED = [
    package for package in PACKAGES if package.parent == ROOT or package.parent in (ROOT / "kiosk", ROOT / "devices")
]
SMALL = 3  # a package of so few modules is told by its docstring alone


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("package", PACKAGES, ids=relative)
def test_package_opens_with_a_docstring(package: Path) -> None:
    assert ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize("package", OPENED, ids=relative)
def test_package_has_a_readme(package: Path) -> None:
    modules = [module for module in package.glob("*.py") if module.name != "__init__.py"]
    if len(modules) <= SMALL:
        return
    assert (package / "README.md").is_file()


@pytest.mark.parametrize("room", ROOMS)
def test_room_has_a_readme(room: str) -> None:
    assert (ROOT / room / "README.md").is_file()
