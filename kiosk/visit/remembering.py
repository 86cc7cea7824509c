"""Asked once across visits: answers that the citizen wants remembered, offered to the same person at the next one.

Agreed to on the review page, never beforehand, and only by a person who is certain; kept with the case's commit,
sealed to the card, for the days that the page says. What is kept is marked in the data dictionary
(kiosk.services.known). Consent ends by a touch there or beside one's cases, by time, or with the card.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kiosk.domain.known import Known
from kiosk.services import known, situations
from kiosk.visit.effects import Effect, ForgetAnswers, KeepAnswers
from kiosk.visit.events import AnswersKept, KnownForgotten, KnownFound, RememberToggled
from kiosk.visit.states import State
from kiosk.visit.table import Result, late, on, stay
from kiosk.visit.visit import Now, Visit


def offerable(visit: Visit) -> dict[str, str]:
    """What may be kept of this visit, by its name; {} where nobody is asked: the card's photograph is the key, a person
    who is not certain agrees to nothing that another would be offered, and what is filled in for another is theirs."""
    document, role = visit.document, situations.role_of(visit.whole, visit.envelope.as_dict())
    if role in situations.PROXIES:
        return {}
    if not visit.machine.answer_days or not visit.certain or document is None or document.photo is None:
        return {}
    return known.worth_keeping(visit.pack, visit.envelope)


def kept(visit: Visit, now: Now) -> tuple[Effect, ...]:
    """With the commit. Agreed to anew: for the whole time; before: what changed is kept as it is now, no longer."""
    answers, before = offerable(visit), visit.known
    if visit.document is None or not answers:
        return ()
    if visit.remember:
        until = now.wall + timedelta(days=visit.machine.answer_days)
        return (KeepAnswers(visit.document, Known({**(before.answers if before else {}), **answers}, until)),)
    if before is None:
        return ()
    newer = {**before.answers, **{name: value for name, value in answers.items() if name in before.answers}}
    return (KeepAnswers(visit.document, replace(before, answers=newer)),) if newer != before.answers else ()


@on(KnownFound)
def found(visit: Visit, event: KnownFound, now: Now) -> Result:
    """What is kept for the card that was read; an answer about another card has come too late."""
    if visit.document is None or visit.document.number != event.number:
        return stay(visit)
    return stay(visit, known=event.known)


@on(RememberToggled, State.REVIEW)
def toggle(visit: Visit, event: RememberToggled, now: Now) -> Result:
    return stay(visit, remember=not visit.remember) if offerable(visit) else stay(visit)


@on(KnownForgotten, State.REVIEW, State.CASES)
def forget(visit: Visit, event: KnownForgotten, now: Now) -> Result:
    """Erased at once. What of it stands in this matter stays: it is the citizen's answer now."""
    if visit.known is None or visit.document is None:
        return stay(visit)
    return stay(visit, ForgetAnswers(visit.document), known=None, remember=False)


@on(AnswersKept)
def told(visit: Visit, event: AnswersKept, now: Now) -> Result:
    """Told where it was asked for in this visit."""
    if not visit.remember:
        return stay(visit)
    return stay(visit, remembered=event.until, not_remembered=event.until is None)


late(RememberToggled, but=(State.REVIEW,))
late(KnownForgotten, but=(State.REVIEW, State.CASES))
