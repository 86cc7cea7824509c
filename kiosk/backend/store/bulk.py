"""Many new rows into one table: COPY where there is one (PostgreSQL, ten times the rate), INSERT elsewhere.

Rows go to the driver as they are: the toolkit between would look at each value of each row, and has nothing to say
about texts, whole numbers, bytes and booleans.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table, insert
from sqlalchemy.exc import IntegrityError, OperationalError

FEW = 8  # rows up to which COPY's own round trip is not worth it

_TYPES: tuple[tuple[type, str], ...] = (  # of a column, as PostgreSQL's binary COPY has to be told them
    (LargeBinary, "bytea"),
    (Boolean, "bool"),
    (BigInteger, "int8"),
    (Integer, "int4"),
)


def write_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """All of ``rows``, of the same columns, in their order. A key that is there already is an IntegrityError."""
    if connection.dialect.name == "postgresql" and len(rows) > FEW:
        _copy(connection, table, rows)
    elif connection.dialect.name == "sqlite" and len(rows) > 1:
        _insert(connection, table, rows)
    elif rows:
        connection.execute(insert(table), rows)


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = list(rows[0])
    places = ", ".join("?" * len(names))
    statement = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))}) VALUES ({places})"  # noqa: S608
    connection.exec_driver_sql(statement, list(map(itemgetter(*names), rows)))


def _copy(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    from psycopg import Error
    from psycopg.sql import SQL, Identifier

    names = list(rows[0])
    columns = SQL(", ").join(Identifier(name) for name in names)
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(Identifier(table.name), columns)
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_type(table, name) for name in names])
            for row in map(itemgetter(*names), rows):
                copy.write_row(row)
    except Error as error:  # in SQLAlchemy's words, as if it had sent this
        kind = IntegrityError if (error.sqlstate or "").startswith("23") else OperationalError
        raise kind("COPY", {}, error) from error


def _type(table: Table, name: str) -> str:
    column = table.columns[name].type
    return next((named for kind, named in _TYPES if isinstance(column, kind)), "varchar")
