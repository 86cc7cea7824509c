"""Staff in the store: accounts, tries, sessions, who did what. Every function is part of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kiosk.backend.store.engine import Store
from kiosk.backend.store.staff_tables import staff, staff_failures, staff_log, staff_sessions
from kiosk.backend.store.upsert import insert_new

FULL = "full"
HALF, CODE, RENEW = "half", "code", "renew"  # still to be done: set up the second factor, give its code, a new password


@dataclass(frozen=True, slots=True, repr=False)
class StaffRow:
    staff_id: str
    login: str
    role: str
    scope: str
    password: str
    profile: bytes
    sealing_key_id: str
    second_at: str | None
    step: int
    ended_at: str | None
    outside: str | None


@dataclass(frozen=True, slots=True, repr=False)
class SessionRow:
    kind: str
    begun_at: int
    seen_at: int
    ends_at: int
    staff: StaffRow


@dataclass(frozen=True, slots=True)
class LogRow:
    at: str
    staff_id: str
    what: str


_STAFF = (
    staff.c.staff_id, staff.c.login, staff.c.role, staff.c.scope, staff.c.password, staff.c.profile,
    staff.c.sealing_key_id, staff.c.second_at, staff.c.step, staff.c.ended_at, staff.c.outside,
)  # fmt: skip
_SESSION = (staff_sessions.c.kind, staff_sessions.c.begun_at, staff_sessions.c.seen_at, staff_sessions.c.ends_at)


def prepare(store: Store) -> None:
    """Makes these tables where they are not there yet."""
    store.prepare()


# -- accounts


def add(connection: Connection, row: Mapping[str, Any]) -> bool:
    """False where the name is taken."""
    taken = select(staff.c.staff_id).where(staff.c.login == row["login"])
    if connection.execute(taken).first() is not None:
        return False
    connection.execute(insert(staff).values(**row))
    return True


def by_login(connection: Connection, login: str) -> StaffRow | None:
    return _one(connection, staff.c.login == login)


def by_outside(connection: Connection, subject: str) -> StaffRow | None:
    return _one(connection, staff.c.outside == subject)


def by_id(connection: Connection, staff_id: str) -> StaffRow | None:
    return _one(connection, staff.c.staff_id == staff_id)


def held(connection: Connection, staff_id: str) -> StaffRow | None:
    """The row as it is now, and as it stays until this transaction is over: nobody else holds or changes it meanwhile.
    (SQLite has one writer anyway.)
    """
    query = select(*_STAFF).where(staff.c.staff_id == staff_id).with_for_update(key_share=True)
    row = connection.execute(query).first()
    return None if row is None else _staff(row)


def some(connection: Connection, staff_ids: Sequence[str]) -> list[StaffRow]:
    rows = connection.execute(select(*_STAFF).where(staff.c.staff_id.in_(sorted(set(staff_ids))))).all()
    return [_staff(row) for row in rows]


def everybody(connection: Connection) -> list[StaffRow]:
    return [_staff(row) for row in connection.execute(select(*_STAFF).order_by(staff.c.made_at)).all()]


def change(connection: Connection, staff_id: str, **values: Any) -> None:
    connection.execute(update(staff).where(staff.c.staff_id == staff_id).values(**values))


def use_step(connection: Connection, staff_id: str, step: int) -> bool:
    """The code of this time step is used up; False where it, or a later one, was used before."""
    new = update(staff).where(staff.c.staff_id == staff_id, staff.c.step < step).values(step=step)
    return connection.execute(new, execution_options={"preserve_rowcount": True}).rowcount == 1


def _one(connection: Connection, where: Any) -> StaffRow | None:
    row = connection.execute(select(*_STAFF).where(where)).first()
    return None if row is None else _staff(row)


def _staff(row: Any) -> StaffRow:
    return StaffRow(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), row[6], row[7], row[8], row[9], row[10])


# -- what was tried in vain


def failures(connection: Connection, login: str) -> tuple[int, int]:
    """How often in a row, and until when (unix seconds) nobody is let in under this name."""
    c = staff_failures.c
    row = connection.execute(select(c.count, c.until).where(c.login == login)).first()
    return (0, 0) if row is None else (row[0], row[1])


def failed(connection: Connection, login: str, until: int, now: int, forget: int) -> None:
    """One more; those that are older than ``forget`` are no longer held against anybody."""
    c = staff_failures.c
    connection.execute(delete(staff_failures).where(c.at < forget))
    new = {"login": login, "count": 1, "until": until, "at": now}
    if insert_new(connection, staff_failures, [new]) == 0:
        changed = update(staff_failures).where(c.login == login)
        connection.execute(changed.values(count=c.count + 1, until=until, at=now))


def forgiven(connection: Connection, login: str) -> None:
    connection.execute(delete(staff_failures).where(staff_failures.c.login == login))


# -- sessions


def begin(connection: Connection, token: str, staff_id: str, kind: str, now: int, ends: int) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.ends_at <= now))
    row = {"token": token, "staff_id": staff_id, "kind": kind, "begun_at": now, "seen_at": now, "ends_at": ends}
    connection.execute(insert(staff_sessions).values(**row))


def session(connection: Connection, token: str) -> SessionRow | None:
    joined = staff_sessions.join(staff, staff.c.staff_id == staff_sessions.c.staff_id)
    query = select(*_SESSION, *_STAFF).select_from(joined).where(staff_sessions.c.token == token)
    row = connection.execute(query).first()
    return None if row is None else SessionRow(*row[:4], _staff(row[4:]))


def seen(connection: Connection, token: str, now: int) -> None:
    connection.execute(update(staff_sessions).where(staff_sessions.c.token == token).values(seen_at=now))


def end(connection: Connection, token: str) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.token == token))


def end_all(connection: Connection, staff_id: str, kind: str = "") -> None:
    """``kind``: those of one kind alone."""
    ended = delete(staff_sessions).where(staff_sessions.c.staff_id == staff_id)
    connection.execute(ended.where(staff_sessions.c.kind == kind) if kind else ended)


# -- who did what


def note(connection: Connection, at: str, staff_id: str, what: str, case_id: str = "") -> None:
    connection.execute(insert(staff_log).values(at=at, staff_id=staff_id, what=what, case_id=case_id))


def notes_of_case(connection: Connection, case_id: str, limit: int) -> list[LogRow]:
    """The newest, oldest of them first."""
    c = staff_log.c
    query = select(c.at, c.staff_id, c.what).where(c.case_id == case_id).order_by(c.seq.desc()).limit(limit)
    return [LogRow(*row) for row in connection.execute(query).all()][::-1]
