"""One sentence as it is written, before it is made speakable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """``live``: said at once when it is new on a page that was read before (a complaint, a hint, a jam)."""

    text: str
    live: bool = False


class Say(Protocol):
    """The words for a message key, in the language of the page (ui.words.word)."""

    def __call__(self, key: str, *values: object) -> str: ...
