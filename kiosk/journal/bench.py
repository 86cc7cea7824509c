"""`kiosk bench journal`: one whole case commit against raw sqlite3 (WAL, FULL) writing the same bytes.

A case as a visit makes it: a 3 KB envelope, an 8 KB signature, a kept paper, two reserved numbers, the audit row. Ours is
the whole call of ``Journal.commit`` for bytes that are sealed already: numbers, hashes, audit chain, encryption of the
file, one transaction. The reference is the standard library's sqlite3 in its stock settings but WAL, FULL and the same page
size, without encryption, with one BEGIN IMMEDIATE .. COMMIT. "The same bytes" can be read in two ways, so there are two:

- one blob: all bytes that ours puts into its rows, as one value in a table without index;
- same rows: the rows that ours writes, value by value, into the same tables.

A third row tells what a commit costs with what comes before it (JSON, sealing): it has no reference to be judged by.
All write to the same folder in one interleaved run, after a warm-up in which every log has reached its full length: a log
that still grows makes its owner look slow. Sealing comes right before each of them, so that all find the processor as a
visit leaves it. The encrypted page and the `fsync` that sqlcipher3's wheel does where Debian's
SQLite does `fdatasync` are ours to pay.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.domain.case import new_case_id
from kiosk.journal import schema
from kiosk.journal.journal import Journal
from kiosk.journal.reading import reading
from kiosk.journal.records import Block, CaseRecord, KeptPaper, Numbers, SealedMaterial
from kiosk.journal.sealing import item_info, new_sealing_pair, seal

LIMIT = 1.3
_FIELDS, _SIGNATURE, _KEPT = 25, 8000, 900  # fields with origins, 3 KB as JSON; bytes of a signature, of receipt texts
_WARM_UP = 260  # commits: then the stock log of 1000 pages is written over, and no longer grows
_MARK = "/kiosk-bench-mark"


class _Ours:
    """Commits cases as a visit makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, secrets.token_bytes(32)
        self.journal = Journal.open(folder, self.key)
        for kind in ("case", "uscc"):
            self.journal.add_block(Block(kind, 1, 10_000_000))
        self._public_key = new_sealing_pair()[1]
        self._signature, self._kept = secrets.token_bytes(_SIGNATURE), secrets.token_bytes(_KEPT)
        self._fields = [
            {"name": f"field.{n}", "value": secrets.token_hex(16), "origin": "card", "trust": "A", "at": n}
            for n in range(_FIELDS)
        ]

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
    """The standard library's sqlite3, nothing around it, in the calling thread."""

    def __init__(self, file: Path, sql: str, rows: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("page_size = 4096", "journal_mode = WAL", "synchronous = FULL"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(sql)
        self._inserts = [
            (f"INSERT INTO {table} VALUES (NULL{', ?' * len(values)})", values)  # noqa: S608  # our own names
            for table, values in rows
        ]

    def commit(self) -> None:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        for statement, values in self._inserts:
            execute(statement, values)
        execute("COMMIT")


@dataclass(slots=True)
class _Run:
    prepare: Callable[[], None]
    call: Callable[[], None]
    times: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.times) * 1e6


def measure(rounds: int = 1000, folder: Path | None = None) -> list[dict[str, object]]:
    """Rows of ``work``, ``reference``, ``ours`` (what was timed), their medians in microseconds, ``ratio``, ``limit``.

    ``folder`` is made and removed under the given one (default: the system's temporary folder, which must not be
    in memory). The first row also says how many fsyncs a commit cost; None where strace is not installed.
    """
    base = Path(tempfile.mkdtemp(prefix="kiosk-bench-", dir=folder))
    try:
        ours = _Ours(base / "journal")
        ours.prepare()
        ours.commit()
        rows = [("audit", ours.last_row()[1:])]
        size = sum(len(v) if isinstance(v, (str, bytes)) else 8 for _, values in rows for v in values)
        table = "CREATE TABLE put (id INTEGER PRIMARY KEY, data BLOB)"
        blob = _Raw(base / "blob.db", table, [("put", (secrets.token_bytes(size),))])
        same = _Raw(base / "rows.db", schema.shipped()[0].sql, rows)
        runs = [
            _Run(ours.prepare, blob.commit),
            _Run(ours.prepare, ours.commit),
            _Run(ours.prepare, same.commit),
            _Run(ours.prepare, ours.whole),
        ]
        _take_turns(runs, rounds)
        ours.journal.close()
        blob.connection.close()
        same.connection.close()
    finally:
        shutil.rmtree(base)
    one_blob, written, same_rows, whole = (run.median for run in runs)

    def row(
        work: str, reference: float, words: str, value: float, limit: float | None, **more: object
    ) -> dict[str, object]:
        what = (
            "its sealed bytes ready" if value == written else "with JSON and sealing, which the reference does not do"
        )
        return {
            "work": work, "reference": f"raw sqlite3, WAL FULL, not encrypted, {words}",
            "ours": f"Journal.commit, {what}; {size} bytes, {rounds} rounds", "reference_us": round(reference),
            "ours_us": round(value), "ratio": round(value / reference, 3), "limit": limit, **more,
        }  # fmt: skip

    counted = fsyncs(12, folder)
    return [
        row("one whole case commit", one_blob, "the same bytes as one blob in one row", written, LIMIT,
            fsyncs=None if counted is None else max(counted)),
        row("one whole case commit, same rows", same_rows, "the same rows in the same tables", written, LIMIT),
        row("one whole case commit, with building and sealing", one_blob, "the bytes as one blob", whole, None),
    ]  # fmt: skip


def _take_turns(runs: Sequence[_Run], rounds: int) -> None:
    for turn in range(-_WARM_UP, rounds):
        for offset in range(len(runs)):  # another one goes first each time
            run = runs[(turn + offset) % len(runs)]
            run.prepare()
            begin = time.perf_counter()
            run.call()
            if turn >= 0:
                run.times.append(time.perf_counter() - begin)


def fsyncs(commits: int, base: Path | None = None) -> list[int] | None:
    """The fsyncs of each of so many commits, counted by the kernel (strace of a child); None without strace."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=base) as folder:
        trace = Path(folder, "trace")
        subprocess.run(
            ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,readlink,readlinkat",
             sys.executable, "-m", "kiosk.journal.bench", folder, str(commits)],
            check=True, timeout=120, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return _count(trace.read_text("utf-8"))


def _count(trace: str) -> list[int]:
    counts: list[int] = []
    inside = False
    for line in trace.splitlines():
        if _MARK in line:
            inside = _MARK + "-begin" in line
            if inside:
                counts.append(0)
        elif inside and re.search(r"\bf(data)?sync\(", line):
            counts[-1] += 1
    return counts


def _traced(folder: Path, commits: int) -> None:
    """The child under strace: a look at a name that is not there marks where each commit begins and ends."""
    ours = _Ours(folder / "journal")
    for _ in range(commits):
        ours.prepare()
        _mark("begin")
        ours.commit()
        _mark("end")
    ours.journal.close()


def _mark(which: str) -> None:
    try:
        Path(f"{_MARK}-{which}").readlink()
    except FileNotFoundError:
        return
    raise RuntimeError(f"{_MARK}-{which} must not exist")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _traced(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        print(json.dumps(measure(), indent=1))
