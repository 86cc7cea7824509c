"""What a visit has that could be taken up again, as pure functions; the pages are in keeping.py."""

from __future__ import annotations

from kiosk.domain.unfinished import Unfinished
from kiosk.services import forms
from kiosk.visit.effects import Effect, KeepDraft
from kiosk.visit.states import State
from kiosk.visit.visit import Visit

ENTERED = frozenset(
    {State.FORM, State.LICENCE, State.MATERIAL, State.UPLOAD, State.COMMITMENT, State.REVIEW, State.SIGN}
)
"""Pages on which something was entered that is not committed."""


def answers(visit: Visit) -> dict[str, str]:
    """The answers so far, the one on the screen with them if it fits."""
    if visit.service is None:
        return {}
    asked = visit.pack.questions
    found = {q.key: visit.envelope.value(q.key) for q in asked if visit.envelope.get(q.key)}
    if _page(visit) is State.FORM:
        question = asked[visit.question]
        sure = visit.confirmed or not visit.read  # what was read from a paper is nobody's answer before that
        if sure and forms.complaint(question, visit.answer, visit.envelope) is None:
            found[question.key] = visit.answer
    return found


def _page(visit: Visit) -> State:
    return visit.left if visit.state in (State.KEEP, State.HELPER) and visit.left is not None else visit.state


def begun(visit: Visit) -> bool:
    """Whether there is something to keep, and a card that can keep it: its photograph is what nobody else has."""
    document = visit.document
    return (
        visit.machine.draft_days > 0
        and document is not None
        and document.photo is not None
        and not visit.collecting
        and _page(visit) in ENTERED
        and bool(answers(visit))
    )


def keep(visit: Visit) -> KeepDraft:
    if visit.document is None:
        raise AssertionError("a draft needs a document")
    draft = Unfinished(visit.pack.pack_id, answers(visit), None, None)
    return KeepDraft(visit.document, draft, visit.machine.draft_days)


def left_behind(visit: Visit) -> tuple[Effect, ...]:
    """For a visit that ends by itself (time, card, power): kept without asking only for who agreed to it before."""
    return (keep(visit),) if visit.keep_agreed and not visit.saved and begun(visit) else ()


def offered(visit: Visit) -> bool:
    """Whether the person, now certain, has begun the chosen matter before."""
    draft, service = visit.draft, visit.service
    return visit.certain and draft is not None and service is not None and draft.service_id == service.pack_id
