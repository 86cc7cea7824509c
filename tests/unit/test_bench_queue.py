"""The queue's benches: every row says what was compared, a peer that is missing is a line, and syncs are counted."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.bench.commands import Outcome, table
from kiosk.bench.reading import rows_of
from kiosk.bench.registry import BENCHES, Bench
from kiosk.bench.rows import Row
from kiosk.journal import bench_case, bench_peers, bench_queue
from kiosk.journal.bench_room import Ours, Raw, counted, turns

strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: syncs cannot be counted")
BENCH = Bench("queue", "kiosk.journal.bench_queue:measure", "", 1)


def rows(values: list[dict[str, Any]]) -> dict[str, Row]:
    return {row.work: row for value in values for row in rows_of(value)}


def test_every_limit_of_the_queue_is_a_row_with_its_reference(tmp_path: Path) -> None:
    found = rows(bench_queue.measure(rounds=2, days=1, waiting=30, full=3, folder=tmp_path))
    limits = {work: row.limit for work, row in found.items() if row.limit is not None}
    assert sorted(limits.values()) == sorted(
        [bench_queue.PUT_LIMIT] * 2 + [bench_queue.ACK_LIMIT, bench_queue.DEPTH_LIMIT, bench_queue.RESTART_LIMIT]
        + ([1.0] if shutil.which("strace") else [])
    )  # fmt: skip
    assert all(row.reference and row.ours and "against: " in row.notes for row in found.values() if row.ratio)
    json.dumps([row.as_json() for row in found.values()])
    for kind in bench_peers.PEERS:
        (put,) = (row for work, row in found.items() if kind.package in work and not work.startswith("claim"))
        assert put.limit is None
        assert put.ours is None or "synchronous=" in put.notes
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_is_not_installed_is_a_line_and_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> object:
        raise ModuleNotFoundError

    monkeypatch.setattr(bench_peers, "import_module", gone)
    here, missing = bench_peers.installed(tmp_path)
    assert here == {}
    assert len(missing) == len(bench_peers.PEERS)
    found = rows(missing)
    assert all(row.ok and row.ours is None and "not installed" in row.notes for row in found.values())
    assert "peer litequeue: not installed" in table(Outcome(BENCH, tuple(found.values())))


@pytest.mark.parametrize("kind", bench_peers.PEERS, ids=lambda kind: str(kind.package))
def test_a_peer_keeps_its_depth_and_tells_its_durability(tmp_path: Path, kind: type[bench_peers.Peer]) -> None:
    pytest.importorskip({"persist-queue": "persistqueue"}.get(kind.package, kind.package.replace("-", "_")))
    peer = kind(tmp_path / "peer", 3)
    for _ in range(3):
        peer.put()
        peer.claim_and_acknowledge()
    (mode,) = peer.connection.execute("PRAGMA synchronous").fetchone()
    assert ("NOT durable" in peer.settings) == (mode < 2)
    peer.close()


def test_ours_and_raw_hold_what_they_say(tmp_path: Path) -> None:
    ours, raw = Ours(tmp_path / "ours", waiting=5), Raw(tmp_path / "raw.db", waiting=5)
    assert (ours.journal.counts().queued, raw.count()) == (5, 5)
    assert len(ours.claim().sealed) == 4096
    ours.claim_and_acknowledge()
    raw.claim_and_acknowledge()
    raw.mark_and_acknowledge()
    assert (ours.journal.counts().queued, raw.count()) == (4, 3)
    assert raw.connection.execute("PRAGMA synchronous").fetchone() == (2,), "the reference is as durable as ours"
    ours.journal.close()
    raw.close()
    with sqlite3.connect(tmp_path / "raw.db") as plain:
        assert plain.execute("SELECT count(*) FROM queue").fetchone() == (5,)


def test_all_take_turns_and_preparing_is_not_timed() -> None:
    order: list[str] = []
    times = turns(
        {name: (lambda name=name: order.append(name)) for name in "ab"}, 2,  # type: ignore[misc]
        before={"a": lambda: order.append("prepare")}, warm_up=1,
    )  # fmt: skip
    assert "".join(name[0] for name in order) == "bpapabbpa"
    assert {name: len(each) for name, each in times.items()} == {"a": 2, "b": 2}


def test_syncs_are_counted_between_marks_only() -> None:
    trace = """1 fsync(3) = 0
1 readlink("/kiosk-bench-mark-begin", 0x1, 4096) = -1 ENOENT
1 fdatasync(7) = 0
2 fsync(8 <unfinished ...>
2 <... fsync resumed>) = 0
1 readlink("/kiosk-bench-mark-end", 0x1, 4096) = -1 ENOENT
1 msync(0x1, 4096, MS_SYNC) = 0
1 readlink("/kiosk-bench-mark-begin", 0x1, 4096) = -1 ENOENT
1 readlink("/kiosk-bench-mark-end", 0x1, 4096) = -1 ENOENT
"""
    assert counted(trace) == [2, 0]


@strace
def test_a_case_with_five_pictures_costs_three_syncs(tmp_path: Path) -> None:
    found = rows(bench_case.measure(rounds=2, full=1, folder=tmp_path))
    (row,) = (row for work, row in found.items() if work.endswith("syncs"))
    assert (row.ours, row.limit, row.ok) == (3.0, bench_case.SYNCS, True)
    assert sum(row.limit == bench_case.LIMIT for row in found.values()) == 2


def test_the_benches_are_entered_under_their_names() -> None:
    assert {"queue", "case", "upload"} <= {bench.name for bench in BENCHES}
    listed = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "bench", "list"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "upload" in listed.stdout
