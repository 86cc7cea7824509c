"""What departments have sent back, in the store: each once by its id, done through a case's life, or set aside."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, func, select, update

from kiosk.backend.store.connector_tables import connector_results
from kiosk.backend.store.tables import cases
from kiosk.backend.store.upsert import insert_new

_r = connector_results.c


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    connector: str
    guid: str
    hash: str
    said: bytes
    sealing_key_id: str
    state: str
    why: str
    case_id: str
    at: str


_COLUMNS = tuple(_r[field.name] for field in fields(Result))


def put(connection: Connection, row: dict[str, Any]) -> str:
    """``new``, or what is known by this id already: ``again`` for the same, ``differs`` for another content."""
    values = {"state": "new", "why": "", "case_id": "", "done_at": "", **row}
    if insert_new(connection, connector_results, [values]):
        return "new"
    mine = (_r.connector == row["connector"], _r.guid == row["guid"])
    known = connection.scalar(select(_r.hash).where(*mine))
    return "again" if known == row["hash"] else "differs"


def waiting(connection: Connection, connector: str, limit: int) -> list[Result]:
    """Those nobody has looked at, in the order in which they came."""
    query = select(*_COLUMNS).where(_r.connector == connector, _r.state == "new")
    return [_result(row) for row in connection.execute(query.order_by(_r.at, _r.guid).limit(limit)).all()]


def hold(connection: Connection, connector: str, guid: str) -> Result | None:
    """One that is to be looked at, held until the end of the transaction; None where it was done meanwhile."""
    query = select(*_COLUMNS).where(_r.connector == connector, _r.guid == guid, _r.state == "new")
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else _result(row)


def settle(connection: Connection, result: Result, state: str, why: str, case_id: str, now: str) -> None:
    mine = (_r.connector == result.connector, _r.guid == result.guid)
    values = {"state": state, "why": why, "case_id": case_id, "done_at": now}
    connection.execute(update(connector_results).where(*mine).values(values))


def by_guid(connection: Connection, guid: str) -> Result | None:
    row = connection.execute(select(*_COLUMNS).where(_r.guid == guid).limit(1)).first()
    return None if row is None else _result(row)


def look_again(connection: Connection, guid: str, said: tuple[bytes, str] | None) -> int:
    """One that was set aside is looked at once more, with what it says now, where that was put right."""
    values: dict[str, Any] = {"state": "new", "why": ""}
    if said is not None:
        values |= {"said": said[0], "sealing_key_id": said[1]}
    mine = (_r.guid == guid, _r.state == "aside")
    return connection.execute(update(connector_results).where(*mine).values(values)).rowcount


def aside(connection: Connection, connector: str, limit: int) -> list[Result]:
    """The oldest first. ``connector`` "": of all."""
    query = select(*_COLUMNS).where(_r.state == "aside")
    query = query.where(_r.connector == connector) if connector else query
    return [_result(row) for row in connection.execute(query.order_by(_r.at, _r.guid).limit(limit)).all()]


def figures(connection: Connection, connector: str, *, whole: bool = True) -> dict[str, int]:
    """How many of each state; without ``whole``, of those that somebody has to look at alone."""
    query = select(_r.state, func.count()).where(_r.connector == connector).group_by(_r.state)
    query = query if whole else query.where(_r.state.in_(("new", "aside")))
    return {row[0]: row[1] for row in connection.execute(query).all()}


def cases_of_number(connection: Connection, case_no: str) -> list[str]:
    """The cases that bear a number: usually one; two where a terminal used it twice."""
    return list(connection.scalars(select(cases.c.case_id).where(cases.c.case_no == case_no).limit(3)))


def _result(row: Any) -> Result:
    names = [field.name for field in fields(Result)]
    return Result(**dict(zip(names, row, strict=True)) | {"said": bytes(row[3])})
