"""`kiosk bench sync`: ten thousand cases from journal to backend, the same batch again, many terminals at once.

**To the backend**: what waits in a terminal's journal goes to the backend's SQLite in batches of 500, each acknowledged
item by item and marked in the journal; durable at both ends, as in the street. Ours goes over HTTP to a backend in a
process of its own: signed, packed, its nonce kept, the reply signed and checked. The reference is the same work in this
process: the same queue, the same `Backend.push` on a SQLite of its own, the same acknowledgements checked and marked;
of the wire's work only the batch's JSON is left (`bench_world.Direct`). Ten turns of a thousand cases each.

**Again**: 500 cases pushed, and the very same push once more, as after a lost answer: it is answered with the same
acknowledgements, signed anew.

**At once**: sixteen terminals, a case each, with the nonce that each request costs: one after the other, and side by
side, where those who wait for SQLite's one writer share his next commit (store/grouping.py).
"""

from __future__ import annotations

import gc
import secrets
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kiosk import wire
from kiosk.backend.bench_world import AREA, BATCH, Direct, Pushed, Served, Terminal, here, served
from kiosk.backend.core import Backend
from kiosk.bench.rows import Row, compare

CASES, TURNS = 1000, 10  # of one turn
TERMINALS = 16
LIMIT_HTTP, LIMIT_AGAIN, LIMIT_AT_ONCE = 1.25, 0.25, 1.0


def measure(cases: int = CASES, turns: int = TURNS, folder: Path | None = None) -> list[Row]:
    """The rows; ``folder`` must not be in memory."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = Path(name)
        with here(room / "here") as backend:
            gc.collect()
            gc.freeze()  # as `serve` does
            rows = [to_the_backend(room, backend, cases, turns), again(backend, turns)]
            rows.append(at_once(backend, turns))
    return rows


def to_the_backend(room: Path, backend: Backend, cases: int, turns: int) -> Row:
    with served(room / "served") as (url, code):
        reference = Terminal(room / "one", Direct(backend), backend.issue_code(AREA, "bench"))
        ours = Terminal(room / "other", Served(url), code)
        try:
            return compare(
                f"{cases * turns} cases to the backend, batch {BATCH}, durable at both ends",
                lambda: synced(reference, cases),
                lambda: synced(ours, cases),
                turns,
                limit=LIMIT_HTTP,
                notes=f"{cases} a turn, over HTTP to another process; against: the same functions in one process",
            )
        finally:
            reference.close()
            ours.close()


def synced(terminal: Terminal, cases: int) -> float:
    """Seconds from a queue of so many to an empty one."""
    terminal.fill(cases)
    begin = time.perf_counter()
    terminal.sync(cases)
    return time.perf_counter() - begin


def again(backend: Backend, turns: int) -> Row:
    pushed = Pushed(backend)
    times: dict[wire.Status, list[float]] = {"accepted": [], "duplicate": []}
    for _ in range(turns):
        batch = pushed.batch(BATCH)
        for status, readings in times.items():
            begin = time.perf_counter()
            reply = backend.push(pushed.terminal, batch)
            readings.append(time.perf_counter() - begin)
            if {result.status for result in reply.results} != {status}:
                raise RuntimeError(f"not all are {status}")
    first, second = (statistics.median(readings) * 1000 for readings in times.values())
    notes = "Backend.push, SQLite; against: the same batch for the first time"
    return Row(f"{BATCH} cases pushed again", first, second, second / first, LIMIT_AGAIN, "ms", notes)


def at_once(backend: Backend, turns: int) -> Row:
    terminals = [Pushed(backend) for _ in range(TERMINALS)]

    def push(pushed: Pushed, batch: list[wire.SealedItem]) -> None:
        once = backend.once(pushed.terminal.terminal_id, secrets.token_hex(16))
        if backend.push(pushed.terminal, batch, once).results[0].status != "accepted":
            raise RuntimeError("not taken")

    with ThreadPoolExecutor(TERMINALS) as pool:

        def one_by_one() -> float:
            batches = [pushed.batch(1) for pushed in terminals]
            begin = time.perf_counter()
            for pushed, batch in zip(terminals, batches, strict=True):
                push(pushed, batch)
            return time.perf_counter() - begin

        def together() -> float:
            batches = [pushed.batch(1) for pushed in terminals]
            begin = time.perf_counter()
            list(pool.map(push, terminals, batches))
            return time.perf_counter() - begin

        return compare(
            f"{TERMINALS} terminals push a case at once", one_by_one, together, 3 * turns, limit=LIMIT_AT_ONCE,
            notes="SQLite, shared commits; against: one after the other",
        )  # fmt: skip
