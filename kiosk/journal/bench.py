"""`kiosk bench journal`: one whole case commit against raw sqlite3 (WAL, FULL) putting the same bytes into one row.

Both write to the same folder in one interleaved run; only the ratio of the medians counts. A case as a visit
makes it: a 3 KB envelope, sealed inside the commit because it holds the case number; a signature, sealed when it was
drawn; a kept paper, two reserved numbers, the audit row.
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
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.domain.case import new_case_id
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block, CaseRecord, KeptPaper, Numbers, SealedMaterial
from kiosk.journal.sealing import OVERHEAD, Sealer, item_info, new_sealing_pair

LIMIT = 1.3
_ENVELOPE, _SIGNATURE, _KEPT = 3000, 8000, 900  # bytes: 25 fields with origins; a PNG of a signature; receipt texts
_ROW_TEXTS = 1700  # bytes of words, hashes and details that a case writes beside its sealed bytes
_MARK = "/kiosk-bench-mark"


class _Ours:
    """Commits cases as a visit makes them."""

    def __init__(self, folder: Path) -> None:
        self._ahead = False
        self.journal = Journal.open(folder, secrets.token_bytes(32))
        for kind in ("case", "uscc"):
            self.journal.add_block(Block(kind, 1, 10_000_000))
        self.sealer = Sealer(new_sealing_pair()[1])
        self._envelope, self._signature = secrets.token_bytes(_ENVELOPE), secrets.token_bytes(_SIGNATURE)
        self._kept = secrets.token_bytes(_KEPT)

    def prepare(self, *, ahead: bool) -> None:
        """What comes before a commit; ``ahead``: the envelope's sealing key and the sealed signature too."""
        self._ahead = ahead
        self._claim, self._case_id = secrets.token_bytes(16), new_case_id()
        if self._ahead:
            self.sealer.prepare(item_info("T-1", self._case_id))
            self._sealed_signature = self._seal_signature()

    def _seal_signature(self) -> SealedMaterial:
        data = self.sealer.seal(self._signature, item_info("T-1", self._case_id, 1))
        return SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data)

    def commit(self) -> None:
        self.journal.commit(self._build)

    def _build(self, numbers: Numbers) -> CaseRecord:
        case_id, now = self._case_id, datetime.now(UTC)
        case_no = f"310115-2026-{numbers.take('case'):08d}"
        numbers.take("uscc")
        signature = self._sealed_signature if self._ahead else self._seal_signature()
        return CaseRecord(
            case_id, case_no, "individual-business", "1.0.0", "approved", "final", "face", now, True,
            self.sealer.seal(self._envelope, item_info("T-1", case_id)),
            (signature,),
            (KeptPaper(self._claim, self._kept, now + timedelta(days=7)),),
        )  # fmt: skip


class _Raw:
    """The standard library's sqlite3, nothing around it, in the calling thread."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("CREATE TABLE put (id INTEGER PRIMARY KEY, data BLOB)")
        self._data = secrets.token_bytes(_ENVELOPE + _SIGNATURE + 2 * OVERHEAD + _KEPT + _ROW_TEXTS)

    def prepare(self) -> None:
        """Nothing."""

    def commit(self) -> None:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        execute("INSERT INTO put (data) VALUES (?)", (self._data,))
        execute("COMMIT")


def measure(rounds: int = 400, folder: Path | None = None) -> list[dict[str, object]]:
    """Rows of ``work``, ``reference``, ``ours`` (what was timed), their medians in microseconds, ``ratio``, ``limit``.

    ``folder`` is made and removed under the given one (default: the system's temporary folder, which must not be
    in memory). The row of the limit also says how many fsyncs a commit cost; None where strace is not installed.
    """
    base = Path(tempfile.mkdtemp(prefix="kiosk-bench-", dir=folder))
    try:
        raw = _Raw(base)
        ours = _Ours(base / "journal")
        runs: list[tuple[Callable[[], None], Callable[[], None], list[float]]] = [
            (raw.prepare, raw.commit, []),
            (lambda: ours.prepare(ahead=True), ours.commit, []),
            (lambda: ours.prepare(ahead=False), ours.commit, []),
        ]
        for turn in range(rounds):
            for offset in range(len(runs)):  # another one goes first each time
                prepare, call, times = runs[(turn + offset) % len(runs)]
                prepare()
                begin = time.perf_counter()
                call()
                times.append(time.perf_counter() - begin)
        ours.journal.close()
        raw.connection.close()
    finally:
        shutil.rmtree(base)
    reference, prepared, on_the_spot = (statistics.median(times) * 1e6 for _, _, times in runs)

    def row(work: str, ours: str, value: float, **more: object) -> dict[str, object]:
        return {
            "work": work, "reference": "raw sqlite3, WAL FULL, same bytes in one row", "ours": ours,
            "reference_us": round(reference), "ours_us": round(value), "ratio": round(value / reference, 3), **more,
        }  # fmt: skip

    return [
        row(
            "one whole case commit", "Journal.commit, sealing keys and signature ready before", prepared,
            limit=LIMIT, fsyncs=max(counted, default=None) if (counted := fsyncs(12, folder)) is not None else None,
        ),
        row("one whole case commit", "Journal.commit, everything sealed at commit", on_the_spot, limit=None),
    ]  # fmt: skip


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
        ours.prepare(ahead=True)
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
