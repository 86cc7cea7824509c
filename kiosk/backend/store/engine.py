"""Opening the database, and its transactions.

Failpoints: ``backend.written`` (a transaction is written and not committed), ``backend.committed`` (nobody knows yet).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kiosk.backend.settings import BackendError, sqlite_path
from kiosk.backend.store import postgres, rating_tables, sqlite, tables  # noqa: F401 - its tables are made here
from kiosk.backend.store.grouping import Group, GroupFailed
from kiosk.health.failpoints import hit

__all__ = ["Connection", "Store", "StoreBusy"]

T = TypeVar("T")
FAILPOINTS = ("backend.written", "backend.committed")

ATTEMPTS = 5  # at one transaction that lost a race; each loser meets the winner's rows the next time


class StoreBusy(Exception):
    """The database cannot take this now (locked, full, gone). The same may be asked again: everything is idempotent.

    Nothing was written, unless the connection went away in the middle of a commit: then nobody knows.
    """


class Store:
    """Transactions on one database, which other processes may use too.

    ``write`` is all or nothing and on the disk when it returns. With SQLite, which has one writer, those who wait for
    their turn share one commit; PostgreSQL's writers go side by side, and it groups their commits by itself.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        reading: dict[str, object] = {"kiosk_read": True}
        if engine.dialect.name == "postgresql":
            reading |= postgres.READING
        self._reader = engine.execution_options(**reading)
        self._group = None if engine.dialect.name == "postgresql" else Group(engine, self._alone)

    @classmethod
    def open(cls, db_url: str) -> Store:
        """Opens or creates the database. Raises BackendError when it is of a newer version or cannot be opened."""
        path = sqlite_path(db_url)
        engine = postgres.make_engine(db_url) if path is None else sqlite.make_engine(path)
        try:
            with engine.begin() as connection:
                version = _prepare(connection)
        except DBAPIError as error:
            engine.dispose()
            raise BackendError("store-unusable", "the database cannot be opened: check path, rights, space") from error
        if version != tables.VERSION:
            engine.dispose()
            raise BackendError("store-newer", f"the database has version {version}: run the program that made it")
        return cls(engine)

    def prepare(self) -> None:
        """Makes the tables of a room that was loaded after the database was opened. Raises BackendError."""
        try:
            with self.engine.begin() as connection:
                _prepare(connection)
        except DBAPIError as error:
            advice = "the tables of the console cannot be made: check rights and space"
            raise BackendError("store-unusable", advice) from error

    def close(self) -> None:
        self.engine.dispose()

    def write(self, work: Callable[[Connection], T]) -> T:
        """``work`` in one transaction, maybe with others' in it. Where a race was lost it runs again from the start."""

        def written(connection: Connection) -> T:
            result = work(connection)
            hit("backend.written")
            return result

        try:
            result = self._alone(written) if self._group is None else self._group.run(written)
        except GroupFailed as error:
            raise StoreBusy from error.__cause__
        hit("backend.committed")
        return result

    def _alone(self, work: Callable[[Connection], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _lost_race(error):
                    raise StoreBusy from error
            except PoolTimeout as error:
                raise StoreBusy from error
        raise AssertionError("unreachable")

    def read(self, work: Callable[[Connection], T]) -> T:
        """``work`` on one consistent picture."""
        try:
            with self._reader.begin() as connection:
                return work(connection)
        except (DBAPIError, PoolTimeout) as error:
            raise StoreBusy from error


def _prepare(connection: Connection) -> int:
    """Makes what is missing; the database's version. Several processes may start at once: one prepares at a time."""
    if connection.dialect.name == "postgresql":
        postgres.take_turn(connection)
    have = _names(connection)
    new = [table for table in tables.metadata.sorted_tables if table.name not in have]
    tables.metadata.create_all(connection, new, checkfirst=False)
    for table in tables.metadata.sorted_tables:
        if table.name in have:
            for index in table.indexes:
                if index.name not in have:  # it came later than its table
                    index.create(connection)
    version = connection.scalar(select(tables.schema_version.c.version))
    if version is None:
        version = tables.VERSION
        connection.execute(insert(tables.schema_version).values(version=version))
    return version


def _names(connection: Connection) -> set[str]:
    """Of all tables and indexes that are there. Asked once: to ask for each of fifty takes a third of a start."""
    names = postgres.NAMES if connection.dialect.name == "postgresql" else sqlite.NAMES
    return set(connection.exec_driver_sql(names).scalars())


def _lost_race(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or postgres.lost_race(error.orig)
