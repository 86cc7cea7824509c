"""好差评: levels of satisfaction and the reasons that may be given, from ``data/rating.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
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
