"""My cases (我的办件): how they stand, and what may be done with them now, for the person whose card lies here.

Nothing of it is said before the identity is certain, by face or by staff: not even whether there is a case. Nothing is
asked of the backend before that either. What cannot be asked is told as this terminal knows it, and the page says so.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.life import May
from kiosk.domain.my_case import ERRANDS, Asked
from kiosk.visit.collecting import collect, with_office
from kiosk.visit.effects import PreparePapers, PrintPapers
from kiosk.visit.errands import RATED, REASONS, asked_for, complete, find, hand_in
from kiosk.visit.events import (
    BackPressed,
    CaseChosen,
    CasesFound,
    CasesPressed,
    CollectPressed,
    ErrandPressed,
    HandedIn,
    LackingChosen,
    NextPressed,
    PaperChosen,
    PaperEnded,
    PaperProgressed,
    ReasonChosen,
    WithdrawConfirmed,
)
from kiosk.visit.finishing import ended_line, farewell, printing, progressed_line, under_way
from kiosk.visit.identifying import identify, leave
from kiosk.visit.materials import scan, scannable
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, PaperState, Visit

NO_LONGER = "no_longer"  # the problem: it was decided, or withdrawn, meanwhile


@on(CasesPressed, State.HOME)
def my_cases(visit: Visit, event: CasesPressed, now: Now) -> Result:
    return identify(replace(visit, mine=True, service=None, collecting=False, resuming=False), now)


@on(CasesFound)
def cases_found(visit: Visit, event: CasesFound, now: Now) -> Result:
    """What is known of the cases of the card's holder; an answer about another card has come too late. While papers are
    being put together, or were handed in, nothing changes any more: what they come too late for the office tells later.
    """
    mine = visit.mine and visit.certain and visit.document is not None and visit.document.number == event.number
    if not mine or visit.errand is May.SUPPLEMENT or visit.state in (State.COMMITTING, State.HANDED_IN):
        return stay(visit)
    if event.asked is Asked.ASKING and visit.asked is not Asked.ASKING:  # the backend was the quicker one
        return stay(visit)
    known = {case.case_id for case in event.cases}
    looked_at = tuple(case for case in visit.cases or () if case.case_id == visit.opened and case.case_id not in known)
    visit = with_office(visit, tuple(case.paper for case in event.cases if case.paper is not None))
    return stay(visit, cases=(*event.cases, *looked_at), asked=event.asked)


@on(CaseChosen, State.CASES)
def open_case(visit: Visit, event: CaseChosen, now: Now) -> Result:
    if find(visit, event.case_id) is None:
        return stay(visit)
    return go(visit, State.CASE, opened=event.case_id, errand=None)


@on(CollectPressed, State.CASES, State.CASE)
def collect_papers(visit: Visit, event: CollectPressed, now: Now) -> Result:
    return collect(replace(visit, collecting=True)) if visit.waiting else stay(visit)


@on(ErrandPressed, State.CASE)
def begin_errand(visit: Visit, event: ErrandPressed, now: Now) -> Result:
    """Only what the case allows now. Papers can be handed in only where they can be scanned."""
    if event.errand not in ERRANDS or not _may(visit, event.errand):
        return stay(visit)
    if event.errand is May.SUPPLEMENT and not visit.machine.document_camera:
        return stay(visit)
    begun = replace(visit, errand=event.errand, pages={}, strokes=(), why=-1)
    if event.errand in RATED:  # nothing is chosen beforehand, as at the visit
        return go(begun, State.RATE, level=0, options=frozenset(), more=False)
    if event.errand is May.WITHDRAW:
        return go(begun, State.WITHDRAW, PreparePapers())
    return go(begun, State.SUPPLEMENT, PreparePapers())


@on(LackingChosen, State.SUPPLEMENT)
def scan_paper(visit: Visit, event: LackingChosen, now: Now) -> Result:
    asked = asked_for(visit)
    if not 0 <= event.index < len(asked) or not scannable(visit, asked[event.index]):
        return stay(visit)
    return scan(visit, asked[event.index], "errand")


@on(NextPressed, State.SUPPLEMENT)
def put_together(visit: Visit, event: NextPressed, now: Now) -> Result:
    return _still(visit, May.SUPPLEMENT) or (go(visit, State.SIGN) if complete(visit) else stay(visit))


@on(ReasonChosen, State.WITHDRAW)
def choose_reason(visit: Visit, event: ReasonChosen, now: Now) -> Result:
    """Voluntary: touching the same reason again takes it back."""
    if not 0 <= event.index < len(REASONS):
        return stay(visit)
    return stay(visit, why=-1 if visit.why == event.index else event.index)


@on(WithdrawConfirmed, State.WITHDRAW)
def withdraw(visit: Visit, event: WithdrawConfirmed, now: Now) -> Result:
    """In writing (书面形式): what is saved and acknowledged is a data message (电子签名法 第四条)."""
    return _still(visit, May.WITHDRAW) or hand_in(visit)


@on(BackPressed, State.CASES)
def back_home(visit: Visit, event: BackPressed, now: Now) -> Result:
    return leave(visit)


@on(BackPressed, State.CASE)
def back_to_list(visit: Visit, event: BackPressed, now: Now) -> Result:
    return go(visit, State.CASES, opened="")


@on(BackPressed, State.SUPPLEMENT, State.WITHDRAW)
def back_to_case(visit: Visit, event: BackPressed, now: Now) -> Result:
    """What was scanned for it is thrown away."""
    return go(replace(visit, errand=None, pages={}, why=-1), State.CASE)


def _may(visit: Visit, errand: May) -> bool:
    case = find(visit, visit.opened)
    return case is not None and errand in case.may and visit.certain


def _still(visit: Visit, errand: May) -> Result | None:
    """Back to the case where it stands otherwise by now; None while the errand is still open."""
    if _may(visit, errand):
        return None
    where = State.CASES if find(visit, visit.opened) is None else State.CASE
    return go(replace(visit, errand=None, pages={}, why=-1), where, problem=NO_LONGER)


# -- handed in ---------------------------------------------------------------------------------------


@on(HandedIn, State.COMMITTING)
def handed_in(visit: Visit, event: HandedIn, now: Now) -> Result:
    """Safe on the disk; the receipt is printed, and nothing of its printing can undo it."""
    line = PaperState(event.paper.paper_id, attempts=1)
    return go(
        visit, State.HANDED_IN, PrintPapers((event.paper,)),
        handed=event, papers=(line,), saved=True, case_no=event.paper.case_no, pages={}, strokes=(),
    )  # fmt: skip


@on(PaperProgressed, State.HANDED_IN)
def progressed(visit: Visit, event: PaperProgressed, now: Now) -> Result:
    line = under_way(visit, event.paper_id)
    return stay(visit) if line is None else stay(visit, papers=(progressed_line(line, event),))


@on(PaperEnded, State.HANDED_IN)
def ended(visit: Visit, event: PaperEnded, now: Now) -> Result:
    line = under_way(visit, event.paper_id)
    return stay(visit) if line is None else stay(visit, papers=(ended_line(line, event.outcome),))


@on(PaperChosen, State.HANDED_IN)
def print_again(visit: Visit, event: PaperChosen, now: Now) -> Result:
    """From the second attempt on it says that it is a copy (补打). One that came out for certain is there."""
    if visit.handed is None or printing(visit) or visit.papers[0].state == "done":
        return stay(visit)
    before = visit.papers[0]
    again = replace(visit.handed.paper, copy=before.attempts)
    return stay(visit, PrintPapers((again,)), papers=(PaperState(before.paper_id, attempts=before.attempts + 1),))


@on(NextPressed, State.HANDED_IN)
def done(visit: Visit, event: NextPressed, now: Now) -> Result:
    """The card may have gone, and another's may lie there: what else there is waits for another visit."""
    return stay(visit) if printing(visit) else farewell(visit, "done")


late(CasesPressed, but=(State.HOME,))
late(CaseChosen, but=(State.CASES,))
late(ErrandPressed, but=(State.CASE,))
late(LackingChosen, but=(State.SUPPLEMENT,))
late(ReasonChosen, WithdrawConfirmed, but=(State.WITHDRAW,))
late(HandedIn, but=(State.COMMITTING,))
