"""`kiosk bench journal`: one whole case commit against raw sqlite3 (WAL, FULL) writing the same bytes.

A case as a visit makes it: a 3 KB envelope, an 8 KB signature, a kept paper, two reserved numbers, the audit row. Ours
is the whole call of ``Journal.commit`` for bytes that are sealed already: numbers, hashes, audit chain, encryption of
the file, one transaction. The reference is the standard library's sqlite3: stock settings but WAL and FULL, the same
page size, no encryption, one BEGIN IMMEDIATE .. COMMIT in the calling thread. "The same bytes" has two readings:

- one blob: all bytes that ours puts into its row, as one value in a table without index;
- same rows: what ours writes, value by value, into the same tables with the same indexes.

Each is measured as a terminal's day (opened, some commits, closed; a log begins anew each time) and, more strictly, in
one long run after all logs have reached their full length: a stock log that still grows costs its owner time at each
fsync, and ours is made in its full length on opening. All take turns in one interleaved run in the same folder; the
same sealing comes right before each, so that all find the processor as a visit leaves it. The limit is put on the day,
which is what a terminal does; the long run's ratios are reported beside it, and are above it. The other rows tell where
the time goes: what SQLCipher costs without any journal around it, and what JSON and sealing add.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.domain.case import new_case_id
from kiosk.journal import schema
from kiosk.journal.bench_room import mark, syncs
from kiosk.journal.connection import connect
from kiosk.journal.journal import Journal
from kiosk.journal.reading import reading
from kiosk.journal.records import Block, CaseRecord, KeptPaper, Numbers, SealedMaterial
from kiosk.journal.sealing import item_info, new_sealing_pair, seal

LIMIT = 1.3
_FIELDS, _SIGNATURE, _KEPT = 25, 8000, 900  # fields with origins, 3 KB as JSON; bytes of a signature, of receipt texts
_DAY = 80  # commits from opening to closing
_WARM_UP = 260  # commits: then the stock log of 1000 pages is written over, and no longer grows
_WORDS = {
    "one blob": "the same bytes as one blob in one row",
    "same rows": "the same rows in the same tables",
    "ours": "Journal.commit of a sealed case",
    "bare": "the same blob put by SQLCipher with our settings",
    "whole": "Journal.commit, with making the JSON and sealing, which the reference does not do",
}
_LOGS = {
    False: f"{_DAY} commits after opening: the reference's log grows, ours was made in full length",
    True: f"after {_WARM_UP} commits: no log grows",
}


class _Ours:
    """Commits cases as a visit makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, secrets.token_bytes(32)
        self.open()
        for kind in ("case", "uscc"):
            self.journal.add_block(Block(kind, 1, 10_000_000))
        self._public_key = new_sealing_pair()[1]
        self._signature, self._kept = secrets.token_bytes(_SIGNATURE), secrets.token_bytes(_KEPT)
        self._fields = [
            {"name": f"field.{n}", "value": secrets.token_hex(16), "origin": "card", "trust": "A", "at": n}
            for n in range(_FIELDS)
        ]

    def open(self) -> None:
        """Begin a day."""
        self.journal = Journal.open(self.folder, self.key)

    def prepare(self) -> None:
        """Seal what the next ``commit`` is to write."""
        self._case_id, self._claim = new_case_id(), secrets.token_bytes(16)
        self._material = self._seal_signature()
        self._sealed = self._seal_envelope("310115-2026-00000000")

    def commit(self) -> None:
        """Write what was prepared."""
        self.journal.commit(lambda numbers: self._record(*self._numbers(numbers)))

    def whole(self) -> None:
        """Everything that a saved case costs: seal the signature, take numbers, make the JSON, seal it, write."""
        self._case_id, self._claim = new_case_id(), secrets.token_bytes(16)
        self._material = self._seal_signature()

        def build(numbers: Numbers) -> CaseRecord:
            case_no, now = self._numbers(numbers)
            self._sealed = self._seal_envelope(case_no)
            return self._record(case_no, now)

        self.journal.commit(build)

    def _numbers(self, numbers: Numbers) -> tuple[str, datetime]:
        numbers.take("uscc")
        return f"310115-2026-{numbers.take('case'):08d}", datetime.now(UTC)

    def _record(self, case_no: str, now: datetime) -> CaseRecord:
        return CaseRecord(
            self._case_id, case_no, "individual-business", "1.0.0", "approved", "final", "face", now, True,
            self._sealed, (self._material,), (KeptPaper(self._claim, self._kept, now + timedelta(days=7)),),
            {"sealing_key": "a1b2c3d4e5f60718"},
        )  # fmt: skip

    def _seal_envelope(self, case_no: str) -> bytes:
        text = json.dumps({"case_id": self._case_id, "case_no": case_no, "fields": self._fields}).encode()
        return seal(text, self._public_key, item_info("T-1", self._case_id))

    def _seal_signature(self) -> SealedMaterial:
        data = seal(self._signature, self._public_key, item_info("T-1", self._case_id, 1))
        return SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data)

    def last_row(self) -> tuple[object, ...]:
        """What the last commit wrote: it is one row."""
        with reading(self.folder, self.key) as connection:
            row: tuple[object, ...] = connection.execute("SELECT * FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            return row


class _Raw:
    """One connection, nothing around it, in the calling thread."""

    def __init__(self, connection: sqlite3.Connection, sql: str, table: str, values: Sequence[object]) -> None:
        self.connection = connection
        for pragma in ("page_size = 4096", "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 1000"):
            connection.execute(f"PRAGMA {pragma}")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(sql)
        self._insert = f"INSERT INTO {table} VALUES (NULL{', ?' * len(values)})"  # noqa: S608  # our own names
        self._values = values

    def commit(self) -> None:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        execute(self._insert, self._values)
        execute("COMMIT")


class _Room:
    """The folder of one run: everything that takes its turn writes there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = _Ours(folder / "journal")
        self.ours.prepare()
        self.ours.commit()
        self.row = self.ours.last_row()[1:]
        self.size = sum(len(value) if isinstance(value, (str, bytes)) else 0 for value in self.row)
        self.ours.journal.close()

    def session(self, commits: int, warm_up: int, times: dict[str, list[float]]) -> None:
        """Open all, let them commit in turns, close all."""
        ours, put = self.ours, "CREATE TABLE put (id INTEGER PRIMARY KEY, data BLOB)"
        ours.open()
        ours.journal.looked(60)  # not beside the others' turns
        blob = [secrets.token_bytes(self.size)]
        one_blob = _Raw(sqlite3.connect(self.folder / "blob.db", isolation_level=None), put, "put", blob)
        same_rows = _Raw(
            sqlite3.connect(self.folder / "rows.db", isolation_level=None), schema.shipped()[0].sql, "audit", self.row
        )
        bare = _Raw(connect(self.folder / "bare.db", ours.key), put, "put", blob)
        calls = {
            "one blob": one_blob.commit, "ours": ours.commit, "same rows": same_rows.commit,
            "bare": bare.commit, "whole": ours.whole,
        }  # fmt: skip
        names = list(calls)
        for turn in range(-warm_up, commits):
            for offset in range(len(names)):  # another one goes first each time
                name = names[(turn + offset) % len(names)]
                ours.prepare()
                begin = time.perf_counter()
                calls[name]()
                if turn >= 0:
                    times.setdefault(name, []).append(time.perf_counter() - begin)
        for raw in (one_blob, same_rows, bare):
            raw.connection.close()
        ours.journal.close()


def measure(days: int = 6, long: int = 600, folder: Path | None = None) -> list[dict[str, object]]:
    """Rows of ``work``, ``reference``, ``ours`` (what was timed), their medians in microseconds, ``ratio``, ``limit``.

    ``folder`` is made and removed under the given one (default: the system's temporary folder, which must not be
    in memory). The first row also says how many fsyncs a commit cost; None where strace is not installed.
    """
    day_times: dict[str, list[float]] = {}
    long_times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = _Room(Path(name))
        for _ in range(days):
            room.session(_DAY, 3, day_times)
        room.session(long, _WARM_UP, long_times)
    size = room.size
    day, full = (
        {what: statistics.median(values) * 1e6 for what, values in times.items()} for times in (day_times, long_times)
    )

    def row(
        work: str, medians: dict[str, float], reference: str, ours: str, limit: float | None = None, **more: object
    ) -> dict[str, object]:
        return {
            "work": work, "reference": f"raw sqlite3, WAL FULL, not encrypted, {_WORDS[reference]}",
            "ours": f"{_WORDS[ours]}, {size} bytes, {_LOGS[medians is full]}",
            "reference_us": round(medians[reference]), "ours_us": round(medians[ours]),
            "ratio": round(medians[ours] / medians[reference], 3), "limit": limit, **more,
        }  # fmt: skip

    counted = fsyncs(12, folder)
    many = None if counted is None else max(counted)
    return [
        row("one whole case commit, a day", day, "one blob", "ours", LIMIT, fsyncs=many),
        row("one whole case commit, a day, same rows", day, "same rows", "ours", LIMIT),
        row("one whole case commit, logs at full length", full, "one blob", "ours"),
        row("one whole case commit, logs at full length, same rows", full, "same rows", "ours"),
        row("SQLCipher alone, a day", day, "one blob", "bare"),
        row("SQLCipher alone, logs at full length", full, "one blob", "bare"),
        row("one whole case commit with JSON and sealing, a day", day, "one blob", "whole"),
    ]


def fsyncs(commits: int, base: Path | None = None) -> list[int] | None:
    """The fsyncs of each of so many commits, counted by the kernel (strace of a child); None without strace."""
    return syncs("kiosk.journal.bench", str(commits), base=base)


def _traced(folder: Path, commits: int) -> None:
    """The child under strace: a look at a name that is not there marks where each commit begins and ends."""
    ours = _Ours(folder / "journal")
    for _ in range(commits):
        ours.prepare()
        mark("begin")
        ours.commit()
        mark("end")
    ours.journal.close()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _traced(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        print(json.dumps(measure(), indent=1))
