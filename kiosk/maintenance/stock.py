"""Supplies and parts that wear (``supplies.toml``): how much is left, and the day it runs out. Pure.

The forecast is the mean of what was used on the last fourteen days, never less than a floor; without data of three
days, or where nobody ever refilled, it says that it is not known.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kiosk.journal.supplies import Supply
    from kiosk.maintenance.screen import Tone

WINDOW, LEAST = 14, 3  # days that are looked at; days of data that a forecast needs
FAR = 366  # days beyond which no day is named
SOON = 3  # days before the end at which somebody should come
LOW = 10  # percent
WORN = 90  # percent of its life
Why = Literal["", "never-renewed", "no-data", "far", "not-told"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of supplies.toml."""

    name: str
    kind: str
    counter: str = ""
    per: int = 1
    level: str = ""
    stock: int = 0
    life: int = 0
    days: int = 0
    floor: int = 0
    repair: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """``percent``: of a full stock, a level, or of the life that is left; None where nobody knows. ``day``: the last
    day on which there is some; None with ``why``.
    """

    percent: int | None = None
    day: date | None = None
    why: Why = ""


@cache
def kinds() -> Mapping[str, Kind]:
    rows = tomllib.loads(Path(__file__).with_name("supplies.toml").read_text("utf-8"))
    return {name: Kind(name, **row) for name, row in rows.items()}


def left(kind: Kind, supply: Supply | None, today: date) -> Left:
    if kind.level:
        return _by_level(kind, supply, today)
    if kind.days:
        return _by_age(kind, supply, today)
    if kind.stock:
        return _by_stock(kind, supply, today)
    if kind.life and supply is not None:
        return Left(percent=max(0, 100 - 100 * supply.total // kind.life))
    return Left()  # a count alone: nothing of it runs out


def tone(kind: Kind, found: Left, today: date) -> Tone:
    """``attention`` in time to come before it is used up; only the device itself says that it is."""
    if found.day is not None and found.day <= today + timedelta(SOON):
        return "attention"
    if found.percent is None:
        return "plain"
    if kind.life:
        return "attention" if found.percent <= 100 - WORN else "ok"
    if kind.days:
        return "attention" if found.percent == 0 else "ok"
    return "attention" if found.percent <= LOW else "ok"


def _by_stock(kind: Kind, supply: Supply | None, today: date) -> Left:
    if supply is None or supply.since is None:
        return Left(why="never-renewed")
    rest = max(0, kind.stock - supply.since)
    percent = 100 * rest // kind.stock
    first = min(supply.days, default=today)
    span = min(WINDOW, (today - first).days + 1)
    if span < LEAST:
        return Left(percent, why="no-data")
    begun = today - timedelta(WINDOW - 1)
    used = sum(amount for day, amount in supply.days.items() if begun <= day <= today)
    return _day(percent, rest, 1000 * used // span, kind.floor, today)


def _by_level(kind: Kind, supply: Supply | None, today: date) -> Left:
    if supply is None or not supply.levels:
        return Left(why="not-told")
    levels = sorted((day, level) for day, level in supply.levels.items() if today - timedelta(WINDOW) <= day <= today)
    if not levels:
        return Left(why="no-data")
    percent = levels[-1][1]
    span = (levels[-1][0] - levels[0][0]).days
    if span < LEAST:
        return Left(percent, why="no-data")
    used = sum(max(0, before - after) for (_, before), (_, after) in pairwise(levels))  # a new cartridge is no use
    return _day(percent, percent, 1000 * used // span, kind.floor, today)


def _by_age(kind: Kind, supply: Supply | None, today: date) -> Left:
    if supply is None or supply.renewed is None:
        return Left(why="never-renewed")
    end = supply.renewed + timedelta(kind.days)
    percent = max(0, min(100, 100 * (end - today).days // kind.days))
    return Left(percent, end if (end - today).days < FAR else None, "" if (end - today).days < FAR else "far")


def _day(percent: int, rest: int, thousandths: int, floor: int, today: date) -> Left:
    days = 1000 * rest // max(thousandths, floor, 1)
    return Left(percent, why="far") if days >= FAR else Left(percent, today + timedelta(days))


def days_left(supplies: Mapping[str, Supply], there: Iterable[str], today: date) -> dict[str, int]:
    """Of what can be forecast at a terminal with these devices: ``KIND.NAME`` -> days until it has run out."""
    devices = frozenset(there)
    found = {each: left(each, supplies.get(each.name), today) for each in kinds().values() if each.kind in devices}
    return {f"{each.kind}.{each.name}": (one.day - today).days for each, one in found.items() if one.day is not None}
