"""Facts of cases in the store: which have none yet, and all that supervision reckons with, as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from kiosk.backend.store.bundles import bundled_cases
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.life_tables import after_checks, life_events, lives
from kiosk.backend.store.oversight_tables import facts, rated
from kiosk.backend.store.publishing_tables import command_reports
from kiosk.backend.store.tables import alarms, cases, items, ratings, terminals
from kiosk.backend.store.upsert import insert_new

DECIDED = ("approved", "refused", "not_accepted", "answered")
ROWS = 200  # in one INSERT
PART = timedelta(days=7)  # that one statement reads


@dataclass(frozen=True, slots=True, repr=False)
class Unread:
    """A sealed item of which the facts are not known."""

    case_id: str
    item_id: str
    terminal_id: str
    area_code: str
    service_id: str
    pack_version: str
    committed_at: str
    received_at: str
    bundle: str
    sealing_key_id: str
    sealed: bytes


def cases_without(connection: Connection, after: str, limit: int) -> list[Unread]:
    """Cases without facts, but not those that try a terminal out, by id from ``after`` on."""
    joined = cases.join(items, items.c.id == cases.c.item_id)
    joined = joined.outerjoin(facts, facts.c.case_id == cases.c.case_id)
    joined = joined.outerjoin(bundled_cases, bundled_cases.c.case_id == cases.c.case_id)
    c = cases.c
    query = (
        select(c.case_id, items.c.id, c.terminal_id, c.area_code, c.service_id, c.pack_version, c.committed_at,
               items.c.received_at, bundled_cases.c.bundle_id, items.c.sealing_key_id, items.c.sealed)
        .select_from(joined).where(facts.c.case_id.is_(None), c.test.is_(False), c.case_id > after)
    )  # fmt: skip
    rows = connection.execute(query.order_by(c.case_id).limit(limit)).all()
    return [Unread(*row[:8], row[8] or "", row[9], bytes(row[10])) for row in rows]


def ratings_without(connection: Connection, after: str, limit: int) -> list[Unread]:
    """Ratings without facts, of cases that have theirs."""
    joined = ratings.join(items, items.c.id == ratings.c.item_id)
    joined = joined.join(facts, facts.c.case_id == ratings.c.case_id)
    joined = joined.outerjoin(rated, rated.c.case_id == ratings.c.case_id)
    query = (
        select(ratings.c.case_id, items.c.id, items.c.terminal_id, facts.c.area_code, facts.c.service_id,
               facts.c.outcome, facts.c.committed_at, items.c.received_at, items.c.sealing_key_id, items.c.sealed)
        .select_from(joined).where(rated.c.case_id.is_(None), ratings.c.case_id > after)
    )  # fmt: skip
    rows = connection.execute(query.order_by(ratings.c.case_id).limit(limit)).all()
    return [Unread(*row[:8], "", row[8], bytes(row[9])) for row in rows]


def add_facts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    for at in range(0, len(rows), ROWS):
        insert_new(connection, facts, rows[at : at + ROWS])


def add_rated(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    for at in range(0, len(rows), ROWS):
        insert_new(connection, rated, rows[at : at + ROWS])


def in_parts(
    find: Callable[[Connection, str, str], list[Any]], connection: Connection, since: str, until: str
) -> list[Any]:
    """What ``find`` (visits, outcomes) finds, week by week: a million rows in one statement take longer than any
    statement may. ``since``, ``until``: as there.
    """
    rows: list[Any] = []
    begin, end = datetime.fromisoformat(since), datetime.fromisoformat(until)
    while begin < end:
        stop = min(begin + PART, end)
        rows += find(connection, *(each.isoformat(timespec="microseconds") for each in (begin, stop)))
        begin = stop
    return rows


def visits(connection: Connection, since: str, until: str) -> list[Any]:
    """What the detectors look at: case, terminal, area, item, bundle, times, seconds, typed, answers, person, carded,
    helped, staff_card, level, reasons, delay. ``since``, ``until``: commits, ISO 8601 in UTC."""
    c, r = facts.c, rated.c
    query = (
        select(c.case_id, c.terminal_id, c.area_code, c.service_id, c.bundle, c.committed_at, c.received_at, c.seconds,
               c.typed, c.answers, c.person, c.carded, c.helped, r.staff_card, r.level, r.reasons, r.delay)
        .select_from(facts.outerjoin(rated, r.case_id == c.case_id))
        .where(c.committed_at >= since, c.committed_at < until)
    )  # fmt: skip
    return list(connection.execute(query).all())


def outcomes(connection: Connection, since: str, until: str) -> list[Any]:
    """What came of each case: its place and item, when it began and was decided, how it stands, its rating."""
    c, e = facts.c, life_events.c
    when = {
        "accepted_at": func.min(case((e.deed == "accepted", e.at))),
        "decided_at": func.min(case((e.deed.in_(DECIDED), e.at))),
        "asked": func.max(case((e.deed == "supplement_asked", 1), else_=0)),
    }
    mine = (c.committed_at >= since, c.committed_at < until)  # of the others' events nothing is wanted
    told = life_events.join(facts, c.case_id == e.case_id)
    chosen = select(e.case_id, *(value.label(name) for name, value in when.items())).select_from(told).where(*mine)
    events = chosen.group_by(e.case_id).subquery()
    joined = facts.outerjoin(lives, lives.c.case_id == c.case_id).outerjoin(events, events.c.case_id == c.case_id)
    joined = joined.outerjoin(rated, rated.c.case_id == c.case_id)
    query = (
        select(c.case_id, c.terminal_id, c.area_code, c.service_id, c.department, c.started_at, c.committed_at,
               c.outcome, c.rung, c.helped, c.seconds, lives.c.state, lives.c.due, events.c.accepted_at,
               events.c.decided_at, events.c.asked, rated.c.level, rated.c.reasons)
        .select_from(joined).where(*mine)
    )  # fmt: skip
    return list(connection.execute(query).all())


def of_day(connection: Connection, since: str, until: str) -> list[Any]:
    """Cases committed between: id, terminal, area, item."""
    c = facts.c
    query = select(c.case_id, c.terminal_id, c.area_code, c.service_id)
    return list(connection.execute(query.where(c.committed_at >= since, c.committed_at < until)).all())


def arrived(connection: Connection, since: str, until: str) -> list[Any]:
    """Cases that came between, whenever they were made: id, terminal, area, item."""
    c = facts.c
    query = select(c.case_id, c.terminal_id, c.area_code, c.service_id)
    return list(connection.execute(query.where(c.received_at >= since, c.received_at < until)).all())


def of_cases(connection: Connection, case_ids: Sequence[str]) -> list[Any]:
    """Of each its commit, seconds, answers typed, whether a card was read and staff were there, and its rating."""
    c, r = facts.c, rated.c
    query = select(c.case_id, c.committed_at, c.seconds, c.typed, c.carded, c.helped, r.staff_card, r.level, r.delay)
    query = query.select_from(facts.outerjoin(rated, r.case_id == c.case_id)).where(c.case_id.in_(list(case_ids)))
    return list(connection.execute(query.order_by(c.committed_at, c.case_id)).all())


def overdue(connection: Connection, today: str) -> list[Any]:
    """Cases whose last day is over, however old: that day, where, of which item. ``today``: YYYY-MM-DD."""
    joined = lives.join(cases, cases.c.case_id == lives.c.case_id)
    query = select(lives.c.due, cases.c.area_code, cases.c.service_id).select_from(joined)
    return list(connection.execute(query.where(lives.c.due != "", lives.c.due < today, cases.c.test.is_(False))).all())


def open_findings(connection: Connection) -> list[Any]:
    """Late truths that stand: cause, when, where, of which item."""
    joined = findings.join(cases, cases.c.case_id == findings.c.case_id)
    query = select(findings.c.cause, findings.c.at, cases.c.area_code, cases.c.service_id).select_from(joined)
    return list(connection.execute(query.where(findings.c.lifted_at.is_(None), cases.c.test.is_(False))).all())


def open_checks(connection: Connection) -> list[Any]:
    """Approvals by commitment that nobody has checked: since when, where, of which item."""
    joined = after_checks.join(cases, cases.c.case_id == after_checks.c.case_id)
    query = select(after_checks.c.since, cases.c.area_code, cases.c.service_id).select_from(joined)
    return list(connection.execute(query.where(after_checks.c.found == "", cases.c.test.is_(False))).all())


def recent_alarms(connection: Connection, since: str) -> list[Any]:
    """Alarms since then: code, when, area of the terminal."""
    joined = alarms.join(terminals, terminals.c.terminal_id == alarms.c.terminal_id)
    query = select(alarms.c.code, alarms.c.at, terminals.c.area_code).select_from(joined)
    return list(connection.execute(query.where(alarms.c.at >= since)).all())


def terminal_names(connection: Connection) -> dict[str, tuple[str, str]]:
    """Name and area of each terminal."""
    c = terminals.c
    return {row[0]: (row[1], row[2]) for row in connection.execute(select(c.terminal_id, c.name, c.area_code)).all()}


def reports(connection: Connection, since: str) -> list[str]:
    """What terminals have reported of commands since then, as they signed it, oldest first."""
    c = command_reports.c
    query = select(c.report).where(c.received_at >= since, c.outcome == "done").order_by(c.received_at)
    return list(connection.scalars(query).all())


def more_than(connection: Connection, number: int) -> bool:
    """Whether there are more cases than that; no more of them are counted."""
    return connection.execute(select(cases.c.case_id).limit(1).offset(number)).first() is not None
