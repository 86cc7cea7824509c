"""My cases (我的办件) as the window shows them: the list, one case with its way, and what is handed in for it."""

from __future__ import annotations

from datetime import date, datetime

from kiosk.domain.beijing import CHINA, day_of
from kiosk.domain.codes import case_no_valid, group_case_no
from kiosk.domain.life import May, State, Track, track_of
from kiosk.domain.life_table import Deed
from kiosk.domain.my_case import MyCase, Pending
from kiosk.domain.progress import Progress
from kiosk.domain.rating import level_word, reasons
from kiosk.domain.text import Language
from kiosk.domain.waiting import PRINTABLE
from kiosk.services.terms import terms_of
from kiosk.visit.errands import RATED, REASONS, asked_for, complete, opened
from kiosk.visit.screen_cases import (
    CaseBody,
    CaseLine,
    CasesBody,
    HandedInBody,
    LackLine,
    RatedLine,
    SupplementBody,
    TimeStep,
    WithdrawBody,
)
from kiosk.visit.visit import Visit

YOURS = (State.SUPPLEMENTING,)  # the applicant's turn


def cases(visit: Visit) -> CasesBody:
    lines = None if visit.cases is None else tuple(_line(visit, case) for case in visit.cases)
    kept = None if visit.known is None else visit.known.until
    return CasesBody(visit.masked_name, lines, visit.asked.value, _papers(visit), visit.problem, day_of(kept))


def case(visit: Visit) -> CaseBody:
    one, language = opened(visit), visit.language
    known = one.progress
    return CaseBody(
        line=_line(visit, one),
        steps=tuple(
            TimeStep(kind, day_of(day), stage) for kind, day, stage in way(one, complaint=_complaint(visit, one))
        ),
        said=_said(known, language),
        remedy=known.remedy.of(language),
        office=(known.handler if known.handler.zh else one.office).of(language),
        lacking=tuple(lack.text.of(language) for lack in known.lacking),
        actions=_actions(visit, one),
        unheeded=one.unheeded,
        obstacle=_obstacle(visit, one),
        papers=_papers(visit, one.case_id),
        deemed=known.deemed and known.state is State.ACCEPTED,
        problem=visit.problem,
        rated=_rated(visit, one),
    )


def supplement(visit: Visit) -> SupplementBody:
    language = visit.language
    lines = tuple(
        LackLine(spec.label.of(language), spec.help.of(language), len(visit.pages.get(spec.key, ())))
        for spec in asked_for(visit)
    )
    machine = visit.machine
    return SupplementBody(
        opened(visit).title.of(language), lines, complete(visit), machine.document_camera, machine.online, visit.problem
    )


def withdraw(visit: Visit) -> WithdrawBody:
    one = opened(visit)
    reasons = tuple((reason.of(visit.language), n == visit.why) for n, reason in enumerate(REASONS))
    number = group_case_no(one.progress.case_no)
    return WithdrawBody(one.title.of(visit.language), number, reasons, visit.machine.online, visit.problem)


def handed_in(visit: Visit) -> HandedInBody:
    if visit.handed is None or visit.errand is None:
        raise AssertionError("nothing was handed in")
    paper = visit.papers[0]
    return HandedInBody(
        visit.errand.value, opened(visit).title.of(visit.language), group_case_no(visit.case_no), visit.machine.online,
        visit.handed.paper.title, paper.state, paper.pages_done, paper.pages_total, paper.reason,
        again=paper.state in ("failed", "unknown"),
    )  # fmt: skip


def way(one: MyCase, *, complaint: bool = False) -> tuple[tuple[str, date | datetime | None, str], ...]:
    """The steps of a case: what is behind it, where it stands, and what is still to come. (kind, day, stage)

    ``complaint``: it is answered, not decided.
    """
    known, state = one.progress, one.progress.state
    arrived = known.whole or not one.queued
    received = ("received", known.received or one.at or _numbered(known.case_no))
    ending = ("answering" if complaint else "deciding", None)
    match state:
        case State.RECEIVED:
            stages = ("done", "now") if arrived else ("now", "ahead")
            return (*received, stages[0]), ("accepting", None, stages[1]), (*ending, "ahead")
        case State.SUPPLEMENTING:
            waits = ("supplementing", known.since, "now")
            return (*received, "done"), waits, ("accepting", None, "ahead"), (*ending, "ahead")
        case State.ACCEPTED:
            return (*received, "done"), ("accepted", known.accepted or known.since, "done"), (*ending, "now")
        case State.HELD:
            held = ("held", known.since, "now")
            return (*received, "done"), ("accepted", known.accepted, "done"), held, (*ending, "ahead")
    accepted = () if known.accepted is None else (("accepted", known.accepted, "done"),)
    decided = (state.value, known.since, "now" if known.confirmed is None else "done")
    confirmed = () if known.confirmed is None else (("confirmed", known.confirmed, "now"),)
    return (*received, "done"), *accepted, decided, *confirmed


def _line(visit: Visit, one: MyCase) -> CaseLine:
    known = one.progress
    over = known.state.final
    return CaseLine(
        case_id=known.case_id,
        title=one.title.of(visit.language),
        case_no=group_case_no(known.case_no),
        state=known.state.value,
        word=known.word.of(visit.language),
        since=day_of(known.since),
        due="" if over else day_of(known.due),
        turn="" if over else "you" if known.state in YOURS else "office",
        lacking=len(known.lacking),
        pending="" if one.pending is None else one.pending.value,
        queued=one.queued,
        changed=one.changed,
        fresh=one.fresh,
        answered=May.REPLY in one.may and known.rating is not None and known.rating.answer != "",
    )


def _actions(visit: Visit, one: MyCase) -> tuple[str, ...]:
    able: list[str] = []
    if May.SUPPLEMENT in one.may and visit.machine.document_camera and one.progress.lacking:
        able.append(May.SUPPLEMENT.value)
    if _papers(visit, one.case_id):
        able.append(May.COLLECT.value)
    if May.WITHDRAW in one.may:
        able.append(May.WITHDRAW.value)
    able += [errand.value for errand in RATED if errand in one.may]
    return tuple(able)


def _said(known: Progress, language: Language) -> str:
    """Why it stands so in the words of whoever has decided, and below it the department's, where that agrees."""
    words, title = known.confirmation.of(language), Deed.CONFIRMED.title.of(language)
    between = "：" if language == "zh_CN" else ": "
    return "\n".join(line for line in (known.reason.of(language), f"{title}{between}{words}" if words else "") if line)


def _rated(visit: Visit, one: MyCase) -> RatedLine | None:
    found, language = one.progress.rating, visit.language
    if found is None:
        return RatedLine(level="", saved=True) if one.added else None
    task = finding = ""
    if found.task:  # the words of tasks are read where there is one, not at every start
        from kiosk.domain.rating_task import TaskState, finding_word

        task = TaskState(found.task).word.of(language)
        finding = finding_word(found.finding).of(language) if found.finding else ""
    over = found.answered is not None
    return RatedLine(
        level=level_word(found.level).of(language) if found.level else "",
        reasons=reasons(found.level, found.options, language),
        task=task,
        due="" if over else day_of(found.due),
        finding=finding,
        longer="" if over else found.longer,
        answer=found.answer,
        answered=day_of(found.answered),
        added=level_word(found.added).of(language) if found.added else "",
        saved=one.added,
    )


def _obstacle(visit: Visit, one: MyCase) -> str:
    """Why the papers that are asked for cannot be handed in here and now."""
    if one.progress.state is not State.SUPPLEMENTING or one.pending is Pending.SUPPLEMENT:
        return ""
    if not one.progress.lacking:
        return "line"
    return "" if visit.machine.document_camera else "desk"


def _papers(visit: Visit, case_id: str = "") -> int:
    """How many papers lie here that can be fetched now, of one case or of all."""
    lying = [paper for paper in visit.waiting or () if paper.state in PRINTABLE]
    return sum(not case_id or paper.paper.case_id == case_id for paper in lying)


def _complaint(visit: Visit, one: MyCase) -> bool:
    pack = visit.machine.packs.get(one.progress.service_id)
    return pack is not None and track_of(terms_of(pack)) is Track.COMPLAINT


def _numbered(case_no: str) -> date | None:
    """The day that a case number bears."""
    if not case_no_valid(case_no):
        return None
    try:
        return datetime.strptime(case_no[6:12], "%y%m%d").replace(tzinfo=CHINA).date()
    except ValueError:
        return None
