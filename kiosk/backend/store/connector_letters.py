"""Letters to departments in the store: an outbox. Put here once for each step of a case, claimed by one sender at a
time, in the order of each case's life, and never taken away.

A letter that waits, or that is dead, holds back the later ones of its case and connector, and nobody else's. Senders
that work side by side skip what another holds (PostgreSQL: FOR UPDATE SKIP LOCKED; SQLite has one writer); whoever
dies with a letter in hand loses it at ``held_until``, and it is sent once more under the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from kiosk.backend.store import lives as life_store
from kiosk.backend.store.connector_tables import (
    LICENCE,
    LIFE,
    RATING,
    connector_letters,
    connector_lines,
    connector_marks,
)
from kiosk.backend.store.life_tables import lives
from kiosk.backend.store.tables import cases, ratings
from kiosk.backend.store.upsert import insert_new

_OPEN = ("waiting", "dead")


@dataclass(frozen=True, slots=True)
class Marked:
    """A case about which something is to be told. ``events``: how many its life has; ``committed_at``: in UTC."""

    case_id: str
    kind: str
    service_id: str
    area_code: str
    committed_at: str
    test: bool
    events: int


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    connector: str
    case_id: str
    kind: str
    step: int
    guid: str
    state: str
    since: str
    next_at: str
    attempts: int
    code: str
    note: bytes
    sealing_key_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """How a connector's line stands; ``next_at`` "" where nothing keeps it."""

    failures: int = 0
    next_at: str = ""
    code: str = ""
    went_at: str = ""


_l = connector_letters.c
_LETTER = tuple(_l[field.name] for field in fields(Letter))


# -- what happened


def marks(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Cases with news, and of which kind."""
    c = connector_marks.c
    return [(row[0], row[1]) for row in connection.execute(select(c.case_id, c.kind).order_by(c.case_id).limit(limit))]


def take_mark(connection: Connection, case_id: str, kind: str) -> Marked | None:
    """The case, its mark taken away, held until the end of the transaction: nothing happens to it in between.

    None where another has taken it.
    """
    life = life_store.life(connection, case_id, lock=True)
    c = connector_marks.c
    gone = connection.execute(delete(connector_marks).where(c.case_id == case_id, c.kind == kind)).rowcount
    if not gone or (life is None and kind == LIFE):
        return None
    row = connection.execute(select(cases).where(cases.c.case_id == case_id)).one()
    events = 0 if life is None else life.events
    return Marked(case_id, kind, row.service_id, row.area_code, row.committed_at, row.test, events)


def unmarked(connection: Connection, connector: str, since: str) -> int:
    """Marks every case from ``since`` on that a connector knows nothing of, because it is new. How many."""
    known = exists().where(_l.case_id == lives.c.case_id, _l.connector == connector)
    joined = lives.join(cases, cases.c.case_id == lives.c.case_id)
    query = select(lives.c.case_id).select_from(joined).where(cases.c.committed_at >= since, ~known)
    found = list(connection.scalars(query))
    for start in range(0, len(found), 500):
        rows = [{"case_id": case_id, "kind": LIFE} for case_id in found[start : start + 500]]
        insert_new(connection, connector_marks, rows)
    return len(found)


def unrated(connection: Connection, connector: str, since: str, limit: int) -> int:
    """Marks ratings of cases from ``since`` on that a connector was not told of: they come in by the batch."""
    mine = (_l.case_id == ratings.c.case_id, _l.connector == connector, _l.kind == RATING)
    joined = ratings.join(cases, cases.c.case_id == ratings.c.case_id)
    query = select(ratings.c.case_id).select_from(joined).where(cases.c.committed_at >= since, ~exists().where(*mine))
    rows = [{"case_id": case_id, "kind": RATING} for case_id in connection.scalars(query.limit(limit))]
    return insert_new(connection, connector_marks, rows) if rows else 0


def put(connection: Connection, rows: Sequence[tuple[str, str, str, int, str]], now: str) -> int:
    """Letters that are not here yet: connector, case, kind, step, guid. How many were new."""
    made = [
        {
            "connector": connector, "case_id": case_id, "kind": kind, "step": step, "guid": guid, "state": "waiting",
            "since": now, "next_at": now, "held_until": "", "attempts": 0, "code": "", "done_at": "", "note": b"",
            "sealing_key_id": "",
        }
        for connector, case_id, kind, step, guid in rows
    ]  # fmt: skip
    return insert_new(connection, connector_letters, made) if made else 0


# -- sending


def claim(connection: Connection, connector: str, now: str, until: str, limit: int) -> list[Letter]:
    """Letters that may be sent now, held for whoever asks ``until`` then: of each case the first that is open."""
    earlier = connector_letters.alias()
    steps = and_(earlier.c.kind == _l.kind, earlier.c.step < _l.step)
    lived = and_(earlier.c.kind == LIFE, _l.kind != LIFE)  # a licence or a rating comes after what it is about
    before = exists().where(
        earlier.c.connector == _l.connector, earlier.c.case_id == _l.case_id, or_(steps, lived),
        earlier.c.state.in_(_OPEN),
    )  # fmt: skip
    free = and_(_l.connector == connector, _l.state == "waiting", _l.next_at <= now, _l.held_until <= now, ~before)
    query = select(*_LETTER).where(free).order_by(_l.since, _l.guid).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True, of=connector_letters)).all()
    found = [Letter(**dict(zip((field.name for field in fields(Letter)), row, strict=True))) for row in rows]
    if found:
        mine = _l.guid.in_([letter.guid for letter in found])
        connection.execute(update(connector_letters).where(mine).values(held_until=until))
    return found


def settle(connection: Connection, guid: str, state: str, now: str, **what: Any) -> bool:
    """What became of a letter: sent, none, dead, or waiting again (then with ``next_at``). ``what``: other columns.

    False where it was settled meanwhile: an answer that came twice.
    """
    done = now if state in ("sent", "none") else ""
    mine = (_l.guid == guid, _l.state == "waiting")
    values = {"state": state, "held_until": "", "done_at": done, **what}
    return connection.execute(update(connector_letters).where(*mine).values(values)).rowcount == 1


def release(connection: Connection, guids: Sequence[str]) -> None:
    """Letters that were claimed and not tried: the line does not go."""
    mine = (_l.guid.in_(list(guids)), _l.state == "waiting")
    connection.execute(update(connector_letters).where(*mine).values(held_until=""))


def revive(connection: Connection, guids: Sequence[str], now: str) -> int:
    """Dead and waiting letters are tried at once. How many."""
    mine = (_l.guid.in_(list(guids)), _l.state.in_(_OPEN))
    values = {"state": "waiting", "next_at": now, "held_until": "", "attempts": 0}
    return connection.execute(update(connector_letters).where(*mine).values(values)).rowcount


def note(connection: Connection, guid: str, sealed: bytes, key_id: str) -> None:
    connection.execute(update(connector_letters).where(_l.guid == guid).values(note=sealed, sealing_key_id=key_id))


def letter(connection: Connection, guid: str, *, lock: bool = False) -> Letter | None:
    query = select(*_LETTER).where(_l.guid == guid)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else Letter(**dict(zip((field.name for field in fields(Letter)), row, strict=True)))


def letters(connection: Connection, connector: str, state: str, limit: int) -> list[Letter]:
    """The oldest first. ``connector`` "": of all."""
    query = select(*_LETTER).where(_l.state == state)
    query = query.where(_l.connector == connector) if connector else query
    rows = connection.execute(query.order_by(_l.since, _l.guid).limit(limit)).all()
    return [Letter(**dict(zip((field.name for field in fields(Letter)), row, strict=True))) for row in rows]


def was_told(connection: Connection, connector: str, case_ids: Sequence[str]) -> list[str]:
    """Those of these cases of which the connector was told, or is about to be."""
    mine = (_l.connector == connector, _l.case_id.in_(list(case_ids)), _l.kind == LIFE)
    return list(connection.scalars(select(_l.case_id).where(*mine).distinct()))


# -- lines and figures


def line(connection: Connection, connector: str) -> Line:
    c = connector_lines.c
    query = select(c.failures, c.next_at, c.code, c.went_at).where(c.connector == connector)
    row = connection.execute(query).first()
    return Line() if row is None else Line(*row)


def set_line(connection: Connection, connector: str, how: Line) -> None:
    values = {"failures": how.failures, "next_at": how.next_at, "code": how.code, "went_at": how.went_at}
    mine = connector_lines.c.connector == connector
    if connection.execute(update(connector_lines).where(mine).values(values)).rowcount == 0:
        connection.execute(insert(connector_lines).values(connector=connector, **values))


@dataclass(frozen=True, slots=True)
class Figures:
    """``oldest``: since when the oldest open letter waits, "" for none."""

    waiting: int = 0
    dead: int = 0
    sent: int = 0
    oldest: str = ""


def figures(connection: Connection, connector: str, *, whole: bool = True) -> Figures:
    """``whole``: with those that were sent, which takes the longer the more there were."""
    query = select(_l.state, func.count(), func.min(_l.since)).where(_l.connector == connector).group_by(_l.state)
    query = query if whole else query.where(_l.state.in_(_OPEN))
    found = {row[0]: (row[1], row[2]) for row in connection.execute(query).all()}
    oldest = min((found[state][1] for state in _OPEN if state in found), default="")
    count = {state: found.get(state, (0, ""))[0] for state in ("waiting", "dead", "sent")}
    return Figures(count["waiting"], count["dead"], count["sent"], oldest)


__all__ = [
    "LICENCE", "LIFE", "RATING", "Figures", "Letter", "Line", "Marked", "claim", "figures", "letter", "letters", "line",
    "marks", "note", "put", "release", "revive", "set_line", "settle", "take_mark", "unmarked", "unrated", "was_told",
]  # fmt: skip
