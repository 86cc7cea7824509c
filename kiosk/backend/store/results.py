"""What was decided, for the terminal that took the case; and the numbers shown in /metrics."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from kiosk.backend.store import replays
from kiosk.backend.store.tables import alarms, cases, materials, ratings, results, terminals
from kiosk.wire import CaseResult


@dataclass(frozen=True, slots=True)
class Page:
    cursor: int
    results: list[CaseResult]
    more: bool


def after(connection: Connection, terminal_id: str, cursor: int, limit: int) -> Page:
    """Up to ``limit`` results of this terminal with a higher sequence than ``cursor``, oldest first."""
    query = (
        select(results)
        .where(results.c.terminal_id == terminal_id, results.c.seq > cursor)
        .order_by(results.c.seq)
        .limit(limit + 1)
    )
    rows = connection.execute(query).all()
    found = [CaseResult(row.case_no, row.case_id, row.outcome, row.text, row.decided_at) for row in rows[:limit]]
    last = rows[:limit][-1].seq if rows else cursor
    return Page(last, found, len(rows) > limit)


def gauges(connection: Connection) -> dict[str, int]:
    def count(table: Table, *where: object) -> int:
        query = select(func.count()).select_from(table)
        for condition in where:
            query = query.where(condition)  # type: ignore[arg-type]  # a column expression
        return connection.scalar(query) or 0

    return {
        "kiosk_cases": count(cases),
        "kiosk_case_conflicts": count(cases, cases.c.state == "conflict"),
        "kiosk_ratings": count(ratings),
        "kiosk_terminals": count(terminals),
        "kiosk_materials": count(materials),
        "kiosk_alarms": count(alarms),
        **replays.gauges(connection),
    }
