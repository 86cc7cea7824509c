"""Many new rows into one table: COPY where there is one (PostgreSQL, ten times the rate), INSERT elsewhere.

Rows go to the driver as they are: the toolkit between would look at each value of each row, and has nothing to say
about texts, whole numbers, bytes and booleans.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Float, Integer, LargeBinary, Table, insert
from sqlalchemy.exc import IntegrityError, OperationalError

ROWS = 50  # in one INSERT of SQLite's: its own turn for each row took a third as long again
FEW = 8  # rows up to which COPY's own round trip is not worth it

_TYPES: tuple[tuple[type, str], ...] = (  # of a column, as PostgreSQL's binary COPY has to be told them
    (LargeBinary, "bytea"),
    (Boolean, "bool"),
    (BigInteger, "int8"),
    (Integer, "int4"),
    (Float, "float8"),
)


def write_rows(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """All of ``rows`` in their order, their values in that of ``names``. A key that is there is an IntegrityError."""
    if connection.dialect.name == "postgresql" and len(rows) > FEW:
        _copy(connection, table, names, rows)
    elif connection.dialect.name == "sqlite" and len(rows) > 1:
        _insert(connection, table, names, rows)
    elif rows:
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def _insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    places = f"({', '.join('?' * len(names))})"
    begin = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))}) VALUES "  # noqa: S608
    whole = len(rows) - len(rows) % ROWS
    for at in range(0, whole, ROWS):
        values = tuple(chain.from_iterable(rows[at : at + ROWS]))
        connection.exec_driver_sql(begin + ", ".join([places] * ROWS), values)
    if rest := list(rows[whole:]):
        connection.exec_driver_sql(begin + places, rest)


def _copy(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    from psycopg import Error
    from psycopg.sql import SQL, Identifier

    columns = SQL(", ").join(Identifier(name) for name in names)
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(Identifier(table.name), columns)
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_type(table, name) for name in names])
            for row in rows:
                copy.write_row(row)
    except Error as error:  # in SQLAlchemy's words, as if it had sent this
        kind = IntegrityError if (error.sqlstate or "").startswith("23") else OperationalError
        raise kind("COPY", {}, error) from error


def _type(table: Table, name: str) -> str:
    column = table.columns[name].type
    return next((named for kind, named in _TYPES if isinstance(column, kind)), "varchar")
