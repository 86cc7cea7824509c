"""Windows of days at one terminal in which something stands out: a scan over several widths at once.

For each row (a terminal, or a terminal and what was said) two tables by day: ``tries`` and ``hits``. What is usual is
the row's own share, drawn towards that of all rows, taken without the windows that stand out (a second pass); how much
days differ by themselves is the overdispersion, measured from blocks of four weeks. Scan statistic: Kulldorff 1997
(Communications in Statistics 26), with a beta-binomial in place of the Poisson distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kiosk.backend.oversight.frame import Bools, Floats, Ints
from kiosk.backend.oversight.tails import beta_binomial_above, discoveries

WIDTHS = (1, 2, 3, 5, 7, 14, 28)  # days
BLOCK = 28  # days over which overdispersion is measured
DRAWN = 60.0  # tries at which a row's own share and that of all count alike
PASSES = 2
LEAST_RHO = 1e-3


@dataclass(frozen=True, slots=True)
class Window:
    """Days ``first`` to ``last`` (both included, places in the table) of ``row``; ``expected`` hits of ``tries``."""

    row: int
    first: int
    last: int
    hits: int
    tries: int
    expected: float
    chance: float


@dataclass(frozen=True, slots=True)
class Rules:
    """``least``: hits below which nothing is said. ``times``: hits must be so many times what is expected.
    ``share``: of false discoveries that is borne.
    """

    least: int
    times: float
    share: float = 1e-4
    widths: Sequence[int] = WIDTHS


def scan(hits: Ints, tries: Ints, rules: Rules, usual: Floats | None = None) -> list[Window]:
    """``hits``, ``tries``: rows x days. ``usual``: each row's share, where it is known from elsewhere."""
    covered = np.zeros(hits.shape, dtype=np.bool_)
    found: list[Window] = []
    for _ in range(PASSES):
        share = _shares(hits, tries, covered) if usual is None else usual
        rho = _overdispersion(hits, tries, share, covered)
        found = _merged(_look(hits, tries, share, rho, rules), hits, tries, share)
        covered[:] = False
        for each in found:
            covered[each.row, each.first : each.last + 1] = True
    return found


def _shares(hits: Ints, tries: Ints, covered: Bools) -> Floats:
    """Each row's share of hits outside what stands out, drawn towards the share of all."""
    own, of = np.where(covered, 0, hits).sum(axis=1), np.where(covered, 0, tries).sum(axis=1)
    every = (own.sum() + 0.5) / (of.sum() + 1.0)
    return np.asarray((own + DRAWN * every) / (of + DRAWN))


def _overdispersion(hits: Ints, tries: Ints, share: Floats, covered: Bools) -> float:
    """Intra-class correlation from blocks of four weeks (Williams 1982, moments), the wildest twentieth left out."""
    days = hits.shape[1]
    edges = np.arange(0, days, BLOCK)
    k = np.add.reduceat(np.where(covered, 0, hits), edges, axis=1).astype(np.float64)
    n = np.add.reduceat(np.where(covered, 0, tries), edges, axis=1).astype(np.float64)
    p = np.repeat(share[:, None], len(edges), axis=1)
    known = n >= 5
    if known.sum() < 20:
        return LEAST_RHO * 10
    k, n, p = k[known], n[known], p[known]
    pearson = (k - n * p) ** 2 / (n * p * (1 - p) + 1e-12)
    kept = pearson <= np.quantile(pearson, 0.95)
    excess = float((pearson[kept] * 1.15 - 1).mean())  # 1.15: what the cut takes away of a chi-square's mean, about
    return float(np.clip(excess / max(float((n[kept] - 1).mean()), 1.0), LEAST_RHO, 0.2))


def _look(hits: Ints, tries: Ints, share: Floats, rho: float, rules: Rules) -> list[Window]:
    summed = [np.cumsum(np.pad(each, ((0, 0), (1, 0))), axis=1) for each in (hits, tries)]
    made: list[Window] = []
    tests = 0
    for width in rules.widths:
        if width > hits.shape[1]:
            continue
        k, n = (each[:, width:] - each[:, :-width] for each in summed)
        tests += int((n > 0).sum())
        expected = n * share[:, None]
        for row, day in np.argwhere((k >= rules.least) & (k > rules.times * expected)):
            count, of, usual = int(k[row, day]), int(n[row, day]), float(expected[row, day])
            chance = beta_binomial_above(count, of, float(share[row]), rho)
            made.append(Window(int(row), int(day), int(day) + width - 1, count, of, usual, chance))
    stands = discoveries([each.chance for each in made], tests, rules.share)
    return [each for each, does in zip(made, stands, strict=True) if does]


def _merged(found: Sequence[Window], hits: Ints, tries: Ints, share: Floats) -> list[Window]:
    """Windows that overlap or touch, cut to the days that stand out.

    A wide window is significant long before its first day is odd. Of such a run those days are taken together whose
    likelihood ratio against what is usual is the largest (Kulldorff's most likely cluster, which is also the maximum
    likelihood estimate of where a changed stretch begins and ends); then what remains beside them, as long as a whole
    window lies in it.
    """
    made: list[Window] = []
    by_row: dict[int, list[Window]] = {}
    for each in found:
        by_row.setdefault(each.row, []).append(each)
    for row, windows in sorted(by_row.items()):
        days = np.unique(np.concatenate([np.arange(each.first, each.last + 1) for each in windows]))
        for run in np.split(days, np.nonzero(np.diff(days) > 1)[0] + 1):
            made += _clusters(windows, int(run[0]), int(run[-1]), hits[row], tries[row], float(share[row]))
    return made


def _clusters(windows: Sequence[Window], first: int, last: int, hits: Ints, tries: Ints, share: float) -> list[Window]:
    inside = [each for each in windows if first <= each.first and each.last <= last]
    if not inside:
        return []
    k, n = hits[first : last + 1], tries[first : last + 1]
    begins, ends = _likeliest(k, n, share)
    one, other = first + begins, first + ends
    chance = min(each.chance for each in inside if each.first <= other and each.last >= one)
    count, of = int(k[begins : ends + 1].sum()), int(n[begins : ends + 1].sum())
    middle = Window(inside[0].row, one, other, count, of, of * share, chance)
    return [
        *_clusters(inside, first, one - 1, hits, tries, share),
        middle,
        *_clusters(inside, other + 1, last, hits, tries, share),
    ]


def _likeliest(hits: Ints, tries: Ints, share: float) -> tuple[int, int]:
    """First and last place (both included) of the stretch whose raised share is likeliest against ``share``."""
    p = min(max(share, 1e-9), 1 - 1e-9)
    summed = [np.cumsum(np.r_[0, each]).astype(np.float64) for each in (hits, tries)]
    k, n = (np.triu(each[None, 1:] - each[:-1, None]) for each in summed)
    with np.errstate(divide="ignore", invalid="ignore"):
        q = k / n
        ratio = np.where(k > 0, k * np.log(q / p), 0.0) + np.where(k < n, (n - k) * np.log((1 - q) / (1 - p)), 0.0)
    ratio = np.where((n > 0) & (q > p), ratio, -1.0)
    begins, ends = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return int(begins), int(ends)
