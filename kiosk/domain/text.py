"""A sentence in the languages of the screen: Chinese first, English second. And what may be shown of foreign text."""

from __future__ import annotations

import unicodedata
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

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, formats, halves of characters, line separators


def counted(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``, for an operator's screen."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def within(title: str) -> str:
    """A title within a sentence: ``Case receipt`` as ``case receipt``, ``ID card`` and Chinese as they are."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def shown(text: str) -> str:
    """Text of unknown origin as one line for an operator's screen: what would steer a terminal becomes U+FFFD."""
    return "".join("\ufffd" if unicodedata.category(character) in _UNSEEN else character for character in text)
