"""One result of a bench, and the interleaved run that gives a fair one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A piece of work, its reference and ours, both medians in ``unit``; less is better.

    ``ours`` None: it was not measured here, and ``notes`` say why (a peer that is not installed). It cannot fail.
    ``limit`` bounds ``ratio`` (ours to reference). Where there is nothing to compare with, ``reference`` and ``ratio``
    are None and ``limit`` bounds ``ours`` itself. No limit means that the row informs and cannot fail.
    """

    work: str
    reference: float | None
    ours: float | None
    ratio: float | None
    limit: float | None
    unit: str
    notes: str = ""

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        measured = self.ours if self.ratio is None else self.ratio
        return self.limit is None or measured is None or measured <= self.limit

    def as_json(self) -> dict[str, Any]:
        """Plain values, figures rounded to what was measured."""
        values = asdict(self)
        for key in ("reference", "ours", "ratio"):
            if values[key] is not None:
                values[key] = round(values[key], 4)
        return values | {"ok": self.ok}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Row:
        """From plain values, as a bench outside this package returns them (further keys are passed over).

        Raises KeyError for a row without work, ours or unit.
        """
        reference, ours = values.get("reference"), values["ours"]
        ratio = values.get("ratio")
        if ratio is None and reference and ours is not None:
            ratio = float(ours) / float(reference)
        return cls(
            work=str(values["work"]),
            reference=None if reference is None else float(reference),
            ours=None if ours is None else float(ours),
            ratio=None if ratio is None else float(ratio),
            limit=None if values.get("limit") is None else float(values["limit"]),
            unit=str(values["unit"]),
            notes=str(values.get("notes", "")),
        )


def seconds_of(work: Callable[[], float | None]) -> float:
    """Run once: the seconds the work says it took, or the wall clock's where it says nothing."""
    start = time.perf_counter()
    said = work()
    return time.perf_counter() - start if said is None else said


def interleave(
    reference: Callable[[], float | None],
    ours: Callable[[], float | None],
    rounds: int,
    *,
    warm_up: int = 1,
) -> tuple[list[float], list[float]]:
    """Seconds of each round of both, run in turns.

    A machine's speed drifts, so both must meet the same drift: they alternate, and who goes first alternates too.
    """
    for _ in range(warm_up):
        seconds_of(reference)
        seconds_of(ours)
    theirs: list[float] = []
    own: list[float] = []
    for number in range(rounds):
        order = [(reference, theirs), (ours, own)]
        for work, readings in order if number % 2 == 0 else reversed(order):
            readings.append(seconds_of(work))
    return theirs, own


def compare(
    work: str,
    reference: Callable[[], float | None],
    ours: Callable[[], float | None],
    rounds: int,
    *,
    limit: float | None = None,
    warm_up: int = 1,
    notes: str = "",
) -> Row:
    """An interleaved run as a row: medians in milliseconds, and how far the middle half of the ratios spreads."""
    theirs, own = interleave(reference, ours, rounds, warm_up=warm_up)
    middle = statistics.median(theirs), statistics.median(own)
    pairs = sorted(mine / other for other, mine in zip(theirs, own, strict=True))
    spread = (
        f"{rounds} rounds, ratios of the middle half {pairs[len(pairs) // 4]:.2f}..{pairs[-1 - len(pairs) // 4]:.2f}"
    )
    return Row(
        work=work,
        reference=middle[0] * 1000,
        ours=middle[1] * 1000,
        ratio=middle[1] / middle[0],
        limit=limit,
        unit="ms",
        notes=f"{notes}; {spread}" if notes else spread,
    )
