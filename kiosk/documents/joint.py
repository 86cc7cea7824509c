"""The joint receipt of a bundle (联办回执): every item with its number, its result and what comes next, on one paper.

What it says of an item is what that item's own receipt would say (compose.py). Numbers and results stand in the rows,
over which the code's mark is made; the first case is the one by which the paper is kept and checked. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kiosk.documents import compose, wording
from kiosk.domain.codes import group_case_no
from kiosk.domain.decision import Outcome
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import EMPTY, Language, Text
from kiosk.domain.workdays import Calendar, national
from kiosk.services.bundle_loading import RECEIPT
from kiosk.services.bundled import Done
from kiosk.services.model import PaperKind, ServicePack

NOT_TAKEN = Text("这次没有收", "Not taken this time")
PROMISE = Text("{}：您承诺的", "{}: what you promised")
OWN_SECTIONS = (wording.NOTICE, wording.PROMISED, wording.WITHDRAW, wording.SETTLED)  # each under a title of its own


def receipt(
    pack: ServicePack,
    done: tuple[Done, ...],
    *,
    place: Place,
    committed_at: datetime,
    language: Language = "zh_CN",
    calendar: Callable[[], Calendar] = national,
) -> PaperContent:
    """``done`` in the order of the bundle's items; the first was handed in."""
    single = {one.item.pack_id: _single(one, place, committed_at, language, calendar) for one in done}
    lead = done[0]
    first = single[lead.item.pack_id]
    if first is None or lead.draft is None:
        raise AssertionError("the first item is always handed in")
    texts = pack.outcome_texts[lead.draft.decision.wording]
    spec = next(paper for paper in pack.papers if paper.paper_id == RECEIPT)
    kept = {wording.APPLICANT, wording.PROXY, wording.VERIFIED, wording.TIME}
    labels = {label.of(language) for label in kept}
    rows = [
        (wording.ITEM.of(language), _both(pack.name, language)),
        *(row for row in first.rows if row[0] in labels),
        *(_row(number, one, language) for number, one in enumerate(done, 1)),
    ]
    extra = {wording.NEXT.of(language): texts.next_step.of(language)}
    for number, one in enumerate(done, 1):
        extra |= _sections(number, one, single[one.item.pack_id], language)
    granted = lead.draft.decision.outcome is Outcome.APPROVED
    applicant = compose.applicant_of(lead.draft)
    return replace(
        first,
        paper_id=RECEIPT,
        title=spec.title.of(language),
        values={
            **first.values,
            "heading": texts.heading.of(language),
            "subtitle": spec.title.zh if language != "zh_CN" else "",
        },
        rows=tuple(rows),
        notes=tuple(note.of(language) for note in spec.notes) if granted else (),
        extra=extra,
        mark={
            **compose.mark(pack, lead.draft, committed_at, applicant),
            "item": pack.item_code,
            "service": pack.pack_id,
        },
    )


def _single(
    one: Done, place: Place, committed_at: datetime, language: Language, calendar: Callable[[], Calendar]
) -> PaperContent | None:
    """The receipt that the item would give by itself."""
    if one.draft is None:
        return None
    papers = compose.papers(
        one.item.whole, one.draft, case_no=one.case_no, credit_code=one.credit_code, place=place,
        committed_at=committed_at, language=language, calendar=calendar,
    )  # fmt: skip
    return next(paper for paper in papers if paper.kind == PaperKind.RECEIPT.value)


def _row(number: int, one: Done, language: Language) -> tuple[str, str]:
    """Which item, its case number, its result."""
    name = f"{number} {one.item.whole.short_name.of(language)}"
    if one.draft is None:
        return name, NOT_TAKEN.of(language)
    return name, f"{group_case_no(one.case_no)}\n{_both(one.result, language)}"


def _sections(number: int, one: Done, single: PaperContent | None, language: Language) -> dict[str, str]:
    """What its own receipt says besides: rows and titled paragraphs as lines; its promise by itself."""
    name = one.item.whole.short_name.of(language)
    said = [one.told.of(language)] if one.told != EMPTY else []
    if single is None:
        return {f"{number} {name}": "\n".join(said)}
    told_above = {wording.CASE_NO, wording.ITEM, wording.APPLICANT, wording.PROXY, wording.VERIFIED, wording.TIME}
    skipped = {label.of(language) for label in (*told_above, wording.RESULT)}
    colon = "：" if language == "zh_CN" else ": "
    said += [f"{label}{colon}{value.partition(chr(10))[0]}" for label, value in single.rows if label not in skipped]
    own = {title.of(language) for title in OWN_SECTIONS}
    for title, text in single.extra.items():
        if title not in own:
            said += [f"{title}{colon}{line}" if at == 0 else line for at, line in enumerate(text.split("\n"))]
    found = {f"{number} {name}": "\n".join(said)}
    promise = [single.extra[title.of(language)] for title in OWN_SECTIONS if title.of(language) in single.extra]
    if promise:
        found[PROMISE.of(language).format(name)] = "\n".join(promise)
    return found


def _both(text: Text, language: Language) -> str:
    return text.zh if language == "zh_CN" or text.zh == text.en else f"{text.en}\n{text.zh}"
