"""What the journal's benches share: a terminal that puts cases, and sqlite3 without anything around it.

``Ours`` is a journal in a folder of its own. ``Raw`` is one connection in the calling thread: stock sqlite3, WAL, FULL,
pages of 4096 bytes, not encrypted, or with ``key`` SQLCipher with our settings. ``turns`` lets all of them take turns.
"""

from __future__ import annotations

import random
import re
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.domain.case import new_case_id
from kiosk.journal.connection import connect
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord, Block, CaseRecord, Numbers, OutboxItem, SealedMaterial

PUT = 4096  # bytes of a put
_MARK = "/kiosk-bench-mark"


class Ours:
    """A journal that takes cases of ``size`` sealed bytes and attachments of the sizes given with each."""

    def __init__(self, folder: Path, size: int = PUT, *, waiting: int = 0) -> None:
        self.folder, self.key, self._size = folder, secrets.token_bytes(32), size
        self.prepare()
        with Journal.open(folder, self.key, durable=False) as journal:
            journal.add_block(Block("case", 1, 10_000_000))
            self.journal = journal
            for _ in range(waiting):
                self.put()
                self.prepare()
        self.open()
        self.journal.looked(600)

    def open(self) -> None:
        self.journal = Journal.open(self.folder, self.key)

    def prepare(self, *attachments: int) -> None:
        """Make id and bytes of the next ``put``, as if they had been sealed."""
        self.case_id, self.sealed = new_case_id(), secrets.token_bytes(self._size)
        parts = [secrets.token_bytes(size) for size in attachments]
        self.materials = tuple(SealedMaterial.of("photo", part) for part in parts)

    def put(self, seal: Callable[[], None] | None = None) -> None:
        """Commit what was prepared. The envelope is sealed by ``seal`` where it is not yet, beside the attachments."""

        def build(numbers: Numbers) -> CaseRecord:
            if seal is not None:
                seal()
            return CaseRecord(
                self.case_id, f"310115-2026-{numbers.take('case'):08d}", "pension-check", "1.0.0", "approved", "final",
                "face", datetime.now(UTC), True, self.sealed, self.materials, (), {"sealing_key": "a1b2c3d4e5f60718"},
            )  # fmt: skip

        self.journal.commit(build, self.materials if seal is not None else ())

    def file(self) -> None:
        """Bring what was put among what is to be sent, as any other use of the journal does."""
        self.journal.due(datetime.now(UTC), 0, 0)

    def claim(self) -> OutboxItem:
        """The oldest item that waits, with its bytes."""
        return self.journal.due(datetime.now(UTC), 1, 1 << 20)[0]

    def acknowledge(self, item: OutboxItem) -> None:
        ack = AckRecord(item.id, item.hash, "2026-11-26T12:00:00+00:00", "k" * 16, "s" * 88)
        if self.journal.acknowledge([ack]):
            raise RuntimeError("an acknowledgement of the bench does not fit")

    def claim_and_acknowledge(self) -> None:
        self.acknowledge(self.claim())


class Raw:
    """A queue as one would write it with sqlite3 alone: a table, and an index of what waits."""

    SQL = """
        CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, data BLOB NOT NULL, state INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS waiting ON queue (id) WHERE state = 0;
    """

    def __init__(self, file: Path, *, key: bytes | None = None, waiting: int = 0, size: int = PUT) -> None:
        self.file, self._key, self._data = file, key, secrets.token_bytes(size)
        file.touch()
        self.open()
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.executescript(self.SQL)
        self.connection.execute("BEGIN")
        for _ in range(waiting):
            self._insert()
        self.connection.execute("COMMIT")
        self.close()
        self.open()

    def open(self) -> None:
        if self._key is None:
            self.connection = sqlite3.connect(self.file, isolation_level=None)
            for pragma in ("page_size = 4096", "journal_mode = WAL", "synchronous = FULL"):
                self.connection.execute(f"PRAGMA {pragma}").fetchall()
        else:
            self.connection = connect(self.file, self._key)
        self.connection.execute("PRAGMA wal_autocheckpoint = 1000")

    def close(self) -> None:
        self.connection.close()

    def put(self) -> None:
        self.commit(self._insert)

    def claim(self) -> int:
        """The oldest that waits, with its bytes; nothing is marked, as ours marks nothing."""
        sql = "SELECT id, data FROM queue WHERE state = 0 ORDER BY id LIMIT 1"
        number, _ = self.connection.execute(sql).fetchone()
        return int(number)

    def mark(self, number: int, state: int) -> None:
        self.commit(lambda: self.connection.execute("UPDATE queue SET state = ? WHERE id = ?", (state, number)))

    def claim_and_acknowledge(self) -> None:
        """One commit."""
        self.mark(self.claim(), 2)

    def mark_and_acknowledge(self) -> None:
        """Two commits: the claim is marked, as queues with several readers do."""
        number = self.claim()
        self.mark(number, 1)
        self.mark(number, 2)

    def count(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM queue WHERE state = 0").fetchone()[0])

    def commit(self, work: Callable[[], object]) -> None:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        work()
        execute("COMMIT")

    def _insert(self) -> None:
        self.connection.execute("INSERT INTO queue VALUES (NULL, ?, 0)", (self._data,))


def turns(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    before: Mapping[str, Callable[[], object]] | None = None,
    warm_up: int = 3,
    processor: dict[str, list[float]] | None = None,
) -> dict[str, list[float]]:
    """Seconds of each call in each round, in another order each time. ``before``: what comes first, not timed.

    Drawn by chance (the same each run), so that nobody always comes behind the same other one: who comes behind a long
    one finds nothing of its own in the processor's caches.

    ``processor``: is given the seconds that this thread was at work, the system's part with it, without any waiting.
    """
    names, order = list(calls), random.Random(19)  # noqa: S311  # no secret
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-warm_up, rounds):
        order.shuffle(names)
        for name in names:
            if before and name in before:
                before[name]()
            begin, worked = time.perf_counter(), time.thread_time()
            calls[name]()
            worked, taken = time.thread_time() - worked, time.perf_counter() - begin
            if turn >= 0:
                times[name].append(taken)
                if processor is not None:
                    processor.setdefault(name, []).append(worked)
    return times


def row(
    work: str,
    times: Mapping[str, list[float]],
    reference: tuple[str, str],
    ours: tuple[str, str],
    limit: float | None = None,
    notes: str = "",
) -> dict[str, Any]:
    """A row in microseconds. ``reference`` and ``ours``: name among ``times``, and what it is, in words."""
    theirs, own = (statistics.median(times[name]) * 1e6 for name, _ in (reference, ours))
    return {
        "work": work, "reference": reference[1], "ours": f"{ours[1]}; {notes}" if notes else ours[1],
        "reference_us": round(theirs), "ours_us": round(own), "ratio": round(own / theirs, 3), "limit": limit,
    }  # fmt: skip


def mark(which: str) -> None:
    """A look at a name that is not there: seen by strace, and nothing else."""
    try:
        Path(f"{_MARK}-{which}").readlink()
    except FileNotFoundError:
        return
    raise RuntimeError(f"{_MARK}-{which} must not exist")


def syncs(module: str, *arguments: str, base: Path | None = None) -> list[int] | None:
    """What the kernel was asked to sync between each two marks of ``python -m module FOLDER arguments``, by strace.

    None without strace. sync_file_range and msync count too.
    """
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=base) as folder:
        trace = Path(folder, "trace")
        subprocess.run(
            ["strace", "-f", "-o", str(trace),
             "-e", "trace=fsync,fdatasync,msync,sync_file_range,syncfs,sync,readlink,readlinkat",
             sys.executable, "-m", module, folder, *arguments],
            check=True, timeout=120, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return counted(trace.read_text("utf-8"))


def counted(trace: str) -> list[int]:
    """Syncs between each two marks."""
    counts: list[int] = []
    inside = False
    for line in trace.splitlines():
        if _MARK in line:
            inside = _MARK + "-begin" in line
            if inside:
                counts.append(0)
        elif inside and re.search(r"\b(f(data)?sync|msync|sync_file_range|syncfs|sync)\(", line):
            counts[-1] += 1
    return counts
