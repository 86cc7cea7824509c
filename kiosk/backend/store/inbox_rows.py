"""Inboxes of visits in the store. Every function is part of a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from kiosk.backend.store.inbox_tables import inbox_files, inboxes


@dataclass(frozen=True, slots=True, repr=False)
class InboxRow:
    """Times are unix seconds."""

    inbox: str
    terminal_id: str
    reply_key: str
    ends_at: int
    phone: str
    number: int
    seen_at: int
    last: int


def find(connection: Connection, inbox: str, *, hold: bool = False) -> InboxRow | None:
    """``hold``: nobody else changes it before this transaction ends."""
    asked = select(inboxes).where(inboxes.c.inbox == inbox)
    row = connection.execute(asked.with_for_update() if hold else asked).first()
    return None if row is None else InboxRow(*row)


def add(connection: Connection, row: InboxRow) -> None:
    connection.execute(
        insert(inboxes).values(
            inbox=row.inbox, terminal_id=row.terminal_id, reply_key=row.reply_key, ends_at=row.ends_at,
            phone=row.phone, number=row.number, seen_at=row.seen_at, last=row.last,
        )
    )  # fmt: skip


def of_terminal(connection: Connection, terminal_id: str) -> list[str]:
    return list(connection.scalars(select(inboxes.c.inbox).where(inboxes.c.terminal_id == terminal_id)))


def over(connection: Connection, now: int) -> list[str]:
    """Those whose time is over."""
    return list(connection.scalars(select(inboxes.c.inbox).where(inboxes.c.ends_at <= now)))


def next_end(connection: Connection) -> int:
    """When the first of them will be over; 0 where there is none."""
    return connection.scalar(select(func.min(inboxes.c.ends_at))) or 0


def drop(connection: Connection, names: Sequence[str]) -> None:
    """These, with whatever lies in them."""
    if names:
        connection.execute(delete(inbox_files).where(inbox_files.c.inbox.in_(names)))
        connection.execute(delete(inboxes).where(inboxes.c.inbox.in_(names)))


def note_seen(connection: Connection, inbox: str, now: int) -> None:
    connection.execute(update(inboxes).where(inboxes.c.inbox == inbox).values(seen_at=now))


def put(connection: Connection, row: InboxRow, phone: str, number: int, files: Sequence[bytes], now: int) -> None:
    """Files behind those that came before, sent by this telephone."""
    rows = [{"inbox": row.inbox, "seq": seq, "sealed": data} for seq, data in enumerate(files, row.last + 1)]
    connection.execute(insert(inbox_files), rows)
    connection.execute(
        update(inboxes)
        .where(inboxes.c.inbox == row.inbox)
        .values(phone=phone, number=number, seen_at=now, last=row.last + len(rows))
    )


def waiting(connection: Connection, inbox: str) -> list[int]:
    """The numbers of what was not erased yet, in their order."""
    asked = select(inbox_files.c.seq).where(inbox_files.c.inbox == inbox).order_by(inbox_files.c.seq)
    return list(connection.scalars(asked))


def file(connection: Connection, inbox: str, seq: int) -> bytes:
    """Empty where it is not there."""
    asked = select(inbox_files.c.sealed).where(inbox_files.c.inbox == inbox, inbox_files.c.seq == seq)
    return connection.scalar(asked) or b""


def erase_through(connection: Connection, inbox: str, seq: int) -> None:
    """What was fetched: this one and all before it."""
    connection.execute(delete(inbox_files).where(inbox_files.c.inbox == inbox, inbox_files.c.seq <= seq))
