"""What the idle bench makes of its samples."""

from __future__ import annotations

from kiosk.bench.idle import Sample, rows_of
from kiosk.bench.processes import Usage
from kiosk.bench.rows import Row


def sample(
    at: float, *, cpu: float = 0.0, memory: int = 200_000_000, descriptors: int = 90, threads: int = 12
) -> Sample:
    return Sample(at, Usage(cpu, memory, memory // 2, descriptors, threads, ((1, "kiosk", memory),)))


def row(samples: list[Sample], work: str) -> Row:
    return next(row for row in rows_of(samples) if row.work == work)


def test_processor_is_time_used_of_time_passed() -> None:
    result = row([sample(100, cpu=5.0), sample(130, cpu=5.1), sample(160, cpu=5.3)], "processor")
    assert round(result.ours, 3) == 0.5
    assert result.ok
    assert not row([sample(0, cpu=0.0), sample(60, cpu=0.7)], "processor").ok


def test_a_terminal_at_rest_keeps_every_limit() -> None:
    assert all(result.ok for result in rows_of([sample(at) for at in range(30)]))


def test_memory_that_adds_up_is_growth_and_one_peak_is_not() -> None:
    leaking = [sample(at, memory=200_000_000 + at * 100_000) for at in range(30)]
    peak = [sample(at, memory=250_000_000 if at == 29 else 200_000_000) for at in range(30)]
    assert not row(leaking, "growth of memory").ok
    assert row(peak, "growth of memory").ok


def test_one_descriptor_kept_is_growth() -> None:
    assert not row([sample(at, descriptors=90 + at // 20) for at in range(30)], "growth of open files").ok
    assert not row([sample(at, threads=12 + at // 20) for at in range(30)], "growth of threads").ok


def test_too_much_memory_is_told_with_its_parts() -> None:
    result = row([sample(at, memory=360_000_000) for at in range(3)], "memory")
    assert not result.ok
    assert "kiosk 360" in result.notes
