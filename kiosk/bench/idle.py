"""What a terminal costs that nobody uses: processor, memory and growth, for all its processes together.

The twins of the devices and the backend are not the terminal: they run beside it and are not counted.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.bench.processes import Usage, usage
from kiosk.bench.rows import Row
from kiosk.bench.world import World

SECONDS = 60.0
SETTLE = 65.0  # start-up, enrolment, the first synchronization and the first rounds are not idleness
EVERY = 2.0
MEGABYTE = 1_000_000

PROCESSOR_LIMIT = 1.0  # % of a core
MEMORY_LIMIT = 350.0  # MB
GROWTH_LIMIT = 0.2  # MB over the whole time: above what an allocator's chance makes, far below one kept frame
COUNT_LIMIT = 0.0  # descriptors and threads come and go, but do not become more


@dataclass(frozen=True, slots=True)
class Sample:
    """The terminal's processes at a moment (seconds of the monotonic clock)."""

    at: float
    usage: Usage


def measure(seconds: float = SECONDS, settle: float = SETTLE) -> list[Row]:
    """Start a terminal with its window, let it come to rest, and watch it."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder, World(Path(folder)) as world:
        terminal = world.start_terminal()
        terminal.wait_for_first_frame()
        terminal.wait_until_ready()
        time.sleep(settle)
        samples = watch(terminal.pid, seconds)
        return rows_of(samples)


def watch(pid: int, seconds: float, every: float = EVERY) -> list[Sample]:
    """Samples of the tree under ``pid``, the first at once and the last after ``seconds``."""
    start = time.monotonic()
    samples = [Sample(time.monotonic(), usage(pid))]
    while (left := start + seconds - time.monotonic()) > 0:
        time.sleep(min(every, left))
        samples.append(Sample(time.monotonic(), usage(pid)))
    return samples


def rows_of(samples: Sequence[Sample]) -> list[Row]:
    """The rows of a watch. Growth compares the medians of the first and the last third."""
    first, last = samples[0], samples[-1]
    took = last.at - first.at
    third = max(1, len(samples) // 3)
    head, tail = samples[:third], samples[-third:]

    def middle(part: Sequence[Sample], of: str) -> float:
        return float(statistics.median(getattr(sample.usage, of) for sample in part))

    def row(work: str, ours: float, limit: float, unit: str, notes: str = "") -> Row:
        return Row(work=work, reference=None, ours=ours, ratio=None, limit=limit, unit=unit, notes=notes)

    parts = ", ".join(f"{name} {size / MEGABYTE:.0f}" for _, name, size in last.usage.processes)
    growth = {of: middle(tail, of) - middle(head, of) for of in ("anonymous", "descriptors", "threads")}
    processor = 100 * (last.usage.cpu - first.usage.cpu) / took
    return [
        row("processor", processor, PROCESSOR_LIMIT, "% of a core", f"over {took:.0f} s"),
        row("memory", middle(tail, "memory") / MEGABYTE, MEMORY_LIMIT, "MB", f"proportional set sizes: {parts}"),
        row(
            "growth of memory",
            growth["anonymous"] / MEGABYTE,
            GROWTH_LIMIT,
            "MB",
            "what the processes asked for themselves",
        ),
        row("growth of open files", growth["descriptors"], COUNT_LIMIT, "descriptors"),
        row("growth of threads", growth["threads"], COUNT_LIMIT, "threads"),
    ]
