"""Opening the database, and its transactions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from kiosk.backend.settings import BackendError, sqlite_path
from kiosk.backend.store import tables

__all__ = ["Connection", "Store", "StoreBusy"]

T = TypeVar("T")


class StoreBusy(Exception):
    """The database cannot take this now (locked, full, gone). Nothing was written; the same may be asked again."""


class Store:
    """Transactions on one database. ``write`` is all or nothing and on the disk when it returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(kiosk_read=True)

    @classmethod
    def open(cls, db_url: str) -> Store:
        """Opens or creates the database. Raises BackendError when it is of a newer version or cannot be opened."""
        path = sqlite_path(db_url)
        engine = create_engine(db_url, pool_pre_ping=True) if path is None else _sqlite_engine(path)
        try:
            with engine.begin() as connection:
                tables.metadata.create_all(connection)
                for index in (each for table in tables.metadata.sorted_tables for each in table.indexes):
                    index.create(connection, checkfirst=True)  # one that came later than its table
                version = connection.scalar(select(tables.schema_version.c.version))
                if version is None:
                    connection.execute(insert(tables.schema_version).values(version=tables.VERSION))
        except DBAPIError as error:
            engine.dispose()
            raise BackendError("store-unusable", "the database cannot be opened: check path, rights, space") from error
        if version not in (None, tables.VERSION):
            engine.dispose()
            raise BackendError("store-newer", f"the database has version {version}: run the program that made it")
        return cls(engine)

    def close(self) -> None:
        self._engine.dispose()

    def write(self, work: Callable[[Connection], T]) -> T:
        """``work`` in one transaction. A lost race with another writer runs it once more from the start."""
        for last in (False, False, True):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except IntegrityError as error:
                if last:
                    raise StoreBusy from error
            except DBAPIError as error:
                raise StoreBusy from error
        raise AssertionError("unreachable")

    def read(self, work: Callable[[Connection], T]) -> T:
        """``work`` on one consistent picture."""
        try:
            with self._reader.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            raise StoreBusy from error


def _sqlite_engine(path: Path) -> Engine:
    # The SQLite inside Python (3.40 on Debian 12) can lose a WAL reset with several connections; this one is newer.
    from sqlcipher3 import dbapi2

    path.parent.mkdir(parents=True, exist_ok=True)

    def connect() -> Any:
        # isolation_level None: SQLAlchemy begins and ends transactions itself, see _begin
        return dbapi2.connect(str(path), check_same_thread=False, isolation_level=None, timeout=10.0)

    engine = create_engine(
        "sqlite://", module=dbapi2, creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=4
    )
    event.listen(engine, "connect", _tune)
    event.listen(engine, "begin", _begin)
    return engine


def _tune(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -2048"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a writer takes its lock at once: no upgrade half-way, no deadlock
    reading = connection.get_execution_options().get("kiosk_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
