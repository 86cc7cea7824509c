"""更正告知, 撤销告知: the paper for a citizen whose case came out otherwise than it was told. Always in both languages.

Made in two steps, because when it is needed nobody here can read the case any more: a seed is kept with the case's
papers at commit, sealed to the person; what the late truth means is written into it once it is known. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from kiosk.documents import compose, wording
from kiosk.domain import late
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft
from kiosk.domain.codes import group_case_no
from kiosk.domain.decision import Rung
from kiosk.domain.late import Meaning
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import Text
from kiosk.domain.workdays import Calendar, CalendarEnded, national
from kiosk.services.model import ServicePack

PAPER_ID = TEMPLATE = "notice"
CORRECTION = Text("更正告知", "Notice of correction")
REVOCATION = Text("撤销告知", "Notice of revocation")
HAPPENED = Text("出了什么事", "What happened")
PAPER = Text("您手里的纸", "The paper you hold")
BASIS = Text("依据", "Basis")
RULE = Text("适用规则", "Rule")
TOLD_ON = Text("告知日期", "Told on")
FIRST_TOLD = Text("原来告诉您的", "What you were told")
KEEP = Text("请收好这张告知", "Please keep this notice")
CALL_PEOPLE = Text("请到服务窗口，或找现场工作人员", "Please ask at the service counter, or staff here")


def seed(pack: ServicePack, draft: CaseDraft, *, case_no: str, place: Place, committed_at: datetime) -> PaperContent:
    """What a notice would need to know of the case; nothing that its receipt does not say."""
    when = committed_at.astimezone(CHINA)
    name = compose.applicant_of(draft)
    result, where = compose.result_of(pack, draft.decision), compose.where(place)
    values = {
        "matter": _both(pack.name),
        "office": _both(pack.authority),
        "applicant": name,
        "at": f"{when:%Y-%m-%d %H:%M}",
        "result": _both(result),
        "place": _both(where),
        "phone": place.phone,
        "rung": late.rung_of(draft.decision.outcome.value, draft.decision.rung.value).value,
        "holds": draft.decision.outcome.value if draft.decision.effective else "",  # what was decided here and holds
    }
    return PaperContent(
        paper_id=PAPER_ID, kind="receipt", template=TEMPLATE, title=_both(CORRECTION, " "), case_id=draft.case_id,
        case_no=case_no, values=values, qr=compose.progress(place, case_no), test=draft.test,
        mark=compose.mark(pack, draft, committed_at, name),
    )  # fmt: skip


def meaning_of(paper: PaperContent, cause: str) -> Meaning:
    """What the cause means for the case of this seed."""
    return late.meaning(cause, Rung(paper.values["rung"]))


def notice(
    paper: PaperContent, meaning: Meaning, today: date, calendar: Callable[[], Calendar] = national
) -> PaperContent:
    """The seed as the paper to be printed: what holds now, why, by which rule, what to do and by when, whom to call.

    Its days are calendar days; where the last one is a day off they end with the next working day.
    """
    known, cause = paper.values, meaning.cause
    title = title_of(meaning)
    rows = (
        (wording.CASE_NO, group_case_no(paper.case_no)),
        (wording.ITEM, known["matter"]),
        (wording.APPLICANT, known["applicant"]),
        (wording.TIME, known["at"]),
        (FIRST_TOLD, known["result"]),
        (wording.OFFICE, known["office"]),
        (RULE, meaning.rule_id),
        (TOLD_ON, today.isoformat()),
    )
    steps = [_both(meaning.next_step)]
    if meaning.days:
        steps.insert(0, _both(compose.by(_last(today + timedelta(days=meaning.days), calendar))))
    extra = {
        HAPPENED: _both(cause.why),
        wording.HOLDS: _both(meaning.holds),
        PAPER: _both(meaning.paper),
        wording.NEXT: "\n".join(steps),
        BASIS: cause.basis,
    }
    return replace(
        paper,
        title=title.zh,
        values={
            "heading": _both(cause.title),
            "subtitle": title.en,
            "tone": "outline",
            "place": known["place"],
            "offline": "",
            "scan": _both(wording.SCAN if paper.qr.startswith("http") else wording.STAFF_SCAN),
            "call": _both(wording.CALL if known["phone"] else CALL_PEOPLE),
            "phone": known["phone"],
            "copy": _both(wording.COPY),
            "test": _both(wording.TEST),
            "keep": _both(KEEP),
        },
        rows=tuple((_both(label, " "), value) for label, value in rows),
        extra={_both(name, " "): text for name, text in extra.items()},
        mark=_stated(paper.mark, meaning),
    )


def _last(day: date, calendar: Callable[[], Calendar]) -> date:
    """民法典 第二百零三条. Where the calendar does not reach it the day stays: nobody comes too late by that."""
    try:
        return calendar().moved(day)
    except CalendarEnded:
        return day


def title_of(meaning: Meaning) -> Text:
    return REVOCATION if meaning.effect == "void" else CORRECTION


def told(meaning: Meaning) -> tuple[Text, Text]:
    """Its name, and the same in plain sentences, for the screen: what happened, why, what holds, what to do."""
    said = (meaning.cause.why, meaning.holds, meaning.next_step)
    words = Text("".join(text.zh for text in said), " ".join(text.en for text in said))
    return title_of(meaning), words


def _stated(mark: Mapping[str, str], meaning: Meaning) -> dict[str, str]:
    return {
        **mark,
        "shown": "\n".join(text for text in (mark["shown"], meaning.rule_id, meaning.cause.title.zh) if text),
    }


def _both(text: Text, between: str = "\n") -> str:
    return text.zh if text.zh == text.en or not text.en else f"{text.zh}{between}{text.en}"
