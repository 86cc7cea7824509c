"""A sentence in the languages of the screen: Chinese first, English second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["zh_CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Chinese and English."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        return self.en if language == "en" else self.zh


EMPTY = Text("", "")
