"""`kiosk bench pouchdb`: the same documents to the backend, against PouchDB's replication.

PouchDB is what an offline-first application would take for this: LevelDB on both ends, its replication protocol over
HTTP between two processes on loopback. Both sides carry the same sealed cases: id, kind, hash, labels and 4 KB in
base64. They do not promise the same. PouchDB's writes are not synced to the disk (LevelDB's default, which its adapter
does not let anybody change), its documents are neither opened nor checked, nothing is signed or acknowledged item by
item; ours is what `kiosk bench sync` measures. So a ratio tells what the promises cost, or do not.

The peer is optional: Node.js, and npm's packages in the user's cache; ``kiosk/bench/pouchdb/package.json`` pins them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk import bench, wire
from kiosk.backend.bench import synced
from kiosk.backend.bench_world import BATCH, END, Served, Terminal, served, utc_now
from kiosk.bench.rows import Row, compare

HERE = Path(bench.__file__).parent / "pouchdb"
ROOM = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kiosk-bench-pouchdb"
INSTALL = f"mkdir -p {ROOM} && cp {HERE}/package.json {ROOM} && npm install --prefix {ROOM}"
LIMIT = 1 / 5
CASES, TURNS = 1000, 10  # of one turn
WORK = f"cases to the backend, against PouchDB's replication of the same documents, batch {BATCH}"
NOTES = "PouchDB 9, LevelDB on both ends, no write synced, over HTTP; ours durable at both ends, acknowledged by item"


def missing() -> str:
    """Why the peer cannot run here; empty if it can."""
    if shutil.which("node") is None:
        return "not installed: apt-get install nodejs npm, then " + INSTALL
    return "" if (ROOM / "node_modules" / "pouchdb").is_dir() else f"not installed: {INSTALL}"


def measure(cases: int = CASES, turns: int = TURNS, folder: Path | None = None) -> list[Row]:
    """The row; ``folder`` must not be in memory."""
    if why := missing():
        return [Row(f"{cases * turns} {WORK}", None, None, None, LIMIT, "ms", why)]
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = Path(name)
        with served(room / "served") as (url, code), replication(room) as replicate:
            terminal = Terminal(room / "journal", Served(url), code)
            try:
                return [_compared(terminal, replicate, cases, turns)]
            finally:
                terminal.close()


def _compared(terminal: Terminal, replicate: Any, cases: int, turns: int) -> Row:
    def peer() -> float:
        terminal.fill(cases)
        seconds = replicate(documents(terminal, cases))
        terminal.sync(cases)  # not measured: the queue is to be empty again
        return float(seconds)

    return compare(
        f"{cases * turns} {WORK}", peer, lambda: synced(terminal, cases), turns, limit=LIMIT,
        notes=f"{NOTES}; {cases} a turn",
    )  # fmt: skip


def documents(terminal: Terminal, count: int) -> list[dict[str, object]]:
    """What waits in the journal, as documents: what the wire would carry."""
    items = terminal.journal.due(utc_now() + timedelta(days=1), count, 1 << 40)
    return [
        {"_id": item.id, "kind": item.kind, "hash": item.hash, "sealed": wire.b64(item.sealed), "meta": dict(item.meta)}
        for item in items
    ]


@contextmanager
def replication(room: Path) -> Iterator[Any]:
    """A call that brings a list of documents from one PouchDB to another and says the seconds that this took."""
    (room / "pouch").mkdir()
    with _node("server.js", str(room / "pouch")) as server:
        url = _line(server).strip()
        with _node("terminal.js", str(room / "source"), f"{url}/cases", str(BATCH)) as terminal:

            def replicate(rows: list[dict[str, object]]) -> float:
                assert terminal.stdin is not None  # noqa: S101
                terminal.stdin.write(json.dumps(rows) + "\n")
                terminal.stdin.flush()
                said = json.loads(_line(terminal))
                if said["written"] != len(rows):
                    raise RuntimeError(f"PouchDB has written {said['written']} of {len(rows)}")
                return float(said["ms"]) / 1000

            yield replicate


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
