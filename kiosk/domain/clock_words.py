"""The last day of a period in words; nothing where the calendar does not reach it, so that the count stands alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_terms import received_on
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.workdays import Calendar, CalendarEnded

AT_LATEST = Text("（最迟 {}）", " (by {} at the latest)")
Until = Callable[[int], Text]
"""Working days to ``AT_LATEST`` with the day on which they are over, EMPTY where that is not known."""


def on(day: date) -> Text:
    """2026年12月3日, 2026-12-03."""
    return Text(f"{day.year}年{day.month}月{day.day}日", day.isoformat())


def at_latest(day: date) -> Text:
    told = on(day)
    return Text(AT_LATEST.zh.format(told.zh), AT_LATEST.en.format(told.en))


def until(calendar: Callable[[], Calendar], at: datetime) -> Until:
    """For periods that begin with the day of receipt of what came in at ``at`` (aware): that day is not counted.

    The calendar is asked for only where there is something to be counted.
    """

    def told(days: int) -> Text:
        if not days:
            return EMPTY
        try:
            known = calendar()
            return at_latest(known.after(received_on(at, known), days))
        except CalendarEnded:
            return EMPTY

    return told


def received(calendar: Callable[[], Calendar], at: datetime) -> date:
    """The day of receipt; the day itself where the calendar cannot say which day the office counts."""
    try:
        return received_on(at, calendar())
    except CalendarEnded:
        return at.astimezone(CHINA).date()


def undated(days: int) -> Text:
    """Where no day is known from which the period runs."""
    return EMPTY
