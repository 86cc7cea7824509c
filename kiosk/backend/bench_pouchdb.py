"""`kiosk bench pouchdb`: the same documents to the backend, against PouchDB's replication.

PouchDB is what an offline-first application would take for this: LevelDB on both ends, its replication protocol over
HTTP between two processes on loopback. In each turn all three carry the very same sealed cases: id, kind, hash, labels
and 4 KB in base64. Ours is what `kiosk bench sync` measures: durable at both ends, each case opened, checked,
acknowledged by a signature and that checked. PouchDB opens and checks nothing, and acknowledges nothing by item. Two of
it are measured:

- durable: LevelDB is told to sync each write (its option ``sync``, given through PouchDB's option ``db``:
  ``kiosk/bench/pouchdb/durable.js``), so that both ends have on the disk what they
  say they have. The limit is put here.
- as it comes: no write is synced, and a power cut takes what the system had not written yet. Told without a limit.

To fill the queue takes longer than to empty it (a commit and a sync of the disk for each case); it is not measured.

The peer is optional: Node.js, and npm's packages in the user's cache; ``kiosk/bench/pouchdb/package.json`` pins them.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk import bench, wire
from kiosk.backend.bench_world import BATCH, END, Served, Terminal, served, utc_now
from kiosk.bench.rows import Row, seconds_of

HERE = Path(bench.__file__).parent / "pouchdb"
ROOM = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kiosk-bench-pouchdb"
INSTALL = f"mkdir -p {ROOM} && cp {HERE}/package.json {ROOM} && npm install --prefix {ROOM}"
LIMIT = 1 / 5
CASES, TURNS = 1000, 10  # of one turn
WORK = f"cases to the backend, against PouchDB's replication of the same documents, batch {BATCH}"
OURS = "ours over HTTP, durable at both ends (SQLite, synchronous=FULL), each case opened, checked, acknowledged"
PEERS = {  # how PouchDB keeps them: by which words, and what our time may be of its
    "durable": ("PouchDB 9, LevelDB on both ends, each write synced", LIMIT),
    "as-it-comes": ("PouchDB 9, LevelDB on both ends, no write synced", None),
}


def missing() -> str:
    """Why the peer cannot run here; empty if it can."""
    if shutil.which("node") is None:
        return "not installed: apt-get install nodejs npm, then " + INSTALL
    return "" if (ROOM / "node_modules" / "pouchdb").is_dir() else f"not installed: {INSTALL}"


def measure(cases: int = CASES, turns: int = TURNS, folder: Path | None = None) -> list[Row]:
    """The rows; ``folder`` must not be in memory."""
    if why := missing():
        return [Row(f"{cases * turns} {WORK}", None, None, None, LIMIT, "ms", why)]
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name, ExitStack() as peers:
        room = Path(name)
        with served(room / "served") as (url, code):
            replicate = {how: peers.enter_context(replication(room / how, how)) for how in PEERS}
            terminal = Terminal(room / "journal", Served(url), code)
            try:
                times = _times(terminal, replicate, cases, turns)
            finally:
                terminal.close()
    return [_row(how, times, cases, turns) for how in PEERS]


def _times(
    terminal: Terminal, replicate: Mapping[str, Callable[[Any], float]], cases: int, turns: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Seconds of each, in turns, another one first each time; all with the same documents."""
    names = ["ours", *replicate]
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-warm_up, turns):
        terminal.fill(cases)
        rows = documents(terminal, cases)
        for offset in range(len(names)):
            name = names[(turn + offset) % len(names)]
            spent = seconds_of(lambda: terminal.sync(cases)) if name == "ours" else replicate[name](rows)
            if turn >= 0:
                times[name].append(spent)
    return times


def _row(how: str, times: Mapping[str, list[float]], cases: int, turns: int) -> Row:
    words, limit = PEERS[how]
    own, theirs = statistics.median(times["ours"]) * 1000, statistics.median(times[how]) * 1000
    pairs = sorted(mine / other for mine, other in zip(times["ours"], times[how], strict=True))
    spread = f"ratios of the middle half {pairs[len(pairs) // 4]:.2f}..{pairs[-1 - len(pairs) // 4]:.2f}"
    notes = f"{words}; {OURS}; {cases} a turn; {spread}"
    return Row(f"{cases * turns} {WORK}, {how}", theirs, own, own / theirs, limit, "ms", notes)


def documents(terminal: Terminal, count: int) -> list[dict[str, object]]:
    """What waits in the journal, as documents: what the wire would carry."""
    items = terminal.journal.due(utc_now() + timedelta(days=1), count, 1 << 40)
    return [
        {"_id": item.id, "kind": item.kind, "hash": item.hash, "sealed": wire.b64(item.sealed), "meta": dict(item.meta)}
        for item in items
    ]


@contextmanager
def replication(room: Path, how: str) -> Iterator[Callable[[list[dict[str, object]]], float]]:
    """A call that brings a list of documents from one PouchDB to another and says the seconds that this took."""
    (room / "pouch").mkdir(parents=True)
    with _node("server.js", str(room / "pouch"), how) as server:
        url = _line(server).strip()
        with _node("terminal.js", str(room / "source"), f"{url}/cases", str(BATCH), how) as terminal:

            def call(rows: list[dict[str, object]]) -> float:
                assert terminal.stdin is not None  # noqa: S101
                terminal.stdin.write(json.dumps(rows) + "\n")
                terminal.stdin.flush()
                said = json.loads(_line(terminal))
                if said["written"] != len(rows):
                    raise RuntimeError(f"PouchDB has written {said['written']} of {len(rows)}")
                return float(said["ms"]) / 1000

            yield call


@contextmanager
def _node(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = ["node", str(HERE / script), *arguments]
    environment = {**os.environ, "NODE_PATH": str(ROOM / "node_modules"), "NODE_ENV": "production"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(END)
            except subprocess.TimeoutExpired:
                child.kill()


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None  # noqa: S101
    line = child.stdout.readline()
    if not line:
        raise RuntimeError("PouchDB's process has ended")
    return line
