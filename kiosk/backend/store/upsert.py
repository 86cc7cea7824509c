"""Inserting what is not there yet, in one statement that no other writer can come between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """How many of ``rows`` were new by primary key; the others change nothing."""
    statement, options = _statement(table, connection.dialect.name), {"preserve_rowcount": True}  # -1 otherwise
    if len(rows) == 1:
        return connection.execute(statement, rows[0], execution_options=options).rowcount
    return connection.execute(statement.values(list(rows)), execution_options=options).rowcount


@cache  # to build one takes longer than to execute it
def _statement(table: Table, dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
