"""What was done to accounts, in the store. Every function is part of a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from kiosk.backend.store.account_tables import account_log


@dataclass(frozen=True, slots=True)
class DeedRow:
    at: str
    by_id: str
    what: str
    role: str
    scope: str


def note(connection: Connection, staff_id: str, row: DeedRow) -> None:
    new = {"at": row.at, "by_id": row.by_id, "what": row.what, "role": row.role, "scope": row.scope}
    connection.execute(insert(account_log).values(staff_id=staff_id, **new))


def of(connection: Connection, staff_id: str, limit: int) -> list[DeedRow]:
    """The newest first."""
    c = account_log.c
    query = select(c.at, c.by_id, c.what, c.role, c.scope).where(c.staff_id == staff_id)
    return [DeedRow(*row) for row in connection.execute(query.order_by(c.seq.desc()).limit(limit)).all()]
