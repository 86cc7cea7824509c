"""SQLite as the backend uses it: write-ahead log, a sync for each commit, one writer at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -8192",  # KiB: a batch of 500 cases dirties 3 MB, and what does not fit is written twice
    "wal_autocheckpoint = 4000",  # pages: folded back at every other batch, the same index pages went over and over
)

NAMES = "SELECT name FROM sqlite_master"


def make_engine(path: Path) -> Engine:
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
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a writer takes its lock at once: no upgrade half-way, no deadlock
    reading = connection.get_execution_options().get("kiosk_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
