"""Answers of an earlier visit that the citizen wanted remembered, to be offered to the same person again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """``answers`` by their name in the data dictionary (``person.phone``): what is marked reusable there and nothing
    else. ``until``: they are erased then.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None

    def __repr__(self) -> str:
        return f"Known({len(self.answers)} answers)"
