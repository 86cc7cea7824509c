"""`kiosk bench ingest`: 500 cases into PostgreSQL, against COPY of the same rows.

Ours is the whole transaction of a batch as `Backend.push` runs it once the seals are open: the terminal's row locked,
every id, number and block looked up, rows made and written, commit. The reference is what psycopg can do with the very
same rows and nothing else: binary COPY into tables of the same columns, one commit; no look at anything.

- against keys: its tables have the same primary keys and indexes, without which nothing could be found again, and
  `sealed` is compressed with lz4. The limit is put here.
- against heaps: its tables have neither key nor index. Told without a limit.

A server of its own (Debian's package postgresql), on a Unix socket, with fsync; every table grows alike on both sides.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select, text

from kiosk.backend import intake
from kiosk.backend.bench_world import BATCH, Pushed
from kiosk.backend.core import Backend
from kiosk.backend.settings import Settings
from kiosk.backend.store import items, tables, terminals
from kiosk.backend.store.bulk import write_rows
from kiosk.backend.store.items import NewItem
from kiosk.backend.store.postgres_room import DURABLE, PostgresRoom, programs
from kiosk.bench.rows import Row

ROUNDS = 25
LIMIT = 1 / 0.70
KEY_OF = {  # by which column the rows of a batch are found again
    tables.items: tables.items.c.id,
    tables.cases: tables.cases.c.case_id,
    tables.registered_numbers: tables.registered_numbers.c.case_id,
    tables.results: tables.results.c.case_id,
}
LZ4 = (
    "ALTER TABLE {0}.items ALTER COLUMN sealed SET STORAGE EXTENDED",
    "ALTER TABLE {0}.items ALTER COLUMN sealed SET COMPRESSION lz4",
)
_WORK = f"{BATCH} cases into PostgreSQL"
_OURS = "the whole transaction, all checks"


def measure(rounds: int = ROUNDS, folder: Path | None = None) -> list[Row]:
    """The rows; ``folder`` must not be in memory."""
    binaries = programs()
    if binaries is None or find_spec("psycopg") is None:
        why = "not installed: apt-get install postgresql, and pip install 'psycopg[binary]'"
        return [Row(_WORK, None, None, None, LIMIT, "ms", why)]
    room = PostgresRoom(binaries, DURABLE, folder)
    try:
        with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name:
            backend = Backend(Settings(room.new_schema(), f"{name}/blobs", f"{name}/keys.json"))
            try:
                return _rows(_times(_Room(backend), rounds), rounds)
            finally:
                backend.close()
    finally:
        room.stop()


class _Room:
    """The backend's tables and two copies of them in schemas of their own, all on one server."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._store = backend, backend._store
        self._pushed = Pushed(backend)
        self._store.write(_copies)

    def opened(self) -> list[NewItem]:
        """A new batch, its seals opened and found in order."""
        terminal, found = self._pushed.terminal, []
        for item in self._pushed.batch(BATCH):
            new = intake.open_item(item, terminal.terminal_id, self._backend.keys.epochs, terminal.area_code)
            if not isinstance(new, NewItem):
                raise RuntimeError(f"not in order: {new.reason}")
            found.append(new)
        return found

    def take_in(self, new: Sequence[NewItem]) -> None:
        terminal, now = self._pushed.terminal, datetime.now(UTC)

        def work(connection: Connection) -> set[str]:
            if not terminals.hold(connection, terminal.terminal_id):
                raise RuntimeError("the terminal is gone")
            taken = items.take_in(connection, terminal.terminal_id, terminal.area_code, new, now, False)
            return {answer.status for answer in taken.values()}

        if self._store.write(work) != {"accepted"}:
            raise RuntimeError("not taken")

    def rows(self, new: Sequence[NewItem]) -> dict[Table, list[tuple[Any, ...]]]:
        """What that has written, by table."""
        ids = [item.id for item in new]

        def read(connection: Connection) -> dict[Table, list[tuple[Any, ...]]]:
            return {
                table: [tuple(row) for row in connection.execute(select(table).where(key.in_(ids)))]
                for table, key in KEY_OF.items()
            }

        return self._store.read(read)

    def copy(self, schema: str, rows: Mapping[Table, Sequence[tuple[Any, ...]]]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(text(f"SET LOCAL search_path TO {schema}"))
            for table in KEY_OF:
                write_rows(connection, table, table.columns.keys(), rows[table])

        self._store.write(work)


def _copies(connection: Connection) -> None:
    ours = connection.scalar(text("SELECT current_schema()"))
    for schema, more in (("keyed", " INCLUDING INDEXES"), ("heaps", "")):
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        for table in KEY_OF:
            connection.execute(text(f"CREATE TABLE {schema}.{table.name} (LIKE {ours}.{table.name}{more})"))
        for statement in LZ4:
            connection.execute(text(statement.format(schema)))


def _times(room: _Room, rounds: int, warm_up: int = 3) -> dict[str, list[float]]:
    """Seconds of each, in turns: ours first, because the copies get the rows that it made; those two alternate."""
    times: dict[str, list[float]] = {"ours": [], "keyed": [], "heaps": []}
    gc.collect()
    gc.freeze()  # as the backend's process does
    for turn in range(-warm_up, rounds):
        new = room.opened()
        spent = {"ours": _seconds(partial(room.take_in, new))}
        rows = room.rows(new)
        for schema in ("keyed", "heaps") if turn % 2 else ("heaps", "keyed"):
            spent[schema] = _seconds(partial(room.copy, schema, rows))
        if turn >= 0:
            for name, seconds in spent.items():
                times[name].append(seconds)
    return times


def _rows(times: dict[str, list[float]], rounds: int) -> list[Row]:
    middle = {name: statistics.median(readings) * 1000 for name, readings in times.items()}
    found = []
    for schema, what, limit in (
        ("keyed", "COPY into the same tables, keys and indexes, lz4", LIMIT),
        ("heaps", "COPY into the same columns without any key or index, lz4", None),
    ):
        pairs = sorted(own / other for own, other in zip(times["ours"], times[schema], strict=True))
        low, high = pairs[len(pairs) // 4], pairs[-1 - len(pairs) // 4]
        spread = f"{rounds} rounds, ratios of the middle half {low:.2f}..{high:.2f}"
        ratio = middle["ours"] / middle[schema]
        notes = f"{_OURS}; against: {what}; {1 / ratio:.2f} of its rate; {spread}"
        found.append(Row(f"{_WORK}, {schema}", middle[schema], middle["ours"], ratio, limit, "ms", notes))
    return found


def _seconds(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
