"""Visits as columns: what the detectors look at. No column holds, or can be turned back into, personal data.

Times are seconds of Beijing's clock since 1970-01-01 00:00 there (a day has 86,400 of them: China has no summer time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

DAY = 86_400

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One entry a visit with a case, ordered by terminal and commit; cases of one form (一件事) are one visit.

    ``case``: a number that stands for the case's id; ``terminal``, ``item``: numbers of names kept elsewhere.
    ``seconds``: from the start to the commit. ``answers``: keyed fingerprint of what was typed (0: too little to tell),
    ``person``: of who applied (0: unknown). ``carded``: a card was read. ``helped``: staff were at the visit.
    ``attended``: a staff card lay in the slot in the visit that was rated. ``level``: of the rating, 0 for none;
    ``said``: number of its reasons taken together; ``delay``: seconds from the commit to the rating (NaN for none).
    """

    case: Ints
    terminal: Ints
    item: Ints
    start: Floats
    commit: Floats
    arrive: Floats
    typed: Ints
    answers: Ints
    person: Ints
    carded: Bools
    helped: Bools
    attended: Bools
    level: Ints
    said: Ints
    delay: Floats

    def __len__(self) -> int:
        return len(self.case)

    @property
    def seconds(self) -> Floats:
        return self.commit - self.start

    @property
    def day(self) -> Ints:
        """Days since 1970-01-01, of the commit."""
        return np.floor_divide(self.commit, DAY).astype(np.int64)

    @property
    def hour(self) -> Floats:
        """0 to 24, of the commit."""
        return np.mod(self.commit, DAY) / 3600

    def take(self, which: Any) -> Frame:
        """The visits at these places, or where the mask says so."""
        return replace(self, **{each.name: getattr(self, each.name)[which] for each in fields(self)})

    def ordered(self) -> Frame:
        return self.take(np.lexsort((self.commit, self.terminal)))


def join(parts: Sequence[Frame]) -> Frame:
    """All of them, in order."""
    return Frame(
        **{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Frame)}
    ).ordered()
