"""好差评: levels of satisfaction and the reasons that may be given, from ``data/rating.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files

from kiosk.domain.text import Language, Text


@dataclass(frozen=True, slots=True)
class RatingOption:
    """One reason; ``code`` is the national code that goes on the wire."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class RatingLevel:
    """``value`` 5 is 非常满意, 1 非常不满意 (the rating interface; GB/T 39046 counts the other way)."""

    value: int
    text: Text
    options: tuple[RatingOption, ...]

    @property
    def gbt_39046(self) -> int:
        """The same level in GB/T 39046's counting, where 1 is 非常满意."""
        return 6 - self.value


@dataclass(frozen=True, slots=True)
class Rated:
    """What an applicant is shown of their own rating of a case: what they said, and what came of it.

    ``level``: 5 (best) to 1; 0 where this end knows only that the case was rated. ``task``: of a bad one how far it has
    come (kiosk.domain.rating_task.TaskState), the newest where there are two (what was added may be bad as well); ""
    where there is none. ``due``: the last day of the answer. ``finding``: a word of that table; ``answer``: in
    writing, as staff wrote it; ``longer``: why it takes longer. ``added``: the level of what was added later (追评), 0
    while nothing was. Answers may name persons: never to a log or a file.
    """

    level: int = 0
    at: date | None = None
    options: tuple[str, ...] = field(default=(), repr=False)
    task: str = ""
    due: date | None = None
    finding: str = ""
    answer: str = field(default="", repr=False)
    answered: date | None = None
    longer: str = field(default="", repr=False)
    added: int = 0

    @property
    def may_add(self) -> bool:
        """One rating, and one word more."""
        return self.added == 0


@cache
def _table() -> tuple[int, tuple[RatingLevel, ...]]:
    data = tomllib.loads((files("kiosk.domain") / "data" / "rating.toml").read_text(encoding="utf-8"))
    levels = tuple(
        RatingLevel(
            row["value"],
            Text(row["zh"], row["en"]),
            tuple(RatingOption(o["code"], Text(o["zh"], o["en"])) for o in row["options"]),
        )
        for row in data["level"]
    )
    return data["shown_first"], levels


def rating_levels() -> tuple[RatingLevel, ...]:
    """All levels, best first."""
    return _table()[1]


def shown_first() -> int:
    """How many reasons are shown before "more" is touched."""
    return _table()[0]


def levels(language: Language) -> tuple[tuple[int, str], ...]:
    """(value, words) of each level, best first."""
    return tuple((level.value, level.text.of(language)) for level in rating_levels())


def level_word(level: int) -> Text:
    """Raises KeyError for a level that does not exist."""
    return {row.value: row.text for row in rating_levels()}[level]


def reasons(level: int, codes: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """The words of these reasons; a code that the level does not have is left out."""
    known = dict(options(level, language)) if level else {}
    return tuple(known[code] for code in codes if code in known)


def options(level: int, language: Language) -> tuple[tuple[str, str], ...]:
    """(code, words) of the reasons of a level, in order. Raises KeyError for a level that does not exist."""
    for row in rating_levels():
        if row.value == level:
            return tuple((option.code, option.text.of(language)) for option in row.options)
    raise KeyError(level)


def options_fit(level: int, codes: tuple[str, ...]) -> bool:
    """Whether every code belongs to the level, each at most once."""
    allowed = {code for code, _ in options(level, "zh_CN")}
    return len(set(codes)) == len(codes) and allowed.issuperset(codes)
