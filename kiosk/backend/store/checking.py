"""Rows without their parent: what PostgreSQL is not told to look at for each row (`tables.py`), looked at in bulk."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, ForeignKeyConstraint, and_, exists, func, not_, select

from kiosk.backend.store.tables import metadata


def orphans(connection: Connection) -> dict[str, int]:
    """How many rows lack the parent that they name, by ``table.column``; only where there are any.

    Every tie that the tables declare is looked at, whether the database keeps it by itself or not.
    """
    found: dict[str, int] = {}
    for table in metadata.sorted_tables:
        for tie in table.foreign_key_constraints:
            name = f"{table.name}.{','.join(tie.column_keys)}"
            count = connection.scalar(select(func.count()).select_from(table).where(_lacks(tie)))
            if count:
                found[name] = count
    return found


def _lacks(tie: ForeignKeyConstraint) -> ColumnElement[bool]:
    pairs = [(element.parent, element.column) for element in tie.elements]
    named = and_(*(own.is_not(None) for own, _ in pairs))
    there = exists().where(*(parent == own for own, parent in pairs))
    return and_(named, not_(there))
