"""Inserting what is not there yet, in one statement that no other writer can come between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """How many of ``rows`` were new by primary key; the others change nothing."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(list(rows)).on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
    options = {"preserve_rowcount": True}  # SQLAlchemy keeps it for updates alone otherwise: -1
    return connection.execute(statement, execution_options=options).rowcount
