"""Lists of what waits, page by page: read from the index, and no case opened but those of the page that is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from kiosk.backend.console.accounts import Accounts, Staff
from kiosk.backend.console.roles import REVIEWERS, Role
from kiosk.backend.desks import DESKS
from kiosk.backend.lives import Lives
from kiosk.backend.lives_about import name_in
from kiosk.backend.store import lives as life_store
from kiosk.backend.store import queue
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.lives import Found, Life
from kiosk.backend.store.queue import NEVER, View, Waiting
from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_terms import terms
from kiosk.domain.life import State
from kiosk.domain.text import Text
from kiosk.domain.workdays import Calendar, CalendarEnded

PAGE = 25
MOST = 100  # that are counted: 99+ says as much as a count of all
ALL, NEAR, OVERDUE, CHECKS = "all", "near", "overdue", "checks"
TABS = (ALL, OVERDUE, NEAR, CHECKS)
NAME = "applicant.name"
_Found = tuple[list[Waiting], dict[str, int], list[Life], list[Found], dict[str, str]]
_CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([A-Za-z0-9_-]{1,64})")


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a list. ``left``: working days to its last one, negative once it is over, None where none runs.

    ``tone``: bad (overdue), warn (near), plain. ``applicant``: the name's first character; ``holder``: who has it.
    """

    case_id: str
    case_no: str
    service: Text
    service_id: str
    state: State
    due: str
    left: int | None
    tone: str
    applicant: str
    holder: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """``next``: where the next page begins, "" behind the last. ``counts``: of each tab, MOST for that or more."""

    tab: str
    desk: str
    desks: tuple[str, ...]
    rows: tuple[Row, ...]
    next: str
    counts: dict[str, int]
    test: bool = False


@dataclass(frozen=True, slots=True)
class Lists:
    """Thread-safe."""

    rows: Store
    lives: Lives
    accounts: Accounts
    now: Callable[[], datetime]

    def page(self, who: Staff, tab: str, desk: str, after: str, *, test: bool = False) -> Listed:
        """What waits for this person. What is unknown, or not theirs, is as if it had not been said.

        ``test``: the tests alone, for whoever tries a terminal out; otherwise there are none among them.
        """
        desks = desks_for(who.role)
        desk = desk if desk in desks else desks[0]
        tab = tab if tab in TABS else ALL
        begin = _CURSOR.fullmatch(after)
        view = self._view(who, tab, desk, test=test)

        def look(connection: Connection) -> _Found:
            waits = queue.page(connection, view, (begin[1], begin[2]) if begin else None, PAGE + 1)
            counts = {each: queue.count(connection, self._view(who, each, desk, test=test), MOST) for each in TABS}
            ids = [each.case_id for each in waits[:PAGE]]
            found = life_store.cases_of_page(connection, ids)
            holders = queue.holders(connection, ids, self._unix())
            return waits, counts, life_store.of_page(connection, ids), found, holders

        waits, counts, lives, found, holders = self.rows.read(look)
        shown = waits[:PAGE]
        last = shown[-1] if len(waits) > PAGE else None
        return Listed(
            tab, desk, desks, self._rows(who, shown, lives, found, holders),
            f"{last.due or NEVER}.{last.case_id}" if last is not None else "", counts, test,
        )  # fmt: skip

    def _view(self, who: Staff, tab: str, desk: str, *, test: bool = False) -> View:
        kind = queue.CHECK if tab == CHECKS else queue.REVIEW
        view = View(kind, desk, who.areas, who.services, test=test)
        today = self._today()
        if tab == OVERDUE:
            return replace(view, until=(today - timedelta(days=1)).isoformat())
        if tab == NEAR:
            return replace(view, since=today.isoformat(), until=near_until(today, self.lives.calendar()).isoformat())
        return view

    def _rows(
        self, who: Staff, waits: Sequence[Waiting], lives: Sequence[Life], found: Sequence[Found],
        holders: dict[str, str],
    ) -> tuple[Row, ...]:  # fmt: skip
        by_id, sealed = {life.case_id: life for life in lives}, {case.case_id: case for case in found}
        names = self.accounts.names(list(holders.values()))
        made = partial(self._row, who=who, holders=holders, names=names)
        return tuple(
            made(each, life=by_id[each.case_id], case=sealed[each.case_id]) for each in waits if each.case_id in by_id
        )

    def _row(
        self, waits: Waiting, life: Life, case: Found, who: Staff, holders: dict[str, str], names: dict[str, str]
    ) -> Row:
        holder = holders.get(waits.case_id, "")
        due = waits.due if waits.kind == queue.REVIEW else ""
        left = left_until(due, self._today(), self.lives.calendar())
        tone = "plain" if left is None else "bad" if left < 0 else "warn" if left <= NEAR_DAYS else "plain"
        return Row(
            waits.case_id, life.case_no, name_in(life), life.service_id, State(life.state), due, left, tone,
            self._applicant(case), names.get(holder, ""), holder == who.staff_id,
        )  # fmt: skip

    def _applicant(self, found: Found) -> str:
        """Enough to find somebody's case in a list, and no more."""
        case = self.lives.opened(found)
        name = "" if case is None else next((field.value for field in case.fields if field.key == NAME), "")
        return f"{name[0]}＊＊" if name else ""

    def _today(self) -> date:
        return self.now().astimezone(CHINA).date()

    def _unix(self) -> int:
        return int(self.now().timestamp())


def desks_for(role: Role) -> tuple[str, ...]:
    """The desks that this role may look at, its own first."""
    if role not in REVIEWERS:
        return DESKS
    return tuple(reversed(DESKS[: DESKS.index(role.desk) + 1]))


NEAR_DAYS = terms("licence").near
"""So many working days before it ends a clock is told as near its end, whatever it is of (clocks.toml)."""


def near_until(today: date, calendar: Calendar) -> date:
    """The last of the days that are near; beyond the calendar, so many days."""
    try:
        return calendar.after(today, NEAR_DAYS)
    except CalendarEnded:
        return today + timedelta(days=NEAR_DAYS)


def left_until(due: str, today: date, calendar: Calendar) -> int | None:
    """Working days from tomorrow to the last one; negative once that is over; None where none runs, or nobody knows."""
    if not due:
        return None
    day = date.fromisoformat(due)
    try:
        if day >= today:
            return calendar.between(today, day)
        return -max(calendar.between(day, today), 1)
    except CalendarEnded:
        return None
