"""How right the detectors are on a year of which the truth is known.

A finding is right where at least half of its visits were planted; an episode is found where at least half of its visits
stand in findings, of whatever kind. Visits are counted by themselves as well. Which seeds were used while the detectors
were tuned, and which never, stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kiosk.backend.oversight.finding import KINDS, Finding
from kiosk.backend.oversight.planting import Year

TUNING_SEEDS = (1, 2, 3)
TEST_SEEDS = (20261127, 20261128, 20261129)
LEAST = 0.9  # precision and recall
HALF = 0.5


@dataclass(slots=True)
class Tally:
    """``right`` of ``findings`` findings; ``found`` of ``episodes`` episodes; visits planted, flagged, both."""

    findings: int = 0
    right: int = 0
    episodes: int = 0
    found: int = 0
    planted: int = 0
    flagged: int = 0
    both: int = 0

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
    def visit_precision(self) -> float:
        return _share(self.both, self.flagged)

    @property
    def visit_recall(self) -> float:
        return _share(self.both, self.planted)


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
    planted = year.episode >= 0
    for each in findings:
        flagged[each.places] = True
        right = int(planted[each.places].mean() >= HALF)
        hits = int(planted[each.places].sum())
        judged.kinds[each.kind].add(Tally(findings=1, right=right, flagged=len(each.places), both=hits))
    judged.all = Tally(
        findings=len(findings), right=sum(tally.right for tally in judged.kinds.values()),
        planted=int(planted.sum()), flagged=int(flagged.sum()), both=int((planted & flagged).sum()),
    )  # fmt: skip
    for number, kind in enumerate(year.kinds):
        mine = year.episode == number
        if not mine.any():
            continue
        found = int(flagged[mine].mean() >= HALF)
        judged.all.add(Tally(episodes=1, found=found))
        judged.kinds[kind].add(Tally(episodes=1, found=found, planted=int(mine.sum())))
    return judged


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
