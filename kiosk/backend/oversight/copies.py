"""One set of answers under which many persons apply. Equal fingerprints: the words themselves are nowhere in clear.

Families share address and telephone, so small groups are usual: how their sizes fall off is measured from the small
ones. A home or a firm that comes as a group has staff at it, one day, and every card read: that is none. Whoever
changes a letter in each case is not found by this.
"""

from __future__ import annotations

import numpy as np

from kiosk.backend.oversight.finding import Finding
from kiosk.backend.oversight.frame import Frame, Ints
from kiosk.backend.oversight.tails import LEAST, discoveries

FAMILY, CLAN = 4, 7  # persons: from groups of these sizes it is learnt how their number falls off
LEAST_GROUP = 8  # persons
SHARE = 0.02  # of false discoveries
HELPED = 0.8  # share of visits of a group that came with staff


def copies(frame: Frame) -> list[Finding]:
    told = np.flatnonzero(frame.answers != 0)
    if not len(told):
        return []
    told = told[np.argsort(frame.answers[told], kind="stable")]
    groups = np.split(told, np.flatnonzero(np.diff(frame.answers[told]) != 0) + 1)
    several = [group for group in groups if len(group) > 1]
    sizes = [_persons(frame, group) for group in several]
    fall, families = _fall(sizes)
    large = [(size, group) for size, group in zip(sizes, several, strict=True) if size >= LEAST_GROUP]
    large = [(size, group) for size, group in large if not _came_together(frame, group)]
    chances = [max(LEAST, families * fall ** (size - FAMILY)) for size, _ in large]
    stands = discoveries(chances, len(several), SHARE)
    made = []
    for (size, group), chance, does in zip(large, chances, stands, strict=True):
        if does:
            places = group[np.argsort(frame.commit[group], kind="stable")]
            terminals = np.unique(frame.terminal[places])
            commits = frame.commit[places]
            made.append(
                Finding(
                    "copied",
                    int(terminals[0]) if len(terminals) == 1 else -1,
                    places,
                    float(commits[0]),
                    float(commits[-1]),
                    len(places),
                    len(told),
                    len(several) * chance,
                    chance,
                    {"persons": size, "terminals": len(terminals), "usual_fall": fall},
                )
            )
    return made


def _fall(sizes: list[int]) -> tuple[float, float]:
    """By which factor there are fewer groups with each person more, and the share of groups of FAMILY or more."""
    more = [sum(least <= size <= CLAN for size in sizes) for least in range(FAMILY, CLAN + 1)]
    return min(0.9, (sum(more[1:]) + 1) / (sum(more) + 4)), (more[0] + 1) / (len(sizes) + 1)


def _persons(frame: Frame, group: Ints) -> int:
    persons = frame.person[group]
    return len(np.unique(persons[persons != 0])) + int((persons == 0).sum())


def _came_together(frame: Frame, group: Ints) -> bool:
    day = frame.day[group]
    one_day = bool(day.min() == day.max())
    return bool(one_day and frame.carded[group].all() and frame.helped[group].mean() >= HELPED)
