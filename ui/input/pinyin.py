"""What a pinyin engine is, and which one this machine has."""

from __future__ import annotations

from typing import Protocol

MAX_LETTERS = 36  # a sentence of twelve syllables; more is written in two goes


class EngineUnavailable(Exception):
    """No pinyin engine can be loaded here; the message names what to install."""

    code = "pinyin-missing"
    advice = "install libgooglepinyin0"
    retryable = False


class PinyinEngine(Protocol):
    """Letters in, candidates out. Not thread-safe; keeps nothing after ``clear``."""

    @property
    def letters(self) -> str:
        """Every letter typed for the composition that is open."""
        ...

    @property
    def composition(self) -> str:
        """What to show underlined: words chosen so far, then pinyin split into syllables."""
        ...

    def type(self, letter: str) -> None:
        """One more letter a-z, or an apostrophe between syllables."""
        ...

    def erase(self) -> None:
        """Take back the last choice, or else the last letter."""
        ...

    def candidates(self, count: int) -> tuple[str, ...]:
        """At most ``count`` words for what is open, best first."""
        ...

    def choose(self, index: int) -> str:
        """Take a candidate. Returns the text when the composition is finished by it, else an empty string."""
        ...

    def clear(self) -> None:
        """Forget the composition."""
        ...


def open_engine() -> PinyinEngine:
    """The engine of this machine. Raises EngineUnavailable."""
    from ui.input.google import GooglePinyin

    return GooglePinyin()
