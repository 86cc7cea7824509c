"""Queues that others keep in SQLite, as peers of the journal's benches: each as it comes, its durability shown.

None of them encrypts or keeps an audit chain. What each does for durability is asked of its own connection; where its
default is less than one fsync for each commit, its figure is not one of durable work, and the row says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from kiosk.journal.bench_room import PUT

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


class Peer:
    """A queue of somebody else's with ``waiting`` items of 4 KB in it."""

    package: ClassVar[str]
    what: ClassVar[str]
    connection: Any

    def __init__(self, folder: Path, waiting: int = 0) -> None:
        folder.mkdir(parents=True)
        self.data = secrets.token_bytes(PUT)
        self.begin(folder)
        (synchronous,) = self.connection.execute("PRAGMA synchronous").fetchone()
        self.connection.execute("PRAGMA synchronous = OFF")  # while it is filled
        for _ in range(waiting):
            self.put()
        self.connection.execute(f"PRAGMA synchronous = {synchronous}")

    def begin(self, folder: Path) -> None:
        raise NotImplementedError

    def put(self) -> None:
        raise NotImplementedError

    def claim_and_acknowledge(self) -> None:
        raise NotImplementedError

    @property
    def settings(self) -> str:
        """Its version and what its own connection says of durability."""
        (mode,) = self.connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = self.connection.execute("PRAGMA synchronous").fetchone()
        durable = "" if synchronous >= 2 or (mode == "delete" and synchronous) else ", NOT durable"
        kind = f"journal_mode={mode} synchronous={_SYNCHRONOUS[synchronous]}{durable}"
        return f"{self.package} {version(self.package)}, {self.what}: {kind}"

    def close(self) -> None:
        self.connection.close()


class PersistQueue(Peer):
    package, what = "persist-queue", "SQLiteAckQueue as it comes (commits each put, each get, each ack)"

    def begin(self, folder: Path) -> None:
        self._queue = import_module("persistqueue").SQLiteAckQueue(str(folder), multithreading=True)
        self.connection = self._queue._putter  # it shares one connection between threads

    def put(self) -> None:
        self._queue.put(self.data)

    def claim_and_acknowledge(self) -> None:
        self._queue.ack(self._queue.get(block=False))

    def close(self) -> None:
        self._queue.close()


class LiteQueue(Peer):
    package, what = "litequeue", "LiteQueue as it comes (commits each put, pop and done)"

    def begin(self, folder: Path) -> None:
        self._queue = import_module("litequeue").LiteQueue(str(folder / "queue.db"))
        self.connection, self._text = self._queue.conn, self.data.hex()[:PUT]  # it takes text alone

    def put(self) -> None:
        self._queue.put(self._text)

    def claim_and_acknowledge(self) -> None:
        self._queue.done(self._queue.pop().message_id)


class SqliteUtils(Peer):
    package, what = "sqlite-utils", "insert into a table with an index of its state, update to acknowledge"

    def begin(self, folder: Path) -> None:
        db = import_module("sqlite_utils").Database(str(folder / "queue.db"))
        db.enable_wal()
        self.connection = db.conn
        self._table = db["queue"]
        self._table.create({"id": int, "data": bytes, "state": int}, pk="id")
        self._table.create_index(["state"])

    def put(self) -> None:
        self._table.insert({"data": self.data, "state": 0})

    def claim_and_acknowledge(self) -> None:
        row = next(self._table.rows_where("state = 0", order_by="id", limit=1))
        self._table.update(row["id"], {"state": 2})


class Huey(Peer):
    package, what = "huey", "SqliteStorage(fsync=True): a claim takes the task out, there is nothing to acknowledge"

    def begin(self, folder: Path) -> None:
        self._storage = import_module("huey.storage").SqliteStorage(filename=str(folder / "huey.db"), fsync=True)
        self.connection = self._storage.conn

    def put(self) -> None:
        self._storage.enqueue(self.data)

    def claim_and_acknowledge(self) -> None:
        if self._storage.dequeue() is None:
            raise RuntimeError("huey has lost a task")

    def close(self) -> None:
        self._storage.close()


PEERS: tuple[type[Peer], ...] = (PersistQueue, LiteQueue, SqliteUtils, Huey)


def installed(folder: Path, waiting: int = 0) -> tuple[dict[str, Peer], list[dict[str, object]]]:
    """Every peer that is installed, by its package; and a row for each that is not."""
    here: dict[str, Peer] = {}
    missing: list[dict[str, object]] = []
    for kind in PEERS:
        try:
            here[kind.package] = kind(folder / kind.package, waiting)
        except ImportError:
            words = "not installed: pip install -e '.[bench]'"
            missing.append(
                {"work": f"peer {kind.package}", "reference": None, "ours": None, "unit": "us", "notes": words}
            )
    return here, missing


def calls(peers: dict[str, Peer], name: str) -> dict[str, Callable[[], object]]:
    """The method of that name of each."""
    return {package: getattr(peer, name) for package, peer in peers.items()}
