"""The clocks of a case: how long for what, until which day, and how they stand. Pure: events in, clocks out.

What the law's periods are stands in ``data/clocks.toml``; which days count, in kiosk.domain.workdays. A case is its
events, so that its clocks can be told for any moment, also for one that is past. Days are Beijing's. The words it is
told in stand in kiosk.domain.clock_events, clock_states and clock_terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise

from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_events import Event, HistoryError, Kind
from kiosk.domain.clock_states import Clock, Phase, Standing, State, Void
from kiosk.domain.clock_terms import Terms, received_on
from kiosk.domain.workdays import DAY, Calendar, CalendarEnded


def standing(terms: Terms, events: Sequence[Event], now: datetime, calendar: Calendar) -> Standing:
    """The case at ``now`` (aware), by the events up to then, which stand in the order in which they happened.

    Raises HistoryError. A period that ends beyond the calendar raises nothing: its clock says so. CalendarEnded is
    raised where the rule of receipt asks for the office hours of such a day.
    """
    return _Reckoning(terms, calendar, now.astimezone(CHINA).date()).read([e for e in events if e.at <= now])


@dataclass(slots=True)
class _Period:
    """A clock while its events are read."""

    name: str
    days: int
    begun: date
    holds: bool = False  # whether the special procedures stop it
    ended: date | None = None
    stopped: bool = False


@dataclass(slots=True)
class _Reckoning:
    terms: Terms
    calendar: Calendar
    today: date
    phase: Phase = Phase.RECEIVED
    received: date | None = None
    accepted: date | None = None
    deemed: bool = False
    supplements: int = 0  # notices that counted
    extended: bool = False
    spans: list[tuple[date, date | None]] = field(default_factory=list)  # holds, as (begun, ended)
    periods: dict[str, _Period] = field(default_factory=dict)
    void: list[Void] = field(default_factory=list)

    # -- reading the events ---------------------------------------------------------------------------

    def read(self, events: Sequence[Event]) -> Standing:
        if not events or events[0].kind is not Kind.RECEIVED:
            raise HistoryError("a case begins with the event received")
        if any(later.at < earlier.at for earlier, later in pairwise(events)):
            raise HistoryError("the events do not stand in the order of their moments")
        for event in events:
            day = event.at.astimezone(CHINA).date()
            if event.kind in (Kind.RECEIVED, Kind.SUPPLEMENTED):  # what comes in: the one rule of receipt
                day = received_on(event.at, self.calendar)
            self._deem(day)
            self._take(event, day)
        self._deem(self.today)
        if self.received is None:
            raise AssertionError("a first event without a day")
        clocks = tuple(self._clock(period) for period in self.periods.values())
        return Standing(self.phase, self.received, self.accepted, self.deemed, clocks, tuple(self.void))

    def _deem(self, day: date) -> None:
        """Accepted for want of an answer, once the last day for it is over on ``day``."""
        period = self.periods.get("answer")
        if period is None or period.ended or period.stopped or not self.terms.deemed:
            return
        due = self._due(period)
        if isinstance(due, date) and due < day:
            self.deemed, period.ended = True, due + DAY
            self._accept(period.begun)

    def _take(self, event: Event, day: date) -> None:
        over = self.phase in (Phase.DECIDED, Phase.ANSWERED, Phase.NOT_ACCEPTED, Phase.WITHDRAWN)
        if over and not (event.kind is Kind.DELIVERED and self.phase is Phase.DECIDED):
            raise HistoryError(f"{event.kind.value} after the case was {self.phase.value}")
        match event.kind:
            case Kind.RECEIVED:
                self._receive(day)
            case Kind.SUPPLEMENT_NOTICE:
                self._ask_for_more(event, day)
            case Kind.SUPPLEMENTED:
                self._supplement(event, day)
            case Kind.ACCEPTED | Kind.NOT_ACCEPTED:
                self._answer(event, day)
            case Kind.HOLD_STARTED:
                self._hold(day)
            case Kind.HOLD_ENDED:
                self._resume(day)
            case Kind.EXTENDED:
                self._extend(event, day)
            case Kind.DECIDED:
                self._decide(event, day)
            case Kind.DELIVERED | Kind.ANSWERED:
                self._fulfil(event, day)
            case Kind.WITHDRAWN:
                self._stop(Phase.WITHDRAWN)

    def _receive(self, day: date) -> None:
        if self.received is not None:
            raise HistoryError("received twice")
        self.received = day
        if self.terms.answer:
            self._begin("answer", self.terms.answer, day)
        elif self.terms.decide:
            self._begin_deciding(day)
        if self.terms.reply:
            self._begin("reply", self.terms.reply, day)
        self._begin_whole(day)

    def _ask_for_more(self, event: Event, day: date) -> None:
        """Once only, and only while it is not accepted (第三十二条（四）)."""
        if self.accepted is not None:
            self.void.append(Void(event, "accepted-already"))
        elif self.supplements:
            self.void.append(Void(event, "told-once-only"))
        else:
            self.supplements, self.phase = 1, Phase.SUPPLEMENTING
            if "answer" in self.periods:
                self.periods["answer"].ended = day
            for name in ("decide", "promise", "whole"):
                self.periods.pop(name, None)

    def _supplement(self, event: Event, day: date) -> None:
        """All of it came: the clock begins anew from this day. Where nothing was waited for, it changes nothing."""
        if self.phase is not Phase.SUPPLEMENTING:
            self.void.append(Void(event, "nothing-was-asked-for"))
            return
        self.phase = Phase.RECEIVED
        if self.terms.answer:
            self._begin("answer", self.terms.answer, day)
        elif self.terms.decide:
            self._begin_deciding(day)
        self._begin_whole(day)

    def _answer(self, event: Event, day: date) -> None:
        if self.accepted is not None:
            self.void.append(Void(event, "accepted-already"))
            return
        if "answer" in self.periods and self.phase is not Phase.SUPPLEMENTING:
            self.periods["answer"].ended = day
        if event.kind is Kind.NOT_ACCEPTED:
            self._stop(Phase.NOT_ACCEPTED)
        else:
            self._accept(day)

    def _accept(self, day: date) -> None:
        self.accepted, self.phase = day, Phase.ACCEPTED
        if self.terms.answer or "decide" not in self.periods:
            self._begin_deciding(day)

    def _begin_deciding(self, day: date) -> None:
        for name, days in (("decide", self.terms.decide), ("promise", self.terms.promise)):
            if days:
                self.periods[name] = _Period(name, days, day, holds=True)

    def _begin_whole(self, day: date) -> None:
        if self.terms.whole:
            self.periods["whole"] = _Period("whole", self.terms.whole, day, holds=True)

    def _begin(self, name: str, days: int, day: date) -> None:
        self.periods[name] = _Period(name, days, day)

    def _hold(self, day: date) -> None:
        if self.phase is Phase.HELD:
            raise HistoryError("a hold began while another one was under way")
        if "decide" not in self.periods:
            raise HistoryError("a hold began before there was anything to be decided")
        self.spans.append((day, None))
        self.phase = Phase.HELD

    def _resume(self, day: date) -> None:
        if self.phase is not Phase.HELD:
            raise HistoryError("a hold ended that had not begun")
        begun, _ = self.spans[-1]
        self.spans[-1] = (begun, day)
        self.phase = Phase.ACCEPTED if self.accepted is not None else Phase.RECEIVED

    def _extend(self, event: Event, day: date) -> None:
        """Once, and before the period has ended."""
        period = self.periods.get("decide")
        if period is None or not self.terms.extend:
            raise HistoryError("extended where nothing can be extended")
        due = self._due(period)
        if self.extended:
            self.void.append(Void(event, "extended-once-only"))
        elif isinstance(due, date) and due < day:
            self.void.append(Void(event, "too-late"))
        else:
            self.extended, period.days = True, period.days + self.terms.extend

    def _decide(self, event: Event, day: date) -> None:
        if self.phase is Phase.SUPPLEMENTING:
            raise HistoryError("decided while supplements were waited for")
        if self.accepted is None:  # on the spot: deciding is accepting
            if "answer" in self.periods:
                self.periods["answer"].ended = day
            self._accept(day)
        for name in ("decide", "promise", "whole"):
            if name in self.periods:
                self.periods[name].ended = day
        self.phase = Phase.DECIDED
        if event.granted and self.terms.deliver:
            self._begin("deliver", self.terms.deliver, day)

    def _fulfil(self, event: Event, day: date) -> None:
        name = "deliver" if event.kind is Kind.DELIVERED else "reply"
        if name not in self.periods:
            raise HistoryError(f"{event.kind.value} where nothing was owed")
        self.periods[name].ended = self.periods[name].ended or day
        if event.kind is Kind.ANSWERED:
            self.phase = Phase.ANSWERED

    def _stop(self, phase: Phase) -> None:
        self.phase = phase
        for period in self.periods.values():
            period.stopped = period.ended is None

    # -- telling the time -----------------------------------------------------------------------------

    def _due(self, period: _Period) -> date | int | CalendarEnded:
        """The last day; or, while a hold lasts, how many days remain; or that the calendar ends before."""
        day, left = period.begun, period.days
        try:
            while left:
                day += DAY
                held = self._held(day) if period.holds else False
                if held is None:
                    return left
                left -= not held and self.calendar.is_working(day)
        except CalendarEnded as ended:
            return ended
        return day

    def _held(self, day: date) -> bool | None:
        """Whether a hold takes this day: one does from the day after its first to its last. None: it lasts still."""
        for begun, ended in self.spans:
            if begun < day and ended is None:
                return None
            if ended is not None and begun < day <= ended:
                return True
        return False

    def _clock(self, period: _Period) -> Clock:
        due = self._due(period)
        clock = Clock(period.name, period.days, period.begun, None, None, State.STOPPED, period.ended)
        if isinstance(due, CalendarEnded):
            return self._beyond(clock, period, due)
        if isinstance(due, int):
            state = State.STOPPED if period.stopped else State.MET if period.ended else State.PAUSED
            return replace(clock, left=due if state is State.PAUSED else None, state=state)
        clock = replace(clock, due=due)
        if period.stopped:
            return clock
        if period.ended is not None:
            return replace(clock, state=State.MET if period.ended <= due else State.MISSED)
        try:
            left = self.calendar.between(self.today, due)
        except CalendarEnded as ended:  # today is later than every day known, and so than the due one
            return replace(clock, state=State.OVERDUE, calendar_ends=ended.until)
        state = State.OVERDUE if self.today > due else State.NEAR if left <= self.terms.near else State.RUNNING
        return replace(clock, left=left, state=state)

    def _beyond(self, clock: Clock, period: _Period, ended: CalendarEnded) -> Clock:
        """The last day lies beyond the calendar: whatever lies within it is in time, and of later days nobody knows."""
        clock = replace(clock, calendar_ends=ended.until)
        if period.stopped:
            return clock
        if (period.ended or self.today) > ended.until:
            return replace(clock, state=State.UNKNOWN)
        return replace(clock, state=State.MET if period.ended else State.RUNNING)
