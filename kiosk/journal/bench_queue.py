"""`kiosk bench queue`: a put of 4 KB, claim and acknowledgement with 10,000 waiting, a restart; and peers.

Ours always includes the encryption of the file, the audit row and its hash; raw sqlite3 has neither. All take turns in
one run on one file system, each durable with one fsync a commit (WAL, synchronous FULL); peers as they come, in turns
with raw behind that, and what they do for durability is told. What SQLCipher costs without any journal around it is
shown beside both: nothing on top of it can be faster. Both readings where the reference can be read in two ways:

- put: **logs at full length** (no log grows any more; the stricter) and **a day** (opened, 80 commits, closed: a stock
  log grows, ours was laid out on opening);
- claim and ack: raw with **one commit** (nothing is marked, as ours marks nothing; the stricter) and with **two** (the
  claim is marked, as queues with several readers do);
- restart: raw sqlite3 that **opens and counts**, and SQLCipher that opens, **looks at every page** and counts. Ours
  writes down that it was opened, durable, and counts what it kept on closing; it looks at every page behind that where
  it was closed in order, before that where it was not.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.journal import bench_peers
from kiosk.journal.bench_room import PUT, Ours, Raw, mark, row, syncs, turns

WAITING = 10_000
PUT_LIMIT, ACK_LIMIT, DEPTH_LIMIT, RESTART_LIMIT = 1.20, 1.10, 1.15, 3.0
_DAY, _FULL = 80, 300  # commits of a day; commits until a stock log no longer grows
_RAW = "raw sqlite3, WAL FULL, not encrypted"


def measure(
    rounds: int = 400, days: int = 4, waiting: int = WAITING, full: int = _FULL, folder: Path | None = None
) -> list[dict[str, Any]]:
    """The rows; ``folder`` must not be in memory. ``full``: commits until no log grows."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = Path(name)
        return [*_puts(room, rounds, days, full), *_claims(room, rounds // 2, waiting, full // 3)]


def _puts(room: Path, rounds: int, days: int, full_log: int) -> list[dict[str, Any]]:
    ours, raw = Ours(room / "put"), Raw(room / "put.db")
    sealed = Raw(room / "sealed.db", key=ours.key)
    peers, missing = bench_peers.installed(room / "put-peers")
    before = {"ours": ours.prepare}
    own = {"ours": ours.put, "raw": raw.put, "sqlcipher": sealed.put}
    worked: dict[str, list[float]] = {}
    times = turns(own, rounds, before=before, warm_up=full_log, processor=worked)
    beside = turns({"raw": raw.put} | bench_peers.calls(peers, "put"), max(1, rounds // 2), warm_up=full_log // 3)
    told = {name: peer.settings for name, peer in peers.items()}
    for peer in peers.values():
        peer.close()
    day: dict[str, list[float]] = {}
    for _ in range(days):
        for each in (raw, sealed):
            each.close()
            each.open()
        ours.journal.close()
        ours.open()
        ours.journal.looked(60)  # not beside the others' turns
        for name, seconds in turns(own, _DAY, before=before).items():
            day.setdefault(name, []).extend(seconds)
    ours.journal.close()
    raw.close()
    sealed.close()
    what = ("ours", "Journal.commit of a sealed case: encrypted, numbered, with its audit row")
    full, grows = "logs at full length", f"a day: {_DAY} commits after opening"
    counted = syncs("kiosk.journal.bench_queue", "put")
    many = {} if counted is None else {"fsyncs": max(counted)}
    return [
        row(f"put {PUT} bytes, {full}", times, ("raw", _RAW), what, PUT_LIMIT) | many,
        row(f"put {PUT} bytes, {grows}", day, ("raw", _RAW), what, PUT_LIMIT),
        row(f"put {PUT} bytes, SQLCipher alone, {full}", times, ("raw", _RAW), ("sqlcipher", "nothing around it")),
        row(f"put {PUT} bytes, processor alone, {full}", worked, ("raw", _RAW), what),
        row(f"put {PUT} bytes, processor alone, SQLCipher, {full}", worked, ("raw", _RAW), ("sqlcipher", "alone")),
        *(row(f"put, peer {name}", beside, ("raw", _RAW), (name, told[name])) for name in peers),
        *missing,
    ]


def _claims(room: Path, rounds: int, waiting: int, warm_up: int) -> list[dict[str, Any]]:
    """Each round puts one item first, so that the depth stays; that is not timed, nor that ours files it."""
    ours, raw = Ours(room / "deep", waiting=waiting), Raw(room / "deep.db", waiting=waiting)
    twice, sealed = Raw(room / "twice.db", waiting=waiting), Raw(room / "sealed2.db", key=ours.key, waiting=waiting)
    empty, raw_empty = Ours(room / "empty"), Raw(room / "empty.db")
    peers, _ = bench_peers.installed(room / "deep-peers", waiting)

    def fill(queue: Ours) -> None:
        queue.prepare()
        queue.put()
        queue.file()

    worked: dict[str, list[float]] = {}
    times = turns(
        {
            "ours": ours.claim_and_acknowledge, "raw": raw.claim_and_acknowledge, "twice": twice.mark_and_acknowledge,
            "empty": empty.claim_and_acknowledge, "raw empty": raw_empty.claim_and_acknowledge,
            "sqlcipher": sealed.claim_and_acknowledge,
        }, rounds,
        before={
            "ours": lambda: fill(ours), "raw": raw.put, "twice": twice.put, "empty": lambda: fill(empty),
            "raw empty": raw_empty.put, "sqlcipher": sealed.put,
        }, warm_up=warm_up, processor=worked,
    )  # fmt: skip
    beside = turns(
        {"raw": raw.claim_and_acknowledge} | bench_peers.calls(peers, "claim_and_acknowledge"), max(1, rounds // 2),
        before={"raw": raw.put} | bench_peers.calls(peers, "put"), warm_up=warm_up // 3,
    )  # fmt: skip
    told = {name: peer.settings for name, peer in peers.items()}
    for peer in peers.values():
        peer.close()
    for each in (twice, raw_empty, sealed):
        each.close()
    empty.journal.close()
    work = f"claim + ack, {waiting} waiting"
    what = ("ours", "due and acknowledge: the item with its bytes, decrypted; the acknowledgement and its audit row")
    return [
        row(f"{work}, one commit", times, ("raw", f"{_RAW}, the claim is not marked"), what, ACK_LIMIT),
        row(f"{work}, two commits", times, ("twice", f"{_RAW}, the claim is marked in a commit of its own"), what),
        row(f"{work}, from empty", times, ("empty", "ours, one waiting"), what, DEPTH_LIMIT),
        row(f"{work}, SQLCipher alone", times, ("raw", _RAW), ("sqlcipher", "the same as raw, encrypted")),
        row(f"{work}, processor alone", worked, ("raw", _RAW), what),
        row(f"{work}, processor alone, SQLCipher", worked, ("raw", _RAW), ("sqlcipher", "the same as raw, encrypted")),
        row("claim + ack, one waiting", times, ("raw empty", f"{_RAW}, the claim is not marked"), ("empty", what[1])),
        *(row(f"{work}, peer {name}", beside, ("raw", _RAW), (name, told[name])) for name in peers),
        *_restarts(room, ours, raw, waiting, max(3, rounds // 13)),
    ]


def _restarts(room: Path, ours: Ours, raw: Raw, waiting: int, rounds: int) -> list[dict[str, Any]]:
    """Opened and asked how much waits. All were closed in order before."""
    sealed = Raw(room / "restart.db", key=ours.key, waiting=waiting)

    def restart() -> None:
        ours.open()
        ours.journal.counts()

    def serve() -> None:
        restart()
        ours.claim()

    def look_ours() -> None:
        restart()
        if not ours.journal.looked(60):
            raise RuntimeError("the look at every page does not end")

    def look() -> None:
        sealed.open()
        sealed.connection.execute("PRAGMA quick_check(5)").fetchall()
        sealed.count()

    def count(queue: Raw) -> None:
        queue.open()
        queue.count()

    def close() -> None:
        """All of them, whoever comes next: so that ours does not look at its pages beside the others' work."""
        ours.journal.looked(60)
        for queue in (ours.journal, raw, sealed):
            queue.close()

    calls: dict[str, Callable[[], object]] = {
        "ours": restart, "serve": serve, "look ours": look_ours, "raw": lambda: count(raw),
        "sqlcipher": lambda: count(sealed), "look": look,
    }  # fmt: skip
    times = turns(calls, rounds, before=dict.fromkeys(calls, close), warm_up=1)
    close()
    work, what = f"restart, {waiting} waiting", ("ours", "Journal.open and counts, closed in order before")
    return [
        row(f"{work}, opened and counted", times, ("raw", f"{_RAW}, opened and counted"), what, RESTART_LIMIT),
        row(f"{work}, and the first item claimed", times, ("raw", f"{_RAW}, opened and counted"), ("serve", "... due")),
        row(f"{work}, encrypted", times, ("sqlcipher", "SQLCipher, opened and counted"), what),
        row(
            f"{work}, until every page was looked at", times, ("look", "SQLCipher, opened, quick_check, counted"),
            ("look ours", "Journal.open, counts, and the look that follows; after a crash it comes first"),
        ),
    ]  # fmt: skip


def _traced(folder: Path, rounds: int = 12) -> None:
    """The child under strace."""
    ours = Ours(folder / "journal")
    ours.journal.head()  # what the opening itself syncs is over
    for _ in range(rounds):
        ours.prepare()
        mark("begin")
        ours.put()
        mark("end")
    ours.journal.close()


if __name__ == "__main__":
    _traced(Path(sys.argv[1]))
