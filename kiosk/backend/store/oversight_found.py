"""What supervision has found, in the store: snapshots, suspicions with their verdicts, draws and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

from kiosk.backend.store.oversight_tables import draws, samples, snapshots, suspicions
from kiosk.backend.store.upsert import insert_new


def snapshot(connection: Connection, name: str) -> tuple[str, str] | None:
    """When it was made, and its JSON."""
    row = connection.execute(select(snapshots.c.made_at, snapshots.c.data).where(snapshots.c.name == name)).first()
    return None if row is None else (row[0], row[1])


def keep_snapshot(connection: Connection, name: str, made_at: str, data: str) -> None:
    connection.execute(delete(snapshots).where(snapshots.c.name == name))
    connection.execute(insert(snapshots).values(name=name, made_at=made_at, data=data))


def keep_suspicions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Those that are new by id are added; of the others, and of those that nobody sees any more and nobody has judged,
    only the newest look stays. How many are new."""
    ids = [row["id"] for row in rows]
    known = set(connection.scalars(select(suspicions.c.id)).all())
    gone = [id_ for id_ in known.difference(ids)]
    for at in range(0, len(gone), 500):
        chosen = suspicions.c.id.in_(gone[at : at + 500])
        connection.execute(delete(suspicions).where(chosen, suspicions.c.verdict == ""))
    fresh = [dict(row) for row in rows if row["id"] not in known]
    for row in fresh:
        insert_new(connection, suspicions, [row])
    return len(fresh)


def suspected(
    connection: Connection, areas: Sequence[str] = ("",), only_open: bool = False, limit: int = 500
) -> list[Any]:
    """The least probable first, those without a verdict before the others."""
    c = suspicions.c
    query = select(suspicions).where(_within(suspicions, areas))
    if only_open:
        query = query.where(c.verdict == "")
    return list(connection.execute(query.order_by(c.verdict != "", c.chance, c.id).limit(limit)).all())


def suspicion(connection: Connection, id_: str, areas: Sequence[str] = ("",)) -> Any:
    query = select(suspicions).where(suspicions.c.id == id_, _within(suspicions, areas))
    return connection.execute(query).first()


def give_verdict(connection: Connection, id_: str, verdict: str, by: str, at: str) -> bool:
    mine = suspicions.c.id == id_
    values = {"verdict": verdict, "verdict_by": by, "verdict_at": at}
    return connection.execute(update(suspicions).where(mine).values(**values)).rowcount == 1


def verdicts(connection: Connection) -> list[tuple[str, str, int]]:
    """How many of each kind and verdict."""
    c = suspicions.c
    rows = connection.execute(select(c.kind, c.verdict, func.count()).group_by(c.kind, c.verdict)).all()
    return [(row[0], row[1], row[2]) for row in rows]


def keep_draw(connection: Connection, row: Mapping[str, Any], drawn: Iterable[Mapping[str, Any]]) -> bool:
    """False where the day was drawn before: that draw stays."""
    if not insert_new(connection, draws, [dict(row)]):
        return False
    rows = [dict(each) for each in drawn]
    if rows:
        connection.execute(insert(samples), rows)
    return True


def draw_of(connection: Connection, day: str) -> Any:
    return connection.execute(select(draws).where(draws.c.day == day)).first()


def all_draws(connection: Connection, limit: int) -> list[Any]:
    """The newest first."""
    return list(connection.execute(select(draws).order_by(draws.c.day.desc()).limit(limit)).all())


def sampled(
    connection: Connection, areas: Sequence[str] = ("",), day: str = "", only_open: bool = False, limit: int = 500
) -> list[Any]:  # fmt: skip
    c = samples.c
    query = select(samples).where(_within(samples, areas))
    if day:
        query = query.where(c.day == day)
    if only_open:
        query = query.where(c.found == "")
    return list(connection.execute(query.order_by(c.found != "", c.day.desc(), c.stratum, c.number).limit(limit)).all())


def sample(connection: Connection, day: str, case_id: str, areas: Sequence[str] = ("",)) -> Any:
    mine = (samples.c.day == day, samples.c.case_id == case_id, _within(samples, areas))
    return connection.execute(select(samples).where(*mine)).first()


def put_down(connection: Connection, day: str, case_id: str, found: str, by: str, at: str) -> bool:
    """What came of looking: the first word stays, so that nobody's is written over."""
    mine = (samples.c.day == day, samples.c.case_id == case_id, samples.c.found == "")
    return connection.execute(update(samples).where(*mine).values(found=found, found_by=by, found_at=at)).rowcount == 1


def found_counts(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(samples.c.found, func.count()).group_by(samples.c.found)).all()
    return {row[0]: row[1] for row in rows}


def _within(table: Table, areas: Sequence[str]) -> Any:
    """Whatever lies below one of the areas (GB/T 2260: the beginning of a code); ``""``: everywhere."""
    return or_(*(table.c.area_code.startswith(area, autoescape=True) for area in areas)) if areas else False
