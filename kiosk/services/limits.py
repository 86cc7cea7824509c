"""Whether what a pack promises stays within the acts that it cites (data/limits.toml). Part of `kiosk pack check`.

A promise counts from the day of the case; the law's periods from acceptance, which may come up to `accept` days later.
Whoever accepts on the spot has no such days, so that the promise is held against the period alone. Working days in an
act that counts calendar days: with the weekends among them, and no holiday, as the shortest that they can be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kiosk.domain.clock_terms import terms
from kiosk.services.model import ServicePack

PathKey = tuple[str | int, ...]
Finding = tuple[PathKey, str, str]
PARTS = "；"  # between the parts of a citation


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table. ``answer``, ``decide``, ``more``: working days; ``calendar``: calendar days; 0: none."""

    act: str
    source: str
    article: str = ""
    basis: str = ""
    instead: str = ""
    calendar: int = 0
    more: int = 0

    @property
    def answer(self) -> int:
        return terms(self.basis).answer if self.basis else 0

    @property
    def decide(self) -> int:
        return terms(self.basis).decide if self.basis else 0

    def cited(self, text: str) -> bool:
        return any(self.act in part and self.article in part for part in text.split(PARTS))

    def allows(self, days: int, more: int) -> bool:
        """Whether so many working days fit, ``more`` of them for others."""
        if self.calendar and spanned(days - more) > self.calendar:
            return False
        return not self.decide or days <= self.decide + more


@cache
def table() -> tuple[Limit, ...]:
    """Raises TypeError or KeyError where the file is not in form."""
    raw = tomllib.loads((files("kiosk.services") / "data" / "limits.toml").read_text(encoding="utf-8"))
    found = tuple(Limit(**row) for row in raw["limit"])
    for limit in found:
        _ = limit.decide  # a basis that there is
    return found


def spanned(days: int) -> int:
    """The calendar days that so many working days take at the least."""
    return days + 2 * (days // 5)


def cited(pack: ServicePack) -> tuple[Limit, ...]:
    """The limits of the acts that its guide and its clocks cite."""
    text = PARTS.join((pack.guide.basis.zh, pack.clocks.basis if pack.clocks is not None else ""))
    found = [limit for limit in table() if limit.cited(text)]
    replaced = {limit.instead for limit in found}
    return tuple(limit for limit in found if limit.basis not in replaced or not limit.basis)


def findings(pack: ServicePack) -> Iterator[Finding]:
    """Promises and clocks that are longer than the law's."""
    limits = cited(pack)
    more = sum(limit.more for limit in limits)
    clocks = pack.clocks
    periods: list[tuple[PathKey, int]] = []
    if clocks is not None:
        periods.append((("clocks", "decide"), clocks.decide))
        for limit in limits:
            if limit.answer and clocks.accept > limit.answer:
                yield (
                    ("clocks", "accept"),
                    f"{limit.source} gives {limit.answer} working days, and then it counts as accepted.",
                    f"Write {limit.answer} at the most.",
                )
    promised: list[tuple[PathKey, int]] = [(("decides", "days"), pack.decides.days)] if pack.decides.days else []
    promised += [(("decides", "situations", i, "days"), each.days) for i, each in enumerate(pack.decides.situations)]
    for path, days in (*periods, *promised):
        for limit in limits:
            if not limit.allows(days, more):
                yield _too_long(path, days, limit, more)
                break
    if clocks is not None:
        latest = clocks.accept + clocks.decide
        for path, days in promised:
            if days > latest:
                yield (
                    path,
                    f"{days} working days are longer than the pack's own clocks, {latest} together.",
                    "Promise less, or correct the clocks.",
                )


def _too_long(path: PathKey, days: int, limit: Limit, more: int) -> Finding:
    if limit.calendar:
        most = max(n for n in range(limit.calendar + 1) if spanned(n) <= limit.calendar) + more
        gives = f"{limit.calendar} calendar days"
    else:
        most = limit.decide + more
        gives = f"{limit.decide} working days" + (f" and {more} more for others" if more else "")
    return path, f"{days} working days are longer than {limit.source} allows: {gives}.", f"Write {most} at the most."
