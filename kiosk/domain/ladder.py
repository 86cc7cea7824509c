"""The offline ladder as a table (``data/ladder.toml``): what each rung writes, prints and promises."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.domain.decision import Outcome, Rung
from kiosk.domain.text import EMPTY, Text

_WORDS = ("commits", "decides", "holds", "certificate", "clocks")
_VERDICTS = ("can", "limited", "cannot")


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table; what each value means stands at its head."""

    name: str
    commits: bool
    decides: bool
    holds: bool
    certificate: bool
    clocks: bool
    before: str
    promise: Text
    paper: Text = EMPTY


@cache
def table() -> dict[str, Step]:
    """``online`` and every rung. Raises ValueError when the file does not fit."""
    raw = tomllib.loads((files("kiosk.domain") / "data" / "ladder.toml").read_text(encoding="utf-8"))
    if set(raw) != {"online", *(rung.value for rung in Rung)}:
        raise ValueError("ladder.toml needs one row for online and for each rung")
    return {name: _step(name, row) for name, row in raw.items()}


def step(rung: Rung, *, online: bool) -> Step:
    """What holds now for a service of this rung."""
    return table()["online" if online else rung.value]


def outcome(found: Outcome, rung: Rung, *, online: bool) -> Outcome:
    """What the rules' outcome becomes on this rung: where nothing may be decided, the matter is received.

    What goes to a person anyway is decided by nobody here, so that it stays as it is.
    """
    decides = step(rung, online=online).decides
    return found if decides or found is Outcome.REFERRED else Outcome.RECEIVED


def _step(name: str, row: dict[str, Any]) -> Step:
    given = {word: row[word] for word in _WORDS}
    if not all(isinstance(value, bool) for value in given.values()) or row["before"] not in _VERDICTS:
        raise ValueError(f"ladder.toml: {name} is not in form")
    paper = Text(**row["paper"]) if "paper" in row else EMPTY
    return Step(name, before=row["before"], promise=Text(**row["promise"]), paper=paper, **given)
