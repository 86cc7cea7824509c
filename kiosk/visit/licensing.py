"""The page of an electronic licence (电子证照): the person agrees to its being asked for, sees what was found, takes it
or not. What is taken stands in the case with origin licence, trust A, and with the backend's word that it was read.

Nothing is asked before the touch that agrees; nothing counts before the one that takes it. Where there is none, or no
answer, the page says which, and the form goes on as it would without.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.register import ANSWER, FOUND, Answered, Silent
from kiosk.services import forms, situations
from kiosk.services.model import LicenceSource
from kiosk.visit import filling, lending
from kiosk.visit.effects import AskRegister
from kiosk.visit.events import BackPressed, LicenceDeclined, NextPressed, RegisterAnswered
from kiosk.visit.materials import without
from kiosk.visit.querying import word_of
from kiosk.visit.states import State
from kiosk.visit.table import Result, late, on, stay
from kiosk.visit.visit import Now, Visit


@on(NextPressed, State.LICENCE)
def agree(visit: Visit, event: NextPressed, now: Now) -> Result:
    """To its being asked for; to what was found; or to going on without, where there is none."""
    source = lending.on_page(visit)
    match lending.stage(visit):
        case "consent" if visit.document is not None and visit.certain:
            return stay(lending.standing(visit, source, lending.ASKING), AskRegister(source.register, visit.document))
        case "found":
            return onward(taken(visit, source), now)
        case "failed":
            return onward(visit, now)
    return stay(visit)


@on(LicenceDeclined, State.LICENCE)
def decline(visit: Visit, event: LicenceDeclined, now: Now) -> Result:
    """The person fills it in: also where one was taken before, or the answer is on its way."""
    source = lending.on_page(visit)
    visit = lending.standing(visit, source, lending.DECLINED)
    keys = situations.keys_of(visit.whole, source)
    kept = (each for each in visit.envelope.fields if each.key not in keys or each.origin is not Origin.LICENCE)
    return onward(filling.with_answers(visit, Envelope(tuple(kept))), now)


@on(BackPressed, State.LICENCE)
def back(visit: Visit, event: BackPressed, now: Now) -> Result:
    """What is on its way is not waited for; it is asked for again when the page is."""
    source = lending.on_page(visit)
    if lending.stage(visit) == "asking":
        visit = lending.standing(visit, source, "")
    return filling.before_question(visit)


@on(RegisterAnswered, State.LICENCE)
def answered(visit: Visit, event: RegisterAnswered, now: Now) -> Result:
    """An answer to another person's question, or to one that was given up, has come too late."""
    source = lending.on_page(visit)
    asked = lending.stage(visit) == "asking" and source.register == event.register
    if not asked or visit.document is None or visit.document.number != event.number:
        return stay(visit)
    if isinstance(event.answer, Silent):
        return stay(lending.standing(visit, source, word_of(event.answer.cause)))
    if event.answer.values.get(ANSWER) == lending.NONE and len(event.answer.values) == 1:
        return stay(lending.standing(visit, source, lending.NONE))
    if not _fits(visit, source, event.answer, now):
        return stay(lending.standing(visit, source, "unfit"))
    return stay(lending.standing(visit, source, ""), lent={**visit.lent, source.register: event.answer})


def _fits(visit: Visit, source: LicenceSource, said: Answered, now: Now) -> bool:
    """Whether it is what the pack names, no more and no less, and answers the questions that it is to answer."""
    if said.values.get(ANSWER) != FOUND or set(said.values) != {ANSWER, *source.fields}:
        return False
    asked = (question for key in source.fields if (question := visit.whole.question(key)) is not None)
    today = now.wall.date()
    return all(forms.complaint(each, said.values[each.key], visit.envelope, today) is None for each in asked)


def taken(visit: Visit, source: LicenceSource) -> Visit:
    """The visit with what the licence says. A paper for which it stands is not handed in besides."""
    said = visit.lent[source.register]
    fields = [FieldValue(key, said.values[key], Origin.LICENCE, Trust.A) for key in source.fields]
    fields.append(FieldValue(situations.proof_key(source), said.proof, Origin.LICENCE, Trust.A))
    papers = {material.key for material in visit.whole.lent(source)}
    for key in papers:
        visit = replace(visit, pages=without(visit, key))
    visit = lending.standing(visit, source, lending.USED)
    kept = Envelope(tuple(field for field in visit.envelope.fields if field.key not in papers))
    return filling.with_answers(visit, kept.with_fields(fields))


def onward(visit: Visit, now: Now) -> Result:
    """To what is asked next from the place where the licence was due."""
    if visit.editing:
        return filling.onward(visit, now)
    after = filling.following(visit, visit.question)
    if after is not None:
        return filling.forward(visit, after)
    return filling.clashing(visit, now) or filling.after_questions(visit)


late(LicenceDeclined, but=(State.LICENCE,))
