"""Watching a card reader: a card laid down, a card that cannot be read, a card taken away; each told once.

Pure bookkeeping around two calls of an IdentityReader. ``devices.actor`` decides when to look.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardGone, CardRead, IdentityReader, NoCard

CardEvent = CardRead | CardGone | DeviceError
CardListener = Callable[[CardEvent], None]

MISSES_UNTIL_GONE = 2  # a card that is nudged misses one look


class _Field(Enum):
    EMPTY = auto()
    READ = auto()
    UNREADABLE = auto()


class CardWatch:
    """What lies on the reader, as told so far."""

    def __init__(self) -> None:
        self._field = _Field.EMPTY
        self._misses = 0
        self._trouble = ""

    def look(self, reader: IdentityReader, deadline: Deadline) -> list[CardEvent]:
        """Look once; the events that this look brings, mostly none."""
        try:
            if self._field is _Field.READ:
                return self._look_again(reader.present(deadline))
            outcome = reader.read(deadline)
        except DeviceError as error:
            return self._failed(error)
        if isinstance(outcome, CardRead):
            self._set(_Field.READ)
            return [outcome]
        return self._empty(outcome)

    def _look_again(self, present: bool) -> list[CardEvent]:
        self._misses = 0 if present else self._misses + 1
        if self._misses < MISSES_UNTIL_GONE:
            return []
        self._set(_Field.EMPTY)
        return [CardGone()]

    def _empty(self, _: NoCard) -> list[CardEvent]:
        had_card = self._field is _Field.UNREADABLE
        self._set(_Field.EMPTY)
        return [CardGone()] if had_card else []

    def _failed(self, error: DeviceError) -> list[CardEvent]:
        """A card that keeps failing in the same way is told once; a read card stays read until it is gone."""
        known, self._trouble = self._trouble == error.code, error.code
        if self._field is _Field.EMPTY:
            self._field = _Field.UNREADABLE
        return [] if known else [error]

    def _set(self, field: _Field) -> None:
        self._field, self._misses, self._trouble = field, 0, ""
