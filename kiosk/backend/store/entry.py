"""Secrets of entry codes and what was issued, in the store. Every function is part of a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from kiosk.backend.store.entry_tables import entry_codes, entry_secrets


@dataclass(frozen=True, slots=True, repr=False)
class SecretRow:
    sealed: bytes
    sealing_key_id: str


@dataclass(frozen=True, slots=True, repr=False)
class IssuedRow:
    """One code that was made: everything but the code. ``who`` is sealed."""

    id: str
    at: str
    by_id: str
    who: bytes
    sealing_key_id: str
    terminal_id: str
    hour: str
    challenge: str
    role: str
    staff: str


def secret(connection: Connection, terminal_id: str) -> SecretRow | None:
    c = entry_secrets.c
    row = connection.execute(select(c.sealed, c.sealing_key_id).where(c.terminal_id == terminal_id)).first()
    return None if row is None else SecretRow(bytes(row[0]), row[1])


def keep(connection: Connection, terminal_id: str, row: SecretRow, at: str) -> None:
    """In place of the one before. In a transaction that holds the terminal."""
    connection.execute(delete(entry_secrets).where(entry_secrets.c.terminal_id == terminal_id))
    values = {"sealed": row.sealed, "sealing_key_id": row.sealing_key_id, "received_at": at}
    connection.execute(insert(entry_secrets).values(terminal_id=terminal_id, **values))


def note(connection: Connection, row: IssuedRow) -> None:
    connection.execute(insert(entry_codes).values({name: getattr(row, name) for name in IssuedRow.__slots__}))


def issued(connection: Connection, terminal_id: str, limit: int) -> list[IssuedRow]:
    """The newest first."""
    c = entry_codes.c
    columns = [c[name] for name in IssuedRow.__slots__]
    query = select(*columns).where(c.terminal_id == terminal_id).order_by(c.seq.desc()).limit(limit)
    return [IssuedRow(*row) for row in connection.execute(query).all()]
