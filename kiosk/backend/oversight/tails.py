"""How probable it is to see so much by chance: tails of distributions, and many tests at once. Plain numpy.

Beta-binomial: Skellam 1948; its overdispersion says that days of one terminal differ more than coins do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEAST = 1e-300


def normal_below(z: float) -> float:
    """P(Z <= z) of the standard normal distribution."""
    return max(LEAST, 0.5 * math.erfc(-z / math.sqrt(2)))


def beta_binomial_above(k: int, n: int, p: float, rho: float) -> float:
    """P(X >= k) of n trials with mean chance ``p``, whose chances are correlated by ``rho`` (0: plain binomial)."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return LEAST
    if p >= 1:
        return 1.0
    over = np.arange(k, n + 1)
    ways = _log_factorials(n)
    logs = ways[n] - ways[over] - ways[n - over]
    if rho <= 0:
        logs = logs + over * math.log(p) + (n - over) * math.log1p(-p)
    else:
        a, b = p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho
        logs = logs + _rising(a, n)[over] + _rising(b, n)[n - over] - _rising(a + b, n)[n]
    top = float(logs.max())
    return min(1.0, max(LEAST, math.exp(top) * float(np.exp(logs - top).sum())))


def chi_square_below(x: float, freedom: int) -> float:
    """P(X <= x) of the chi-square distribution, by the series of the incomplete gamma function (DLMF 8.11.4)."""
    if x <= 0:
        return LEAST
    a, half = freedom / 2, x / 2
    term = total = 1 / a
    for n in range(1, 1000):
        term *= half / (a + n)
        total += term
        if term < total * 1e-14:
            break
    return min(1.0, max(LEAST, math.exp(a * math.log(half) - half - math.lgamma(a)) * total))


def discoveries(chances: Sequence[float], tests: int, share: float) -> Bools:
    """Which of these stand out among ``tests`` looks, when a ``share`` of false ones is borne.

    Benjamini and Hochberg 1995 (J. R. Stat. Soc. B 57). Looks that are not listed have a chance near 1.
    """
    p = np.asarray(chances, dtype=np.float64)
    if not len(p):
        return np.zeros(0, dtype=np.bool_)
    order = np.sort(p)
    within = order <= share * np.arange(1, len(p) + 1) / max(tests, len(p))
    if not within.any():
        return np.zeros(len(p), dtype=np.bool_)
    limit = order[int(np.nonzero(within)[0][-1])]
    return np.asarray(p <= limit)


def _log_factorials(n: int) -> Floats:
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=np.float64)))))


def _rising(a: float, n: int) -> Floats:
    """log of a (a+1) ... (a+k-1), for k = 0..n."""
    return np.concatenate(([0.0], np.cumsum(np.log(a + np.arange(n, dtype=np.float64)))))
