"""How long what may take, basis by basis (``data/clocks.toml``), and on which day something has come in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.domain.beijing import CHINA
from kiosk.domain.text import Text
from kiosk.domain.workdays import DAY, Calendar

_DAYS = ("answer", "decide", "extend", "deliver", "reply")
_RULES = ("day", "office")


@dataclass(frozen=True, slots=True)
class Terms:
    """Working days of each clock; 0: it does not run. What each value means stands at the table's head."""

    basis: str
    title: Text
    source: str
    answer: int = 0
    deemed: bool = False
    decide: int = 0
    extend: int = 0
    approval: str = ""  # whose approval an extension needs
    deliver: int = 0
    reply: int = 0
    promise: int = 0  # the pack's
    whole: int = 0  # the pack's, as its receipts tell it: from the day of receipt, until it is decided
    near: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The rule of the day of receipt; ``closes`` counts for the rule ``office`` alone."""

    rule: str
    closes: time


def bases() -> tuple[str, ...]:
    return tuple(_table()[0])


def terms(basis: str, *, promise: int = 0, answer: int = 0, decide: int = 0) -> Terms:
    """A basis with the days that a pack promises. Raises KeyError; ValueError for more days than the basis gives."""
    found = _table()[0][basis]
    for name, days in (("answer", answer), ("decide", decide), ("promise", promise)):
        most = getattr(found, "decide" if name == "promise" else name)
        if days < 0 or days > most:
            raise ValueError(f"{name}: {days} working days, and the basis {basis} gives {most} at most")
    return replace(found, promise=promise, answer=answer or found.answer, decide=decide or found.decide)


def received_on(at: datetime, calendar: Calendar, rule: Receipt | None = None) -> date:
    """The day of receipt (收到之日) of what came in at ``at`` (aware). ``rule``: the table's, where none is given.

    Raises CalendarEnded where the rule ``office`` asks about a day beyond the calendar.
    """
    rule = rule or _table()[1]
    moment = at.astimezone(CHINA)
    day = moment.date()
    if rule.rule == "day":
        return day
    if calendar.is_working(day) and moment.time() < rule.closes:
        return day
    return calendar.moved(day + DAY)


@cache
def _table() -> tuple[Mapping[str, Terms], Receipt]:
    """Raises ValueError when the file does not fit."""
    raw = tomllib.loads((files("kiosk.domain") / "data" / "clocks.toml").read_text(encoding="utf-8"))
    receipt = Receipt(raw["receipt"]["rule"], time.fromisoformat(raw["receipt"]["closes"]))
    if receipt.rule not in _RULES:
        raise ValueError(f"clocks.toml: receipt.rule is one of {', '.join(_RULES)}")
    return {name: _terms(name, row, raw["near"]) for name, row in raw["basis"].items()}, receipt


def _terms(name: str, row: Mapping[str, Any], near: int) -> Terms:
    given = {word: row.get(word, 0) for word in _DAYS}
    if any(type(days) is not int or not 0 <= days <= 365 for days in given.values()) or not any(given.values()):
        raise ValueError(f"clocks.toml: {name} is not in form")
    if given["extend"] and not (given["decide"] and row.get("approval")):
        raise ValueError(f"clocks.toml: {name} extends without a period to be decided in, or without an approval")
    return Terms(
        name, Text(**row["title"]), row["source"], deemed=row.get("deemed", False), approval=row.get("approval", ""),
        near=near, **given,
    )  # fmt: skip
