"""Many cases that wait, written at once for `kiosk bench console`: the rows that pushes and quiet moments make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from kiosk.backend.store import tables
from kiosk.backend.store.life_tables import life_events, lives
from kiosk.backend.store.queue_tables import queue

TABLES: tuple[Table, ...] = (tables.items, tables.cases, lives, life_events, queue)


CaseRows = dict[Table, dict[str, Any]]


def enrol(connection: Connection, row: dict[str, Any]) -> None:
    """The terminal that has taken all of them."""
    connection.execute(insert(tables.terminals).values(**row))


def write(connection: Connection, rows: Sequence[CaseRows]) -> None:
    """``rows``: of each case one row of each table."""
    for table in TABLES:
        connection.execute(insert(table), [row[table] for row in rows])


def analyse(connection: Connection) -> None:
    """What a database in the field knows of its tables by itself."""
    connection.execute(text("ANALYZE"))
