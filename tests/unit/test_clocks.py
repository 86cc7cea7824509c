"""The clocks of a case, by hand: which days counted stands beside each answer, the notices in test_workdays.py.

Off in 2026: 1-3 Jan, 15-23 Feb, 4-6 Apr, 1-5 May, 19-21 Jun, 25-27 Sep, 1-7 Oct. Made up: 4 Jan, 14 and 28 Feb, 9 May,
20 Sep, 10 Oct. In 2025: 1-8 Oct off, Sat 11 Oct made up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_events import Event, HistoryError, Kind
from kiosk.domain.clock_states import Phase, State
from kiosk.domain.clock_terms import Receipt, Terms, bases, received_on, terms
from kiosk.domain.clock_words import undated, until
from kiosk.domain.clocks import standing
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.workdays import CalendarEnded, Entry, calendar_of, national

LICENCE, JOINT, REGISTRATION = terms("licence"), terms("joint"), terms("registration")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, hour: int = 10) -> datetime:
    return datetime.combine(day(text), time(hour), CHINA)


def history(text: str) -> list[Event]:
    """``"received 2026-07-06, accepted 2026-07-08"``; ``decided+`` is a decision that grants."""
    events = []
    for part in text.split(","):
        word, when = part.split()
        kind = Kind(word.rstrip("+"))
        why = "现场检验" if kind is Kind.HOLD_STARTED else "情形复杂" if kind is Kind.EXTENDED else ""
        approval = "批准单 1" if kind is Kind.EXTENDED else ""
        events.append(Event(kind, at(when), why, approval, granted=word.endswith("+")))
    return events


@dataclass(frozen=True)
class Example:
    """A history, a day on which one looks, and what is found: clock, last day, how it stands, days left."""

    events: str
    now: str
    clock: str
    due: str | None
    state: State
    left: int | None
    how: str
    terms: Terms = LICENCE


RUNNING, NEAR, OVERDUE, PAUSED = State.RUNNING, State.NEAR, State.OVERDUE, State.PAUSED
MET, MISSED, STOPPED = State.MET, State.MISSED, State.STOPPED
MONDAY = "received 2026-07-06"  # its answer: 7, 8, 9, 10, Mon 13. Accepted that day: 20 days end on Mon 3 Aug
ACCEPTED = f"{MONDAY}, accepted 2026-07-06"
LAID_BY = "received 2026-09-21, accepted 2026-09-21, hold_started 2026-09-28"

EXAMPLES = [
    # -- answered within five days, 第三十二条
    Example(MONDAY, "2026-07-06", "answer", "2026-07-13", RUNNING, 5, "7, 8, 9, 10, 13"),
    Example(MONDAY, "2026-07-08", "answer", "2026-07-13", RUNNING, 3, "9, 10, 13 are left"),
    Example(MONDAY, "2026-07-09", "answer", "2026-07-13", NEAR, 2, "10 and 13 are left"),
    Example(MONDAY, "2026-07-12", "answer", "2026-07-13", NEAR, 1, "a Sunday: the 13th is left"),
    Example(MONDAY, "2026-07-13", "answer", "2026-07-13", NEAR, 0, "the last day itself"),
    Example("received 2026-09-30", "2026-10-07", "answer", "2026-10-13", RUNNING, 5,
            "[1-7 Oct], 8, 9, Sat 10 made up, 12, 13: nothing has run in the holiday"),
    Example("received 2026-10-03", "2026-10-08", "answer", "2026-10-13", RUNNING, 4,
            "in the middle of the holiday: the same last day, and 8 is gone"),
    Example("received 2026-02-13", "2026-02-14", "answer", "2026-02-27", RUNNING, 4,
            "Sat 14 made up (1), [15-23], 24, 25, 26, 27"),
    Example(f"{MONDAY}, accepted 2026-07-13", "2026-07-20", "answer", "2026-07-13", MET, None, "on the last day"),
    Example(f"{MONDAY}, not_accepted 2026-07-08", "2026-07-20", "answer", "2026-07-13", MET, None, "refused in time"),
    # -- nobody answered: accepted from the day of receipt
    Example(MONDAY, "2026-07-14", "answer", "2026-07-13", MISSED, None, "the first day after"),
    Example(MONDAY, "2026-07-14", "decide", "2026-08-03", RUNNING, 14,
            "from 6 Jul: 7-10 (4), 13-17 (9), 20-24 (14), 27-31 (19), Mon 3 Aug; left 15-17, 20-24, 27-31, 3"),
    Example("received 2026-09-30", "2026-10-14", "decide", "2026-11-03", RUNNING, 14,
            "from 30 Sep: 8, 9, Sat 10 (3), 12-16 (8), 19-23 (13), 26-30 (18), 2, 3 Nov; left 15, 16 and 12 more"),
    Example(f"{MONDAY}, supplement_notice 2026-07-14", "2026-07-15", "decide", "2026-08-03", RUNNING, 13,
            "told a day too late: it counts as accepted from 6 Jul all the same"),
    Example(f"{MONDAY}, accepted 2026-07-15", "2026-07-16", "decide", "2026-08-03", RUNNING, 12,
            "accepted too late: the days run from 6 Jul, not from 15"),
    Example("received 2025-12-25", "2026-01-05", "decide", "2026-01-23", RUNNING, 14,
            "over the year's end: 26, 29-31 (4), [1-3], Sun 4 made up (5), 5-9 (10), 12-16 (15), 19-23 (20)"),
    # -- told once what is lacking: the clock begins anew when all of it is there
    Example(f"{MONDAY}, supplement_notice 2026-07-10", "2026-07-17", "answer", "2026-07-13", MET, None,
            "told on the fourth day; whose turn it is, no clock runs"),
    Example(f"{MONDAY}, supplement_notice 2026-07-10, supplemented 2026-07-20", "2026-07-20", "answer", "2026-07-27",
            RUNNING, 5, "from Mon 20: 21-24 (4), Mon 27"),
    Example(f"{MONDAY}, supplement_notice 2026-07-10, supplemented 2026-07-20", "2026-07-28", "decide", "2026-08-17",
            RUNNING, 14, "not answered: accepted from 20 Jul: 21-24 (4), 27-31 (9), 3-7 (14), 10-14 (19), Mon 17"),
    Example(f"{MONDAY}, supplement_notice 2026-07-10, supplemented 2026-07-20, supplement_notice 2026-07-22",
            "2026-07-27", "answer", "2026-07-27", NEAR, 0, "a second notice stops nothing"),
    # -- twenty days, and ten more
    Example("received 2026-10-09, accepted 2026-10-09", "2026-10-09", "decide", "2026-11-05", RUNNING, 20,
            "Sat 10 made up (1), 12-16 (6), 19-23 (11), 26-30 (16), 2-5 Nov (20)"),
    Example(ACCEPTED, "2026-07-31", "decide", "2026-08-03", NEAR, 1, "a Friday: only Monday is left"),
    Example(ACCEPTED, "2026-08-05", "decide", "2026-08-03", OVERDUE, -2, "Tue 4 and Wed 5 are over it"),
    Example(f"{ACCEPTED}, decided+ 2026-08-03", "2026-08-20", "decide", "2026-08-03", MET, None, "on the last day"),
    Example(f"{ACCEPTED}, decided+ 2026-08-04", "2026-08-20", "decide", "2026-08-03", MISSED, None, "a day late"),
    Example(f"{ACCEPTED}, extended 2026-08-03", "2026-08-03", "decide", "2026-08-17", RUNNING, 10,
            "on the last day: 4-7 (4), 10-14 (9), Mon 17 (10)"),
    Example(f"{ACCEPTED}, extended 2026-08-04", "2026-08-04", "decide", "2026-08-03", OVERDUE, -1,
            "what has ended cannot be extended"),
    Example(f"{ACCEPTED}, extended 2026-07-20, extended 2026-08-10", "2026-08-10", "decide", "2026-08-17", RUNNING, 5,
            "once only; left 11-14, 17"),
    Example("received 2026-02-12, accepted 2026-02-12", "2026-02-24", "decide", "2026-03-18", RUNNING, 17,
            "13, Sat 14 (2), [15-23], 24-27 (6), Sat 28 (7), 2-6 Mar (12), 9-13 (17), 16, 17, 18"),
    # -- forty-five, and fifteen more
    Example("received 2026-08-03, accepted 2026-08-03", "2026-10-08", "decide", "2026-10-10", NEAR, 2,
            "counted in test_workdays.py; Fri 9 and Sat 10, which is made up for, are left", JOINT),
    Example("received 2026-08-03, accepted 2026-08-03, extended 2026-10-10", "2026-10-12", "decide", "2026-10-30",
            RUNNING, 14, "12-16 (5), 19-23 (10), 26-30 (15)", JOINT),
    # -- holds (第四十五条): from the day after they begin to the day on which they end
    Example(LAID_BY, "2026-10-05", "decide", None, PAUSED, 16,
            "22, 23, 24, [25-27], 28 counted; the rest waits, for nobody knows how long"),
    Example(f"{LAID_BY}, hold_ended 2026-10-12", "2026-10-12", "decide", "2026-11-03", RUNNING, 16,
            "22-24, 28 (4), held 29 Sep-12 Oct, 13-16 (8), 19-23 (13), 26-30 (18), 2, 3 Nov"),
    Example("received 2026-09-30, accepted 2026-09-30, hold_started 2026-09-30, hold_ended 2026-10-07", "2026-10-08",
            "decide", "2026-11-03", RUNNING, 19, "held on days off alone: it costs nothing, 3 Nov as without it"),
    Example(f"{ACCEPTED}, hold_started 2026-07-08, hold_ended 2026-07-08", "2026-07-09", "decide", "2026-08-03",
            RUNNING, 17, "begun and ended on one day: nothing"),
    Example(f"{ACCEPTED}, hold_started 2026-07-08, hold_ended 2026-07-10", "2026-07-13", "decide", "2026-08-05",
            RUNNING, 17, "9 and 10 do not count: 4, 5 Aug"),
    Example(f"{ACCEPTED}, hold_started 2026-07-08, hold_ended 2026-07-10, hold_started 2026-07-20, "
            "hold_ended 2026-07-22", "2026-07-22", "decide", "2026-08-07", RUNNING, 12,
            "21 and 22 do not either: 6, 7 Aug"),
    Example(f"{ACCEPTED}, hold_started 2026-08-04", "2026-08-06", "decide", "2026-08-03", OVERDUE, -3,
            "what begins after the last day saves nobody"),
    Example(f"{ACCEPTED}, hold_started 2026-07-08, extended 2026-08-20, hold_ended 2026-08-21", "2026-08-21", "decide",
            "2026-09-30", RUNNING, 28, "extended while held: 30 days of which 7 and 8 Jul are gone; then 24-28 (7), "
            "31-4 Sep (12), 7-11 (17), 14-18 (22), Sun 20 (23), 21-24 (27), 28-30 (30)"),
    # -- promised days, delivery, registration, complaints
    Example("received 2026-02-12, accepted 2026-02-12", "2026-02-24", "promise", "2026-02-28", RUNNING, 4,
            "13, Sat 14, [15-23], 24, 25, 26, 27, Sat 28 made up (7)", terms("licence", promise=7)),
    Example("received 2026-02-12, accepted 2026-02-12, extended 2026-02-27", "2026-03-03", "promise", "2026-02-28",
            OVERDUE, -2, "what the law extends the promise does not: Mon 2, Tue 3", terms("licence", promise=7)),
    Example("received 2026-09-30, accepted 2026-09-30, decided+ 2026-09-30", "2026-10-19", "deliver", "2026-10-20",
            NEAR, 1, "8, 9, Sat 10 (3), 12-16 (8), 19, 20"),
    Example("received 2026-09-30, decided+ 2026-09-30, delivered 2026-10-21", "2026-10-22", "deliver", "2026-10-20",
            MISSED, None, "a day late"),
    Example("received 2026-04-03", "2026-04-06", "decide", "2026-04-09", RUNNING, 3, "Fri; [4-6], 7, 8, 9",
            REGISTRATION),
    Example("received 2026-04-03, extended 2026-04-09", "2026-04-09", "decide", "2026-04-14", RUNNING, 3,
            "10, [11, 12], 13, 14", REGISTRATION),
    Example("received 2026-04-07", "2026-04-11", "decide", "2026-04-10", OVERDUE, 0,
            "Tue; 8, 9, Fri 10. On Saturday it is over, and no working day has gone since", REGISTRATION),
    Example("received 2025-10-04", "2025-10-09", "reply", "2025-10-14", RUNNING, 4, "9, 10, Sat 11 made up, 13, 14",
            terms("complaint_simple")),
    Example("received 2025-10-04, answered 2025-10-29", "2025-11-01", "reply", "2025-10-28", MISSED, None,
            "9, 10, 11 (3), 13-17 (8), 20-24 (13), 27, 28", terms("complaint")),
    # -- nothing is owed any more
    Example(f"{ACCEPTED}, withdrawn 2026-07-10", "2026-12-01", "decide", "2026-08-03", STOPPED, None, "withdrawn"),
    Example(f"{ACCEPTED}, hold_started 2026-07-08, withdrawn 2026-07-10", "2026-07-20", "decide", None, STOPPED, None,
            "withdrawn while held"),
]  # fmt: skip


@pytest.mark.parametrize("case", EXAMPLES, ids=[f"{n}-{e.clock}-{e.state.value}" for n, e in enumerate(EXAMPLES, 1)])
def test_clocks_told_by_hand(case: Example) -> None:
    found = standing(case.terms, history(case.events), at(case.now, 18), national()).clock(case.clock)
    assert found is not None
    assert (found.due, found.state, found.left) == (case.due and day(case.due), case.state, case.left), case.how
    assert found.calendar_ends is None


def test_there_are_more_than_forty_of_them() -> None:
    assert len(EXAMPLES) >= 40


# -- the case itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("events", "now", "phase", "accepted", "deemed", "void"), [
    (MONDAY, "2026-07-13", Phase.RECEIVED, None, False, ""),
    (MONDAY, "2026-07-14", Phase.ACCEPTED, "2026-07-06", True, ""),
    (ACCEPTED, "2026-07-14", Phase.ACCEPTED, "2026-07-06", False, ""),
    (f"{MONDAY}, supplement_notice 2026-07-10", "2027-03-01", Phase.SUPPLEMENTING, None, False, ""),
    (f"{MONDAY}, supplement_notice 2026-07-14", "2026-07-20", Phase.ACCEPTED, "2026-07-06", True, "accepted-already"),
    (f"{MONDAY}, not_accepted 2026-07-14", "2026-07-20", Phase.ACCEPTED, "2026-07-06", True, "accepted-already"),
    (f"{MONDAY}, supplemented 2026-07-08", "2026-07-09", Phase.RECEIVED, None, False, "nothing-was-asked-for"),
    (f"{MONDAY}, supplement_notice 2026-07-10, supplemented 2026-07-20", "2026-07-28", Phase.ACCEPTED, "2026-07-20",
     True, ""),
    (f"{MONDAY}, supplement_notice 2026-07-07, supplement_notice 2026-07-08", "2026-07-09", Phase.SUPPLEMENTING, None,
     False, "told-once-only"),
    (f"{ACCEPTED}, hold_started 2026-07-08", "2026-07-09", Phase.HELD, "2026-07-06", False, ""),
    (f"{ACCEPTED}, extended 2026-08-04", "2026-08-04", Phase.ACCEPTED, "2026-07-06", False, "too-late"),
    (f"{ACCEPTED}, extended 2026-07-08, extended 2026-07-09", "2026-07-09", Phase.ACCEPTED, "2026-07-06", False,
     "extended-once-only"),
    (f"{MONDAY}, decided+ 2026-07-06", "2026-07-06", Phase.DECIDED, "2026-07-06", False, ""),
    (f"{MONDAY}, not_accepted 2026-07-07", "2026-12-01", Phase.NOT_ACCEPTED, None, False, ""),
    (f"{MONDAY}, withdrawn 2026-07-07", "2026-12-01", Phase.WITHDRAWN, None, False, ""),
])  # fmt: skip
def test_where_a_case_is(events, now, phase, accepted, deemed, void) -> None:
    found = standing(LICENCE, history(events), at(now, 18), national())
    assert (found.phase, found.accepted, found.deemed) == (phase, accepted and day(accepted), deemed)
    assert [one.why for one in found.void] == ([void] if void else [])


def test_a_case_can_be_told_as_it_stood_on_a_day_that_is_past() -> None:
    events = history(f"{ACCEPTED}, hold_started 2026-07-08, hold_ended 2026-07-10, decided+ 2026-07-20")
    states = {when: standing(LICENCE, events, at(when, 18), national()).clock("decide").state
              for when in ("2026-07-07", "2026-07-09", "2026-07-13", "2026-07-20")}  # fmt: skip
    assert list(states.values()) == [RUNNING, PAUSED, RUNNING, MET]


def test_one_overdue_clock_makes_the_case_overdue() -> None:
    assert not standing(LICENCE, history(ACCEPTED), at("2026-08-03", 23), national()).overdue
    assert standing(LICENCE, history(ACCEPTED), at("2026-08-04", 0), national()).overdue


def test_days_of_the_place_are_skipped_too() -> None:
    """Closed for a flood on 8 and 9 Jul: 7, 10, 13, 14, 15."""
    flood = Entry((day("2026-07-08"), day("2026-07-09")), (), "防汛指挥部通告")
    found = standing(LICENCE, history(MONDAY), at("2026-07-06"), calendar_of((flood,))).clock("answer")
    assert found is not None and found.due == day("2026-07-15")  # noqa: PT018


@pytest.mark.parametrize(("events", "why"), [
    ("accepted 2026-07-06", "begins with"),
    (f"{MONDAY}, received 2026-07-07", "twice"),
    ("received 2026-07-08, accepted 2026-07-06", "order"),
    (f"{ACCEPTED}, hold_ended 2026-07-08", "had not begun"),
    (f"{ACCEPTED}, hold_started 2026-07-08, hold_started 2026-07-09", "another one"),
    (f"{MONDAY}, hold_started 2026-07-08", "before there was"),
    (f"{ACCEPTED}, decided 2026-07-08, decided 2026-07-09", "after the case was decided"),
    (f"{ACCEPTED}, decided 2026-07-08, withdrawn 2026-07-09", "after the case was decided"),
    (f"{ACCEPTED}, decided 2026-07-08, delivered 2026-07-09", "nothing was owed"),
    (f"{MONDAY}, extended 2026-07-08", "nothing can be extended"),
    (f"{MONDAY}, supplement_notice 2026-07-07, decided 2026-07-08", "waited for"),
])  # fmt: skip
def test_events_that_no_case_can_have_are_an_error(events: str, why: str) -> None:
    with pytest.raises(HistoryError, match=why) as error:
        standing(LICENCE, history(events), at("2026-12-01"), national())
    assert error.value.code == "clock-history"


@pytest.mark.parametrize(("kind", "more", "why"), [
    (Kind.EXTENDED, {"reason": "情形复杂"}, "approval"),
    (Kind.EXTENDED, {"approval": "批准单 1"}, "reason"),
    (Kind.HOLD_STARTED, {"reason": " "}, "reason"),
])  # fmt: skip
def test_what_the_law_wants_told_cannot_be_left_out(kind: Kind, more: dict[str, str], why: str) -> None:
    with pytest.raises(HistoryError, match=why):
        Event(kind, at("2026-07-06"), **more)


def test_a_moment_without_its_zone_is_refused_and_reasons_stay_out_of_a_repr() -> None:
    with pytest.raises(HistoryError, match="zone"):
        Event(Kind.RECEIVED, datetime(2026, 7, 6, 10))
    assert "现场" not in repr(Event(Kind.HOLD_STARTED, at("2026-07-06"), "现场检验 张某"))


# -- whatever happens --------------------------------------------------------------------------------------

MOMENTS = st.lists(
    st.tuples(st.sampled_from(Kind), st.integers(0, 60 * 24), st.booleans()), max_size=9,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(MOMENTS, st.integers(0, 200), st.sampled_from(bases()))
def test_any_history_is_told_or_refused_and_what_is_told_fits_together(moments, later: int, basis: str) -> None:
    begun = at("2025-09-20")
    happened = sorted((begun + timedelta(hours=hours), kind.value, granted) for kind, hours, granted in moments)
    events = [Event(Kind.RECEIVED, begun)]
    events += [Event(Kind(word), moment, "缘由", "批准单", granted) for moment, word, granted in happened]
    now = begun + timedelta(days=later)
    try:
        found = standing(terms(basis, promise=min(3, terms(basis).decide)), events, now, national())
    except HistoryError:
        return
    assert found.deemed <= (found.accepted is not None)
    for clock in found.clocks:
        assert clock.due is None or national().is_working(clock.due)
        assert clock.left is None or clock.left >= 0 or clock.state is OVERDUE
        assert (clock.left is None) == (clock.state in (MET, MISSED, STOPPED))
        if clock.state in (RUNNING, NEAR, OVERDUE):
            assert clock.due is not None
            assert clock.left == national().between(now.astimezone(CHINA).date(), clock.due)
            assert (clock.due < now.astimezone(CHINA).date()) == (clock.state is OVERDUE)


# -- a calendar that has run out ---------------------------------------------------------------------------


@pytest.mark.parametrize(("events", "now", "clock", "state"), [
    # Fri 18 Dec: 21-25 is the answer's; not answered, accepted from 18, and 20 days do not fit before 28 Dec
    ("received 2026-12-18", "2026-12-28", "decide", RUNNING),
    ("received 2026-12-18", "2027-01-05", "decide", State.UNKNOWN),
    ("received 2026-12-18, decided 2026-12-28", "2027-01-05", "decide", MET),
    ("received 2026-12-18, withdrawn 2026-12-28", "2027-01-05", "decide", STOPPED),
    # Tue 22 Dec: 23, 24, 25, 28, and the fifth is not known: nobody says that it counts as accepted
    ("received 2026-12-22", "2026-12-28", "answer", RUNNING),
    ("received 2026-12-22", "2027-01-20", "answer", State.UNKNOWN),
])  # fmt: skip
def test_beyond_the_calendar_there_is_an_alarm_and_no_date(events: str, now: str, clock: str, state: State) -> None:
    short = replace(national(), until=day("2026-12-28"))
    found = standing(LICENCE, history(events), at(now, 18), short).clock(clock)
    assert found is not None
    assert (found.due, found.left, found.state) == (None, None, state)
    assert found.calendar_ends == day("2026-12-28")


def test_nobody_counts_as_accepted_by_a_calendar_that_has_run_out() -> None:
    short = replace(national(), until=day("2026-12-28"))
    found = standing(LICENCE, history("received 2026-12-22"), at("2027-02-01"), short)
    assert (found.phase, found.deemed) == (Phase.RECEIVED, False)


def test_what_was_due_before_the_end_is_overdue_after_it() -> None:
    """Accepted Mon 30 Nov: 1-4 (4), 7-11 (9), 14-18 (14), 21-25 (19), Mon 28 Dec. How long ago that is nobody knows."""
    short = replace(national(), until=day("2026-12-28"))
    found = standing(LICENCE, history("received 2026-11-30, accepted 2026-11-30"), at("2027-01-10"), short)
    clock = found.clock("decide")
    assert clock is not None
    assert (clock.due, clock.state, clock.left) == (day("2026-12-28"), OVERDUE, None)
    assert found.overdue


# -- receipt, terms ----------------------------------------------------------------------------------------

OFFICE = Receipt("office", time(17))


@pytest.mark.parametrize(("moment", "same_day", "office"), [
    (datetime(2026, 7, 4, 23, 59, tzinfo=CHINA), "2026-07-04", "2026-07-06"),  # a Saturday night
    (datetime(2026, 7, 5, 16, 30, tzinfo=UTC), "2026-07-06", "2026-07-06"),  # half past midnight on Monday in Beijing
    (datetime(2026, 5, 8, 16, 59, tzinfo=CHINA), "2026-05-08", "2026-05-08"),
    (datetime(2026, 5, 8, 17, 0, tzinfo=CHINA), "2026-05-08", "2026-05-09"),  # the Saturday is made up for
    (datetime(2026, 5, 9, 9, 0, tzinfo=CHINA), "2026-05-09", "2026-05-09"),
    (datetime(2026, 9, 30, 18, 0, tzinfo=CHINA), "2026-09-30", "2026-10-08"),
    (datetime(2026, 10, 3, 10, 0, tzinfo=CHINA), "2026-10-03", "2026-10-08"),
])  # fmt: skip
def test_the_day_of_receipt_at_a_machine_that_never_closes(moment: datetime, same_day: str, office: str) -> None:
    assert received_on(moment, national()) == day(same_day), "as the table says"
    assert received_on(moment, national(), OFFICE) == day(office)


def test_office_hours_cannot_be_asked_for_beyond_the_calendar() -> None:
    short = replace(national(), until=day("2026-12-28"))
    with pytest.raises(CalendarEnded):
        received_on(at("2026-12-28", 18), short, OFFICE)
    assert received_on(at("2027-01-05"), short) == day("2027-01-05")


def test_every_basis_says_whose_law_it_is() -> None:
    assert set(bases()) == {"licence", "joint", "registration", "complaint_simple", "complaint"}
    for name in bases():
        found = terms(name)
        assert found.source and found.title.zh and found.title.en  # noqa: PT018
    assert (LICENCE.answer, LICENCE.decide, LICENCE.extend, LICENCE.deliver) == (5, 20, 10, 10)
    assert (JOINT.decide, JOINT.extend) == (45, 15)
    assert (terms("complaint_simple").reply, terms("complaint").reply) == (5, 15)


def test_a_pack_may_promise_less_than_the_law_gives_and_never_more() -> None:
    assert terms("licence", promise=7, answer=1, decide=10).decide == 10
    for more in ({"promise": 21}, {"decide": 21}, {"answer": 6}, {"decide": -1}):
        with pytest.raises(ValueError, match="at most"):
            terms("licence", **more)


@pytest.mark.parametrize(("received", "days", "zh", "en"), [
    (at("2026-11-26"), 5, "（最迟 2026年12月3日）", " (by 2026-12-03 at the latest)"),  # Thu; 27, 30, 1, 2, 3 Dec
    (at("2026-10-30", 23), 25, "（最迟 2026年12月4日）", " (by 2026-12-04 at the latest)"),  # five whole weeks
    (at("2026-11-26"), 25, "", ""),  # 3 Dec, then 4-11 (6), 14-18 (11), 21-25 (16), 28 (17): not known further
    (at("2026-10-03"), 0, "", ""),  # no period at all
])  # fmt: skip
def test_the_last_day_in_words_or_none(received: datetime, days: int, zh: str, en: str) -> None:
    short = replace(national(), until=day("2026-12-28"))
    assert until(lambda: short, received)(days) == Text(zh, en)


def test_a_period_without_days_asks_for_no_calendar() -> None:
    def none_here():
        raise AssertionError("asked for")

    assert until(none_here, at("2026-10-03"))(0) == undated(3) == EMPTY
