"""Ratings as they go up (view.Rating), made of what kiosk/backend/ratings knows of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Said(Protocol):
    """kiosk.backend.ratings.ratings.Said."""

    @property
    def number(self) -> int: ...
    @property
    def level(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def codes(self) -> Sequence[str]: ...
    @property
    def words(self) -> str: ...


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A terminal knows who rates: no rating there is anonymous."""

    level: int
    options: Sequence[str]
    text: str
    at: datetime
    number: int
    anonymous: bool = False


def uploads(said: Sequence[Said]) -> list[Upload]:
    return [Upload(each.level, tuple(each.codes), each.words, each.at, each.number) for each in said]
