"""Collecting (取证照 / 补打): papers of an earlier visit, for the person whose card lies here, once that is certain.

Nothing is shown or printed before the identity is verified by face or by staff; "compare later" is not enough here.
"""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.printing import NotPrinted, Printed
from kiosk.domain.waiting import NOT_FETCHED, PRINTABLE, WaitingPaper
from kiosk.visit.effects import PreparePapers, PrintPapers
from kiosk.visit.events import (
    BackPressed,
    CardShown,
    NextPressed,
    PaperChosen,
    PaperEnded,
    PaperProgressed,
    PapersFound,
)
from kiosk.visit.finishing import ended_line, farewell, printing, progressed_line, under_way
from kiosk.visit.missing import ask_for_card
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, PaperState, Visit

IDLE = "idle"  # a paper that is not being printed


def collect(visit: Visit) -> Result:
    """The papers. Only for one who is certain, or for whom nothing lies here: that may be said to anyone."""
    if visit.waiting and not visit.certain:
        raise AssertionError("papers are shown to nobody before the identity is verified")
    papers = tuple(PaperState(paper.paper.paper_id, IDLE) for paper in visit.waiting or ())
    return go(visit, State.COLLECT, *((PreparePapers(),) if papers else ()), papers=papers)


def with_card(visit: Visit, event: CardShown) -> Visit:
    """The card that was read. What was known of another person ends with it."""
    if visit.document is None:  # whoever helps came with the person
        visit = replace(visit.of_nobody(), helper=visit.helper, helped=visit.helped)
    elif visit.document.number != event.document.number:
        visit = visit.of_nobody()
    return replace(visit, document=event.document, picture=event.picture, photo_due=event.photo_due)


def with_office(visit: Visit, papers: tuple[WaitingPaper, ...]) -> Visit:
    """With what lies at the office for the person, behind what lies here; not a paper of which one lies here as well.

    On the page where they are collected the places of the others stay what they are.
    """
    here = visit.waiting or ()
    known = {(one.paper.case_id, one.paper.kind) for one in here}
    new = tuple(one for one in papers if (one.paper.case_id, one.paper.kind) not in known)
    if not new:
        return visit
    lines = tuple(PaperState(one.paper.paper_id, IDLE) for one in new) if visit.state is State.COLLECT else ()
    return replace(visit, waiting=(*here, *new), papers=(*visit.papers, *lines))


def home_again(visit: Visit) -> Visit:
    """Another matter starts from scratch; the card, its check and its papers stay good for the same person."""
    return replace(
        visit.fresh(State.HOME),
        language=visit.language,
        elder=visit.elder,
        document=visit.document,
        picture=visit.picture,
        photo_due=visit.photo_due,
        waiting=visit.waiting,
        draft=visit.draft,
        known=visit.known,
        helper=visit.helper,
        helped=visit.helped,
        handover=visit.handover,
        verification=visit.verification,
    )


@on(PaperChosen, State.COLLECT)
def print_paper(visit: Visit, event: PaperChosen, now: Now) -> Result:
    """One paper at a time. Printed before, it says that it is a copy (补打)."""
    waiting = visit.waiting or ()
    if printing(visit) or not visit.certain or not 0 <= event.index < len(waiting):
        return stay(visit)
    wanted = waiting[event.index]
    if wanted.state not in PRINTABLE:
        return stay(visit)
    line = replace(visit.papers[event.index], state="waiting", pages_done=0, pages_total=0, reason="")
    return stay(
        _with(visit, event.index, replace(line, attempts=line.attempts + 1)),
        PrintPapers((replace(wanted.paper, copy=wanted.printed),)),
    )


@on(PaperProgressed, State.COLLECT)
def progressed(visit: Visit, event: PaperProgressed, now: Now) -> Result:
    line = under_way(visit, event.paper_id)
    if line is None:
        return stay(visit)
    return stay(_with(visit, visit.papers.index(line), progressed_line(line, event)))


@on(PaperEnded, State.COLLECT)
def ended(visit: Visit, event: PaperEnded, now: Now) -> Result:
    """However it ended, the next print of this paper is a copy; but not of one that could not be fetched."""
    line = under_way(visit, event.paper_id)
    if line is None or visit.waiting is None:
        return stay(visit)
    index = visit.papers.index(line)
    before = visit.waiting[index]
    fetched = not (isinstance(event.outcome, NotPrinted) and event.outcome.reason.code == NOT_FETCHED)
    after = replace(before, printed=before.printed + fetched, taken=isinstance(event.outcome, Printed))
    waiting = (*visit.waiting[:index], after, *visit.waiting[index + 1 :])
    visit = replace(_with(visit, index, ended_line(line, event.outcome)), waiting=waiting)
    if not visit.card_missing:
        return stay(visit)
    if after.taken:  # card and paper were taken together
        return farewell(visit, "done")
    return ask_for_card(visit, now)


@on(NextPressed, State.COLLECT)
def collected(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Paper that is still coming out is waited for: it bears the citizen's name."""
    return stay(visit) if printing(visit) else farewell(visit, "done")


@on(BackPressed, State.COLLECT)
def to_other_matters(visit: Visit, event: BackPressed, now: Now) -> Result:
    """Who came from their cases (我的办件) goes back to them."""
    if printing(visit):
        return stay(visit)
    if visit.mine:
        return go(visit, State.CASE if visit.opened else State.CASES, collecting=False, papers=())
    return go(home_again(visit), State.HOME)


def _with(visit: Visit, index: int, line: PaperState) -> Visit:
    """By its place: the papers of several cases can have one name."""
    return replace(visit, papers=(*visit.papers[:index], line, *visit.papers[index + 1 :]))


@on(PapersFound)
def papers_found(visit: Visit, event: PapersFound, now: Now) -> Result:
    """What lies here for the card that was read; an answer about another card has come too late."""
    if visit.document is None or visit.document.number != event.number:
        return stay(visit)
    at_office = tuple(one for one in visit.waiting or () if one.at_office)  # told before the card was put back
    return stay(with_office(replace(visit, waiting=event.waiting), at_office))


@on(PapersFound, State.COLLECT)
def papers_found_again(visit: Visit, event: PapersFound, now: Now) -> Result:
    """The card was put back: the list on the page goes on as it is."""
    return stay(visit)


late(PaperChosen, but=(State.COLLECT, State.HANDED_IN))
late(PaperProgressed, PaperEnded, but=(State.OUTCOME, State.COLLECT, State.HANDED_IN))
