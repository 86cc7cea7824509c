"""Decisions made again: which cases wait for it, what came of it. A difference is a finding and an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, delete, func, insert, or_, select

from kiosk.backend.store.items import raise_alarm_once
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.publishing_tables import artefacts
from kiosk.backend.store.tables import cases, items, metadata
from kiosk.backend.store.upsert import insert_new
from kiosk.papers.statement import serial_of

Verdict = Literal["equal", "differs", "not_replayed"]
CAUSE = "replay"  # of a finding: found by the backend itself, told to no citizen before a person has looked
RULE = "D-01"
ALARM = "replay-differs"

replays = Table(
    "replays",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("at", String(40), nullable=False),
    Column("verdict", String(16), nullable=False),  # equal | differs | not_replayed
    Column("why", String(96), nullable=False),  # what differs, or why it was not made again; a word each
    Index("replays_by_verdict", "verdict"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A case as it lies here."""

    case_id: str
    item_id: str
    terminal_id: str
    sealing_key_id: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one case. ``why``: a word for each difference, or why it could not be made again."""

    case_id: str
    item_id: str
    terminal_id: str
    verdict: Verdict
    why: tuple[str, ...] = ()


def waiting(connection: Connection, after: str, limit: int, again: bool, tests: bool = False) -> list[Sealed]:
    """Cases that were never looked at, by id from ``after`` on; ``again``: also those that could not be made again.

    ``tests``: those of terminals that are being tried out, and nothing else.
    """
    joined = cases.join(items, items.c.id == cases.c.item_id).outerjoin(replays, replays.c.case_id == cases.c.case_id)
    chosen = (cases.c.case_id, items.c.id, items.c.terminal_id, items.c.sealing_key_id, items.c.sealed)
    never, failed = replays.c.verdict.is_(None), replays.c.verdict == "not_replayed"
    query = select(*chosen).select_from(joined).where(or_(never, failed) if again else never, cases.c.case_id > after)
    query = query.where(cases.c.test.is_(tests))
    rows = connection.execute(query.order_by(cases.c.case_id).limit(limit)).all()
    return [Sealed(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]


def put_down(connection: Connection, made: Sequence[Replayed], now: datetime) -> None:
    """Whoever comes first puts it down: two that replay at the same time raise one alarm."""
    for each in made:
        mine = replays.c.case_id == each.case_id
        connection.execute(delete(replays).where(mine, replays.c.verdict == "not_replayed"))
        row = {
            "case_id": each.case_id, "at": now.isoformat(), "verdict": each.verdict, "why": ",".join(each.why)[:96],
        }  # fmt: skip
        if insert_new(connection, replays, [row]) and each.verdict == "differs":
            connection.execute(insert(findings).values(_finding(each.case_id, now)))
            raise_alarm_once(connection, each.terminal_id, ALARM, each.item_id, "", now)


def _finding(case_id: str, now: datetime) -> dict[str, Any]:
    """The paper holds until a person has looked (`settle`): what is wrong may be the terminal, or the backend."""
    return {
        "at": now.isoformat(), "case_id": case_id, "cause": CAUSE, "rule": RULE, "effect": "holds",
        "after_check": True, "serial": serial_of(case_id).hex(),
    }  # fmt: skip


def standing(connection: Connection) -> list[str]:
    """The cases with a difference that nobody has put right, oldest first."""
    mine = (findings.c.cause == CAUSE, findings.c.lifted_at.is_(None))
    return list(connection.scalars(select(findings.c.case_id).where(*mine).order_by(findings.c.seq)))


def published_pack(connection: Connection, name: str, version: str) -> tuple[str, bytes] | None:
    """Hash and bytes of a pack that was published in this version, whether a manifest still names it or not."""
    c = artefacts.c
    row = connection.execute(
        select(c.hash, c.data).where(c.kind == "pack", c.name == name, c.version == version)
    ).first()
    return (row.hash, bytes(row.data)) if row is not None else None


def gauges(connection: Connection) -> dict[str, int]:
    """For /metrics."""
    counted = connection.execute(select(replays.c.verdict, func.count()).group_by(replays.c.verdict)).all()
    found = {row[0]: row[1] for row in counted}
    total = connection.scalar(select(func.count()).select_from(cases).where(cases.c.test.is_(False))) or 0
    return {
        "kiosk_replays_equal": found.get("equal", 0),
        "kiosk_replays_differing": found.get("differs", 0),
        "kiosk_replays_impossible": found.get("not_replayed", 0),
        "kiosk_replays_waiting": total - sum(found.values()),
    }
