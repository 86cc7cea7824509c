"""Form, commitment, review, signature: data entered once, each value with its origin."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from kiosk.domain.case import Commitment
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.services import forms, situations
from kiosk.services.model import MaterialSpec, Question
from kiosk.visit.effects import Commit, PreparePapers
from kiosk.visit.events import (
    AnswerChanged,
    BackPressed,
    ClauseToggled,
    CommitmentDeclined,
    EditPressed,
    NextPressed,
    Signed,
    ValueConfirmed,
)
from kiosk.visit.materials import as_field, attached, must_be_scanned, next_needed, scan, scannable, without
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Strokes, Visit

SHORTEST_SIGNATURE = 0.15  # length of all strokes together, in widths of the pad: more than a slip of the finger


def begin_matter(visit: Visit) -> Result:
    """The person is known: fill in from the card, then ask only for what is missing."""
    if visit.document is None:
        return go(visit, State.IDENTIFY)
    envelope = visit.envelope.with_fields(forms.prefill(visit.whole, visit.document))
    visit = replace(with_answers(visit, envelope), editing=False)
    if visit.pack.questions:
        return ask(visit, 0)
    return after_questions(visit)


def with_answers(visit: Visit, envelope: Envelope) -> Visit:
    """The visit with these values: what does not belong to the situation that they make goes, what follows from them is
    made anew."""
    envelope = forms.derive(visit.whole, situations.trim(visit.whole, envelope))
    visit = replace(visit, envelope=envelope)
    if not visit.whole.materials and not visit.whole.conditional:
        return visit
    pack = visit.pack
    visit = replace(visit, envelope=situations.spared(pack, envelope))
    if not visit.whole.conditional:
        return visit
    pages = {key: pages for key, pages in visit.pages.items() if pack.material(key) is not None}
    if pack.commitment is not None:
        return replace(visit, pages=pages)
    return replace(visit, pages=pages, commitment=None, declined=False, agreed=frozenset())


def ask(visit: Visit, index: int, *, editing: bool = False, wanted: bool = False) -> Result:
    """A question with the answer that is known. ``wanted``: the citizen has just had a paper read for it, so what was
    read stands there, or nothing as long as it is being read."""
    question = visit.pack.questions[index]
    known = visit.envelope.get(question.key)
    fresh = wanted and (question.key in visit.offers or visit.readings > 0)
    read = known is not None and known.origin is Origin.OCR and not fresh
    asked, effects = go(
        visit, State.FORM, question=index, answer="" if known is None or fresh else known.value, complained=False,
        editing=editing, read=read, confirmed=read,
    )  # fmt: skip
    return with_offer(asked), effects


def with_offer(visit: Visit) -> Visit:
    """The question on screen with what was read for it, where its field is empty: to be confirmed or changed."""
    offer = visit.offers.get(question_of(visit).key, "")
    if not offer or visit.answer:
        return visit
    return replace(visit, answer=offer, read=True, confirmed=False)


def after_questions(visit: Visit) -> Result:
    """Papers that everybody is asked for, then the promise, then the review."""
    if (needed := next_needed(visit)) is not None:
        if scannable(visit, needed) or must_be_scanned(needed):
            return scan(visit, needed, "matter")
        return after_questions(replace(visit, envelope=visit.envelope.with_field(as_field(visit, needed))))
    if visit.pack.commitment is not None:
        return go(visit, State.COMMITMENT)
    return review(visit)


def after_material(visit: Visit, spec: MaterialSpec) -> Result:
    return after_questions(visit) if spec in visit.pack.needed else review(visit)


def before_material(visit: Visit, spec: MaterialSpec) -> Result:
    if spec not in visit.pack.needed:
        return go(visit, State.COMMITMENT)
    return ask(visit, len(visit.pack.questions) - 1) if visit.pack.questions else go(visit, State.GUIDE)


def review(visit: Visit) -> Result:
    return go(visit, State.REVIEW, PreparePapers(), editing=False)


def onward(visit: Visit, now: Now) -> Result:
    """After something was changed on the review page: to what a change has left open, else back to the review."""
    return still_open(visit, now) or review(visit)


def still_open(visit: Visit, now: Now) -> Result | None:
    """The question that has no answer or clashes with another, the paper that is asked for, the promise; None for all
    is there."""
    pack = visit.pack
    keys = [question.key for question in pack.questions]
    unanswered = next((i for i, key in enumerate(keys) if visit.envelope.get(key) is None), None)
    if unanswered is not None:
        return ask(visit, unanswered, editing=True)
    if (clash := clashing(visit, now)) is not None:
        return clash
    decided = pack.commitment is None or visit.commitment is not None or visit.declined
    return None if decided and next_needed(visit) is None else after_questions(visit)


def clashing(visit: Visit, now: Now) -> Result | None:
    """The question whose answer does not agree with another, with its complaint."""
    found = forms.clash(visit.pack, visit.envelope, now.wall.date())
    if found is None:
        return None
    keys = [question.key for question in visit.pack.questions]
    asked, effects = ask(visit, keys.index(found[0]), editing=True)
    return replace(asked, complained=True), effects


def question_of(visit: Visit) -> Question:
    return visit.pack.questions[visit.question]


@on(AnswerChanged, State.FORM)
def answer(visit: Visit, event: AnswerChanged, now: Now) -> Result:
    question = question_of(visit)
    if event.key != question.key:
        return stay(visit)
    value = event.value[: question.max_length]
    same = value == visit.answer  # an echo of the window; what was changed by hand is typed
    return stay(visit, answer=value, complained=False, read=visit.read and same, confirmed=visit.confirmed and same)


@on(ValueConfirmed, State.FORM)
def confirm(visit: Visit, event: ValueConfirmed, now: Now) -> Result:
    return stay(visit, confirmed=visit.read and event.on, complained=False)


@on(NextPressed, State.FORM)
def next_question(visit: Visit, event: NextPressed, now: Now) -> Result:
    question = question_of(visit)
    wrong = forms.objection(visit.pack, question, visit.answer, visit.envelope, now.wall.date())
    if wrong is not None or (visit.read and not visit.confirmed):
        return stay(visit, complained=True)
    field = forms.answer(question, visit.answer, read=visit.read)
    visit = with_answers(visit, visit.envelope.with_field(field))
    if visit.editing:
        return onward(visit, now)
    if visit.question + 1 < len(visit.pack.questions):
        return ask(visit, visit.question + 1)
    return clashing(visit, now) or after_questions(visit)


@on(BackPressed, State.FORM)
def previous_question(visit: Visit, event: BackPressed, now: Now) -> Result:
    if visit.editing:
        return review(visit)
    return ask(visit, visit.question - 1) if visit.question else go(visit, State.GUIDE)


@on(ClauseToggled, State.COMMITMENT)
def toggle_clause(visit: Visit, event: ClauseToggled, now: Now) -> Result:
    terms = visit.pack.commitment
    if terms is None or not 0 <= event.index < len(terms.clauses):
        return stay(visit)
    return stay(visit, agreed=visit.agreed ^ {event.index})


@on(NextPressed, State.COMMITMENT)
def commit_to(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Every clause was read and agreed to, one by one; less is no commitment."""
    terms = visit.pack.commitment
    if terms is None:
        return review(visit)
    if visit.agreed != frozenset(range(len(terms.clauses))):
        return stay(visit)
    made = Commitment(terms.commitment_id, terms.version, tuple(clause.zh for clause in terms.clauses), now.wall)
    field = FieldValue(terms.replaces, terms.replaces_text.zh, Origin.COMMITTED, Trust.D)
    pages = without(visit, terms.replaces)  # what a promise stands for is not handed in as well
    return review(
        replace(visit, commitment=made, declined=False, envelope=visit.envelope.with_field(field), pages=pages)
    )


@on(CommitmentDeclined, State.COMMITMENT)
def decline(visit: Visit, event: CommitmentDeclined, now: Now) -> Result:
    """The applicant may choose: without a commitment the material is handed in, scanned here or at the counter, and a
    person decides."""
    terms = visit.pack.commitment
    if terms is None:
        return review(visit)
    visit = replace(visit, commitment=None, declined=True, agreed=frozenset())
    material = visit.pack.material(terms.replaces)
    if material is None:
        field = FieldValue(terms.replaces, terms.declined_text.zh, Origin.CHOSEN, Trust.D)
    elif scannable(visit, material):
        return scan(visit, material, "matter")
    else:
        field = as_field(visit, material)
    return review(replace(visit, envelope=visit.envelope.with_field(field)))


@on(BackPressed, State.COMMITMENT)
def back_from_commitment(visit: Visit, event: BackPressed, now: Now) -> Result:
    return ask(visit, len(visit.pack.questions) - 1) if visit.pack.questions else go(visit, State.GUIDE)


@on(EditPressed, State.REVIEW)
def edit(visit: Visit, event: EditPressed, now: Now) -> Result:
    terms = visit.pack.commitment
    if terms is not None and event.key == terms.replaces:
        return go(visit, State.COMMITMENT)
    material = visit.pack.material(event.key)
    if material is not None:
        field = visit.envelope.get(event.key)
        needless = field is not None and field.origin in forms.NEEDLESS
        return scan(visit, material, "review") if scannable(visit, material) and not needless else stay(visit)
    keys = [question.key for question in visit.pack.questions]
    key = forms.question_behind(visit.pack, event.key)
    return ask(visit, keys.index(key), editing=True) if key in keys else stay(visit)


@on(BackPressed, State.REVIEW)
def back_from_review(visit: Visit, event: BackPressed, now: Now) -> Result:
    return go(visit, State.COMMITMENT) if visit.pack.commitment else back_from_commitment(visit, event, now)


@on(NextPressed, State.REVIEW)
def reviewed(visit: Visit, event: NextPressed, now: Now) -> Result:
    if (missing := still_open(visit, now)) is not None:
        return missing
    return go(visit, State.SIGN) if visit.pack.signature else commit(visit)


@on(BackPressed, State.SIGN)
def back_from_sign(visit: Visit, event: BackPressed, now: Now) -> Result:
    return review(replace(visit, strokes=()))


@on(Signed, State.SIGN)
def signed(visit: Visit, event: Signed, now: Now) -> Result:
    if length(event.strokes) < SHORTEST_SIGNATURE:
        return stay(visit)
    return commit(replace(visit, strokes=event.strokes))


def length(strokes: Strokes) -> float:
    """Length of a drawing, in widths of the pad."""
    return sum(math.hypot(x2 - x1, y2 - y1) for stroke in strokes for (x1, y1), (x2, y2) in pairwise(stroke))


def commit(visit: Visit) -> Result:
    if visit.document is None or visit.verification is None or visit.started_at is None:
        raise AssertionError("a case needs a document, a verification and a beginning")
    return go(
        visit,
        State.COMMITTING,
        Commit(
            visit.whole, visit.document, visit.envelope, visit.verification, visit.commitment, visit.strokes,
            visit.started_at, visit.language, visit.machine.online, attached(visit),
            draft=visit.draft is not None and visit.draft.service_id == visit.pack.pack_id,
        ),
    )  # fmt: skip


late(AnswerChanged, ValueConfirmed, but=(State.FORM,))
late(ClauseToggled, CommitmentDeclined, but=(State.COMMITMENT,))
late(EditPressed, but=(State.REVIEW,))
late(Signed, but=(State.SIGN,))
