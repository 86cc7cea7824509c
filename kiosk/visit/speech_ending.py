"""What is said of results, papers, the rating, the farewell and of my cases. See speech.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kiosk.domain.text import within
from kiosk.visit import screen as s
from kiosk.visit import screen_cases as c
from kiosk.visit.speech_line import Line, Say


def outcome(body: s.OutcomeBody, say: Say) -> Iterator[Line]:
    """The result, the paper as it lies there, what comes next, and the true progress of printing."""
    if body.reasons_shown:
        yield from _reasons(body, say)
        return
    yield from (Line(body.heading), Line(body.lead))
    if body.case_no and not body.items and body.case_no not in body.lead:
        yield Line(say("outcome.case", body.case_no))
    for number, item in enumerate(body.items, 1):
        yield Line(say("speech.item", number, item.name, item.result))
        yield Line(item.told)
        if item.case_no:
            yield Line(say("outcome.case", item.case_no))
        yield from _steps(item.steps, say)
    if body.document_lines:
        yield Line(body.document_title)
        yield from (Line(say("speech.field", label, value)) for label, value in body.document_lines)
        if body.unsealed:
            yield Line(say("paper.unsealed"))
        if body.sample:
            yield Line(say("paper.sample"))
    yield from _steps(body.steps, say)
    for paper in body.papers:
        yield from _print(paper.title, paper.state, paper.reason, paper.pages_done, paper.pages_total, say)


def _reasons(body: s.OutcomeBody, say: Say) -> Iterator[Line]:
    word = "together" if body.items else body.outcome
    word = "provisional" if word == "approved" and not body.effective else word
    yield from (Line(say(f"outcome.why.title.{word}")), Line(say("outcome.reasons.lead")))
    for number, (because, basis) in enumerate(body.reasons, 1):
        yield from (Line(say("outcome.reasons.number", number, because)), Line(say("outcome.reasons.basis", basis)))


def _steps(steps: Iterable[tuple[str, str]], say: Say) -> Iterator[Line]:
    before = ""
    for kind, text in steps:
        yield Line(text if kind == before else say("speech.field", say(f"outcome.step.{kind}"), text))
        before = kind


def _print(title: str, state: str, reason: str, done: int, total: int, say: Say) -> Iterator[Line]:
    if state == "printing" and total:
        yield Line(say("print.pages", title, min(done + 1, total), total), live=True)
    else:
        yield Line(say(f"print.{state}", title), live=True)
    if reason:
        yield Line(say(f"fault.{reason}"), live=True)
    elif state == "printing":
        yield Line(say("print.where"), live=True)


def trouble(body: s.TroubleBody, say: Say) -> Iterator[Line]:
    kind = "unsure" if not body.certain else "done" if body.effective else "kept"
    yield from (Line(say(f"trouble.heading.{kind}", body.paper_title)), Line(say(f"fault.{body.reason or 'other'}")))
    yield Line(say(f"trouble.lead.{'sure' if body.certain else 'unsure'}"))
    detail = ".paper" if body.certain and body.reason in ("media-empty", "media-needed") else ""
    sure = "" if body.certain else ".unsure"
    for choice in body.choices:
        again = choice == "retry"
        note = say(f"trouble.{choice}{sure + detail if again else ''}.detail")
        yield Line(f"{say(f'trouble.{choice}{sure if again else str()}')}: {note}")
    if body.case_no:
        yield Line(say("outcome.case", body.case_no))


def rate(body: s.RateBody, say: Say) -> Iterator[Line]:
    """Every level alike, in the order in which they stand: nothing is hinted at."""
    if body.locked:
        yield from (Line(say("rate.locked.title")), Line(say("rate.locked.lead")))
        return
    again = "rate.again" if body.again else "rate"  # 追评
    yield from (Line(say(f"{again}.title")), Line(say(f"{again}.lead")))
    if body.problem:
        yield Line(say(f"rate.problem.{body.problem}"), live=True)
    for level, name in body.levels:
        yield Line(f"{say('speech.chosen')}: {name}" if level == body.level else name)
    if body.options:
        yield Line(say("rate.good" if body.level > 2 else "rate.bad"))
    for option in body.options:
        yield Line(f"{say('speech.chosen')}: {option.label}" if option.chosen else option.label)
    yield Line(say(f"{again}.skip"))


def farewell(body: s.FarewellBody, say: Say) -> Iterator[Line]:
    key = f"farewell.{body.reason}.{'saved' if body.saved else 'nothing'}"
    yield from (Line(say(f"{key}.title", body.kept_until)), Line(say(f"{key}.lead", body.kept_until)))
    if body.case_no:
        yield Line(say("outcome.case", body.case_no))
    if body.remembered:
        word = "not_remembered" if body.remembered == "failed" else "remembered"
        yield Line(say(f"farewell.{word}", body.remembered))
    take = to_take(body, say)
    if take:
        yield Line(say("farewell.take", take), live=True)


def to_take(body: s.FarewellBody, say: Say) -> str:
    """The cards that still lie there, then the papers, as part of a sentence; "" for none. Also what the page shows."""
    card = (say("farewell.take.card"),) if body.card_on_reader else ()
    other = (say("farewell.take.slot"),) if body.card_in_slot else ()
    *before, last = (*card, *other, *map(within, body.papers)) or ("",)
    return say("farewell.take.last").join((say("farewell.take.and").join(before), last)) if before else last


def collect(body: s.CollectBody, say: Say) -> Iterator[Line]:
    some = "" if body.lines else ".nothing"
    yield from (Line(say(f"collect{some}.title")), Line(say(f"collect{some}.lead")))
    for line in body.lines:
        standing = "again" if line.state == "ready" and line.printed else line.state
        yield Line(f"{line.title}: {say(f'collect.state.{standing}')}")
        yield Line(say("collect.detail", line.date, line.case_no))
        if line.told:
            yield Line(line.told)
        elif line.state not in ("ready", "notice"):
            yield Line(say(f"collect.advice.{line.state}"))
        if line.stage != "idle":
            yield from _print(line.title, line.stage, line.reason, line.pages_done, line.pages_total, say)


def cases(body: c.CasesBody, say: Say) -> Iterator[Line]:
    if body.lines is None or (not body.lines and body.asked == "asking"):
        yield Line(say("cases.looking"))
    else:
        yield Line(say("cases.title" if body.lines else "cases.nothing.title"))
    if body.problem:
        yield Line(say(f"cases.problem.{body.problem}"), live=True)
    if body.lines is not None:
        told = "cases.nothing.not_told" if body.asked == "not_told" else "cases.nothing.lead"
        yield Line(say("cases.asking" if body.asked == "asking" else "cases.lead" if body.lines else told))
    if body.lines and body.asked == "not_told":
        yield Line(say("cases.not_told"), live=True)
    if body.papers:
        yield from (Line(say("cases.papers", body.papers)), Line(say("cases.papers.detail")))
    for line in body.lines or ():
        yield from (Line(f"{line.title}: {line.word}"), *map(Line, _moving(line, say)))
        yield Line(say("cases.number", line.case_no))
    if body.known_until:
        yield Line(say("review.known", body.known_until))


def _moving(line: c.CaseLine, say: Say) -> Iterator[str]:
    if line.changed:
        yield say("cases.changed")
        return
    if line.pending and (line.queued or line.pending != "case"):
        yield say(f"cases.pending.{line.pending}")
    elif line.lacking:
        yield say("cases.lacking", line.lacking)
    elif line.answered:
        yield say("cases.answered")
    else:
        yield say("cases.since", line.since)
    if line.due:
        yield say("cases.due", line.due)


def case(body: c.CaseBody, say: Say) -> Iterator[Line]:
    line = body.line
    yield from (Line(f"{line.title}: {line.word}"), Line(_next(body, say)))
    if body.problem:
        yield Line(say(f"cases.problem.{body.problem}"), live=True)
    if body.unheeded:
        yield Line(say(f"case.unheeded.{body.unheeded}"))
    if body.obstacle:
        yield Line(say("case.lacking.line" if body.obstacle == "line" else "case.desk"))
    if not line.fresh and not line.queued:
        yield Line(say("case.stale"))
    if body.lacking:
        yield from (Line(say("case.lacking")), *map(Line, body.lacking))
    for step in body.steps:
        text = say("case.deemed") if step.kind == "accepted" and body.deemed else say(f"case.step.{step.kind}")
        now = say("case.by", line.due) if line.due else say("case.now")
        day = step.day or (now if step.stage == "now" else "")
        yield Line(say("speech.field", text, day) if day else text)
    if body.said:
        yield Line(say("speech.field", say("case.said.you" if line.state == "withdrawn" else "case.said"), body.said))
    if body.remedy:
        yield Line(say("speech.field", say("case.remedy"), body.remedy))
    yield from _rated(body.rated, say)
    if "withdraw" in body.actions:
        yield Line(say("case.withdraw.detail"))
    if body.office:
        yield Line(say("case.office", body.office))
    yield Line(say("cases.number", line.case_no))


def _rated(rated: c.RatedLine | None, say: Say) -> Iterator[Line]:
    """The person's own rating, and what was answered."""
    if rated is None:
        return
    yield Line(say("case.rated"))
    yield from (Line(text) for text in (rated.level, *rated.reasons))
    rows = (
        ("task", "" if rated.answer else rated.task), ("due", rated.due), ("finding", rated.finding),
        ("longer", rated.longer), ("answer", rated.answer), ("added", rated.added),
    )  # fmt: skip
    for key, text in rows:
        if text:
            yield Line(say("speech.field", say(f"case.rated.{key}", rated.answered), text))
    if rated.saved and not rated.added:
        yield Line(say("case.rated.saved"))
    elif not rated.level:
        yield Line(say("case.rated.unknown"))


def _next(body: c.CaseBody, say: Say) -> str:
    line = body.line
    if line.pending and (line.queued or line.pending != "case"):
        return say(f"case.pending.{line.pending}{'.queued' if line.queued else ''}")
    if line.changed:
        return say("case.next.changed")
    key = f"case.next.{line.state}"
    if line.state == "approved" and body.papers:
        return say(f"{key}.papers")
    if line.state == "accepted" and line.due and any(step.kind == "answering" for step in body.steps):
        return say("case.next.accepted.complaint.due", line.due)
    return say(f"{key}.due", line.due) if line.state in ("received", "accepted") and line.due else say(key)


def supplement(body: c.SupplementBody, say: Say) -> Iterator[Line]:
    yield from (Line(say("supplement.title")), Line(say("supplement.lead", body.title)))
    if body.problem:
        yield Line(say(f"review.problem.{body.problem}"), live=True)
    elif not body.desk:
        yield Line(say("supplement.desk"), live=True)
    for line in body.lines:
        yield Line(f"{line.label}: {say('supplement.pages', line.pages) if line.pages else say('supplement.none')}")
    left = sum(not line.pages for line in body.lines)
    yield Line(say("supplement.left", left) if left else say("supplement.promise"))
    if not body.online:
        yield Line(say("supplement.offline"))


def withdraw(body: c.WithdrawBody, say: Say) -> Iterator[Line]:
    yield from (Line(say("withdraw.title")), Line(say("withdraw.lead", body.title, body.case_no)))
    if body.problem:
        yield Line(say(f"review.problem.{body.problem}"), live=True)
    yield from (Line(say(f"withdraw.meaning.{word}")) for word in ("stops", "again", "late"))
    if not body.online:
        yield Line(say("supplement.offline"))
    yield Line(say("withdraw.why"))
    for text, chosen in body.reasons:
        yield Line(f"{say('speech.chosen')}: {text}" if chosen else text)


def handed_in(body: c.HandedInBody, say: Say) -> Iterator[Line]:
    yield from (Line(say(f"handed.{body.errand}.title")), Line(body.title))
    yield Line(say(f"handed.{body.errand}.{'lead' if body.online else 'offline'}"))
    yield Line(say("cases.number", body.case_no))
    yield from _print(body.receipt, body.stage, body.reason, body.pages_done, body.pages_total, say)
    if body.again:
        yield Line(say("handed.safe"))
