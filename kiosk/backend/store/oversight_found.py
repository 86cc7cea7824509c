"""What supervision has found, in the store: snapshots, suspicions with their verdicts, draws and what came of each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

from kiosk.backend.store.oversight_tables import draws, sample_counts, samples, snapshots, suspicions
from kiosk.backend.store.upsert import insert_new

MORE = 1.5  # times the cases of a verdict, beyond which it says nothing of what was added
GIVEN = ("verdict", "verdict_by", "verdict_at")


def snapshot(connection: Connection, name: str) -> tuple[str, str] | None:
    """When it was made, and its JSON."""
    row = connection.execute(select(snapshots.c.made_at, snapshots.c.data).where(snapshots.c.name == name)).first()
    return None if row is None else (row[0], row[1])


def keep_snapshot(connection: Connection, name: str, made_at: str, data: str) -> None:
    connection.execute(delete(snapshots).where(snapshots.c.name == name))
    connection.execute(insert(snapshots).values(name=name, made_at=made_at, data=data))


def take_turn(connection: Connection, name: str, now: str, until: str) -> bool:
    """One process has the turn of this name until then (ISO 8601, UTC); False where it is another's, or it rests."""
    if insert_new(connection, snapshots, [{"name": name, "made_at": until, "data": ""}]):
        return True
    mine = (snapshots.c.name == name, snapshots.c.made_at <= now)
    done = update(snapshots).where(*mine).values(made_at=until)
    return connection.execute(done, execution_options={"preserve_rowcount": True}).rowcount == 1


def rest(connection: Connection, name: str, until: str) -> None:
    """The turn is given back; nobody takes it before then."""
    connection.execute(update(snapshots).where(snapshots.c.name == name).values(made_at=until))


def keep_first(connection: Connection, name: str, made_at: str, data: str) -> tuple[str, str]:
    """What is kept under this name from now on: this, or what was there before."""
    insert_new(connection, snapshots, [{"name": name, "made_at": made_at, "data": data}])
    kept = snapshot(connection, name)
    assert kept is not None  # noqa: S101  # of this transaction
    return kept


def keep_suspicions(connection: Connection, found: Sequence[Mapping[str, Any]]) -> int:
    """Those that are new by id are added, those that nobody has judged are as they were seen last, or go. A verdict is
    on what was judged: once half as many cases again have come to it, it is another suspicion. How many are new."""
    c = suspicions.c
    known = {row.id: row for row in connection.execute(select(c.id, c.verdict, c.cases)).all()}
    rows = [dict(row, id=_beyond(row, known)) for row in found]
    for row in rows:
        if row["id"] in known and known[row["id"]].verdict == "":
            values = {name: row[name] for name in row if name not in ("id", "found_at", *GIVEN)}
            connection.execute(update(suspicions).where(c.id == row["id"], c.verdict == "").values(**values))
    gone = list(set(known).difference(row["id"] for row in rows))
    for at in range(0, len(gone), 500):
        chosen = suspicions.c.id.in_(gone[at : at + 500])
        connection.execute(delete(suspicions).where(chosen, suspicions.c.verdict == ""))
    fresh = [dict(row) for row in rows if row["id"] not in known]
    for row in fresh:
        insert_new(connection, suspicions, [row])
    return len(fresh)


def _beyond(row: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """The id of a suspicion, or of what has come to it since the last verdict on it."""
    id_ = str(row["id"])
    while (before := known.get(id_)) is not None and before.verdict and row["cases"] >= MORE * before.cases:
        id_ = hashlib.sha256(f"{id_}\n{before.cases}".encode()).hexdigest()[: len(id_)]
    return id_


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
    """The first word that is clear stays: nobody's is written over by another one."""
    open_ = (suspicions.c.id == id_, suspicions.c.verdict.in_(("", "unclear")))
    values = {"verdict": verdict, "verdict_by": by, "verdict_at": at}
    return connection.execute(update(suspicions).where(*open_).values(**values)).rowcount == 1


def verdicts(connection: Connection, areas: Sequence[str] = ("",)) -> list[tuple[str, str, int]]:
    """How many of each kind and verdict."""
    c = suspicions.c
    query = select(c.kind, c.verdict, func.count()).where(_within(suspicions, areas)).group_by(c.kind, c.verdict)
    rows = connection.execute(query).all()
    return [(row[0], row[1], row[2]) for row in rows]


def keep_draw(connection: Connection, row: Mapping[str, Any], drawn: Iterable[Mapping[str, Any]]) -> bool:
    """False where the day was drawn before: that draw stays."""
    if not insert_new(connection, draws, [dict(row)]):
        return False
    rows = [dict(each) for each in drawn]
    if rows:
        connection.execute(insert(samples), rows)
    for area, number in sorted(Counter(str(each["area_code"]) for each in rows).items()):
        _count(connection, area, "", number)
    return True


def draw_of(connection: Connection, day: str) -> Any:
    return connection.execute(select(draws).where(draws.c.day == day)).first()


def all_draws(connection: Connection, limit: int) -> list[Any]:
    """The newest first."""
    return list(connection.execute(select(draws).order_by(draws.c.day.desc()).limit(limit)).all())


def sampled(
    connection: Connection, areas: Sequence[str] = ("",), day: str = "", only_open: bool = False, limit: int = 500
) -> list[Any]:  # fmt: skip
    """Those that nobody has looked at before the others, the newest day first. Each half is read from where an index
    begins: a year of 500 terminals has 180,000.
    """
    c = samples.c
    query = select(samples).where(_within(samples, areas)).order_by(c.day.desc(), c.stratum, c.number)
    if day:
        query = query.where(c.day == day)
    rows = list(connection.execute(query.where(c.found == "").limit(limit)).all())
    if not only_open and len(rows) < limit:
        rows += connection.execute(query.where(c.found != "").limit(limit - len(rows))).all()
    return rows


def sample(connection: Connection, day: str, case_id: str, areas: Sequence[str] = ("",)) -> Any:
    mine = (samples.c.day == day, samples.c.case_id == case_id, _within(samples, areas))
    return connection.execute(select(samples).where(*mine)).first()


def put_down(connection: Connection, day: str, case_id: str, found: str, by: str, at: str) -> bool:
    """What came of looking: the first word stays, so that nobody's is written over."""
    mine = (samples.c.day == day, samples.c.case_id == case_id, samples.c.found == "")
    if connection.execute(update(samples).where(*mine).values(found=found, found_by=by, found_at=at)).rowcount != 1:
        return False
    one = samples.c.day == day, samples.c.case_id == case_id
    area = connection.scalar(select(samples.c.area_code).where(*one)) or ""
    for word, more in sorted({"": -1, found: 1}.items()):
        _count(connection, area, word, more)
    return True


def found_counts(connection: Connection, areas: Sequence[str] = ("",)) -> dict[str, int]:
    """How many samples came to what; "" for those that nobody has looked at."""
    c = sample_counts.c
    query = select(c.found, func.sum(c.number)).where(_within(sample_counts, areas)).group_by(c.found)
    return {row[0]: int(row[1]) for row in connection.execute(query).all()}


def _count(connection: Connection, area: str, word: str, more: int) -> None:
    """Kept with the samples, in the same transaction."""
    insert_new(connection, sample_counts, [{"area_code": area, "found": word, "number": 0}])
    c = sample_counts.c
    mine = (c.area_code == area, c.found == word)
    connection.execute(update(sample_counts).where(*mine).values(number=c.number + more))


def _within(table: Table, areas: Sequence[str]) -> Any:
    """Whatever lies below one of the areas (GB/T 2260: the beginning of a code); ``""``: everywhere."""
    return or_(*(table.c.area_code.startswith(area, autoescape=True) for area in areas)) if areas else False
