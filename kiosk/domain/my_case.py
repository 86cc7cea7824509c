"""One case of the person in front (我的办件) as the visit knows it: how it stands, and what is known here besides.

Put together by kiosk.counter.cases from what lies here for the person and from what the backend says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from kiosk.domain.life import May
from kiosk.domain.progress import Progress
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.waiting import WaitingPaper

ERRANDS = (May.SUPPLEMENT, May.WITHDRAW, May.RATE, May.REPLY)
"""What a citizen can do about a case at a terminal, and what is saved and sent for it."""


class Asked(Enum):
    """What is known of cases that were made elsewhere."""

    ASKING = "asking"  # the backend was asked and has not answered yet
    TOLD = "told"
    NOT_TOLD = "not_told"  # it could not be asked: what stands on the page is what this terminal knows


class Pending(Enum):
    """What is saved here and was not answered by the office yet."""

    CASE = "case"
    SUPPLEMENT = "supplement"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True, repr=False)
class MyCase:
    """``title`` and ``office``: as they were told when it was made, or by a pack that is here; ``office`` may be empty.

    ``at``: when it was committed, where this terminal knows. ``fresh``: the backend has just said how it stands;
    else it is what was known here last. ``queued``: what is pending was not sent. ``unheeded``: why a withdrawal or a
    supplement did not count, a word of the backend (kiosk.wire.lives.DeedAnswer). ``changed``: it came out otherwise
    than it was told; a notice lies here. ``added``: a rating that the office has not told of, or a word more about
    one (追评), is saved here. ``paper``: what the office has for the person, to be printed here.
    """

    progress: Progress
    title: Text
    office: Text = EMPTY
    at: datetime | None = None
    fresh: bool = False
    pending: Pending | None = None
    queued: bool = False
    unheeded: str = ""
    changed: bool = False
    added: bool = False
    paper: WaitingPaper | None = None

    def __repr__(self) -> str:
        return f"MyCase({self.case_id}, {self.progress.state.value})"

    @property
    def case_id(self) -> str:
        return self.progress.case_id

    @property
    def may(self) -> frozenset[May]:
        """What may be done now. What was handed in and waits for its answer is not done a second time."""
        rating = self.progress.rating
        waits = self.pending in (Pending.SUPPLEMENT, Pending.WITHDRAWAL)
        able = frozenset() if waits else self.progress.may
        if self.added:
            return able
        if rating is None:  # what is still under way is not asked about: there is nothing to rate yet
            return able | {May.RATE} if self.progress.state.final else able
        return able | {May.REPLY} if rating.may_add else able

    @property
    def moved(self) -> datetime:
        """When something happened last."""
        return self.progress.since


def newest_first(cases: tuple[MyCase, ...]) -> tuple[MyCase, ...]:
    """The case in which something happened last comes first; of two alike the one with the later number."""
    return tuple(sorted(cases, key=lambda case: (case.moved, case.progress.case_no), reverse=True))


def lacking(progress: Progress) -> tuple[tuple[str, Text], ...]:
    """The papers that are asked for, each with the key under which it is handed in: the pack's, where it is one."""
    keys: list[str] = []
    for number, one in enumerate(progress.lacking, 1):
        keys.append(one.material if one.material and one.material not in keys else f"lacking-{number}")
    return tuple(zip(keys, (one.text for one in progress.lacking), strict=True))
