"""The queue: what waits for whom, page by page, and who has a case in hand. Every function is part of a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, literal, or_, select, tuple_, update

from kiosk.backend.store.queue_tables import LEVELS, case_locks, proposals, queue
from kiosk.backend.store.tables import cases
from kiosk.backend.store.upsert import insert_new

REVIEW, CHECK = "review", "check"
TRIALS = {REVIEW: "treview", CHECK: "tcheck"}
"""What a test waits as: under a kind of its own, so that no list of reviewers, and no count, ever reaches it."""
_WAITS_AS = {trial: kind for kind, trial in TRIALS.items()}
NEVER = "9999-12-31"  # a last day where none runs: behind all that have one
OPEN = frozenset({"received", "supplementing", "accepted", "held"})  # states that wait for a decision or an answer


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the queue. ``due``: "" where no period runs."""

    case_id: str
    kind: str
    desk: str
    decides: str
    service_id: str
    due: str


@dataclass(frozen=True, slots=True)
class View:
    """What of the queue somebody looks at. ``areas``: prefixes of the tree; ``services``: none for all of them.

    ``since``, ``until``: of the last days, both included, "" for no end. ``test``: the tests, and nothing else.
    """

    kind: str
    desk: str
    areas: Sequence[str]
    services: Sequence[str] = ()
    since: str = ""
    until: str = ""
    test: bool = False


_ROW = (queue.c.case_id, queue.c.kind, queue.c.desk, queue.c.decides, queue.c.service_id, queue.c.due)


# -- keeping it as the lives are


def put(connection: Connection, case_id: str, kind: str, desk: str, decides: str, due: str) -> None:
    """One that begins to wait. One that does already stays as it is."""
    about = select(cases.c.area_code, cases.c.service_id, cases.c.test).where(cases.c.case_id == case_id)
    row = connection.execute(about).one()
    places = {name: row.area_code[:digits] if len(row.area_code) >= digits else "" for name, digits in LEVELS.items()}
    new = {"case_id": case_id, "kind": TRIALS[kind] if row.test else kind, "desk": desk, "decides": decides,
           "service_id": row.service_id, "due": due or NEVER, **places}  # fmt: skip
    insert_new(connection, queue, [new])


def follow(connection: Connection, case_id: str, state: str, due: str) -> None:
    """The case's life has gone on: what is decided or ended waits no more."""
    mine = (queue.c.case_id == case_id, _is(REVIEW))
    if state in OPEN:
        connection.execute(update(queue).where(*mine).values(due=due or NEVER))
    else:
        connection.execute(delete(queue).where(*mine))
        connection.execute(delete(proposals).where(proposals.c.case_id == case_id))


def check(connection: Connection, case_id: str, decides: str, since: str) -> None:
    """It is to be checked after it was issued, by those who may decide it. ``since``: a day."""
    put(connection, case_id, CHECK, decides, decides, since)


def checked(connection: Connection, case_id: str) -> None:
    connection.execute(delete(queue).where(queue.c.case_id == case_id, _is(CHECK)))


def move(connection: Connection, case_id: str, desk: str) -> None:
    """Handed on, or up."""
    connection.execute(update(queue).where(queue.c.case_id == case_id, _is(REVIEW)).values(desk=desk))
    connection.execute(delete(proposals).where(proposals.c.case_id == case_id))


# -- looking at it


def page(connection: Connection, view: View, after: tuple[str, str] | None, limit: int) -> list[Waiting]:
    """Up to ``limit`` rows behind ``after`` (last day, case id), by last day: read where they begin, area by area."""
    parts = []
    for where in _ranges(view):
        query = select(*_ROW).where(*where)
        if after is not None:  # as one comparison of pairs, the index begins right there, not with that day's first
            query = query.where(tuple_(queue.c.due, queue.c.case_id) > tuple_(*map(literal, after)))
        rows = connection.execute(query.order_by(queue.c.due, queue.c.case_id).limit(limit)).all()
        parts.append([_waiting(row) for row in rows])
    ordered = merge(*parts, key=lambda each: (each.due or NEVER, each.case_id))
    return list(islice(ordered, limit))


def count(connection: Connection, view: View, most: int) -> int:
    """How many there are, up to ``most``: nobody waits for a count of all."""
    found = 0
    for where in _ranges(view):
        some = select(queue.c.case_id).where(*where).limit(most - found).subquery()
        found += connection.scalar(select(func.count()).select_from(some)) or 0
        if found >= most:
            break
    return found


def find(connection: Connection, case_id: str, kind: str = REVIEW) -> Waiting | None:
    row = connection.execute(select(*_ROW).where(queue.c.case_id == case_id, _is(kind))).first()
    return None if row is None else _waiting(row)


def _ranges(view: View) -> list[list[Any]]:
    """For each area, and each matter where not all are meant, the conditions that one index answers."""
    found = []
    for area in _outermost(view.areas):
        name = next(level for level, digits in LEVELS.items() if digits == len(area))
        place = queue.c[name] == area
        for service in view.services or ("",):
            where = [queue.c.kind == (TRIALS[view.kind] if view.test else view.kind), queue.c.desk == view.desk, place]
            where += [queue.c.service_id == service] if service else []
            where += [queue.c.due >= view.since] if view.since else []
            where += [queue.c.due <= view.until] if view.until else []
            found.append(where)
    return found


def _is(kind: str) -> Any:
    """Of one case, whose test or not nobody has to know."""
    return queue.c.kind.in_((kind, TRIALS[kind]))


def _outermost(areas: Iterable[str]) -> list[str]:
    """Without those that lie in another one: no case stands twice in a list."""
    kept: list[str] = []
    for area in sorted(set(areas), key=len):
        if not any(area.startswith(each) for each in kept):
            kept.append(area)
    return kept


def _waiting(row: Any) -> Waiting:
    return Waiting(row[0], _WAITS_AS.get(row[1], row[1]), row[2], row[3], row[4], "" if row[5] == NEVER else row[5])


# -- who has it in hand


def take(connection: Connection, case_id: str, staff_id: str, now: int, until: int) -> bool:
    """The case is this person's until then; False where it is another's."""
    free = or_(case_locks.c.staff_id == staff_id, case_locks.c.until <= now)
    mine = and_(case_locks.c.case_id == case_id, free)
    done = update(case_locks).where(mine).values(staff_id=staff_id, until=until)
    if connection.execute(done, execution_options={"preserve_rowcount": True}).rowcount == 1:
        return True
    return insert_new(connection, case_locks, [{"case_id": case_id, "staff_id": staff_id, "until": until}]) == 1


def holder(connection: Connection, case_id: str, now: int) -> tuple[str, int] | None:
    """Who has it in hand, and until when; None for nobody."""
    c = case_locks.c
    row = connection.execute(select(c.staff_id, c.until).where(c.case_id == case_id, c.until > now)).first()
    return None if row is None else (row.staff_id, row.until)


def holders(connection: Connection, case_ids: Sequence[str], now: int) -> dict[str, str]:
    c = case_locks.c
    rows = connection.execute(select(c.case_id, c.staff_id).where(c.case_id.in_(case_ids), c.until > now)).all()
    return {row.case_id: row.staff_id for row in rows}


def release(connection: Connection, case_id: str, staff_id: str) -> None:
    """Nobody's any more, if it was this person's."""
    connection.execute(
        delete(case_locks).where(case_locks.c.case_id == case_id, case_locks.c.staff_id == staff_id)
    )  # fmt: skip


# -- four eyes


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    staff_id: str
    at: str
    events: int
    act: bytes
    sealing_key_id: str


def propose(connection: Connection, case_id: str, proposal: Proposal) -> None:
    """In place of an earlier one."""
    connection.execute(delete(proposals).where(proposals.c.case_id == case_id))
    connection.execute(
        insert(proposals).values(
            case_id=case_id, staff_id=proposal.staff_id, at=proposal.at, events=proposal.events, act=proposal.act,
            sealing_key_id=proposal.sealing_key_id,
        )
    )  # fmt: skip


def proposed(connection: Connection, case_id: str) -> Proposal | None:
    c = proposals.c
    query = select(c.staff_id, c.at, c.events, c.act, c.sealing_key_id).where(c.case_id == case_id)
    row = connection.execute(query).first()
    return None if row is None else Proposal(row.staff_id, row.at, row.events, bytes(row.act), row.sealing_key_id)


def withdraw(connection: Connection, case_id: str) -> None:
    connection.execute(delete(proposals).where(proposals.c.case_id == case_id))
