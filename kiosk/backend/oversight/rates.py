"""The error rates that stand beside every suspicion, as `kiosk bench detection` has measured them: data/rates.json."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """Shares: of ``findings`` that were wrong, of ``episodes`` (by what was planted) that were missed."""

    wrong: float
    missed: float
    findings: int
    episodes: int


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
