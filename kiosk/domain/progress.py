"""What an applicant is shown of one case: where it is, what is lacking, by when, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from kiosk.domain.beijing import CHINA
from kiosk.domain.life import Lack, May, Stand
from kiosk.domain.life_table import Deed, State, remedy, rule
from kiosk.domain.rating import Rated
from kiosk.domain.text import EMPTY, Text


@dataclass(frozen=True, slots=True)
class Progress:
    """One case as its applicant sees it.

    ``name``: of the service, both languages; EMPTY where this end does not know it (use the pack of ``service_id``).
    ``word``: its state in words (``State.word``); ``since``: aware. ``due``: the next last day of the office; None
    where none runs, or is known. ``deemed``: it counts as accepted because nobody answered in time. ``reason``,
    ``lacking``: both languages where they come from a pack, the staff's own words in both as they are. ``remedy``: how
    to object, where there is something to object to. ``handler``: with whom it is now, where it was handed on.
    ``may``: what may be done about it now (withdraw, supplement, collect). ``here``: it was made at this
    terminal, so that a paper to be collected may lie here. ``version``: of its paper, 0 while there is none.
    ``whole``: False where only the word is known (kept here, no line): there are no texts then.
    ``received``, ``accepted``: the days, by the law's rules; None where it was not, or nobody here knows.
    ``rating``: the applicant's own, and what came of it; None where it was not rated, or nobody here knows.
    ``confirmed``: the day on which the department has found alike what another decided; ``confirmation``: its words.
    ``owed``: the paper that the office has for the person, to be fetched and printed here: which of the pack's, and its
    name.
    Reasons may name persons: never to a log or a file.
    """

    case_id: str
    case_no: str
    service_id: str
    name: Text
    state: State
    since: datetime
    due: date | None = None
    deemed: bool = False
    reason: Text = field(default=EMPTY, repr=False)
    lacking: tuple[Lack, ...] = field(default=(), repr=False)
    handler: Text = field(default=EMPTY, repr=False)
    remedy: Text = EMPTY
    may: frozenset[May] = frozenset()
    here: bool = False
    version: int = 0
    whole: bool = True
    received: date | None = None
    accepted: date | None = None
    rating: Rated | None = None
    confirmed: date | None = None
    confirmation: Text = field(default=EMPTY, repr=False)
    owed: tuple[str, Text] | None = None

    @property
    def word(self) -> Text:
        return self.state.word


def progress(
    found: Stand, case_id: str, case_no: str, service_id: str, name: Text, *, here: bool
) -> Progress:  # fmt: skip
    """The case as it stands."""
    return Progress(
        case_id, case_no, service_id, name, found.state, found.since, due=found.due, deemed=found.deemed,
        reason=found.reason, lacking=found.lacking, handler=found.handler, remedy=remedy_of(found.state),
        may=found.may, here=here, version=found.version,
        received=found.standing.received, accepted=found.standing.accepted,
        confirmed=None if found.confirmed is None else found.confirmed.astimezone(CHINA).date(),
        confirmation=found.confirmation,
    )  # fmt: skip


def remedy_of(state: State) -> Text:
    """How to object to a case's being in this state; EMPTY where there is nothing to object to."""
    told = any(rule(deed).remedy and rule(deed).gives is state for deed in Deed)
    return remedy()[0] if told else EMPTY
