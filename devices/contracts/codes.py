"""Names of the codes on identity documents: sex (GB/T 2261.1) and ethnic group (GB/T 3304)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

Names = tuple[str, str]  # Chinese, English


@cache
def _table(name: str) -> dict[str, Names]:
    data = tomllib.loads(files("devices.contracts").joinpath("codes.toml").read_text(encoding="utf-8"))
    return {code: (names[0], names[1]) for code, names in data[name]["codes"].items()}


def _name(table: str, code: str, language: str) -> str:
    names = _table(table).get(code)
    return "" if names is None else names[0 if language.startswith("zh") else 1]


def sex_name(code: str, language: str = "zh") -> str:
    """The name of a sex code in ``zh`` or ``en``; empty where the code is unknown."""
    return _name("sex", code, language)


def ethnic_name(code: str, language: str = "zh") -> str:
    """The name of an ethnic code in ``zh`` (汉) or ``en`` (Han); empty where the code is unknown."""
    return _name("ethnic", code, language)


def ethnic_codes() -> tuple[str, ...]:
    """All codes, in the order of the standard."""
    return tuple(_table("ethnic"))
