"""The life of a case after its commit, as events: what may be done next, and how it stands. Pure: events in, Stand out.

What may follow what stands in ``data/life.toml`` (kiosk.domain.life_table); days are reckoned by kiosk.domain.clocks
and nowhere else, deemed acceptance (行政许可法 第三十二条) with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum

from kiosk.domain import clocks
from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_events import Event, HistoryError, Kind
from kiosk.domain.clock_states import Phase, Standing
from kiosk.domain.clock_states import State as ClockState
from kiosk.domain.clock_terms import Terms
from kiosk.domain.life_table import Deed, Role, State, Track, rule
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.workdays import Calendar


class May(Enum):
    """What the applicant may do about a case now."""

    WITHDRAW = "withdraw"  # take the application back: nothing is decided
    SUPPLEMENT = "supplement"  # hand in what is lacking
    COLLECT = "collect"  # the paper is there to be fetched
    RATE = "rate"  # rate it (好差评): it is over, and was not rated at the visit
    REPLY = "reply"  # say one word more about it (追评): it was rated (kiosk.domain.rating), no matter of its state


class LifeError(ValueError):
    """A deed that cannot be done to this case now. ``code`` is one of ``WHY``."""

    retryable = False

    def __init__(self, code: str, deed: Deed, state: State | None = None) -> None:
        super().__init__(f"{deed.value}: {code}")
        self.code, self.deed, self.state = code, deed, state

    @property
    def advice(self) -> str:
        return WHY[self.code]


WHY = {
    "not-now": "The case is in a state in which this cannot be done: look at its history.",
    "decided": "The case is decided or ended already; only its papers can still be corrected or made void.",
    "deemed-accepted": "Nobody answered in time, so the case counts as accepted (行政许可法 第三十二条): decide it.",
    "not-theirs": "Whoever does this may not do it: see the table in kiosk/domain/data/life.toml.",
    "other-track": "A complaint is answered, an application is decided: this case is of the other kind.",
    "reason-missing": "Say why: the applicant is told (--reason).",
    "lacking-missing": "Say all that is lacking, each by itself (--lacking).",
    "to-missing": "Say to whom it is handed on (--to).",
    "approval-missing": "Say who has approved it (--approval).",
    "once-only": "The law allows this once, and it was done before.",
    "too-late": "The period is over, and cannot be extended any more.",
    "no-period": "This case has no period that could be held or extended.",
}


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is lacking. ``material``: its key in the service's pack, "" where it is none of those."""

    text: Text
    material: str = ""


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One thing that was done to a case. ``at`` is aware; ``who``: the name under which staff did it.

    ``reason``: both languages where it comes from a pack; free text of staff stands in both as it is.
    """

    deed: Deed
    at: datetime
    by: Role
    who: str = field(default="", repr=False)
    reason: Text = field(default=EMPTY, repr=False)
    lacking: tuple[Lack, ...] = field(default=(), repr=False)
    to: Text = field(default=EMPTY, repr=False)  # to whom it was handed on
    approval: str = field(default="", repr=False)
    checked: tuple[Text, ...] = ()  # points of the pack's checklist that ``who`` has ticked, as they read then


@dataclass(frozen=True, slots=True)
class Stand:
    """A case at one moment.

    ``since``: when its state began. ``lacking``: only while it is waited for. ``reason``: why the state is as it is.
    ``due``: the next last day of a period, by the clock ``clock`` (kiosk.domain.clock_terms); None where none runs, is
    paused, or the calendar does not reach it (``standing`` says which). ``overdue``, ``near``: one is, or nearly is,
    over. ``version``: of the paper, from 1 on, counted by corrections; 0 before it is approved. ``delivered``: nothing
    is left to be collected. ``handler``: to whom it was handed on last. ``confirmed``: when the department whose matter
    it is has found what another decided alike, and ``confirmation`` what it said.
    """

    state: State
    since: datetime
    standing: Standing
    lacking: tuple[Lack, ...] = field(default=(), repr=False)
    reason: Text = field(default=EMPTY, repr=False)
    handler: Text = field(default=EMPTY, repr=False)
    due: date | None = None
    clock: str = ""
    overdue: bool = False
    near: bool = False
    version: int = 0
    delivered: bool = False
    done: frozenset[Deed] = frozenset()
    confirmed: datetime | None = None
    confirmation: Text = field(default=EMPTY, repr=False)

    @property
    def deemed(self) -> bool:
        """It counts as accepted because nobody answered in time."""
        return self.standing.deemed

    @property
    def may(self) -> frozenset[May]:
        """What the applicant may do now."""
        return may_in(self.state, delivered=self.delivered)


def may_in(state: State, *, delivered: bool = False) -> frozenset[May]:
    """What an applicant may do in this state. ``delivered``: nothing is left to be collected."""
    able = {
        May.WITHDRAW: state in rule(Deed.WITHDRAWN).after,
        May.SUPPLEMENT: state in rule(Deed.SUPPLEMENTED).after,
        May.COLLECT: state is State.APPROVED and not delivered,
    }
    return frozenset(may for may, is_so in able.items() if is_so)


_KINDS = {
    Deed.RECEIVED: Kind.RECEIVED, Deed.ACCEPTED: Kind.ACCEPTED, Deed.NOT_ACCEPTED: Kind.NOT_ACCEPTED,
    Deed.SUPPLEMENT_ASKED: Kind.SUPPLEMENT_NOTICE, Deed.SUPPLEMENTED: Kind.SUPPLEMENTED,
    Deed.HOLD_STARTED: Kind.HOLD_STARTED, Deed.HOLD_ENDED: Kind.HOLD_ENDED, Deed.EXTENDED: Kind.EXTENDED,
    Deed.APPROVED: Kind.DECIDED, Deed.REFUSED: Kind.DECIDED, Deed.DELIVERED: Kind.DELIVERED,
    Deed.WITHDRAWN: Kind.WITHDRAWN, Deed.ANSWERED: Kind.ANSWERED,
}  # fmt: skip
_STATES = {
    Phase.RECEIVED: State.RECEIVED, Phase.SUPPLEMENTING: State.SUPPLEMENTING, Phase.ACCEPTED: State.ACCEPTED,
    Phase.HELD: State.HELD, Phase.ANSWERED: State.ANSWERED, Phase.NOT_ACCEPTED: State.NOT_ACCEPTED,
    Phase.WITHDRAWN: State.WITHDRAWN,
}  # fmt: skip
_RUNS = (ClockState.RUNNING, ClockState.NEAR, ClockState.OVERDUE)


def stand(terms: Terms, events: Sequence[LifeEvent], now: datetime, calendar: Calendar) -> Stand:
    """The case at ``now`` (aware), by the events up to then, in the order in which they happened.

    Raises HistoryError for events that no case can have in this order.
    """
    happened = [event for event in events if event.at <= now]
    standing = clocks.standing(terms, _clock_events(terms, happened), now, calendar)
    voided = any(event.deed is Deed.VOIDED for event in happened)
    state = State.VOIDED if voided else _STATES.get(standing.phase) or _decided(happened)
    changed = [event for event in happened if rule(event.deed).gives is not None]
    last = changed[-1]
    since, reason = last.at, last.reason
    if state is State.ACCEPTED and rule(last.deed).gives is not State.ACCEPTED and standing.accepted is not None:
        since, reason = datetime.combine(standing.accepted, time(), CHINA), EMPTY  # for want of an answer
    running = [clock for clock in standing.clocks if clock.state in _RUNS and clock.due is not None and not voided]
    first = min(running, key=lambda clock: clock.due or date.max, default=None)
    deeds = [event.deed for event in happened]
    confirmed = next((event for event in happened if event.deed is Deed.CONFIRMED), None)
    return Stand(
        state, since, standing,
        lacking=last.lacking if state is State.SUPPLEMENTING else (),
        reason=reason,
        handler=next((event.to for event in reversed(happened) if event.deed is Deed.FORWARDED), EMPTY),
        due=None if first is None else first.due,
        clock="" if first is None else first.name,
        overdue=any(clock.state is ClockState.OVERDUE for clock in running),
        near=any(clock.state is ClockState.NEAR for clock in running),
        version=1 + deeds.count(Deed.CORRECTED) if Deed.APPROVED in deeds else 0,
        delivered=not terms.deliver or (Deed.DELIVERED in deeds and not _corrected_since(deeds)),
        done=frozenset(deeds),
        confirmed=None if confirmed is None else confirmed.at,
        confirmation=EMPTY if confirmed is None else confirmed.reason,
    )  # fmt: skip


def check(before: Stand | None, event: LifeEvent, terms: Terms) -> None:
    """Whether ``event`` may come next; ``before``: the case just before it, None for its first event. Raises LifeError.

    ``terms`` say of which track the case is: one that is owed a reply is a complaint.
    """
    row = rule(event.deed)
    state = None if before is None else before.state
    if event.by not in row.by:
        raise LifeError("not-theirs", event.deed, state)
    if track_of(terms) not in row.tracks:
        raise LifeError("other-track", event.deed, state)
    if before is None or state is None:
        if not row.first:
            raise LifeError("not-now", event.deed)
        return
    if state not in row.after:
        raise LifeError(_why_not(before, event.deed), event.deed, state)
    for missing, given, needed in (
        ("reason-missing", event.reason.zh.strip(), row.reason), ("lacking-missing", event.lacking, row.lacking),
        ("to-missing", event.to.zh.strip(), row.to), ("approval-missing", event.approval.strip(), row.approval),
    ):  # fmt: skip
        if needed and not given:
            raise LifeError(missing, event.deed, state)
    if row.once and event.deed in before.done:
        raise LifeError("once-only", event.deed, state)
    if event.deed is Deed.DELIVERED and before.delivered:
        raise LifeError("once-only" if terms.deliver else "no-period", event.deed, state)
    if event.deed in (Deed.EXTENDED, Deed.HOLD_STARTED):
        _check_period(before, event.deed, terms)


def track_of(terms: Terms) -> Track:
    return Track.COMPLAINT if terms.reply else Track.APPLICATION


def _check_period(before: Stand, deed: Deed, terms: Terms) -> None:
    clock = before.standing.clock("decide")
    if clock is None or (deed is Deed.EXTENDED and not terms.extend):
        raise LifeError("no-period", deed, before.state)
    if deed is Deed.EXTENDED and clock.state is ClockState.OVERDUE:
        raise LifeError("too-late", deed, before.state)


def _why_not(before: Stand, deed: Deed) -> str:
    if before.state.final:
        return "decided"
    if before.deemed and before.state is State.ACCEPTED and State.RECEIVED in rule(deed).after:
        return "deemed-accepted"
    return "once-only" if rule(deed).once and deed in before.done else "not-now"


def _decided(events: Sequence[LifeEvent]) -> State:
    granted = next(event.deed for event in reversed(events) if event.deed in (Deed.APPROVED, Deed.REFUSED))
    return State.APPROVED if granted is Deed.APPROVED else State.REFUSED


def _corrected_since(deeds: Sequence[Deed]) -> bool:
    """Whether the newest version of the paper came after it was delivered."""
    backwards = list(reversed(deeds))
    return Deed.CORRECTED in backwards[: backwards.index(Deed.DELIVERED)]


def _clock_events(terms: Terms, events: Sequence[LifeEvent]) -> list[Event]:
    """The same as kiosk.domain.clocks reads it: what is voided before it is decided stops every clock."""
    told: list[Event] = []
    open_still, delivered = True, not terms.deliver
    for event in events:
        kind = _KINDS.get(event.deed)
        if event.deed is Deed.VOIDED and open_still:
            kind = Kind.WITHDRAWN
        if kind is None or (kind is Kind.DELIVERED and delivered):
            continue
        if kind is Kind.ANSWERED and all(each.kind is not Kind.ACCEPTED for each in told):
            told.append(Event(Kind.ACCEPTED, event.at))  # whoever answers has taken it up: that clock ends, too
        delivered |= kind is Kind.DELIVERED
        if kind in (Kind.DECIDED, Kind.NOT_ACCEPTED, Kind.ANSWERED, Kind.WITHDRAWN):
            open_still = False
        told.append(Event(kind, event.at, event.reason.zh, event.approval, granted=event.deed is Deed.APPROVED))
    return told


__all__ = ["Deed", "HistoryError", "Lack", "LifeError", "LifeEvent", "May", "Role", "Stand", "State", "Track", "check",
           "may_in", "stand", "track_of"]  # fmt: skip
