"""A paper that was kept for a person's next visit, and whether it may be handed out now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from kiosk.domain.papers import PaperContent
from kiosk.domain.text import EMPTY, Text


class WaitingState(Enum):
    """How a kept paper stands."""

    READY = "ready"  # may be printed
    PENDING = "pending"  # waits for a confirmation that has not come
    CONFLICT = "conflict"  # the backend could not register the case: a person has to look at it
    OTHER = "other"  # there is a result of another kind: it is told at the counter
    NOTICE = "notice"  # the case came out otherwise than it was told: this paper says so, and may be printed


PRINTABLE = (WaitingState.READY, WaitingState.NOTICE)
OFFICE = "office"
"""The template of a paper that lies at the office: nobody here can draw it, it is fetched as it was sealed there."""
NOT_FETCHED = "not-fetched"
"""The fault of such a paper that is not to be had now: no printer has had it in hand, the next try is no copy."""


@dataclass(frozen=True, slots=True, repr=False)
class WaitingPaper:
    """``printed`` counts the prints begun before; ``taken`` says that the last of them came out for certain.

    ``title`` and ``told``: of a notice, its name and what it says in plain sentences, for the screen.
    """

    paper: PaperContent
    state: WaitingState
    committed_at: datetime
    printed: int = 0
    taken: bool = False
    title: Text = EMPTY
    told: Text = EMPTY

    def __repr__(self) -> str:
        return f"WaitingPaper({self.paper.paper_id}, {self.state.value}, printed {self.printed})"

    @property
    def name(self) -> Text:
        """As the screen tells it."""
        return self.title if self.title != EMPTY else Text(self.paper.title, self.paper.title)

    @property
    def at_office(self) -> bool:
        return self.paper.template == OFFICE


def at_office(
    case_id: str, case_no: str, paper_id: str, title: Text, since: datetime, printed: int, *, test: bool
) -> WaitingPaper:
    """A certificate of which nothing lies here but that it may be fetched: approved by a person after the visit.

    ``since``: when it was approved.
    """
    paper = PaperContent(paper_id, "certificate", OFFICE, title.zh, case_id, case_no, {}, test=test)
    return WaitingPaper(paper, WaitingState.READY, since, printed, title=title)
