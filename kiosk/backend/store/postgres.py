"""PostgreSQL as the backend uses it, through psycopg 3.

Writers run at READ COMMITTED: each statement sees what was committed before it. What must not happen twice is kept
apart by a row's lock (`terminals.hold`, the sequence of a kind) or by a unique key, whose loser starts again.
Readers get one picture (REPEATABLE READ, read only). No statement waits for ever.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from kiosk.backend.settings import BackendError

READING: dict[str, object] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

NAMES = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
_TURN = 0x6B696F736B  # "kiosk": the advisory lock under which the schema is made
_LOST = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected (PostgreSQL, Appendix A)
_SETTINGS = (
    "lock_timeout = '10s'",
    "statement_timeout = '30s'",
    "idle_in_transaction_session_timeout = '60s'",  # a backend that hangs lets go of its rows
    # a plan made for any list of ids compares each row of a table with each of 500 ids, if the table was never analysed
    # (2.5 s for a batch after 19 of them); made for this list it probes the index, or hashes the list
    "plan_cache_mode = 'force_custom_plan'",
)
_LINE: dict[str, object] = {  # libpq: a peer that is gone is noticed within seconds
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
    "application_name": "kiosk-backend",
}


def make_engine(db_url: str) -> Engine:
    """Raises BackendError for an address that is none, and where psycopg is missing."""
    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError):  # whose words may hold the password
        raise BackendError("bad-db", "say postgresql://USER@HOST/DATABASE, or the path of a file") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise BackendError("bad-db", "the database is a file (SQLite) or postgresql://…")
    url = url.set(drivername="postgresql+psycopg")
    given = {name: value for name, value in _LINE.items() if name not in url.query}
    try:
        engine = create_engine(
            url, connect_args=given, pool_size=4, max_overflow=4, pool_timeout=10, pool_pre_ping=True
        )
    except ImportError as error:
        raise BackendError("psycopg-missing", "PostgreSQL needs the package psycopg[binary]") from error
    event.listen(engine, "connect", _tune)
    return engine


def take_turn(connection: Connection) -> None:
    """Until the end of this transaction nobody else makes the schema."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})


def lost_race(error: BaseException | None) -> bool:
    """Whether the same transaction may succeed if it begins again."""
    return getattr(error, "sqlstate", None) in _LOST


def _tune(connection: Any, _record: Any) -> None:
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        for setting in _SETTINGS:
            cursor.execute(f"SET {setting}")
    connection.autocommit = before
