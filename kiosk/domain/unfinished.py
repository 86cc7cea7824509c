"""A matter that was begun and not committed: what its citizen answered, to be taken up again by the same person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Unfinished:
    """``answers`` by the key of their question, as they were given. Nothing that the card says, no promise, no
    signature and no picture is in it: those are made anew. ``until``: it is erased then; None while it is not kept yet.
    """

    service_id: str
    answers: Mapping[str, str] = field(default_factory=dict)
    saved_at: datetime | None = None
    until: datetime | None = None

    def __repr__(self) -> str:
        return f"Unfinished({self.service_id}, {len(self.answers)} answers)"
