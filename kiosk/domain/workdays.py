"""Working days: weekends, the State Council's holidays and make-up days, and the days that a place has of its own.

The national table is the package chinesecalendar's, made from the notices of the State Council's office, year by year
(国务院办公厅关于部分节假日安排的通知). A place adds entries by profile or policy: days on which its offices are closed,
holidays of a national minority (《全国年节及纪念日放假办法》第四条), or a year that the package does not know yet.
A day beyond the table is an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

DAY = timedelta(days=1)
WARN_DAYS = 60  # before its end a calendar is told as to be renewed
SETTLED_UNTIL = (12, 28)
"""Of the last year known: a later notice moved 29 to 31 December before, as 元旦 2019 did (国办发明电〔2018〕15号)."""
LEAST_HOLIDAYS = 13  # days that everybody has off in a year (全国年节及纪念日放假办法, 2024, 第二条)
FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))  # those of them that the sun's calendar names
DAYS_CURE = 'write days as "2026-12-03", spans as "2026-10-01..2026-10-07"'
LONGEST_SPAN = 31


class CalendarEnded(LookupError):
    """A day was asked for of which nobody knows here whether it is a working day. ``until``: the last day known."""

    code = "calendar-ended"
    retryable = False

    def __init__(self, until: date) -> None:
        super().__init__(f"the calendar ends on {until.isoformat()}")
        self.until = until

    @property
    def advice(self) -> str:
        return (
            "Update the package chinesecalendar, or enter the State Council's arrangement of the next year under "
            "[calendar] in the profile (or publish it as the policy's value `calendar`)."
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """What a place adds. ``year``: the whole arrangement of that year; 0: single days. ``source``: who orders it."""

    off: tuple[date, ...]
    work: tuple[date, ...]
    source: str
    year: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Calendar:
    """Which days are worked, from ``first`` to ``until``, both included. Every question beyond raises CalendarEnded."""

    off: frozenset[date]  # weekdays that are not worked; weekends may be among them
    work: frozenset[date]  # weekend days that are
    first: date
    until: date
    local: int = 0  # entries of the place

    def __repr__(self) -> str:
        return f"Calendar({self.first} to {self.until}, {self.local} local)"

    def is_working(self, day: date) -> bool:
        if not self.first <= day <= self.until:
            raise CalendarEnded(self.until)
        return day in self.work or (day.weekday() < 5 and day not in self.off)

    def after(self, day: date, count: int) -> date:
        """The ``count``-th (>= 1) working day after ``day``, which is itself not counted (民法典 第二百零一条)."""
        if count < 1:
            raise ValueError("a period has at least one day")
        while count:
            day += DAY
            count -= self.is_working(day)
        return day

    def moved(self, day: date) -> date:
        """The end of a period of calendar days: the next working day where it is a day off (民法典 第二百零三条)."""
        while not self.is_working(day):
            day += DAY
        return day

    def between(self, begin: date, end: date) -> int:
        """Working days after ``begin`` up to and with ``end``; negative where ``end`` is the earlier one."""
        if end < begin:
            return -self.between(end, begin)
        return sum(self.is_working(begin + DAY * n) for n in range(1, (end - begin).days + 1))

    def days_left(self, today: date) -> int:
        """Calendar days until the table ends; negative afterwards."""
        return (self.until - today).days


@cache
def national() -> Calendar:
    """The mainland's calendar. Imports its table on the first call: nothing that starts a terminal needs it."""
    import chinese_calendar  # type: ignore[import-untyped]

    off, work = frozenset(chinese_calendar.holidays), frozenset(chinese_calendar.workdays)
    return Calendar(off, work, date(min(off).year, 1, 1), date(max(off).year, *SETTLED_UNTIL))


@cache
def calendar_of(entries: tuple[Entry, ...] = ()) -> Calendar:
    """The national calendar with the entries of a place, which win over it. Raises ValueError, which says the cure."""
    known = national()
    off, work, until = set(known.off), set(known.work), known.until
    for entry in sorted(entries, key=lambda entry: entry.year or 9999):  # whole years first: days stand in them
        if entry.year > until.year:
            if entry.year != until.year + 1:
                raise ValueError(f"the arrangement of {until.year + 1} is missing before that of {entry.year}")
            until = date(entry.year, *SETTLED_UNTIL)
        off = (off | set(entry.off)) - set(entry.work)
        work = (work | set(entry.work)) - set(entry.off)
    for entry in entries:
        if beyond := [day for day in (*entry.off, *entry.work) if not known.first <= day <= date(until.year, 12, 31)]:
            raise ValueError(f"{beyond[0]}: the arrangement of its year is not known; enter that first (`year`)")
    return Calendar(frozenset(off), frozenset(work), known.first, until, len(entries))


def entries(raw: Any) -> tuple[Entry, ...]:
    """Checked entries from a TOML array of tables: ``{ off = [...], work = [...], source = "...", year = 2027 }``.

    Raises ValueError, which says the cure.
    """
    if not isinstance(raw, list):
        raise ValueError("must be a list of tables: [{ off = [...], source = ... }]")
    found = tuple(_entry(table) for table in raw)
    if found:
        calendar_of(found)
    return found


def _entry(table: Any) -> Entry:
    if not isinstance(table, Mapping) or not set(table) <= {"off", "work", "source", "year"}:
        raise ValueError("each entry is a table of off, work, source and year, and nothing else")
    source, year = table.get("source", ""), table.get("year", 0)
    if not isinstance(source, str) or len(source.strip()) < 2:
        raise ValueError("source is missing: say which notice orders it")
    if type(year) is not int or (year and not 2004 <= year <= 2200):
        raise ValueError("year must be a year, such as 2027")
    off, work = tuple(_days(table.get("off", []))), tuple(_days(table.get("work", [])))
    if not off and not work:
        raise ValueError("an entry needs days under off or work")
    if both := set(off) & set(work):
        raise ValueError(f"{min(both)} stands under off and under work; take one of them out")
    if year:
        _whole_year(year, off, work)
    return Entry(off, work, source.strip(), year)


def _whole_year(year: int, off: Iterable[date], work: Iterable[date]) -> None:
    """An arrangement that lacks a holiday would give wrong dates all the year long."""
    for day in (*off, *work):
        if not date(year - 1, 12, 25) <= day <= date(year, 12, 31):
            raise ValueError(f"{day} is no day of the arrangement of {year}")
    if lacking := [day for day in FIXED_HOLIDAYS if date(year, *day) not in off]:
        raise ValueError(f"{date(year, *lacking[0])} is a holiday by law and is missing under off")
    if len(set(off)) < LEAST_HOLIDAYS:
        raise ValueError(f"a year has at least {LEAST_HOLIDAYS} holidays, and {len(set(off))} stand under off")
    if weekday := [day for day in work if day.weekday() < 5]:
        raise ValueError(f"{weekday[0]} is no Saturday or Sunday: a day that is made up for is one")


def _days(raw: Any) -> Iterable[date]:
    if not isinstance(raw, list):
        raise ValueError(DAYS_CURE)
    for text in raw:
        if not isinstance(text, str):
            raise ValueError(DAYS_CURE)
        begin, dots, end = text.partition("..")
        try:
            day, last = date.fromisoformat(begin), date.fromisoformat(end if dots else begin)
        except ValueError:
            raise ValueError(f"{text!r} is no day: {DAYS_CURE}") from None
        if not day <= last <= day + DAY * LONGEST_SPAN:
            raise ValueError(f"{text!r} runs backwards, or is longer than {LONGEST_SPAN} days")
        while day <= last:
            yield day
            day += DAY
