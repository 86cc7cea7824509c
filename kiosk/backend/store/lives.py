"""Lives in the store: which cases have none yet, whose they are, what was done to them, which are due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from kiosk.backend.store import queue
from kiosk.backend.store.connector_tables import mark
from kiosk.backend.store.life_tables import after_checks, deeds, life_events, lives
from kiosk.backend.store.tables import TESTS, cases, items, results, terminals
from kiosk.backend.store.upsert import insert_new

PROGRESS = "progress"
"""The text of a result that says how a case stands; ``progress ANSWER ITEM`` also answers a deed."""


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """A case as it lies here, with its sealed item."""

    case_id: str
    item_id: str
    item_hash: str
    terminal_id: str
    case_no: str
    service_id: str
    pack_version: str
    state: str
    received_at: str
    sealing_key_id: str
    sealed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Life:
    """A row of ``lives`` with what of its case is wanted with it."""

    case_id: str
    case_no: str
    service_id: str
    terminal_id: str
    person: str
    about: str
    state: str
    since: str
    due: str
    deemed: bool
    events: int
    head: str


@dataclass(frozen=True, slots=True, repr=False)
class EventRow:
    seq: int
    at: str
    deed: str
    role: str
    item_id: str
    said: bytes
    sealing_key_id: str
    hash: str


@dataclass(frozen=True, slots=True, repr=False)
class DeedRow:
    """What an applicant sent and nobody has answered, with its sealed item."""

    item_id: str
    terminal_id: str
    case_id: str
    kind: str
    person: str
    sealing_key_id: str
    sealed: bytes


_FOUND = (
    cases.c.case_id, items.c.id, items.c.hash, items.c.terminal_id, cases.c.case_no, cases.c.service_id,
    cases.c.pack_version, cases.c.state, items.c.received_at, items.c.sealing_key_id, items.c.sealed,
)  # fmt: skip
_LIFE = (
    lives.c.case_id, cases.c.case_no, cases.c.service_id, cases.c.terminal_id, lives.c.person, lives.c.about,
    lives.c.state, lives.c.since, lives.c.due, lives.c.deemed, lives.c.events, lives.c.head,
)  # fmt: skip
_EVENT = (
    life_events.c.seq, life_events.c.at, life_events.c.deed, life_events.c.role, life_events.c.item_id,
    life_events.c.said, life_events.c.sealing_key_id, life_events.c.hash,
)  # fmt: skip
_DEED = (
    deeds.c.item_id, deeds.c.terminal_id, deeds.c.case_id, deeds.c.kind, deeds.c.person, items.c.sealing_key_id,
    items.c.sealed,
)  # fmt: skip


# -- lives that have not begun


def unopened(connection: Connection, after: str, limit: int) -> list[Found]:
    """Cases without a life, by id from ``after`` on."""
    joined = cases.join(items, items.c.id == cases.c.item_id).outerjoin(lives, lives.c.case_id == cases.c.case_id)
    query = select(*_FOUND).select_from(joined).where(lives.c.case_id.is_(None), cases.c.case_id > after)
    return [_found(row) for row in connection.execute(query.order_by(cases.c.case_id).limit(limit)).all()]


def case(connection: Connection, case_id: str) -> Found | None:
    joined = cases.join(items, items.c.id == cases.c.item_id)
    row = connection.execute(select(*_FOUND).select_from(joined).where(cases.c.case_id == case_id)).first()
    return None if row is None else _found(row)


def cases_of_page(connection: Connection, case_ids: Sequence[str]) -> list[Found]:
    """Those of a page, in no order."""
    joined = cases.join(items, items.c.id == cases.c.item_id)
    query = select(*_FOUND).select_from(joined).where(cases.c.case_id.in_(case_ids))
    return [_found(row) for row in connection.execute(query).all()]


def numbered(connection: Connection, case_no: str) -> list[str]:
    """The cases that bear this number, by id."""
    query = select(cases.c.case_id).where(cases.c.case_no == case_no).order_by(cases.c.case_id).limit(10)
    return list(connection.scalars(query))


def any_case(connection: Connection) -> str:
    """Some case, or ""."""
    return connection.scalar(select(cases.c.case_id).limit(1)) or ""


def _found(row: Any) -> Found:
    names = [field.name for field in fields(Found)]
    return Found(**dict(zip(names, row, strict=True)) | {"sealed": bytes(row[-1])})


def begin(connection: Connection, row: dict[str, Any], events: Sequence[dict[str, Any]]) -> bool:
    """A life with its first events; False where somebody else has begun it."""
    if not insert_new(connection, lives, [row]):
        return False
    connection.execute(insert(life_events), list(events))
    mark(connection, row["case_id"])
    return True


# -- lives that have


def life(connection: Connection, case_id: str, *, lock: bool = False) -> Life | None:
    query = _lives().where(lives.c.case_id == case_id)
    row = connection.execute(query.with_for_update(of=lives) if lock else query).first()
    return None if row is None else Life(*row)


def of_person(connection: Connection, person: str, limit: int) -> list[Life]:
    """Newest first."""
    query = _lives().where(lives.c.person == person).order_by(cases.c.committed_at.desc(), cases.c.case_id.desc())
    return [Life(*row) for row in connection.execute(query.limit(limit)).all()]


def due(connection: Connection, until: str, limit: int) -> list[Life]:
    """Those whose next last day is ``until`` (YYYY-MM-DD) or before, the oldest first."""
    query = _lives().where(lives.c.due != "", lives.c.due <= until, cases.c.test.is_(False))
    rows = connection.execute(query.order_by(lives.c.due, lives.c.case_id).limit(limit)).all()
    return [Life(*row) for row in rows]


def _lives() -> Select[Any]:
    return select(*_LIFE).select_from(lives.join(cases, cases.c.case_id == lives.c.case_id))


def events(connection: Connection, case_id: str) -> list[EventRow]:
    query = select(*_EVENT).where(life_events.c.case_id == case_id).order_by(life_events.c.seq)
    return [
        EventRow(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), row[6], row[7])
        for row in connection.execute(query).all()
    ]


def heads(connection: Connection) -> list[tuple[str, str, str]]:
    """Of every life its case, the hash of the case's item, and the hash of its last event."""
    joined = lives.join(cases, cases.c.case_id == lives.c.case_id).join(items, items.c.id == cases.c.item_id)
    query = select(lives.c.case_id, items.c.hash, lives.c.head).select_from(joined).order_by(lives.c.case_id)
    return [(row[0], row[1], row[2]) for row in connection.execute(query).all()]


def add_event(connection: Connection, row: dict[str, Any], stands: dict[str, Any]) -> None:
    """One event more, and how the case stands since. In a transaction that has locked the life."""
    connection.execute(insert(life_events).values(row))
    mine = lives.c.case_id == row["case_id"]
    connection.execute(update(lives).where(mine).values(**stands, events=row["seq"], head=row["hash"]))
    mark(connection, row["case_id"])
    queue.follow(connection, row["case_id"], stands["state"], stands["due"])


def stands(connection: Connection, case_id: str, how: dict[str, Any]) -> None:
    """Time alone has changed how it stands."""
    connection.execute(update(lives).where(lives.c.case_id == case_id).values(**how))
    queue.follow(connection, case_id, how["state"], how["due"])


def tell(
    connection: Connection, terminal_id: str, about: Life, state: str, since: str, answer: str = "", item: str = ""
) -> None:  # fmt: skip
    """A word for a terminal, in a transaction that holds it."""
    connection.execute(
        insert(results).values(
            terminal_id=terminal_id, case_id=about.case_id, case_no=about.case_no, outcome=state,
            text=f"{PROGRESS} {answer} {item}" if item else PROGRESS, decided_at=since,
        )
    )  # fmt: skip


def after_check(connection: Connection, case_id: str, now: str, desk: str) -> bool:
    """An approval by commitment is to be checked later, at a desk; False where that is put down already."""
    row = {"case_id": case_id, "since": now, "done_at": None, "found": ""}
    new = insert_new(connection, after_checks, [row]) == 1
    if new:
        queue.check(connection, case_id, desk, now[:10])
    return new


def checked(connection: Connection, case_id: str, found: str, now: str) -> None:
    """What the later check has come to, where one is put down and is not done."""
    mine = (after_checks.c.case_id == case_id, after_checks.c.found == "")
    connection.execute(update(after_checks).where(*mine).values(found=found, done_at=now))
    queue.checked(connection, case_id)


def check_of(connection: Connection, case_id: str) -> tuple[str, str, str] | None:
    """Since when a case is to be checked, what was found and when; None where it is not to be."""
    c = after_checks.c
    row = connection.execute(select(c.since, c.found, c.done_at).where(c.case_id == case_id)).first()
    return None if row is None else (row.since, row.found, row.done_at or "")


# -- what applicants send


def waiting_deeds(connection: Connection, limit: int) -> list[DeedRow]:
    """Those without an answer, in the order in which they came."""
    joined = deeds.join(items, items.c.id == deeds.c.item_id)
    query = select(*_DEED).select_from(joined).where(deeds.c.answer == "")
    rows = connection.execute(query.order_by(items.c.received_at, deeds.c.item_id).limit(limit)).all()
    names = [field.name for field in fields(DeedRow)]
    return [DeedRow(**dict(zip(names, row, strict=True)) | {"sealed": bytes(row[-1])}) for row in rows]


def deeds_of(connection: Connection, case_id: str) -> list[DeedRow]:
    """What was sent about a case and counts, in the order in which it came."""
    joined = deeds.join(items, items.c.id == deeds.c.item_id)
    query = select(*_DEED).select_from(joined).where(deeds.c.case_id == case_id, deeds.c.answer == "done")
    rows = connection.execute(query.order_by(items.c.received_at, deeds.c.item_id)).all()
    names = [field.name for field in fields(DeedRow)]
    return [DeedRow(**dict(zip(names, row, strict=True)) | {"sealed": bytes(row[-1])}) for row in rows]


def of_number(connection: Connection, case_no: str) -> str:
    """The id of the case that has this number, the one that was here first; "" for none."""
    query = select(cases.c.case_id).where(cases.c.case_no == case_no).order_by(cases.c.committed_at).limit(1)
    return connection.scalar(query) or ""


def area_of(connection: Connection, case_id: str) -> str:
    return connection.scalar(select(cases.c.area_code).where(cases.c.case_id == case_id)) or ""


def areas_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(cases.c.case_id, cases.c.area_code).where(cases.c.case_id.in_(case_ids))).all()
    return {row[0]: row[1] for row in rows}


def of_page(connection: Connection, case_ids: Sequence[str]) -> list[Life]:
    """Those of a page, in no order."""
    return [Life(*row) for row in connection.execute(_lives().where(lives.c.case_id.in_(case_ids))).all()]


def answer(connection: Connection, item_id: str, word: str) -> bool:
    """False where it was answered meanwhile."""
    mine = (deeds.c.item_id == item_id, deeds.c.answer == "")
    return connection.execute(update(deeds).where(*mine).values(answer=word)).rowcount == 1


def answer_of(connection: Connection, item_id: str) -> str:
    """What became of a deed; "" before it is answered, and for one that there is not."""
    return connection.scalar(select(deeds.c.answer).where(deeds.c.item_id == item_id)) or ""


def withdrawn_afar(connection: Connection, terminal_id: str, since: str) -> tuple[int, int]:
    """How many cases of other terminals this one has withdrawn since then (ISO 8601, UTC), and of how many persons."""
    joined = deeds.join(items, items.c.id == deeds.c.item_id).join(cases, cases.c.case_id == deeds.c.case_id)
    mine = (deeds.c.terminal_id == terminal_id, deeds.c.kind == "withdrawal", deeds.c.answer == "done")
    query = select(func.count(deeds.c.case_id.distinct()), func.count(deeds.c.person.distinct())).select_from(joined)
    row = connection.execute(query.where(*mine, cases.c.terminal_id != terminal_id, items.c.received_at >= since)).one()
    return row[0], row[1]


def hold_terminals(connection: Connection, terminal_ids: Iterable[str]) -> None:
    """Whoever writes results for them has them, always in one order: nobody waits in a ring."""
    wanted = sorted(set(terminal_ids))
    query = select(terminals.c.terminal_id).where(terminals.c.terminal_id.in_(wanted))
    connection.execute(query.order_by(terminals.c.terminal_id).with_for_update(key_share=True)).all()


# -- figures


def gauges(connection: Connection, today: str) -> dict[str, int]:
    """For /metrics."""
    real = lives.c.case_id.not_in(TESTS)
    counted = connection.execute(select(lives.c.state, func.count()).where(real).group_by(lives.c.state)).all()
    overdue = select(func.count()).select_from(lives).where(lives.c.due != "", lives.c.due < today, real)
    total = connection.scalar(select(func.count()).select_from(cases).where(cases.c.test.is_(False))) or 0
    checks = select(func.count()).select_from(after_checks)
    checks = checks.where(after_checks.c.found == "", after_checks.c.case_id.not_in(TESTS))
    waits = select(func.count()).select_from(deeds).where(deeds.c.answer == "", deeds.c.case_id.not_in(TESTS))
    return {
        **{f'kiosk_lives{{state="{state}"}}': count for state, count in sorted(counted)},
        "kiosk_lives_overdue": connection.scalar(overdue) or 0,
        "kiosk_lives_waiting": total - sum(count for _, count in counted),
        "kiosk_deeds_waiting": connection.scalar(waits) or 0,
        "kiosk_after_checks": connection.scalar(checks) or 0,
    }
