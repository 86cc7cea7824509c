"""The error rates that stand beside every suspicion, as `kiosk bench detection` has measured them: data/rates.json."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from kiosk.backend.oversight.sampling import share_between


class Rate(msgspec.Struct, frozen=True):
    """Shares: of ``findings`` that were wrong, of ``episodes`` (by what was planted) that were missed, by their own
    kind of finding too; of single visits that were ``flagged``, or ``planted``, the same.
    """

    wrong: float
    missed: float
    own_missed: float
    visits_wrong: float
    visits_missed: float
    findings: int
    episodes: int
    flagged: int
    planted: int

    def between(self, share: str, of: str) -> tuple[float, float]:
        """Between what a share lies, 95 of 100, both in percent (sampling.share_between)."""
        whole = int(getattr(self, of))
        low, high = share_between(round(float(getattr(self, share)) * whole), whole)
        return 100 * low, 100 * high


class Rates(msgspec.Struct, frozen=True):
    """``seeds``: of the simulated years, none of which was used while tuning."""

    measured_at: str
    seeds: list[int]
    all: Rate
    kinds: dict[str, Rate]


@cache
def rates() -> Rates:
    data = (files("kiosk.backend.oversight") / "data" / "rates.json").read_bytes()
    return msgspec.json.decode(data, type=Rates)
