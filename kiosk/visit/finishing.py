"""Committing, outcome, trouble, rate, farewell, wiping: the case is whole from here on, whatever paper does."""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Unknown
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import Text
from kiosk.visit import errands, remembering
from kiosk.visit.effects import CallHelp, PrintPapers, SaveRating, SetTimer, Wipe
from kiosk.visit.events import (
    CommitFailed,
    Committed,
    LevelChosen,
    MoreOptionsPressed,
    NextPressed,
    OptionToggled,
    PaperEnded,
    PaperProgressed,
    RatingSaved,
    RatingSkipped,
    RatingSubmitted,
    ReasonsToggled,
    TimerFired,
    TroubleChosen,
    Wiped,
)
from kiosk.visit.resting import rest
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.unfinished import left_behind
from kiosk.visit.visit import Now, PaperState, Visit

MISSED = ("failed", "unknown")
UNDER_WAY = ("waiting", "printing")


@on(Committed, State.COMMITTING)
def committed(visit: Visit, event: Committed, now: Now) -> Result:
    papers = tuple(PaperState(paper.paper_id) for paper in event.papers)
    keeping = remembering.kept(visit, now)
    visit = replace(visit, case=event, papers=papers, saved=True, case_no=event.case_no)
    after, effects = print_now(visit, event.papers)
    return after, (*keeping, *effects)


@on(CommitFailed, State.COMMITTING)
def commit_failed(visit: Visit, event: CommitFailed, now: Now) -> Result:
    """Nothing was stored; what was typed is still here, so the citizen may try again."""
    return go(visit, State.REVIEW if visit.errand is None else errands.page(visit), problem=event.reason)


def print_now(visit: Visit, papers: tuple[PaperContent, ...]) -> Result:
    """Print these. From the second attempt on a paper says that it is a copy (补打)."""
    states = {paper.paper_id: paper for paper in visit.papers}
    again = tuple(replace(paper, copy=states[paper.paper_id].attempts) for paper in papers)
    begun = {paper.paper_id for paper in papers}
    lines = tuple(
        PaperState(line.paper_id, attempts=line.attempts + 1) if line.paper_id in begun else line
        for line in visit.papers
    )
    return go(visit, State.OUTCOME, *((PrintPapers(again),) if again else ()), papers=lines)


def printing(visit: Visit) -> bool:
    return any(paper.state in UNDER_WAY for paper in visit.papers)


def missed(visit: Visit) -> tuple[PaperState, ...]:
    return tuple(paper for paper in visit.papers if paper.state in MISSED)


def _with_paper(visit: Visit, changed: PaperState) -> Visit:
    papers = tuple(changed if paper.paper_id == changed.paper_id else paper for paper in visit.papers)
    return replace(visit, papers=papers)


def under_way(visit: Visit, paper_id: str) -> PaperState | None:
    """A word about a paper whose end was told already has come too late."""
    lines = (paper for paper in visit.papers if paper.state in UNDER_WAY)
    return next((paper for paper in lines if paper.paper_id == paper_id), None)


def progressed_line(line: PaperState, event: PaperProgressed) -> PaperState:
    """A paper's line after a word of its printer."""
    return replace(
        line,
        state="printing",
        pages_done=event.pages_done,
        pages_total=event.pages_total,
        reason=event.waiting_for,
    )


def ended_line(line: PaperState, outcome: PrintOutcome) -> PaperState:
    """A paper's line at its end."""
    match outcome:
        case Printed(pages):
            return replace(line, state="done", pages_done=pages, pages_total=pages, reason="")
        case NotPrinted(reason):
            return replace(line, state="failed", reason=reason.code)
        case Unknown(reason):
            return replace(line, state="unknown", reason=reason.code)


@on(PaperProgressed, State.OUTCOME)
def paper_progressed(visit: Visit, event: PaperProgressed, now: Now) -> Result:
    paper = under_way(visit, event.paper_id)
    return stay(visit) if paper is None else stay(_with_paper(visit, progressed_line(paper, event)))


@on(PaperEnded, State.OUTCOME)
def paper_ended(visit: Visit, event: PaperEnded, now: Now) -> Result:
    paper = under_way(visit, event.paper_id)
    if paper is None:
        return stay(visit)
    visit = _with_paper(visit, ended_line(paper, event.outcome))
    return go(visit, State.TROUBLE) if not printing(visit) and missed(visit) else stay(visit)


@on(ReasonsToggled, State.OUTCOME)
def toggle_reasons(visit: Visit, event: ReasonsToggled, now: Now) -> Result:
    return stay(visit, reasons_shown=not visit.reasons_shown)


@on(NextPressed, State.OUTCOME)
def to_rating(visit: Visit, event: NextPressed, now: Now) -> Result:
    return stay(visit) if printing(visit) else go(visit, State.RATE)


@on(TroubleChosen, State.TROUBLE)
def trouble_chosen(visit: Visit, event: TroubleChosen, now: Now) -> Result:
    if event.choice == "retry" and visit.case is not None:
        wanted = {paper.paper_id for paper in missed(visit)}
        return print_now(visit, tuple(paper for paper in visit.case.papers if paper.paper_id in wanted))
    if event.choice == "help":
        return stay(visit, CallHelp(visit.state.value), help_called=True)
    return go(visit, State.RATE)


@on(LevelChosen, State.RATE)
def choose_level(visit: Visit, event: LevelChosen, now: Now) -> Result:
    """Nothing is chosen beforehand; touching the same level again takes it back."""
    if not 1 <= event.level <= 5:
        return stay(visit)
    return stay(visit, level=0 if visit.level == event.level else event.level, options=frozenset(), more=False)


@on(OptionToggled, State.RATE)
def toggle_option(visit: Visit, event: OptionToggled, now: Now) -> Result:
    """Options belong to their level: 5xx to level 5 and so on."""
    if not event.code.startswith(str(visit.level)):
        return stay(visit)
    return stay(visit, options=visit.options ^ {event.code})


@on(MoreOptionsPressed, State.RATE)
def more_options(visit: Visit, event: MoreOptionsPressed, now: Now) -> Result:
    return stay(visit, more=True)


@on(RatingSubmitted, State.RATE)
def submit(visit: Visit, event: RatingSubmitted, now: Now) -> Result:
    if not visit.level:
        return stay(visit)
    if visit.errand in errands.RATED:
        return stay(visit, errands.word_added(visit))
    if visit.case is None:
        return stay(visit)
    case = visit.case
    rating = SaveRating(
        case.draft.case_id, case.case_no, case.draft.item_code, visit.level, tuple(sorted(visit.options))
    )
    return stay(visit, rating)


@on(RatingSaved, State.RATE)
def rating_saved(visit: Visit, event: RatingSaved, now: Now) -> Result:
    """Who rated an earlier case is done as well: the card may have gone, and another's may lie there."""
    if not event.ok:
        return stay(visit, problem="staff_card" if event.staff_card else "rating_failed")
    return farewell(replace(visit, saved=True) if visit.errand in errands.RATED else visit, "done")


@on(RatingSkipped, State.RATE)
def skip(visit: Visit, event: RatingSkipped, now: Now) -> Result:
    return farewell(visit, "done")


def farewell(visit: Visit, reason: str) -> Result:
    """End the visit: from here on only the manner of its end is known."""
    left = replace(
        visit.fresh(State.FAREWELL),
        language=visit.language,
        elder=visit.elder,
        reason=reason,
        saved=visit.saved,
        case_no=visit.case_no,
        printed=_printed(visit),
        kept_until=visit.kept_until,
        remembered=visit.remembered,
        not_remembered=visit.not_remembered,
    )
    return go(
        left,
        State.FAREWELL,
        *left_behind(visit),
        Wipe(reason, visit.state.value, visit.saved),
        SetTimer("farewell", visit.machine.delays.farewell),
    )


def _printed(visit: Visit) -> tuple[Text, ...]:
    """What lies in the trays, by the names that the pages used for it."""
    if visit.handed is not None:
        title = visit.handed.paper.title
        titles = [Text(title, title)] if any(line.state == "done" for line in visit.papers) else []
    elif visit.collecting:
        lines = zip(visit.waiting or (), visit.papers, strict=False)  # no lines before the page was reached
        titles = [one.name for one, line in lines if line.state == "done"]
    else:
        done = {line.paper_id for line in visit.papers if line.state == "done"}
        titles = [spec.title for spec in visit.pack.papers if spec.paper_id in done] if done else []
    return tuple(dict.fromkeys(titles))


@on(Wiped, State.FAREWELL)
def wiped(visit: Visit, event: Wiped, now: Now) -> Result:
    return stay(visit, wiped=True)


@on(NextPressed, State.FAREWELL)
@on(TimerFired, State.FAREWELL)
def leave(visit: Visit, event: NextPressed | TimerFired, now: Now) -> Result:
    return rest(visit) if visit.wiped else go(visit, State.WIPING)


@on(Wiped, State.WIPING)
def wiped_late(visit: Visit, event: Wiped, now: Now) -> Result:
    return rest(visit)


late(Committed, CommitFailed, but=(State.COMMITTING,))
late(ReasonsToggled, but=(State.OUTCOME,))
late(TroubleChosen, but=(State.TROUBLE,))
late(LevelChosen, OptionToggled, MoreOptionsPressed, RatingSubmitted, RatingSaved, RatingSkipped, but=(State.RATE,))
late(Wiped, but=(State.FAREWELL, State.WIPING))
