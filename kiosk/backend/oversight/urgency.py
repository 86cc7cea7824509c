"""What is to be looked at first: problems by kind, street and matter, by harm, number and age (urgency.toml)."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from kiosk.domain.text import Text

WEEK = 7.0
OLDEST = 4.0  # the factor of age at most
STREET = 9  # digits of an area code, GB/T 2260 and the four below it


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weight: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class One:
    """One thing that is wrong. ``days``: since when."""

    kind: str
    area: str
    service_id: str  # "" for none
    days: float


class Problem(msgspec.Struct, frozen=True):
    kind: str
    area: str
    service_id: str
    count: int
    oldest: int  # days
    score: float


@cache
def weights() -> dict[str, Weight]:
    text = (files("kiosk.backend.oversight") / "data" / "urgency.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), type=dict[str, Weight])


def words(kind: str) -> Text:
    found = weights()[kind]
    return Text(found.zh, found.en)


def ordered(ones: Iterable[One]) -> list[Problem]:
    """The most urgent first. Raises KeyError for a kind without a weight."""
    groups: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in ones:
        groups[one.kind, one.area[:STREET], one.service_id].append(max(0.0, one.days))
    made = []
    for (kind, area, service_id), days in groups.items():
        score = weights()[kind].weight * sum(min(OLDEST, 1 + each / WEEK) for each in days)
        made.append(Problem(kind, area, service_id, len(days), int(max(days)), round(score, 1)))
    return sorted(made, key=lambda each: (-each.score, each.kind, each.area, each.service_id))
