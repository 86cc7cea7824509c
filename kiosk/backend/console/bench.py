"""`kiosk bench console`: how long every page takes, for staff and for citizens, and how that grows with the cases.

Each figure is the 95th percentile of one page, from the request to the last byte, in this process and without a
network: session, index, sealed cases of the page that is shown, and the template are all in it. The limit is 300 ms.
Sizes are powers of ten, from 1,000 up to KIOSK_BENCH_CASES (10,000; the long runs are 100,000 and 1,000,000);
KIOSK_BENCH_POSTGRES=1 takes a PostgreSQL of its own in place of SQLite. The rows are those of the largest size; all
sizes stand, with a chart, in the file that the last row names (KIOSK_BENCH_OUT, a folder, else the temporary one).
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kiosk.backend.console import bench_curve
from kiosk.backend.console.bench_curve import Measured, Sizes, Spent
from kiosk.backend.console.bench_pages import Browsers, Page, pages_of
from kiosk.backend.console.bench_world import World
from kiosk.backend.core import Backend
from kiosk.backend.settings import Settings
from kiosk.backend.store.postgres_room import PostgresRoom, programs
from kiosk.backend.web.site import Site
from kiosk.bench.rows import Row

LIMIT = 300.0  # ms
ROUNDS, FEWER = 60, 20  # times that each page is asked for: with the most cases, with fewer
SMALLEST = 1000
FIELD = {"shared_buffers": "128MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}  # the first: PostgreSQL's own


def measure(cases: int = 0, rounds: int = 0, folder: Path | None = None) -> list[Row]:
    """The rows. ``folder``: for the file of all sizes."""
    most = cases or int(os.environ.get("KIOSK_BENCH_CASES", "10000"))
    out = folder or Path(os.environ.get("KIOSK_BENCH_OUT") or tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name, _database(Path(name)) as (url, kind):
        settings = Settings(url, f"{name}/blobs", f"{name}/keys.json", console=True, sample_seals=True)
        backend = Backend(settings)
        try:
            return _measured(backend, kind, sizes_to(most), rounds, out)
        finally:
            backend.close()


def sizes_to(most: int) -> list[int]:
    """1,000, 10,000 … and ``most`` itself."""
    size, found = SMALLEST, []
    while size < most:
        found.append(size)
        size *= 10
    return [*found, most]


@contextmanager
def _database(folder: Path) -> Iterator[tuple[str, str]]:
    binaries = programs() if os.environ.get("KIOSK_BENCH_POSTGRES") == "1" else None
    if binaries is None:
        yield f"sqlite:///{folder}/bench.db", "SQLite"
        return
    room = PostgresRoom(binaries, FIELD)
    try:
        yield room.new_schema(), "PostgreSQL"
    finally:
        room.stop()


def _measured(backend: Backend, kind: str, sizes: Sequence[int], rounds: int, out: Path) -> list[Row]:
    site = Site(backend)
    world = World(backend)
    browsers = Browsers(site, world)
    gc.collect()
    gc.freeze()  # as `serve` does
    taken: Sizes = {}
    for size in sizes:
        begun = time.perf_counter()
        world.fill(size)
        filled = time.perf_counter()
        world.oversight.refresh()
        refreshed = time.perf_counter()
        browsers.begin()
        pages = pages_of(world, browsers)
        told = asyncio.run(_times(browsers, pages, rounds or (ROUNDS if size == sizes[-1] else FEWER)))
        taken[size] = Measured(told, os.getloadavg()[0], filled - begun, refreshed - filled)
        slowest = max(told, key=lambda page: told[page].worst)
        print(f"{size} cases: filled {filled - begun:.0f} s, figures {refreshed - filled:.0f} s, slowest {slowest}",
              f"{told[slowest].worst:.0f} ms, load {taken[size].load:.1f}", file=sys.stderr, flush=True)  # fmt: skip
    file = bench_curve.write(out, kind, taken, LIMIT)
    return [*_rows(taken, kind), *_beside(taken, kind, file)]


async def _times(browsers: Browsers, pages: Sequence[Page], rounds: int) -> dict[str, Spent]:
    """Of each page, after two turns that are not counted. All pages in turns: whatever else the machine does meets each
    of them.
    """
    found: dict[str, list[float]] = {page.what: [] for page in pages}
    works: dict[str, list[float]] = {page.what: [] for page in pages}
    for turn in range(rounds + 2):
        for page in pages:
            begun, worked = time.perf_counter(), time.process_time()
            status = await browsers.ask(page)
            spent, worked = (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000
            if status != page.status:
                raise RuntimeError(f"{page.what} answers {status}")
            if turn >= 2:
                found[page.what].append(spent)
                works[page.what].append(worked)
    return {
        what: Spent(statistics.quantiles(times, n=20)[-1], statistics.median(times), statistics.median(works[what]))
        for what, times in found.items()
    }


def _rows(taken: Mapping[int, Measured], kind: str) -> list[Row]:
    largest = max(taken)
    rows = []
    for what, spent in taken[largest].pages.items():
        grown = ", ".join(f"{size:,}: {each.pages[what].worst:.0f}" for size, each in taken.items()
                          if size != largest and what in each.pages)  # fmt: skip
        notes = f"95th percentile; median {spent.middle:.1f} ms, {spent.work:.1f} ms of this process's processor"
        notes += f"; with {grown} ms" if grown else ""
        rows.append(Row(f"{what}, {largest:,} cases in {kind}", None, spent.worst, None, LIMIT, "ms", notes))
    return rows


def _beside(taken: Mapping[int, Measured], kind: str, file: Path) -> list[Row]:
    """What informs, without a limit."""
    last = taken[max(taken)]
    loads = ", ".join(f"{each.load:.1f}" for each in taken.values())
    seconds = sum(each.filling for each in taken.values())
    return [
        Row(f"{max(taken):,} cases written into {kind}", None, seconds, None, None, "s", "rows of models, sealed anew"),
        Row("figures and suspicions of supervision made anew", None, last.refreshing, None, None, "s",
            "by the timer, in a process of its own; of 90 days and of a year"),
        Row("load of the machine", None, last.load, None, None, "", f"one minute, at the end of each size: {loads}"),
        Row("sizes measured", None, float(len(taken)), None, None, "", f"all figures and the chart: {file}"),
    ]  # fmt: skip
