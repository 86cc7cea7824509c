"""Many cases written at once for `kiosk bench console`: the rows that pushes, quiet moments and staff make of one case,
read here and written again under other ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text

from kiosk.backend.store import oversight_tables, tables
from kiosk.backend.store.bulk import write_rows
from kiosk.backend.store.certificates import certificates
from kiosk.backend.store.engine import Store
from kiosk.backend.store.life_tables import after_checks, life_events, lives
from kiosk.backend.store.queue_tables import queue
from kiosk.backend.store.rating_tables import rating_events, rating_tasks

BY_CASE: tuple[Table, ...] = (
    tables.cases, tables.registered_numbers, lives, life_events, queue, after_checks, tables.ratings, rating_tasks,
    rating_events, certificates, oversight_tables.facts, oversight_tables.rated,
)  # fmt: skip
"""Those that have a column ``case_id``, parents first. ``items`` comes before all of them."""
SAMPLES = oversight_tables.samples

Rows = dict[str, list[dict[str, Any]]]
"""By table's name."""


def of_case(connection: Connection, case_id: str) -> Rows:
    """Everything that belongs to one case, its rating's item too."""
    found = {
        table.name: [
            dict(row) for row in connection.execute(select(table).where(table.c.case_id == case_id)).mappings()
        ]
        for table in BY_CASE
    }
    ids = [row["item_id"] for name in ("cases", "ratings") for row in found[name]]
    query = select(tables.items).where(tables.items.c.id.in_(ids))
    return {"items": [dict(row) for row in connection.execute(query).mappings()], **found}


def terminal(connection: Connection, terminal_id: str) -> dict[str, Any]:
    row = connection.execute(select(tables.terminals).where(tables.terminals.c.terminal_id == terminal_id))
    return dict(row.mappings().one())


def add_terminals(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(insert(tables.terminals), [dict(row) for row in rows])


def write(connection: Connection, rows: Rows) -> None:
    """``rows``: of one table all with the same columns. What refers to what is not checked once more."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in (tables.items, *BY_CASE, SAMPLES):
        many = rows.get(table.name)
        if many:
            names = list(many[0])
            write_rows(connection, table, names, [tuple(row[name] for name in names) for row in many])


def recount(connection: Connection) -> None:
    """How many samples came to what: as it is kept where they are drawn one day after the other."""
    connection.execute(delete(oversight_tables.sample_counts))
    oversight_tables.prepare(connection)


def settle(store: Store) -> None:
    """What a database in the field knows of its tables by itself, and has tidied up (autovacuum)."""
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("SET statement_timeout = '30s'"))
    else:
        store.write(lambda connection: connection.execute(text("ANALYZE")))
