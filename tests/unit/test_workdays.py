"""Working days, by hand: every day that was skipped or made up for is written beside the answer.

2025 (国办发明电〔2024〕12号)                               2026 (国办发明电〔2025〕7号)
off 1 Jan (Wed)                                           off 1-3 Jan (Thu-Sat);       works Sun 4 Jan
off 28 Jan-4 Feb (Tue-Tue); works Sun 26 Jan, Sat 8 Feb    off 15-23 Feb (Sun-Mon);     works Sat 14 Feb, Sat 28 Feb
off 4-6 Apr (Fri-Sun)                                     off 4-6 Apr (Sat-Mon)
off 1-5 May (Thu-Mon);      works Sun 27 Apr               off 1-5 May (Fri-Tue);       works Sat 9 May
off 31 May-2 Jun (Sat-Mon)                                off 19-21 Jun (Fri-Sun)
off 1-8 Oct (Wed-Wed);      works Sun 28 Sep, Sat 11 Oct   off 25-27 Sep (Fri-Sun)
                                                          off 1-7 Oct (Thu-Wed);       works Sun 20 Sep, Sat 10 Oct
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta

import chinese_calendar
import pytest

from kiosk.domain.workdays import CalendarEnded, calendar_of, entries, national


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(first: str, last: str) -> set[date]:
    return {day(first) + timedelta(days=n) for n in range((day(last) - day(first)).days + 1)}


NOTICES = {
    2025: (
        {day("2025-01-01")} | span("2025-01-28", "2025-02-04") | span("2025-04-04", "2025-04-06")
        | span("2025-05-01", "2025-05-05") | span("2025-05-31", "2025-06-02") | span("2025-10-01", "2025-10-08"),
        {day("2025-01-26"), day("2025-02-08"), day("2025-04-27"), day("2025-09-28"), day("2025-10-11")},
    ),
    2026: (
        span("2026-01-01", "2026-01-03") | span("2026-02-15", "2026-02-23") | span("2026-04-04", "2026-04-06")
        | span("2026-05-01", "2026-05-05") | span("2026-06-19", "2026-06-21") | span("2026-09-25", "2026-09-27")
        | span("2026-10-01", "2026-10-07"),
        {day("2026-01-04"), day("2026-02-14"), day("2026-02-28"), day("2026-05-09"), day("2026-09-20"),
         day("2026-10-10")},
    ),
}  # fmt: skip

# (day that is not counted, how many working days, the last of them, how it was counted)
COUNTED = [
    ("2024-12-31", 1, "2025-01-02", "Tue; 1 Jan off; Thu 2"),
    ("2024-12-30", 5, "2025-01-07", "Mon; 31 Dec, [1 Jan], 2, 3, 6, 7"),
    ("2025-01-24", 5, "2025-02-07", "Fri; Sun 26 made up, 27, [28 Jan-4 Feb], 5, 6, 7"),
    ("2025-01-24", 6, "2025-02-08", "as above, then Sat 8 made up"),
    ("2025-01-27", 1, "2025-02-05", "Mon; the whole festival lies between"),
    ("2025-01-30", 1, "2025-02-05", "a day within the festival; the first one worked after it"),
    ("2025-04-03", 1, "2025-04-07", "Thu; [Fri 4-Sun 6], Mon 7"),
    ("2025-04-25", 5, "2025-05-06", "Fri; Sun 27 made up, 28, 29, 30, [1-5 May], Tue 6"),
    ("2025-05-30", 1, "2025-06-03", "Fri; [31 May-2 Jun], Tue 3"),
    ("2025-09-26", 5, "2025-10-10", "Fri; Sun 28 made up, 29, 30, [1-8 Oct], Thu 9, Fri 10"),
    ("2025-09-26", 6, "2025-10-11", "as above, then Sat 11 made up"),
    ("2025-09-30", 5, "2025-10-14", "Tue; [1-8], 9, 10, Sat 11 made up, 13, 14"),
    ("2025-09-01", 20, "2025-09-28", "Mon; 2-5 (4), 8-12 (9), 15-19 (14), 22-26 (19), Sun 28 made up (20)"),
    ("2025-12-31", 1, "2026-01-04", "Wed; [1-3 Jan], Sun 4 made up"),
    ("2025-12-25", 5, "2026-01-04", "Thu; 26, 29, 30, 31, [1-3 Jan], Sun 4 made up"),
    ("2025-12-25", 10, "2026-01-09", "as above (5), then 5-9 Jan"),
    ("2025-12-15", 20, "2026-01-13", "Mon; 16-19 (4), 22-26 (9), 29-31 (12), Sun 4 (13), 5-9 (18), 12, 13"),
    ("2026-02-12", 5, "2026-02-26", "Thu; 13, Sat 14 made up, [15-23], 24, 25, 26"),
    ("2026-02-13", 7, "2026-03-02", "Fri; Sat 14 made up, [15-23], 24-27 (5), Sat 28 made up (6), Mon 2 Mar"),
    ("2026-02-18", 5, "2026-02-28", "within the festival; 24-27 (4), Sat 28 made up"),
    ("2026-02-09", 20, "2026-03-13", "Mon; 10-13 (4), Sat 14 (5), 24-27 (9), Sat 28 (10), 2-6 Mar (15), 9-13 (20)"),
    ("2026-04-03", 1, "2026-04-07", "Fri; [Sat 4-Mon 6], Tue 7"),
    ("2026-04-30", 3, "2026-05-08", "Thu; [1-5 May], Wed 6, 7, 8"),
    ("2026-04-30", 4, "2026-05-09", "as above, then Sat 9 made up"),
    ("2026-05-08", 2, "2026-05-11", "Fri; Sat 9 made up, Mon 11"),
    ("2026-06-18", 1, "2026-06-22", "Thu; [19-21], Mon 22"),
    ("2026-07-10", 10, "2026-07-24", "Fri; two plain weeks: 13-17, 20-24"),
    ("2026-08-03", 45, "2026-10-10",
     "Mon; 4-7 (4), 10-14 (9), 17-21 (14), 24-28 (19), 31-4 Sep (24), 7-11 (29), 14-18 (34), Sun 20 (35), 21-24 (39), "
     "[25-27], 28-30 (42), [1-7 Oct], 8, 9 (44), Sat 10 made up (45)"),
    ("2026-09-18", 5, "2026-09-24", "Fri; Sun 20 made up, 21, 22, 23, 24"),
    ("2026-09-24", 5, "2026-10-09", "Thu; [25-27], 28, 29, 30, [1-7 Oct], 8, 9"),
    ("2026-09-24", 6, "2026-10-10", "as above, then Sat 10 made up"),
    ("2026-09-30", 20, "2026-11-03", "Wed; [1-7], 8, 9, Sat 10 (3), 12-16 (8), 19-23 (13), 26-30 (18), 2, 3 Nov"),
    ("2026-11-26", 5, "2026-12-03", "Thu; 27, 30, 1, 2, 3 Dec"),
    ("2018-12-28", 2, "2019-01-02", "Fri; Sat 29 made up (国办发明电〔2018〕15号), [30 Dec-1 Jan], Wed 2"),
    ("2020-01-23", 1, "2020-02-03", "Thu; the festival was prolonged to 2 Feb (国办发明电〔2020〕1号), Mon 3"),
]  # fmt: skip


@pytest.mark.parametrize(("begun", "count", "last", "how"), COUNTED, ids=[f"{a}+{n}" for a, n, _, _ in COUNTED])
def test_periods_counted_by_hand(begun: str, count: int, last: str, how: str) -> None:
    assert national().after(day(begun), count) == day(last), how
    assert national().between(day(begun), day(last)) == count, how


# (last day of a period of calendar days, the day it moves to, why): 民法典 第二百零三条
MOVED = [
    ("2025-10-04", "2025-10-09", "a Saturday of National Day's week: the first day after it"),
    ("2025-05-05", "2025-05-06", "the Monday of Labour Day's holiday"),
    ("2026-01-02", "2026-01-04", "a Friday off; the Sunday is made up for"),
    ("2026-02-14", "2026-02-14", "a Saturday that is worked stays"),
    ("2026-08-01", "2026-08-03", "a plain Saturday: Monday"),
    ("2026-08-05", "2026-08-05", "a plain Wednesday stays"),
]


@pytest.mark.parametrize(("end", "moved", "why"), MOVED)
def test_a_period_of_calendar_days_ends_on_a_day_that_is_worked(end: str, moved: str, why: str) -> None:
    assert national().moved(day(end)) == day(moved), why


@pytest.mark.parametrize("year", NOTICES)
def test_the_package_says_of_every_day_what_the_notice_says(year: int) -> None:
    off, work = NOTICES[year]
    ends = min(date(year, 12, 31), national().until)
    for one in sorted(span(f"{year}-01-01", ends.isoformat())):
        assert national().is_working(one) == (one in work or (one.weekday() < 5 and one not in off)), one


def test_spans_are_counted_as_the_package_counts_them() -> None:
    first = day("2024-12-20")
    for length in range(0, 730, 61):
        last = min(first + timedelta(days=length), national().until)
        theirs = chinese_calendar.get_workdays(first + timedelta(days=1), last)
        assert national().between(first, last) == len(theirs)
        assert national().between(last, first) == -len(theirs)


# -- a calendar that has run out ---------------------------------------------------------------------------


@pytest.fixture
def short():
    """The calendar as it is while 2026 is the last year known."""
    return replace(calendar_of(), until=day("2026-12-28"))


def test_up_to_its_last_day_a_calendar_answers(short) -> None:
    """Mon 21 Dec; 22, 23, 24, 25, Mon 28: the fifth is the last day known."""
    assert short.after(day("2026-12-21"), 5) == day("2026-12-28")
    assert short.days_left(day("2026-11-26")) == 32
    assert short.days_left(day("2027-01-01")) == -4


@pytest.mark.parametrize("ask", [
    lambda calendar: calendar.after(day("2026-12-21"), 6),
    lambda calendar: calendar.is_working(day("2027-01-04")),
    lambda calendar: calendar.is_working(day("2026-12-29")),
    lambda calendar: calendar.moved(day("2027-05-01")),
    lambda calendar: calendar.between(day("2026-12-21"), day("2027-01-10")),
    lambda calendar: calendar.between(day("2027-01-10"), day("2026-12-21")),
    lambda calendar: calendar.is_working(day("2003-12-31")),
])  # fmt: skip
def test_beyond_its_end_it_is_an_error_and_no_date(short, ask) -> None:
    with pytest.raises(CalendarEnded) as error:
        ask(short)
    assert (error.value.code, error.value.until) == ("calendar-ended", day("2026-12-28"))
    assert "Update" in error.value.advice


def test_the_last_days_of_the_last_year_are_not_known_either() -> None:
    """Later notices moved 29 to 31 December of 2006, 2007 and 2018, and never an earlier day."""
    assert national().until == date(max(chinese_calendar.holidays).year, 12, 28)
    december = [one for one in (*chinese_calendar.holidays, *chinese_calendar.workdays) if one.month == 12]
    assert {one.year for one in december} >= {2018}
    assert min(one.day for one in december) == 29


def test_a_period_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        national().after(day("2026-07-06"), 0)


# -- what a place adds -------------------------------------------------------------------------------------

FLOOD = '{ off = ["2026-07-08..2026-07-09"], source = "防汛指挥部通告" }'
# No notice says this: it is made up for the test, in the form in which a real one would be entered.
NEXT_YEAR = """{ year = 2099, source = "test", off = ["2099-01-01..2099-01-03", "2099-05-01..2099-05-05",
  "2099-10-01..2099-10-07"], work = ["2099-01-04"] }"""


def read(text: str):
    return entries(tomllib.loads(f"days = [{text}]")["days"])


def test_days_on_which_a_place_is_closed_are_skipped() -> None:
    """Mon 6 Jul; 7, [8, 9 closed], 10, 13, 14, 15."""
    assert calendar_of(read(FLOOD)).after(day("2026-07-06"), 5) == day("2026-07-15")
    assert calendar_of(read(FLOOD)).local == 1
    assert national().after(day("2026-07-06"), 5) == day("2026-07-13"), "the nation's calendar is as it was"


def test_a_place_may_work_on_a_day_that_is_off() -> None:
    found = calendar_of(read('{ work = ["2026-07-11"], source = "周六服务日" }'))
    assert found.after(day("2026-07-10"), 1) == day("2026-07-11")


def test_the_year_that_the_package_does_not_know_yet_may_be_entered() -> None:
    """New Year's Day on the eve of the first year unknown; its days are written for whatever year that is."""
    year = national().until.year + 1
    shifts = (date(year, 1, 1) + timedelta(days=n) for n in range(3, 10))
    sunday = next(one for one in shifts if one.weekday() == 6)
    text = NEXT_YEAR.replace("2099-01-04", sunday.isoformat()).replace("2099", str(year))
    found = calendar_of(read(text))
    assert found.until == date(year, 12, 28)
    assert not found.is_working(date(year, 1, 1))
    assert found.is_working(sunday)
    assert found.is_working(date(year - 1, 12, 31)) == (date(year - 1, 12, 31).weekday() < 5), "known by now"


@pytest.mark.parametrize(("text", "cure"), [
    ('{ off = ["2026-07-08"] }', "source"),
    ('{ off = ["8 July"], source = "通告" }', "2026-12-03"),
    ('{ off = ["2026-07-09..2026-07-08"], source = "通告" }', "backwards"),
    ('{ off = ["2026-01-01..2026-12-31"], source = "通告" }', "longer"),
    ('{ off = "2026-07-08", source = "通告" }', "2026-12-03"),
    ('{ off = [20260708], source = "通告" }', "2026-12-03"),
    ('{ off = ["2026-07-08"], work = ["2026-07-08"], source = "通告" }', "take one"),
    ('{ source = "通告" }', "needs days"),
    ('{ off = ["2026-07-08"], source = "通告", reason = "x" }', "nothing else"),
    ('{ off = ["2199-07-08"], source = "通告" }', "not known"),
    ('{ year = 2027, off = ["2027-01-01"], source = "通告" }', "2027-05-01"),
    (NEXT_YEAR, "missing before"),
    (NEXT_YEAR.replace("2099-01-04", "2099-01-05"), "no Saturday"),
    (NEXT_YEAR.replace("2099-01-04", "2098-06-04"), "no day of the arrangement"),
    ('{ year = 2099, off = ["2099-01-01", "2099-05-01..2099-05-02", "2099-10-01..2099-10-03"], source = "x1" }',
     "at least 13"),
    ("3", "table"),
])  # fmt: skip
def test_an_entry_that_would_give_wrong_dates_is_refused_with_its_cure(text: str, cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        read(text)
