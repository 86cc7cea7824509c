"""Every character is looked up before anything is drawn: a missing one is an error, never a box on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Coverage(Protocol):
    """What can say whether a character can be drawn."""

    def covers(self, character: str) -> bool: ...


class GlyphMissing(Exception):
    """Characters that no installed font has. Says in which fields and how many, never which: names are private."""

    code = "glyph-missing"
    advice = "Install fonts-noto-cjk and fonts-hanazono; the citizen gets the paper at the counter."
    retryable = False

    def __init__(self, fields: Mapping[str, int]) -> None:
        self.fields = dict(fields)
        self.count = sum(fields.values())
        told = ", ".join(f"{field}: {count}" for field, count in fields.items())
        super().__init__(f"{self.count} character(s) cannot be printed ({told})")


def check(texts: Iterable[tuple[str, str]], coverage: Coverage) -> None:
    """Raise GlyphMissing when a character of a (field, text) pair cannot be drawn. Line breaks need no glyph."""
    missing: dict[str, int] = {}
    for name, text in texts:
        count = sum(1 for character in text if character != "\n" and not coverage.covers(character))
        if count:
            missing[name] = missing.get(name, 0) + count
    if missing:
        raise GlyphMissing(missing)
