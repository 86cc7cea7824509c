"""Late truths in the store: found while a batch is taken in, put down by an operator, listed for who checks papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from kiosk.backend.store.checkpoints import checkpoints
from kiosk.backend.store.late_tables import findings, matters, withdrawn_packs
from kiosk.backend.store.tables import cases, results, terminal_keys, terminals
from kiosk.backend.store.upsert import insert_new
from kiosk.domain.late import Meaning, meaning, rung_of
from kiosk.papers.statement import serial_of
from kiosk.wire import CasePayload

MONTH = timedelta(days=365.2425 / 12)


def withdrawn(connection: Connection, opened: Iterable[CasePayload]) -> dict[tuple[str, str], str]:
    """Since when each of the packs that these cases were decided by may not be used any more, where that is so."""
    used = sorted({(case.service_id, case.pack_version) for case in opened})
    if not used:
        return {}
    table = withdrawn_packs.c
    where = or_(*(and_(table.service_id == service, table.pack_version == version) for service, version in used))
    rows = connection.execute(select(table.service_id, table.pack_version, table.since).where(where)).all()
    return {(row.service_id, row.pack_version): row.since for row in rows}


def has_already(connection: Connection, person: str, case: CasePayload, committed_at: str) -> bool:
    """Whether another case of this person has the matter within the pack's time; if not, this one has it from now on.

    ``committed_at``: ISO 8601 in UTC. No second writer can come between: who is not first waits for the first one's
    transaction and sees its row.
    """
    row = {
        "person": person, "service_id": case.service_id, "case_id": case.case_id, "committed_at": committed_at,
    }  # fmt: skip
    if insert_new(connection, matters, [row]):
        return False
    mine = and_(matters.c.person == person, matters.c.service_id == case.service_id)
    holder = connection.execute(select(matters).where(mine).with_for_update()).one()
    apart = datetime.fromisoformat(committed_at) - datetime.fromisoformat(holder.committed_at)
    if abs(apart) < case.once * MONTH:
        return True
    if apart > timedelta():
        connection.execute(update(matters).where(mine).values(row))
    return False


def finding(case_id: str, found: Meaning, now: str) -> dict[str, Any]:
    """The row of a finding."""
    return {
        "at": now, "case_id": case_id, "cause": found.cause.name, "rule": found.rule_id, "effect": found.effect,
        "after_check": found.after_check, "serial": serial_of(case_id).hex(),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a case stands, settled by somebody; ``terminal_id`` will be told. ``outcome``, ``rung``: the case's."""

    terminal_id: str
    meaning: Meaning | None
    outcome: str
    rung: str


def terminal_of(connection: Connection, case_id: str) -> str:
    """The terminal that took the case; "" for none."""
    found = connection.scalar(select(cases.c.terminal_id).where(cases.c.case_id == case_id))
    return found or ""


def settle(connection: Connection, case_id: str, cause: str, outcome: str, text: str, now: str) -> Settled:
    """Puts down what a person has found: a cause, or "" where the case holds after all. Its terminal is held."""
    row = connection.execute(select(cases).where(cases.c.case_id == case_id).with_for_update()).one()
    found = meaning(cause, rung_of(row.outcome, row.rung)) if cause else None
    mine = findings.c.case_id == case_id
    if found is None:
        connection.execute(update(findings).where(mine, findings.c.lifted_at.is_(None)).values(lifted_at=now))
    else:
        connection.execute(delete(findings).where(mine, findings.c.cause == cause))
        connection.execute(insert(findings).values(finding(case_id, found, now)))
        if found.state in ("revoked", "conflict"):
            connection.execute(delete(matters).where(matters.c.case_id == case_id))  # the matter may be done anew
    state = "confirmed" if found is None else found.state
    connection.execute(update(cases).where(cases.c.case_id == case_id).values(state=state))
    connection.execute(
        insert(results).values(
            terminal_id=row.terminal_id, case_id=case_id, case_no=row.case_no, outcome=outcome, text=text,
            decided_at=now,
        )
    )  # fmt: skip
    return Settled(row.terminal_id, found, row.outcome, row.rung)


def withdraw_pack(connection: Connection, service_id: str, version: str, since: str) -> None:
    """From ``since`` on; an earlier moment that is known already stays."""
    row = {"service_id": service_id, "pack_version": version, "since": since}
    if not insert_new(connection, withdrawn_packs, [row]):
        table = withdrawn_packs.c
        where = (table.service_id == service_id, table.pack_version == version)
        known = connection.scalar(select(table.since).where(*where).with_for_update())
        if datetime.fromisoformat(since) < datetime.fromisoformat(known or since):  # their offsets may differ
            connection.execute(update(withdrawn_packs).where(*where).values(since=since))


def revoked(connection: Connection) -> list[Any]:
    """Every finding by which a paper counts no more as it is, oldest first: at, cause, effect, serial."""
    table = findings.c
    query = select(table.at, table.cause, table.effect, table.serial)
    query = query.where(table.effect != "holds", table.lifted_at.is_(None)).order_by(table.seq)
    return list(connection.execute(query).all())


@dataclass(frozen=True, slots=True)
class Signers:
    """``terminals``: every one. ``keys``: every key that one has had since its first change, oldest first.

    ``heard``: by terminal and key's id, when the end of its log first came signed with that key. From then on the log
    names the key, and the terminal goes by no earlier one, however it is killed. Thinned, it may be that day's last.
    """

    terminals: Sequence[Any]
    keys: Sequence[Any]
    heard: Mapping[tuple[str, str], str]


def signers(connection: Connection) -> Signers:
    chosen = (terminals.c.terminal_id, terminals.c.public_key, terminals.c.enrolled_at, terminals.c.revoked_at)
    had = (terminal_keys.c.terminal_id, terminal_keys.c.epoch, terminal_keys.c.public_key, terminal_keys.c.since)
    all_of_them = connection.execute(select(*chosen).order_by(terminals.c.terminal_id)).all()
    keys = connection.execute(select(*had).order_by(terminal_keys.c.terminal_id, terminal_keys.c.epoch)).all()
    c = checkpoints.c
    changed = select(terminal_keys.c.terminal_id).where(terminal_keys.c.terminal_id == c.terminal_id).exists()
    first = select(c.terminal_id, c.terminal_key, func.min(c.received_at)).where(changed)
    heard = connection.execute(first.group_by(c.terminal_id, c.terminal_key)).all()
    return Signers(all_of_them, keys, {(terminal, key): at for terminal, key, at in heard})
