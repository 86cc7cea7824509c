"""The targets of ``targets.toml``, read and checked once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from devices.fuzz.target import Target

_FEEDS = "devices.fuzz.feeds"
_KEYS = frozenset(field.name for field in fields(Target)) - {"name"}


@cache
def targets() -> tuple[Target, ...]:
    """All targets, in the order of the file. ValueError where a line has an unknown or a missing key."""
    lines = tomllib.loads(files("devices.fuzz").joinpath("targets.toml").read_text(encoding="utf-8"))
    return tuple(_target(name, line) for name, line in lines.items())


def _target(name: str, line: Mapping[str, Any]) -> Target:
    if unknown := line.keys() - _KEYS:
        raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
    if "decode" not in line:
        raise ValueError(f"{name}: decode is missing")
    values = {key: _full(value) for key, value in line.items()}
    return Target(name, **values)


def _full(value: Any) -> Any:
    """Lists as tuples; a name that begins with a dot as one of ``feeds``."""
    if isinstance(value, list):
        return tuple(_full(item) for item in value)
    return _FEEDS + value if isinstance(value, str) and value.startswith(".") and ":" in value else value
