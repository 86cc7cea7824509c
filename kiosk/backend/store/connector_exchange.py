"""A department's exchange tables in its own PostgreSQL: rows are added, each once by its id, and results fetched.

Nothing there is changed but ``read_time`` of the results that we have taken. Whatever the database says of a row is
told by its code and column alone: its own words may hold what stood in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, String, Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kiosk.backend.store import postgres

_STAMP = "%Y-%m-%d %H:%M:%S"
_OF_THE_ROW = frozenset({"22", "23"})  # SQLSTATE classes: data exception, integrity constraint violation


class ExchangeDown(Exception):
    """The database does not take anything now, or its tables are others. ``code``: a word, or an SQLSTATE."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RowRefused(Exception):
    """The database does not take this row. ``state``: SQLSTATE; ``column``: where it says which."""

    def __init__(self, state: str, column: str) -> None:
        super().__init__(state)
        self.state, self.column = state, column


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's name and its columns: name -> text, int, datetime or day, with the length of a text."""

    name: str
    columns: Mapping[str, tuple[str, int]]


class ExchangeDatabase:
    """One department's. Opened with the first use; thread-safe."""

    def __init__(self, url: str) -> None:
        """Raises BackendError for an address that is none."""
        self._engine: Engine = postgres.make_engine(url)
        self._tables: dict[str, Table] = {}
        self._metadata = MetaData()

    def close(self) -> None:
        self._engine.dispose()

    def add(self, rows: Sequence[tuple[Shape, Mapping[str, str | None]]]) -> int:
        """All of them or none, each once by ``row_guid``. How many were new. Raises ExchangeDown, RowRefused."""
        added = 0
        try:
            with self._engine.begin() as connection:
                for shape, values in rows:
                    table = self._table(shape)
                    typed = {name: _typed(shape.columns[name][0], value) for name, value in values.items()}
                    statement = insert(table).values(typed).on_conflict_do_nothing(index_elements=["row_guid"])
                    added += connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
        except (DBAPIError, PoolTimeout) as error:
            raise _told(error) from error
        return added

    def unread(self, shape: Shape, limit: int) -> list[dict[str, str]]:
        """Results that nobody has taken yet, the oldest first, all values as texts. Raises ExchangeDown."""
        table = self._table(shape)
        query = select(table).where(table.c.read_time.is_(None)).order_by(table.c.cd_time, table.c.row_guid)
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(query.limit(limit)).mappings().all()
        except (DBAPIError, PoolTimeout) as error:
            raise _told(error) from error
        return [{name: _text(value) for name, value in row.items() if value is not None} for row in rows]

    def taken(self, shape: Shape, guids: Sequence[str], at: datetime) -> None:
        """Stamps results that are here for good. Raises ExchangeDown."""
        table = self._table(shape)
        mine = (table.c.row_guid.in_(list(guids)), table.c.read_time.is_(None))
        try:
            with self._engine.begin() as connection:
                connection.execute(update(table).where(*mine).values(read_time=at.replace(tzinfo=None)))
        except (DBAPIError, PoolTimeout) as error:
            raise _told(error) from error

    def _table(self, shape: Shape) -> Table:
        if shape.name not in self._tables:
            columns = [Column(name, _TYPES[kind](length)) for name, (kind, length) in shape.columns.items()]
            self._tables[shape.name] = Table(shape.name, self._metadata, *columns)
        return self._tables[shape.name]


_TYPES: Mapping[str, Any] = {
    "text": String, "int": lambda _length: Integer(), "datetime": lambda _length: DateTime(),
    "day": lambda _length: String(8),
}  # fmt: skip


def _typed(kind: str, value: str | None) -> Any:
    if value is None:
        return None
    if kind == "datetime":
        return datetime.strptime(value, _STAMP)
    return int(value) if kind == "int" else value


def _text(value: Any) -> str:
    return value.strftime(_STAMP) if isinstance(value, datetime) else str(value)


def _told(error: DBAPIError | PoolTimeout) -> ExchangeDown | RowRefused:
    if isinstance(error, PoolTimeout):
        return ExchangeDown("no-connection")
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state[:2] in _OF_THE_ROW:
        return RowRefused(state, str(getattr(getattr(error.orig, "diag", None), "column_name", None) or ""))
    return ExchangeDown(state or "unreachable")
