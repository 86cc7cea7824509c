"""Ratings in the store: what was said first and later, the tasks of bad ones, what was done about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, literal, or_, select, text, tuple_, update

from kiosk.backend.store.rating_tables import BAD_RATING, followups, rating_events, rating_tasks
from kiosk.backend.store.tables import TESTS, cases, items, ratings
from kiosk.backend.store.upsert import insert_new

ANSWERED = "answered"


@dataclass(frozen=True, slots=True, repr=False)
class RatingRow:
    """A first rating with its sealed item. ``received_at``: when it came here."""

    case_id: str
    level: int
    rated_at: str
    received_at: str
    item_id: str
    terminal_id: str
    sealing_key_id: str
    sealed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class AddedRow:
    """What was added later. ``said`` is sealed (kiosk.backend.ratings.sealing)."""

    case_id: str
    level: int
    at: str
    channel: str
    item_id: str
    said: bytes
    sealing_key_id: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A row of ``rating_tasks`` with what of its case is wanted with it."""

    case_id: str
    number: int
    level: int
    opened_at: str
    state: str
    due: str
    finding: str
    counted: bool
    events: int
    case_no: str
    service_id: str
    terminal_id: str
    area_code: str
    test: bool


@dataclass(frozen=True, slots=True, repr=False)
class TaskEventRow:
    seq: int
    at: str
    deed: str
    by: str
    choice: str
    said: bytes
    sealing_key_id: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad rating without a task. ``at``: when it came."""

    case_id: str
    number: int
    level: int
    at: str


_RATING = (
    ratings.c.case_id, ratings.c.level, ratings.c.rated_at, items.c.received_at, items.c.id, items.c.terminal_id,
    items.c.sealing_key_id, items.c.sealed,
)  # fmt: skip
_ADDED = (
    followups.c.case_id, followups.c.level, followups.c.at, followups.c.channel, followups.c.item_id,
    followups.c.said, followups.c.sealing_key_id,
)  # fmt: skip
_TASK = (
    rating_tasks.c.case_id, rating_tasks.c.number, rating_tasks.c.level, rating_tasks.c.opened_at,
    rating_tasks.c.state, rating_tasks.c.due, rating_tasks.c.finding, rating_tasks.c.counted, rating_tasks.c.events,
    cases.c.case_no, cases.c.service_id, cases.c.terminal_id, cases.c.area_code, cases.c.test,
)  # fmt: skip
_EVENT = (
    rating_events.c.seq, rating_events.c.at, rating_events.c.deed, rating_events.c.by, rating_events.c.choice,
    rating_events.c.said, rating_events.c.sealing_key_id,
)  # fmt: skip


# -- what was said


def first(connection: Connection, case_ids: Iterable[str]) -> dict[str, RatingRow]:
    """The first ratings of these cases."""
    joined = ratings.join(items, items.c.id == ratings.c.item_id)
    query = select(*_RATING).select_from(joined).where(ratings.c.case_id.in_(list(case_ids)))
    return {row[0]: RatingRow(*row[:7], bytes(row[7])) for row in connection.execute(query).all()}


def added(connection: Connection, case_ids: Iterable[str]) -> dict[str, AddedRow]:
    """What was added to them later."""
    query = select(*_ADDED).where(followups.c.case_id.in_(list(case_ids)))
    return {row[0]: AddedRow(*row[:5], bytes(row[5]), row[6]) for row in connection.execute(query).all()}


def case_of(connection: Connection, case_id: str) -> tuple[str, str] | None:
    """The terminal that took a case, and its number."""
    row = connection.execute(select(cases.c.terminal_id, cases.c.case_no).where(cases.c.case_id == case_id)).first()
    return None if row is None else (row[0], row[1])


def is_rated(connection: Connection, case_id: str) -> bool:
    return connection.execute(select(ratings.c.case_id).where(ratings.c.case_id == case_id)).first() is not None


def add(connection: Connection, row: dict[str, Any]) -> bool:
    """A word added to a rating; False where there is one."""
    return insert_new(connection, followups, [row]) == 1


# -- tasks


def untasked(connection: Connection, levels: Sequence[int], limit: int) -> list[Bad]:
    """Bad ratings that are no task yet, but none of a test, so many of each kind. Told by two indexes alone, because
    pages ask it each time and nearly always there is none; when one came is looked up for those that are left.
    """
    t, r, f = rating_tasks.c, ratings.c, followups.c
    first = select(t.case_id).where(t.case_id == r.case_id, t.number == 1).exists()
    rated = select(r.case_id, r.level, r.item_id).where(text(BAD_RATING), r.level.in_(levels), ~first)
    bad = connection.execute(rated.where(r.case_id.not_in(TESTS)).limit(limit)).all()
    came = select(items.c.id, items.c.received_at).where(items.c.id.in_([row.item_id for row in bad]))
    at = {row[0]: row[1] for row in connection.execute(came).all()} if bad else {}
    again = select(t.case_id).where(t.case_id == f.case_id, t.number == 2).exists()
    later = select(f.case_id, f.level, f.at).where(f.level.in_(levels), ~again, f.case_id.not_in(TESTS)).limit(limit)
    found = [Bad(row.case_id, 1, row.level, at[row.item_id]) for row in bad]
    found += [Bad(row.case_id, 2, row.level, row.at) for row in connection.execute(later).all()]
    return sorted(found, key=lambda each: (each.at, each.case_id))


def begin(connection: Connection, row: dict[str, Any], opened: dict[str, Any]) -> bool:
    """A task with its first event; False where somebody else has begun it."""
    if not insert_new(connection, rating_tasks, [row]):
        return False
    connection.execute(insert(rating_events).values(opened))
    return True


def task(connection: Connection, case_id: str, number: int, *, lock: bool = False) -> TaskRow | None:
    query = _tasks().where(rating_tasks.c.case_id == case_id, rating_tasks.c.number == number)
    row = connection.execute(query.with_for_update(of=rating_tasks) if lock else query).first()
    return None if row is None else TaskRow(*row)


def tasks_of(connection: Connection, case_ids: Iterable[str]) -> list[TaskRow]:
    """The tasks of these cases, the older of a case first."""
    query = _tasks().where(rating_tasks.c.case_id.in_(list(case_ids)))
    rows = connection.execute(query.order_by(rating_tasks.c.case_id, rating_tasks.c.number)).all()
    return [TaskRow(*row) for row in rows]


def tasks(
    connection: Connection, *, areas: Sequence[str] = ("",), services: Sequence[str] = (), answered: bool = False,
    after: tuple[str, str, int] | None = None, limit: int = 1000,
) -> list[TaskRow]:  # fmt: skip
    """Those that are not answered (or, with ``answered``, all), by their last day. ``areas``: codes or the beginnings
    of codes (GB/T 2260): whatever lies below one of them. ``services``: none for all of them. ``after``: last day, case
    and number of the one before.
    """
    query, order = _tasks(), (rating_tasks.c.due, rating_tasks.c.case_id, rating_tasks.c.number)
    if not answered:
        query = query.where(rating_tasks.c.state != ANSWERED)
    if services:
        query = query.where(cases.c.service_id.in_(services))
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*map(literal, after)))
    if "" not in areas:
        within = [cases.c.area_code.startswith(area, autoescape=True) for area in areas]
        query = query.where(or_(literal(False), *within))
    return [TaskRow(*row) for row in connection.execute(query.order_by(*order).limit(limit)).all()]


def _tasks() -> Select[Any]:
    return select(*_TASK).select_from(rating_tasks.join(cases, cases.c.case_id == rating_tasks.c.case_id))


def events(connection: Connection, case_id: str, number: int) -> list[TaskEventRow]:
    query = select(*_EVENT).where(rating_events.c.case_id == case_id, rating_events.c.number == number)
    rows = connection.execute(query.order_by(rating_events.c.seq)).all()
    return [TaskEventRow(*row[:5], bytes(row[5]), row[6]) for row in rows]


def events_of(connection: Connection, case_ids: Sequence[str]) -> dict[tuple[str, int], list[TaskEventRow]]:
    """What was done about the tasks of these cases, by case and number."""
    c, found = rating_events.c, dict[tuple[str, int], list[TaskEventRow]]()
    query = select(c.case_id, c.number, *_EVENT).where(c.case_id.in_(case_ids)).order_by(c.case_id, c.number, c.seq)
    for row in connection.execute(query).all():
        found.setdefault((row[0], row[1]), []).append(TaskEventRow(*row[2:7], bytes(row[7]), row[8]))
    return found


def add_event(connection: Connection, row: dict[str, Any], stands: dict[str, Any]) -> None:
    """One event more, and how the task stands since. In a transaction that has locked it."""
    connection.execute(insert(rating_events).values(row))
    mine = (rating_tasks.c.case_id == row["case_id"], rating_tasks.c.number == row["number"])
    connection.execute(update(rating_tasks).where(*mine).values(**stands, events=row["seq"]))


def gauges(connection: Connection, today: str) -> dict[str, int]:
    """For /metrics."""
    t = rating_tasks.c
    counted = connection.execute(select(t.state, func.count()).group_by(t.state)).all()
    overdue = select(func.count()).select_from(rating_tasks).where(t.state != ANSWERED, t.due != "", t.due < today)
    return {
        **{f'kiosk_rating_tasks{{state="{state}"}}': count for state, count in sorted(counted)},
        "kiosk_rating_tasks_overdue": connection.scalar(overdue) or 0,
    }
