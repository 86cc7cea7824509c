"""Cross-walks between our words and others' codes: ``data/codes.toml``, or a mapping's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class CrossWalk:
    """``values``: our word -> the code. ``back``: code -> our word, where several words share one, "" for a person's.

    ``open``: the list is not confirmed; see the head of ``data/codes.toml``.
    """

    name: str
    source: str
    values: Mapping[str, str]
    back: Mapping[str, str] = field(default_factory=dict)
    open: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code, each once."""
        return tuple(dict.fromkeys(self.values.values()))

    def code(self, word: str) -> str | None:
        return self.values.get(word)

    def word(self, code: str) -> str | None:
        """Our word for a code that came; "" where a person has to look, None for no code of this list."""
        if code in self.back:
            return self.back[code]
        return next((word for word, known in self.values.items() if known == code), None)


def cross_walk(name: str, raw: Mapping[str, Any]) -> CrossWalk:
    """Raises ValueError, which says what is wrong with it."""
    values, back = raw.get("values"), raw.get("back", {})
    if set(raw) - {"source", "open", "values", "back"}:
        raise ValueError("it takes source, open, values and back alone")
    if not isinstance(raw.get("source"), str) or not raw["source"]:
        raise ValueError("it lacks its source")
    if not isinstance(values, Mapping) or not values or not all(isinstance(each, str) for each in values.values()):
        raise ValueError("its values are words, each with a code in quotes")
    if not isinstance(back, Mapping) or set(back) - set(values.values()) or set(back.values()) - {*values, ""}:
        raise ValueError("its back is a code of the list, each with a word of the list or none")
    twice = [code for code in values.values() if list(values.values()).count(code) > 1]
    if set(twice) - set(back):
        raise ValueError(f"the code {sorted(set(twice) - set(back))[0]} stands for two words: say in back for which")
    return CrossWalk(name, raw["source"], dict(values), dict(back), bool(raw.get("open", False)))


@cache
def cross_walks() -> Mapping[str, CrossWalk]:
    """Raises ValueError when the file does not fit."""
    text = (files("kiosk.backend.connectors") / "data" / "codes.toml").read_text(encoding="utf-8")
    return {name: cross_walk(name, raw) for name, raw in tomllib.loads(text).items()}
