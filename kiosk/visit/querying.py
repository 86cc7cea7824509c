"""Querying (查询): a department's register is asked about the person, who is certain; the answer is what is reviewed.

That there is no record is an answer like any other, and the pack's table says what follows. Where the register does not
answer, that is said as what it is: nothing is taken for an answer, nothing is kept, and the person may ask once more.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.register import ANSWER, FOUND, NONE, PROOF, Answered, Silent
from kiosk.services.model import REGISTER
from kiosk.visit.effects import AskRegister
from kiosk.visit.events import BackPressed, NextPressed, RegisterAnswered
from kiosk.visit.filling import begin_matter
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Visit

UNFIT = ("garbled", "too-large", "other-person")
NO_ANSWER = ("unreachable", "slow", "busy", "refused")


def ask(visit: Visit) -> Result:
    """Ask about the card's holder; what was answered before counts no more."""
    if visit.document is None or visit.whole.query is None or not visit.certain:
        raise AssertionError("a register is asked about one whose identity is certain")
    question = AskRegister(visit.whole.query.register, visit.document)
    return go(replace(visit, envelope=Envelope()), State.QUERY, question)


@on(RegisterAnswered, State.QUERY)
def answered(visit: Visit, event: RegisterAnswered, now: Now) -> Result:
    """An answer to another person's question, or to another register's, has come too late."""
    query = visit.whole.query
    asked = query is not None and query.register == event.register and not visit.problem
    if not asked or visit.document is None or visit.document.number != event.number:
        return stay(visit)
    if isinstance(event.answer, Silent):
        return stay(visit, problem=word_of(event.answer.cause))
    if not _fits(visit, event.answer):
        return stay(visit, problem="unfit")
    values = {**event.answer.values, PROOF: event.answer.proof}
    fields = [FieldValue(key, value, Origin.REGISTER, Trust.A) for key, value in values.items()]
    return begin_matter(replace(visit, envelope=visit.envelope.with_fields(fields)))


def _fits(visit: Visit, answer: Answered) -> bool:
    """Whether it is what the pack names, no more and no less: nothing goes into a case that nobody was shown."""
    known = {item.key for item in visit.whole.prefill if item.source == REGISTER}
    kind = answer.values.get(ANSWER)
    if kind == NONE:
        return set(answer.values) == {ANSWER}
    return kind == FOUND and set(answer.values) == known


def word_of(cause: str) -> str:
    """What the page says: the register does not answer, what it says is no answer, none is connected, or no line."""
    if cause in UNFIT:
        return "unfit"
    return "silent" if cause in NO_ANSWER else "not_connected" if cause == "not-connected" else "line"


@on(NextPressed, State.QUERY)
def again(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Once more, where there was no answer."""
    return ask(visit) if visit.problem else stay(visit)


@on(BackPressed, State.QUERY)
def give_up(visit: Visit, event: BackPressed, now: Now) -> Result:
    return go(visit, State.GUIDE)


late(RegisterAnswered, but=(State.QUERY, State.LICENCE))
