"""The closed list of deeds in a case's life and the table of who may do which when (``data/life.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.domain.text import Text


class State(Enum):
    """Where a case is. Its word for the applicant: ``word``."""

    RECEIVED = "received"
    SUPPLEMENTING = "supplementing"  # the applicant's turn
    ACCEPTED = "accepted"
    HELD = "held"
    APPROVED = "approved"
    REFUSED = "refused"
    NOT_ACCEPTED = "not_accepted"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"

    @property
    def word(self) -> Text:
        return _table()[0][self][0]

    @property
    def final(self) -> bool:
        """Nobody owes the applicant a decision or an answer any more."""
        return _table()[0][self][1]


class Deed(Enum):
    """What can be done to a case."""

    RECEIVED = "received"  # 收件
    ACCEPTED = "accepted"  # 受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    SUPPLEMENT_ASKED = "supplement_asked"  # 一次性告知补正
    SUPPLEMENTED = "supplemented"  # 补正
    HOLD_STARTED = "hold_started"
    HOLD_ENDED = "hold_ended"
    EXTENDED = "extended"  # 延长
    FORWARDED = "forwarded"  # 转办
    APPROVED = "approved"  # 准予
    REFUSED = "refused"  # 不予
    DELIVERED = "delivered"  # 送达
    VOIDED = "voided"  # 作废、注销
    WITHDRAWN = "withdrawn"  # 申请人撤回
    CORRECTED = "corrected"  # 更正
    ANSWERED = "answered"  # 答复
    CONFIRMED = "confirmed"  # 部门确认

    @property
    def title(self) -> Text:
        return rule(self).title


class Role(Enum):
    """Who does it."""

    SYSTEM = "system"  # this program, by rule
    COMMUNITY = "community"
    STREET = "street"
    DEPARTMENT = "department"
    APPLICANT = "applicant"


class Track(Enum):
    """What a case is owed."""

    APPLICATION = "application"  # a decision
    COMPLAINT = "complaint"  # an answer


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; what each value means stands at its head. ``gives`` None: the state stays."""

    deed: Deed
    title: Text
    source: str
    after: frozenset[State]
    gives: State | None
    by: frozenset[Role]
    tracks: frozenset[Track]
    first: bool = False
    reason: bool = False
    lacking: bool = False
    to: bool = False
    approval: bool = False
    once: bool = False
    remedy: bool = False


_FLAGS = ("reason", "lacking", "to", "approval", "once", "remedy")


def rule(deed: Deed) -> Rule:
    return _table()[1][deed]


def remedy() -> tuple[Text, str]:
    """How to object, and by which law."""
    return _table()[2]


@cache
def _table() -> tuple[Mapping[State, tuple[Text, bool]], Mapping[Deed, Rule], tuple[Text, str]]:
    """Raises ValueError when the file does not fit."""
    raw = tomllib.loads((files("kiosk.domain") / "data" / "life.toml").read_text(encoding="utf-8"))
    if set(raw["state"]) != {each.value for each in State} or set(raw["deed"]) != {each.value for each in Deed}:
        raise ValueError("life.toml needs one row for each state and each deed, and no other")
    states = {State(name): (Text(row["zh"], row["en"]), bool(row["final"])) for name, row in raw["state"].items()}
    told = raw["remedy"]
    deeds = {Deed(name): _rule(Deed(name), row) for name, row in raw["deed"].items()}
    return states, deeds, (Text(told["zh"], told["en"]), told["source"])


def _rule(deed: Deed, row: Mapping[str, Any]) -> Rule:
    after = [name for name in row["after"] if name]
    first = after != row["after"]
    flags = {flag: row.get(flag, False) for flag in _FLAGS}
    if first is not (deed is Deed.RECEIVED) or not row["source"] or not row["by"] or not row["tracks"]:
        raise ValueError(f"life.toml: {deed.value} is not in form")
    if set(row) - {"zh", "en", "after", "gives", "by", "tracks", "source", *_FLAGS}:
        raise ValueError(f"life.toml: {deed.value} says something that nobody reads")
    return Rule(
        deed, Text(row["zh"], row["en"]), row["source"], frozenset(map(State, after)),
        State(row["gives"]) if row["gives"] else None, frozenset(map(Role, row["by"])),
        frozenset(map(Track, row["tracks"])), first, **flags,
    )  # fmt: skip
