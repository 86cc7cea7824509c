"""A suspicion: which visits, why, and how probable so much would be by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.backend.oversight.frame import Ints

KINDS = ("burst", "rhythm", "hasty", "night", "copied", "praise", "uniform", "staff", "untraced")
"""burst: cases close behind one another at a pace nobody keeps. rhythm: commits as even as a metronome. hasty: too
little time for what was answered. night: many more at night than there usually are. copied: one set of answers for many
persons. praise: best ratings given in the moment of the commit. uniform: one rating and the same reasons, again and
again. staff: best ratings where staff helped, or a staff card lay in the slot (``more`` has ``cards``). untraced: no
card was read, and no reader that was out explains it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``places``: in the frame. ``terminal``: -1 where it is more than one. ``first``, ``last``: commits, seconds.

    ``count`` of ``tries`` visits where ``expected`` is usual; ``chance``: of so many if nothing was wrong, reckoned by
    the detector's model. ``more``: figures that only this kind has.
    """

    kind: str
    terminal: int
    places: Ints
    first: float
    last: float
    count: int
    tries: int
    expected: float
    chance: float
    more: Mapping[str, float]
