"""What a late truth means: a closed table of causes and rungs (``data/late.toml``) for both ends of the wire.

A result on the wire is ``conflict`` with the text ``result.conflict.CAUSE``; the journal keeps ``conflict.CAUSE``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from kiosk.domain.decision import UNDECIDED, Outcome, Rung
from kiosk.domain.text import Text

Effect = Literal["holds", "exchange", "void"]
CONFLICT = "conflict"
NOT_TAKEN = "not_taken"  # found by the terminal itself: the backend has nothing of the case
OTHER = "other"
_TEXT = "result.conflict."


@dataclass(frozen=True, slots=True)
class Cause:
    """Why what was told does not hold as it was told."""

    name: str
    title: Text
    why: Text
    basis: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """One cell of the table; what each value means stands at its head."""

    cause: Cause
    rule_id: str
    effect: Effect
    state: str
    alarm: bool
    after_check: bool
    days: int
    holds: Text
    next_step: Text

    @property
    def paper(self) -> Text:
        """What becomes of the paper in the citizen's hand."""
        return _table()[1][self.effect]

    @property
    def revokes(self) -> bool:
        """Whether the papers that were printed are to be listed as counting no more as they are."""
        return self.effect != "holds"


def causes() -> tuple[str, ...]:
    """Every cause there is a row for, ``other`` with them."""
    return tuple(dict.fromkeys(name for name, _ in _table()[0]))


def meaning(cause: str, rung: Rung) -> Meaning:
    """What this cause means for a case of this rung; of a pair that the table does not know, what ``other`` means.

    A case that was decided with a line has the rung ``final``; ``save`` has no cases.
    """
    cells = _table()[0]
    return cells.get((cause, rung.value)) or cells[OTHER, rung.value if rung is not Rung.SAVE else Rung.RECEIPT.value]


def rung_of(outcome: str, rung: str) -> Rung:
    """The rung that counts for a case: what was left to a person was not decided at all. Raises ValueError."""
    return Rung.RECEIPT if Outcome(outcome) in UNDECIDED else Rung(rung)


def pairs() -> tuple[tuple[str, str], ...]:
    """Every cause with each rung that can meet it."""
    return tuple(_table()[0])


def result_text(cause: str) -> str:
    """The message key of a result on the wire."""
    return _TEXT + cause


def kept_outcome(outcome: str, text: str) -> str:
    """The word under which the journal keeps a result: of a conflict with its cause, where it is one of ours."""
    if outcome != CONFLICT or not text.startswith(_TEXT):
        return outcome
    cause = text.removeprefix(_TEXT)
    return f"{CONFLICT}.{cause if cause in causes() else OTHER}"


def cause_of(kept: str) -> str:
    """The cause in such a word; ``other`` for a conflict that named none, "" for any other outcome."""
    outcome, _, cause = kept.partition(".")
    return (cause or OTHER) if outcome == CONFLICT else ""


@cache
def _table() -> tuple[dict[tuple[str, str], Meaning], dict[str, Text]]:
    raw = tomllib.loads((files("kiosk.domain") / "data" / "late.toml").read_text(encoding="utf-8"))
    effects = {name: Text(**row) for name, row in raw["effect"].items()}
    cells: dict[tuple[str, str], Meaning] = {}
    for name, row in raw["cause"].items():
        cause = Cause(name, Text(**row["title"]), Text(**row["why"]), row["basis"])
        cells |= {
            (name, rung): _cell(cause, cell) for rung, cell in row.items() if isinstance(cell, dict) and "id" in cell
        }
    wanted = {rung.value for rung in Rung} - {Rung.SAVE.value}
    if {rung for name, rung in cells if name == OTHER} != wanted or {rung for _, rung in cells} != wanted:
        raise ValueError("late.toml needs a row of the cause `other` for each rung that commits, and no other rung")
    if {cell.effect for cell in cells.values()} - set(effects):
        raise ValueError("late.toml names an effect that it does not explain")
    return cells, effects


def _cell(cause: Cause, row: Mapping[str, Any]) -> Meaning:
    return Meaning(
        cause, row["id"], row["effect"], row["state"], row["alarm"], row["after_check"], row["days"],
        Text(**row["holds"]), Text(**row["next"]),
    )  # fmt: skip
