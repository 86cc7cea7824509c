"""What came of the cases, as figures: by matter, terminal, street and department, week by week, and what is compared.

Reckoned from rows of facts in one go, for one area and one span of time, and kept whole (`Overview`): pages and reports
show it and reckon nothing. Times are medians and 90th percentiles, because a mean hides who waited longest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from kiosk.backend.oversight.frame import Bools, Floats
from kiosk.backend.oversight.frames import START, local
from kiosk.backend.oversight.ranking import Counted, Placed, rank
from kiosk.backend.oversight.urgency import STREET, Problem

DAY = 86_400
GOOD, BAD = 4, 2  # levels from which on, and up to which
APPROVED, REFUSED = ("approved", "answered"), ("refused", "not_accepted")
ENDED = ("withdrawn", "voided")
LEVELS = ("terminal", "street", "department")
MEASURES = ("bad", "late", "asked", "slow")
"""What places are ranked by, fewer is better: ratings of 1 or 2 among ratings; cases past their last day among those
that had one or were decided; cases in which something was asked for later; cases that took longer than three quarters
of all cases of their matter."""


class Line(msgspec.Struct, frozen=True):
    """One row of a table. ``seconds``: at the terminal, median; ``hours``, ``hours90``: from start to decision, median
    and 90th percentile, -1 where nothing was decided. The others are numbers of cases.
    """

    key: str
    name: str
    cases: int
    approved: int
    refused: int
    waiting: int
    ended: int
    asked: int
    overdue: int
    seconds: float
    hours: float
    hours90: float
    rated: int
    good: int
    bad: int


class Ranked(msgspec.Struct, frozen=True):
    """A row of a ranking: see ranking.Placed. ``name`` for people."""

    key: str
    name: str
    cases: int
    hits: int
    expected: float
    ratio: float
    drawn: float
    low: float
    high: float
    rank: int
    stands: int


class Break(msgspec.Struct, frozen=True):
    """Visits that ended on this page without a case, and for which reason, as terminals have told."""

    state: str
    reason: str
    visits: int


class Overview(msgspec.Struct, frozen=True):
    """``since``, ``until``, ``made_at``: ISO 8601. ``tables``: by item, terminal, street, department. ``weeks``: from
    the Monday in ``key`` on. ``rankings``: by level and measure, ``"street bad"``. ``reasons``: of ratings, code and
    number. ``reporting``: terminals that told where visits break off, of ``terminals``.
    """

    area: str
    since: str
    until: str
    made_at: str
    whole: Line
    tables: dict[str, list[Line]]
    weeks: list[Line]
    rankings: dict[str, list[Ranked]]
    problems: list[Problem]
    breaks: list[Break]
    reasons: list[tuple[str, int]]
    reporting: int
    terminals: int


class Cases:
    """Rows of store.oversight_facts.outcomes as columns. ``today``: YYYY-MM-DD in China."""

    def __init__(self, rows: Sequence[Any], today: str) -> None:
        self.rows = rows
        commits = [local(row.committed_at) for row in rows]
        self.commit = np.array(commits, dtype=np.float64)
        self.seconds = np.array([row.seconds for row in rows], dtype=np.float64)
        self.level = np.array([row.level or 0 for row in rows], dtype=np.int64)
        self.asked = np.array([bool(row.asked) for row in rows], dtype=np.bool_)
        self.overdue = np.array([bool(row.due) and row.due < today for row in rows], dtype=np.bool_)
        self.dated = np.array([bool(row.due) or row.decided_at is not None for row in rows], dtype=np.bool_)
        states = [row.state or row.outcome for row in rows]
        self.state = np.array([_group(state) for state in states], dtype=np.int64)
        self.hours = np.array([_hours(row, at) for row, at in zip(rows, commits, strict=True)], dtype=np.float64)
        self.keys = {
            "item": np.array([row.service_id for row in rows], dtype=object),
            "terminal": np.array([row.terminal_id for row in rows], dtype=object),
            "street": np.array([row.area_code[:STREET] for row in rows], dtype=object),
            "department": np.array([row.department for row in rows], dtype=object),
        }

    def take(self, which: Bools) -> Cases:
        part = object.__new__(Cases)
        part.rows = [row for row, is_in in zip(self.rows, which, strict=True) if is_in]
        for name in ("commit", "seconds", "level", "asked", "overdue", "dated", "state", "hours"):
            setattr(part, name, getattr(self, name)[which])
        part.keys = {name: keys[which] for name, keys in self.keys.items()}
        return part


def lines(cases: Cases, by: Any, names: Mapping[str, str]) -> list[Line]:
    """A line for each value of ``by``, the one with the most cases first."""
    keys, number = np.unique(by.astype(str), return_inverse=True)
    made = [_line(cases, number == at, str(key), names.get(str(key), str(key))) for at, key in enumerate(keys)]
    return sorted(made, key=lambda line: (-line.cases, line.key))


def whole(cases: Cases) -> Line:
    return _line(cases, np.ones(len(cases.rows), dtype=np.bool_), "", "")


def weeks(cases: Cases) -> list[Line]:
    """By Monday, the first one first, also those without a case in between."""
    if not len(cases.rows):
        return []
    monday = np.floor_divide(cases.commit / DAY + 3, 7).astype(np.int64)  # 1970-01-01 was a Thursday
    made = []
    for week in range(int(monday.min()), int(monday.max()) + 1):
        day = datetime.fromtimestamp((week * 7 - 3) * DAY, tz=START.tzinfo).date().isoformat()
        made.append(_line(cases, monday == week, day, day))
    return made


def rankings(cases: Cases, names: Mapping[str, Mapping[str, str]]) -> dict[str, list[Ranked]]:
    slow = _slow(cases)
    rated, decided = cases.level > 0, cases.hours >= 0
    every = np.ones(len(cases.rows), dtype=np.bool_)
    of = {
        "bad": (rated, (cases.level <= BAD) & rated),
        "late": (cases.dated, cases.overdue),
        "asked": (every, cases.asked),
        "slow": (decided, slow),
    }
    made = {}
    for level in LEVELS:
        for measure in MEASURES:
            base, hits = of[measure]
            counted = _counted(cases.keys[level], cases.keys["item"], base, hits)
            made[f"{level} {measure}"] = [_ranked(each, names[level]) for each in rank(counted)]
    return made


def reasons(rows: Sequence[Any]) -> list[tuple[str, int]]:
    """The reasons of ratings by national code, the most frequent first."""
    counted: dict[str, int] = {}
    for row in rows:
        for code in filter(None, (row.reasons or "").split(",")):
            counted[code] = counted.get(code, 0) + 1
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _line(cases: Cases, mine: Bools, key: str, name: str) -> Line:
    state, level, hours = cases.state[mine], cases.level[mine], cases.hours[mine]
    decided = hours[hours >= 0]
    return Line(
        key=key, name=name, cases=int(mine.sum()), approved=int((state == 0).sum()), refused=int((state == 1).sum()),
        ended=int((state == 2).sum()), waiting=int((state == 3).sum()), asked=int(cases.asked[mine].sum()),
        overdue=int(cases.overdue[mine].sum()), seconds=_at(cases.seconds[mine], 0.5), hours=_at(decided, 0.5),
        hours90=_at(decided, 0.9), rated=int((level > 0).sum()), good=int((level >= GOOD).sum()),
        bad=int(((level > 0) & (level <= BAD)).sum()),
    )  # fmt: skip


def _at(values: Floats, share: float) -> float:
    return round(float(np.quantile(values, share)), 2) if len(values) else -1.0


def _group(state: str) -> int:
    """0 approved, 1 refused, 2 ended otherwise, 3 waiting."""
    return 0 if state in APPROVED else 1 if state in REFUSED else 2 if state in ENDED else 3


def _hours(row: Any, commit: float) -> float:
    """From the citizen's first touch to the decision, -1 for none."""
    if row.decided_at is None:
        return -1.0
    return max(0.0, (local(row.decided_at) - commit + float(row.seconds)) / 3600)


def _slow(cases: Cases) -> Bools:
    slow = np.zeros(len(cases.rows), dtype=np.bool_)
    decided = cases.hours >= 0
    for item in set(cases.keys["item"].tolist()):
        mine = decided & (cases.keys["item"] == item)
        if mine.any():
            slow |= mine & (cases.hours > np.quantile(cases.hours[mine], 0.75))
    return slow


def _counted(places: Any, matters: Any, base: Bools, hits: Bools) -> list[Counted]:
    pairs: dict[tuple[str, str], list[int]] = {}
    for place, matter, hit in zip(places[base].tolist(), matters[base].tolist(), hits[base].tolist(), strict=True):
        pair = pairs.setdefault((place, matter), [0, 0])
        pair[0] += 1
        pair[1] += hit
    return [Counted(place, matter, cases, found) for (place, matter), (cases, found) in pairs.items()]


def _ranked(each: Placed, names: Mapping[str, str]) -> Ranked:
    high = min(each.high, 99.0)
    return Ranked(
        each.place, names.get(each.place, each.place), each.cases, each.hits, round(each.expected, 2),
        round(each.ratio, 3), round(each.drawn, 3), round(each.low, 3), round(high, 3), each.rank, each.stands,
    )  # fmt: skip
