"""What the pages show of a bundle (一件事): the review by item, and the result of each item on one page."""

from __future__ import annotations

from kiosk.domain import clock_words
from kiosk.domain.codes import group_case_no
from kiosk.domain.decision import Outcome
from kiosk.domain.text import EMPTY, Text
from kiosk.services import bundle_review, telling
from kiosk.services.bundled import Done
from kiosk.services.known import rows_in_part
from kiosk.services.situations import fit
from kiosk.visit.screen import ItemResult, ReviewLine
from kiosk.visit.visit import Visit

NOT_TAKEN = Text("没有收", "Not taken")


def review_lines(visit: Visit, *, in_part: bool) -> tuple[ReviewLine, ...]:
    """Every field under the name of its item. ``in_part``: a helper looks on."""
    language, lines = visit.language, []
    for group in bundle_review.groups(visit.whole, visit.envelope, language):
        rows = rows_in_part(visit.whole, group.rows) if in_part else group.rows
        heads = (group.title.of(language), *("" for _ in rows[1:]))
        lines += [
            ReviewLine(row.key, row.label.of(language), row.value, row.origin.value, row.editable, head)
            for row, head in zip(rows, heads, strict=True)
        ]
    return tuple(lines)


def results(visit: Visit) -> tuple[ItemResult, ...]:
    """One line of result for each item, with what comes next for it."""
    return tuple(_result(visit, one) for one in visit.case.parts) if visit.case is not None else ()


def _result(visit: Visit, one: Done) -> ItemResult:
    language, whole = visit.language, one.item.whole
    name, told = whole.name.of(language), one.told.of(language)
    if one.draft is None or visit.case is None:
        return ItemResult(name, NOT_TAKEN.of(language), "against", "", told)
    decision = one.draft.decision
    pack = fit(whole, one.draft.envelope)
    until = clock_words.until(visit.machine.calendar, visit.case.committed_at)
    steps = (
        ("why", telling.why(decision)),
        ("ahead", telling.ahead(decision)),
        ("missing", telling.missing(decision)),
        ("go", telling.where_to_go(decision)),
        ("decides", telling.who_decides(pack, decision, until)),
        ("handled", telling.handed_on(pack, decision, until)),
        ("next", () if told or one.against else (pack.outcome_texts[decision.wording].next_step,)),
    )
    granted = decision.outcome is Outcome.APPROVED and decision.effective
    tone = "granted" if granted else "against" if decision.outcome is Outcome.REFUSED else "waits"
    return ItemResult(
        name=name,
        result=one.result.of(language),
        tone=tone,
        case_no=group_case_no(one.case_no),
        told=told,
        steps=tuple((kind, text.of(language)) for kind, texts in steps for text in texts if text != EMPTY),
    )


def reasons(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Every rule that decided, item by item."""
    found: list[tuple[str, str]] = []
    for one in visit.case.parts if visit.case is not None else ():
        if one.draft is not None:
            name, rules = one.item.whole.short_name.of(visit.language), one.item.whole.reasons(one.draft.decision)
            colon = ": " if visit.language == "en" else "："
            found += [(f"{name}{colon}{rule.because.of(visit.language)}", rule.basis) for rule in rules]
    return tuple(found)
