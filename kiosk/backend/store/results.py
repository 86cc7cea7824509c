"""What was decided, for the terminal that took the case; and the numbers shown in /metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from kiosk.backend.store import replays
from kiosk.backend.store.life_tables import lives
from kiosk.backend.store.lives import PROGRESS
from kiosk.backend.store.tables import TESTS, alarms, cases, materials, ratings, results, terminals
from kiosk.wire import CaseResult, CaseWord


@dataclass(frozen=True, slots=True)
class Page:
    cursor: int
    results: list[CaseResult]
    more: bool
    progress: list[CaseWord]


def after(connection: Connection, terminal_id: str, cursor: int, limit: int) -> Page:
    """Up to ``limit`` results of this terminal with a higher sequence than ``cursor``, oldest first."""
    query = (
        select(results)
        .where(results.c.terminal_id == terminal_id, results.c.seq > cursor)
        .order_by(results.c.seq)
        .limit(limit + 1)
    )
    rows = connection.execute(query).all()
    found, told = [], []
    for row in rows[:limit]:
        if row.text.startswith(PROGRESS):
            told.append(row)
        else:
            found.append(CaseResult(row.case_no, row.case_id, row.outcome, row.text, row.decided_at))
    last = rows[:limit][-1].seq if rows else cursor
    return Page(last, found, len(rows) > limit, _words(connection, told))


def _words(connection: Connection, told: Sequence[Any]) -> list[CaseWord]:
    """How cases stand, with the last days that hold now."""
    if not told:
        return []
    query = select(lives.c.case_id, lives.c.due, lives.c.deemed)
    query = query.where(lives.c.case_id.in_(sorted({row.case_id for row in told})))
    now = {row.case_id: (row.due, row.deemed) for row in connection.execute(query).all()}
    words = []
    for row in told:
        _, answer, item = (*row.text.split(" "), "", "")[:3]
        due, deemed = now.get(row.case_id, ("", False)) if row.outcome else ("", False)
        words.append(CaseWord(row.case_id, row.case_no, row.outcome, row.decided_at, due, deemed, item, answer))
    return words


def gauges(connection: Connection) -> dict[str, int]:
    def count(table: Table, *where: object) -> int:
        query = select(func.count()).select_from(table)
        for condition in where:
            query = query.where(condition)  # type: ignore[arg-type]  # a column expression
        return connection.scalar(query) or 0

    return {
        "kiosk_cases": count(cases, cases.c.test.is_(False)),
        "kiosk_test_cases": count(cases, cases.c.test),
        "kiosk_case_conflicts": count(cases, cases.c.state == "conflict", cases.c.test.is_(False)),
        "kiosk_test_case_conflicts": count(cases, cases.c.state == "conflict", cases.c.test),
        "kiosk_ratings": count(ratings, ratings.c.case_id.not_in(TESTS)),
        "kiosk_terminals": count(terminals),
        "kiosk_materials": count(materials),
        "kiosk_alarms": count(alarms),
        **replays.gauges(connection),
    }
