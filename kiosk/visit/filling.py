"""Form, commitment, review, signature: data entered once, each value with its origin."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from kiosk.domain.case import Commitment
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.services import bundle, forms, known, situations, suggesting
from kiosk.services.model import MaterialSpec, Question
from kiosk.visit import errands, lending, promising
from kiosk.visit.effects import Commit, PreparePapers
from kiosk.visit.events import (
    AnswerChanged,
    BackPressed,
    ClauseToggled,
    CommitmentDeclined,
    EditPressed,
    NextPressed,
    Signed,
    SuggestionChosen,
    ValueConfirmed,
)
from kiosk.visit.materials import as_field, attached, must_be_scanned, next_needed, scan, scannable, without
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Strokes, Visit

KEPT = (Origin.EARLIER, Origin.HELPER, Origin.CARD, Origin.CHOSEN, Origin.LICENCE)
"""Origins that an answer keeps until it is changed."""
NOT_ASKED = (Origin.EARLIER, Origin.LICENCE)
SHORTEST_SIGNATURE = 0.15  # length of all strokes together, in widths of the pad: more than a slip of the finger


def begin_matter(visit: Visit) -> Result:
    """The person is known: fill in from the card, then ask only for what is missing."""
    if visit.document is None:
        return go(visit, State.IDENTIFY)
    envelope = visit.envelope.with_fields(forms.prefill(visit.whole, visit.document))
    visit = with_known(replace(with_answers(visit, envelope), editing=False))
    first = following(visit, 0)
    return after_questions(visit) if first is None else forward(visit, first)


def with_known(visit: Visit) -> Visit:
    """With what is known of an earlier visit in the fields that are empty, for a person who is certain and applies for
    themselves. It is not asked again, and stands on the review page as what it is."""
    if visit.known is None or not visit.certain:
        return visit
    if situations.role_of(visit.whole, visit.envelope.as_dict()) in situations.PROXIES:
        own = tuple(field for field in visit.envelope.fields if field.origin is not Origin.EARLIER)
        return visit if own == visit.envelope.fields else with_answers(visit, Envelope(own))
    for question in visit.whole.questions:  # those before it say whether it is asked
        field = known.offer(question, visit.known.answers)
        if field and visit.envelope.get(question.key) is None and visit.pack.question(question.key) is not None:
            visit = with_answers(visit, visit.envelope.with_field(field))
    return visit


def asked(visit: Visit) -> list[int]:
    """The questions that are asked, by their place in the form: those that an earlier visit or a licence has answered
    are not."""
    fields = [visit.envelope.get(question.key) for question in visit.pack.questions]
    return [n for n, field in enumerate(fields) if field is None or field.origin not in NOT_ASKED]


def following(visit: Visit, index: int) -> int | None:
    """The next question from this place on."""
    return next((n for n in asked(visit) if n >= index), None)


def last_question(visit: Visit) -> Result:
    """Back to the form from what comes behind it."""
    places = asked(visit)
    return ask(visit, places[-1]) if places else go(visit, State.GUIDE)


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
    return promising.only_offered(replace(visit, pages=pages))


def forward(visit: Visit, index: int, *, editing: bool = False) -> Result:
    """To this question, or first to the licence that would answer it."""
    source = lending.due(visit, visit.pack.questions[index].key)
    if source is None:
        return ask(visit, index, editing=editing)
    return lending.page(replace(visit, editing=editing), source, index)


def ask(visit: Visit, index: int, *, editing: bool = False, wanted: bool = False) -> Result:
    """A question with the answer that is known. ``wanted``: the citizen has just had a paper read for it, so what was
    read stands there, or nothing as long as it is being read."""
    question = visit.pack.questions[index]
    there = visit.envelope.get(question.key)
    fresh = wanted and (question.key in visit.offers or visit.readings > 0)
    read = there is not None and there.origin is Origin.OCR and not fresh
    answer = "" if there is None or fresh else there.value
    theirs = there is not None and there.origin is not Origin.HELPER and known.sensitive(visit.pack, question.key)
    page, effects = go(
        visit, State.FORM, question=index, answer=answer, complained=False, editing=editing, read=read, confirmed=read,
        suggested=None, hidden=bool(visit.helper and answer and theirs),
    )  # fmt: skip
    return with_offer(page), effects


def with_offer(visit: Visit) -> Visit:
    """The question on screen with what was read for it, where its field is empty: to be confirmed or changed."""
    offer = visit.offers.get(question_of(visit).key, "")
    if not offer or visit.answer:
        return visit
    return replace(visit, answer=offer, read=True, confirmed=False)


def after_questions(visit: Visit) -> Result:
    """Papers that everybody is asked for, then the promises, then the review."""
    if (needed := next_needed(visit)) is not None:
        if (source := lending.due(visit, needed.key)) is not None:
            return lending.page(visit, source, len(visit.pack.questions))
        if scannable(visit, needed) or must_be_scanned(needed):
            return scan(visit, needed, "matter")
        return after_questions(replace(visit, envelope=visit.envelope.with_field(as_field(visit, needed))))
    if visit.pack.commitments and not visit.editing:
        return promising.page(visit, promising.still_open(visit) or visit.pack.commitments[0])
    return after_promise(visit)


def after_promise(visit: Visit) -> Result:
    """The next promise about which nothing was said, then the review."""
    terms = promising.still_open(visit)
    return review(visit) if terms is None else promising.page(visit, terms)


def after_material(visit: Visit, spec: MaterialSpec) -> Result:
    return after_questions(visit) if spec in visit.pack.needed else after_promise(visit)


def before_material(visit: Visit, spec: MaterialSpec) -> Result:
    if (terms := promising.stands_for(visit, spec.key)) is not None:
        return promising.page(visit, terms)
    return last_question(visit)


def review(visit: Visit) -> Result:
    pages = () if visit.whole.bundle is not None else attached(visit)  # of a bundle they go into several cases
    return go(visit, State.REVIEW, PreparePapers(pages), editing=False)


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
        return forward(visit, unanswered, editing=True)
    if (clash := clashing(visit, now)) is not None:
        return clash
    decided = promising.still_open(visit) is None
    return None if decided and next_needed(visit) is None else after_questions(visit)


def clashing(visit: Visit, now: Now) -> Result | None:
    """The question whose answer does not agree with another, with its complaint."""
    found = forms.clash(visit.pack, visit.envelope, now.wall.date())
    if found is None:
        return None
    keys = [question.key for question in visit.pack.questions]
    page, effects = ask(visit, keys.index(found[0]), editing=True)
    return replace(page, complained=True), effects


def question_of(visit: Visit) -> Question:
    return visit.pack.questions[visit.question]


@on(AnswerChanged, State.FORM)
def answer(visit: Visit, event: AnswerChanged, now: Now) -> Result:
    question = question_of(visit)
    if event.key != question.key:
        return stay(visit)
    value = event.value[: question.max_length]
    same = value == visit.answer  # an echo of the window; what was changed by hand is typed
    return stay(
        visit, answer=value, complained=False, read=visit.read and same, confirmed=visit.confirmed and same,
        suggested=visit.suggested if same else None, hidden=visit.hidden and same,
    )  # fmt: skip


@on(SuggestionChosen, State.FORM)
def take(visit: Visit, event: SuggestionChosen, now: Now) -> Result:
    question, offered = question_of(visit), suggestions(visit, now)
    if event.key != question.key or not 0 <= event.index < len(offered):
        return stay(visit)
    chosen = offered[event.index]
    return stay(
        visit, answer=chosen.value, suggested=chosen.origin, complained=False, read=False, confirmed=False, hidden=False
    )


def suggestions(visit: Visit, now: Now) -> tuple[suggesting.Suggested, ...]:
    """What may be taken for an answer by a touch; what is the person's alone is offered to no helper's eyes."""
    offered = suggesting.offered(visit.pack, question_of(visit), visit.envelope, now.wall.date())
    if not (visit.helper or visit.handover):
        return offered
    return tuple(each for each in offered if not any(known.sensitive(visit.pack, key) for key in each.keys))


@on(ValueConfirmed, State.FORM)
def confirm(visit: Visit, event: ValueConfirmed, now: Now) -> Result:
    return stay(visit, confirmed=visit.read and event.on, complained=False)


@on(NextPressed, State.FORM)
def next_question(visit: Visit, event: NextPressed, now: Now) -> Result:
    question = question_of(visit)
    wrong = forms.objection(visit.pack, question, visit.answer, visit.envelope, now.wall.date())
    if wrong is not None or (visit.read and not visit.confirmed):
        return stay(visit, complained=True)
    visit = with_answers(visit, visit.envelope.with_field(given(visit, question)))
    if question.key == situations.ROLE:
        visit = with_known(visit)
    if visit.editing:
        return onward(visit, now)
    if (after := following(visit, visit.question + 1)) is not None:
        return forward(visit, after)
    return clashing(visit, now) or after_questions(visit)


def given(visit: Visit, question: Question) -> FieldValue:
    """The answer on screen as a field. What a helper enters says so; what stands there unchanged keeps its origin."""
    field = forms.answer(question, visit.answer, read=visit.read, origin=visit.suggested)
    before = visit.envelope.get(question.key)
    kept = visit.helper != "" or (before is not None and before.origin in KEPT)
    if before is not None and before.value == field.value and kept and not (visit.read and before.origin in KEPT):
        return before
    return replace(field, origin=Origin.HELPER) if visit.helper else field


@on(BackPressed, State.FORM)
def previous_question(visit: Visit, event: BackPressed, now: Now) -> Result:
    return before_question(visit)


def before_question(visit: Visit) -> Result:
    """Back from a question, or from the licence that would answer it."""
    if visit.editing:
        return review(visit)
    before = [n for n in asked(visit) if n < visit.question]
    return ask(visit, before[-1]) if before else go(visit, State.GUIDE)


@on(ClauseToggled, State.COMMITMENT)
def toggle_clause(visit: Visit, event: ClauseToggled, now: Now) -> Result:
    terms = promising.terms_on_screen(visit)
    if terms is None or not 0 <= event.index < len(terms.clauses):
        return stay(visit)
    return stay(visit, agreed=visit.agreed ^ {event.index})


@on(NextPressed, State.COMMITMENT)
def commit_to(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Every clause was read and agreed to, one by one; less is no commitment."""
    terms = promising.terms_on_screen(visit)
    if terms is None:
        return review(visit)
    if visit.agreed != frozenset(range(len(terms.clauses))):
        return stay(visit)
    made = Commitment(terms.commitment_id, terms.version, tuple(clause.zh for clause in terms.clauses), now.wall)
    field = FieldValue(terms.replaces, terms.replaces_text.zh, Origin.COMMITTED, Trust.D)
    pages = without(visit, terms.replaces)  # what a promise stands for is not handed in as well
    return after_promise(replace(promising.made(visit, terms.replaces, made, field), pages=pages))


@on(CommitmentDeclined, State.COMMITMENT)
def decline(visit: Visit, event: CommitmentDeclined, now: Now) -> Result:
    """The applicant may choose: without a commitment the material is handed in, scanned here or at the counter, and a
    person decides. A paper that another item of a bundle has scanned is not scanned again."""
    terms = promising.terms_on_screen(visit)
    if terms is None:
        return review(visit)
    visit = promising.declined(visit, terms.replaces)
    material = visit.pack.material(terms.replaces)
    if scanned := visit.pages.get(bundle.twin(visit.pack, terms.replaces), ()):
        visit = replace(visit, pages={**visit.pages, terms.replaces: scanned})
    if material is None:
        field = FieldValue(terms.replaces, terms.declined_text.zh, Origin.CHOSEN, Trust.D)
    elif scannable(visit, material) and not scanned:
        return scan(visit, material, "matter")
    else:
        field = as_field(visit, material)
    return after_promise(replace(visit, envelope=visit.envelope.with_field(field)))


@on(BackPressed, State.COMMITMENT)
def back_from_commitment(visit: Visit, event: BackPressed, now: Now) -> Result:
    terms = promising.before(visit)
    return last_question(visit) if terms is None else promising.page(visit, terms)


@on(EditPressed, State.REVIEW)
def edit(visit: Visit, event: EditPressed, now: Now) -> Result:
    if (terms := promising.stands_for(visit, event.key)) is not None:
        return promising.page(visit, terms)
    material = visit.pack.material(event.key)
    if material is not None:
        field = visit.envelope.get(event.key)
        if field is not None and forms.lent(material, field) and (source := lending.behind(visit, material.key)):
            return lending.page(replace(visit, editing=True), source, len(visit.pack.questions))
        needless = field is not None and field.origin in forms.NEEDLESS
        return scan(visit, material, "review") if scannable(visit, material) and not needless else stay(visit)
    keys = [question.key for question in visit.pack.questions]
    key = forms.question_behind(visit.pack, event.key)
    field = visit.envelope.get(key)
    if field is not None and field.origin is Origin.LICENCE and (source := lending.behind(visit, key)):
        return lending.page(replace(visit, editing=True), source, len(keys))
    return ask(visit, keys.index(key), editing=True) if key in keys else stay(visit)


@on(BackPressed, State.REVIEW)
def back_from_review(visit: Visit, event: BackPressed, now: Now) -> Result:
    offered = visit.pack.commitments
    return promising.page(visit, offered[-1]) if offered else last_question(visit)


@on(NextPressed, State.REVIEW)
def reviewed(visit: Visit, event: NextPressed, now: Now) -> Result:
    if (missing := still_open(visit, now)) is not None:
        return missing
    return go(visit, State.SIGN) if visit.pack.signature else commit(visit)


@on(BackPressed, State.SIGN)
def back_from_sign(visit: Visit, event: BackPressed, now: Now) -> Result:
    if visit.errand is not None:
        return go(visit, errands.page(visit), strokes=())
    return review(replace(visit, strokes=()))


@on(Signed, State.SIGN)
def signed(visit: Visit, event: Signed, now: Now) -> Result:
    if length(event.strokes) < SHORTEST_SIGNATURE:
        return stay(visit)
    visit = replace(visit, strokes=event.strokes)
    return commit(visit) if visit.errand is None else errands.hand_in(visit)


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
            visit.started_at, visit.language, visit.machine.online, attached(visit), helped=visit.helped,
            draft=visit.draft is not None and visit.draft.service_id == visit.pack.pack_id,
            promises=visit.promises if visit.whole.bundle is not None else {},
        ),
    )  # fmt: skip


late(AnswerChanged, SuggestionChosen, ValueConfirmed, but=(State.FORM,))
late(ClauseToggled, CommitmentDeclined, but=(State.COMMITMENT,))
late(EditPressed, but=(State.REVIEW,))
late(Signed, but=(State.SIGN,))
