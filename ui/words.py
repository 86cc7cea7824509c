"""Message keys to words. One catalogue per language; the language of the snapshot decides which is read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import Property, QObject, Signal, Slot

CATALOGUES = os.path.join(os.path.dirname(__file__), "i18n")  # no pathlib before the first frame


@cache
def catalogue(language: str) -> dict[str, str]:
    """All words of one language. Raises FileNotFoundError for a language that has none."""
    with open(os.path.join(CATALOGUES, f"{language}.json"), encoding="utf-8") as file:
        words: dict[str, str] = json.load(file)
    return words


@cache
def staff_catalogue(language: str, room: str) -> dict[str, str]:
    """The words of one room of maintenance mode (``i18n/maintenance``): read when staff come, never by the public."""
    with open(os.path.join(CATALOGUES, "maintenance", f"{room}.{language}.json"), encoding="utf-8") as file:
        words: dict[str, str] = json.load(file)
    return words


def word(language: str, key: str, values: Sequence[Any] = ()) -> str:
    """The words for a key with ``{0}``, ``{1}`` replaced.

    ``key.one`` is taken where it exists and the first value is 1. A key that a device or a pack brought along and
    that has no words of its own falls back to the ``other`` of its family (``fault.other``, ``problem.other.title``);
    an unknown family is a bug: KeyError.
    """
    words = staff_catalogue(language, key.split(".")[1]) if key.startswith("maint.") else catalogue(language)
    if values and str(values[0]) == "1" and f"{key}.one" in words:
        key = f"{key}.one"
    if key not in words:
        parts = key.split(".")
        last, second = [*parts[:-1], "other"], [parts[0], "other", *parts[2:]]
        key = next((k for k in (".".join(last), ".".join(second)) if k in words), key)
    return words[key].format(*(int(v) if isinstance(v, float) and v.is_integer() else v for v in values))


class Words(QObject):
    """The catalogue as QML sees it: ``word(key, values)`` and the ``language`` that bindings follow."""

    changed = Signal()

    def __init__(self, language: str, parent: QObject) -> None:
        super().__init__(parent)
        self._language = language

    def _get_language(self) -> str:
        return self._language

    language = Property(str, _get_language, notify=changed)

    @property
    def current(self) -> str:
        return self._language

    def switch(self, language: str) -> None:
        if language != self._language:
            self._language = language
            self.changed.emit()

    @Slot(str, "QVariantList", result=str)
    def word(self, key: str, values: list[Any]) -> str:
        return word(self._language, key, values)

    def t(self, key: str, *values: object) -> str:
        return word(self._language, key, values)
