"""How right the detectors are on a year of which the truth is known.

A finding is right where at least half of its visits were planted; an episode is found where at least half of its visits
stand in findings, of whatever kind; by its own kind where findings of that kind hold half of them. Visits are counted
by themselves as well. Which seeds were used while the detectors were tuned, and which never, stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kiosk.backend.oversight.finding import KINDS, Finding
from kiosk.backend.oversight.planting import Year

TUNING_SEEDS = (1, 2, 3, 4, 5, 6, 7)
LOOKED_AT = (20261127, 20261128, 20261129, 31415926, 27182818, 16180339, 14142135, 17320508)
"""Of earlier figures, after which the detectors were changed: they say nothing more."""
TEST_SEEDS = (57721566, 69314718, 11235813, 41421356, 22360679)
LEAST = 0.9  # precision and recall
HALF = 0.5


@dataclass(slots=True)
class Tally:
    """``right`` of ``findings`` findings; ``found`` of ``episodes`` episodes, ``own`` by their own kind. Visits:
    ``both`` of those ``flagged`` were planted, ``caught`` of those ``planted`` were flagged.
    """

    findings: int = 0
    right: int = 0
    episodes: int = 0
    found: int = 0
    own: int = 0
    flagged: int = 0
    both: int = 0
    planted: int = 0
    caught: int = 0

    def add(self, other: Tally) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def precision(self) -> float:
        return _share(self.right, self.findings)

    @property
    def recall(self) -> float:
        return _share(self.found, self.episodes)

    @property
    def own_recall(self) -> float:
        return _share(self.own, self.episodes)

    @property
    def visit_precision(self) -> float:
        return _share(self.both, self.flagged)

    @property
    def visit_recall(self) -> float:
        return _share(self.caught, self.planted)


@dataclass(slots=True)
class Judged:
    """``all``: every kind together. ``kinds``: findings by the detector, episodes by what was planted."""

    all: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})

    def add(self, other: Judged) -> None:
        self.all.add(other.all)
        for kind, tally in other.kinds.items():
            self.kinds[kind].add(tally)


def judge(year: Year, findings: Sequence[Finding]) -> Judged:
    judged = Judged()
    flagged = np.zeros(len(year.frame), dtype=np.bool_)
    by_kind = {kind: flagged.copy() for kind in KINDS}
    planted = year.episode >= 0
    for each in findings:
        flagged[each.places] = by_kind[each.kind][each.places] = True
        right = int(planted[each.places].mean() >= HALF)
        hits = int(planted[each.places].sum())
        judged.kinds[each.kind].add(Tally(findings=1, right=right, flagged=len(each.places), both=hits))
    judged.all = Tally(
        findings=len(findings), right=sum(tally.right for tally in judged.kinds.values()),
        flagged=int(flagged.sum()), both=int((planted & flagged).sum()),
    )  # fmt: skip
    for number, kind in enumerate(year.kinds):
        mine = year.episode == number
        if not mine.any():
            continue
        found, own = (int(each[mine].mean() >= HALF) for each in (flagged, by_kind[kind]))
        tally = Tally(episodes=1, found=found, own=own, planted=int(mine.sum()), caught=int(flagged[mine].sum()))
        judged.all.add(tally)
        judged.kinds[kind].add(tally)
    return judged


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
