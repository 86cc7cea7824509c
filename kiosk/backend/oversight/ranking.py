"""Like with like: terminals, streets or departments held against what their own mix of matters lets one expect.

Indirect standardisation: of each matter the share of all places together is what is expected of one case; a place's
expected number is the sum over its own cases. Observed to expected (1: as everywhere) is then drawn towards the whole,
the more the fewer cases there are, by the empirical Bayes estimator of R. J. Marshall (Mapping Disease and Mortality
Rates Using Empirical Bayes Estimators, Applied Statistics 40, 1991, 283-294, the global estimator by moments). The
interval of the raw ratio is Byar's approximation of the Poisson limits (Breslow and Day, Statistical Methods in Cancer
Research II, IARC 1987, p. 69).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Z = 1.96  # 95 of 100
FEWEST = 10  # cases below which a place is listed without a rank


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one place and matter: ``cases``, and ``hits`` among them of what is ranked by."""

    place: str
    matter: str
    cases: int
    hits: int


@dataclass(frozen=True, slots=True)
class Placed:
    """``ratio``: hits to expected; ``drawn``: the same after shrinkage, by which it is ranked; ``low``, ``high``: the
    interval of ``ratio``. ``rank``: 1 is the fewest for its mix, 0 for too few cases. ``stands``: -1 or 1 where the
    interval leaves out 1, else 0.
    """

    place: str
    cases: int
    hits: int
    expected: float
    ratio: float
    drawn: float
    low: float
    high: float
    rank: int
    stands: int


def rank(counted: Iterable[Counted], fewest: int = FEWEST) -> list[Placed]:
    """The best first, those without a rank last."""
    rows = [row for row in counted if row.cases > 0]
    shares = _shares(rows)
    cases: dict[str, int] = defaultdict(int)
    hits: dict[str, int] = defaultdict(int)
    expected: dict[str, float] = defaultdict(float)
    for row in rows:
        cases[row.place] += row.cases
        hits[row.place] += row.hits
        expected[row.place] += row.cases * shares[row.matter]
    drawn = drawn_ratios(hits, expected)
    order = sorted(cases, key=lambda place: (cases[place] < fewest, drawn[place], place))
    made = []
    for number, place in enumerate(order, 1):
        low, high = byar(hits[place], expected[place])
        ratio = hits[place] / expected[place] if expected[place] else 1.0
        ranked = cases[place] >= fewest
        stands = (1 if low > 1 else -1 if high < 1 else 0) if ranked and expected[place] else 0
        made.append(
            Placed(
                place,
                cases[place],
                hits[place],
                expected[place],
                ratio,
                drawn[place],
                low,
                high,
                number if ranked else 0,
                stands,
            )
        )
    return made


def drawn_ratios(hits: Mapping[str, int], expected: Mapping[str, float]) -> dict[str, float]:
    """Marshall's global estimator. Where places differ no more than chance lets them, all are drawn to the whole."""
    known = {place: e for place, e in expected.items() if e > 0}
    whole = sum(known.values())
    if not whole:
        return dict.fromkeys(expected, 1.0)
    mean = sum(hits[place] for place in known) / whole
    spread = sum(e * (hits[place] / e - mean) ** 2 for place, e in known.items()) / whole
    between = max(0.0, spread - mean / (whole / len(known)))
    made = {}
    for place in expected:
        e = known.get(place, 0.0)
        weight = between / (between + mean / e) if e and between else 0.0
        made[place] = mean + weight * (hits[place] / e - mean) if e else mean
    return made


def byar(hits: int, expected: float) -> tuple[float, float]:
    """Limits of hits / expected."""
    if expected <= 0:
        return 0.0, math.inf
    low = 0.0 if hits == 0 else hits * (1 - 1 / (9 * hits) - Z / (3 * math.sqrt(hits))) ** 3
    more = hits + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3
    return max(low, 0.0) / expected, high / expected


def _shares(rows: Iterable[Counted]) -> dict[str, float]:
    cases: dict[str, int] = defaultdict(int)
    hits: dict[str, int] = defaultdict(int)
    for row in rows:
        cases[row.matter] += row.cases
        hits[row.matter] += row.hits
    return {matter: hits[matter] / cases[matter] for matter in cases}
