"""How a case and its clocks stand at one moment, as kiosk.domain.clocks tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from kiosk.domain.clock_events import Event


class Phase(Enum):
    """Where the case is."""

    RECEIVED = "received"
    SUPPLEMENTING = "supplementing"  # the applicant's turn: no clock of the office runs
    ACCEPTED = "accepted"
    HELD = "held"
    DECIDED = "decided"
    ANSWERED = "answered"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"


class State(Enum):
    """How a clock stands."""

    RUNNING = "running"
    NEAR = "near"
    OVERDUE = "overdue"
    PAUSED = "paused"
    MET = "met"  # ended in time
    MISSED = "missed"  # ended late
    STOPPED = "stopped"  # nothing is owed any more
    UNKNOWN = "unknown"  # the calendar has run out: an alarm, not a date


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock. ``days`` with what was extended; ``begun`` is the day that is not counted; ``ended``: when it was met,
    or the first day on which it was late.

    ``due`` is None while it is paused, and where the calendar ends before it: ``calendar_ends`` then says when.
    ``left``: working days from tomorrow to the last one, 0 on that day; once it is over, the working days since then as
    a negative number; while paused, the rest.
    """

    name: str
    days: int
    begun: date
    due: date | None
    left: int | None
    state: State
    ended: date | None = None
    calendar_ends: date | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """An event that the law gives no effect on the clocks; it stays in the file. ``why`` is a word of ours."""

    event: Event
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A case at one moment. ``deemed``: it counts as accepted because nobody answered in time (第三十二条)."""

    phase: Phase
    received: date
    accepted: date | None
    deemed: bool
    clocks: tuple[Clock, ...]
    void: tuple[Void, ...]

    def clock(self, name: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.name == name), None)

    @property
    def overdue(self) -> bool:
        return any(clock.state is State.OVERDUE for clock in self.clocks)
