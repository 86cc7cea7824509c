"""Keep and resume: what was entered and not committed is kept if the citizen says so, and taken up by the same person.

Asked on leaving; nothing is chosen beforehand, and who does not answer keeps nothing. The pages name the matter only to
a person who was compared with the card, by face or by staff: "compared later" is not enough to see what was typed.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.services import forms
from kiosk.services.model import Verdict
from kiosk.visit import able
from kiosk.visit.collecting import home_again
from kiosk.visit.effects import ForgetDraft, TakeUpDraft
from kiosk.visit.events import (
    BackPressed,
    CardGone,
    CardShown,
    DraftErased,
    DraftFound,
    DraftKept,
    KeepChosen,
    NextPressed,
    ResumePressed,
)
from kiosk.visit.filling import after_questions, begin_matter, forward, with_answers, with_known
from kiosk.visit.finishing import farewell
from kiosk.visit.identifying import face_obstacle, identify
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.unfinished import begun, keep
from kiosk.visit.visit import Now, Visit

KEEPING = "keeping"  # the hint while the draft is being written


def keepable(visit: Visit, now: Now) -> bool:
    """Whether it is worth asking: there is something, and this machine can make sure of the person again."""
    return begun(visit) and (visit.machine.staff_codes or not face_obstacle(visit, now))


def ask_to_keep(visit: Visit) -> Result:
    return go(visit, State.KEEP, left=visit.state)


@on(KeepChosen, State.KEEP)
def chosen(visit: Visit, event: KeepChosen, now: Now) -> Result:
    if visit.hint == KEEPING:
        return stay(visit)
    if event.keep:
        return stay(visit, keep(visit), hint=KEEPING, problem="")
    return _leave_nothing(visit)


def _leave_nothing(visit: Visit) -> Result:
    """What was kept of this matter before goes as well: who does not want it kept wants none of it kept."""
    result, effects = farewell(replace(visit, keep_agreed=False), "quit")
    mine = visit.draft is not None and visit.service is not None and visit.draft.service_id == visit.service.pack_id
    if mine and visit.document is not None:
        return result, (ForgetDraft(visit.document), *effects)
    return result, effects


@on(DraftKept, State.KEEP)
def kept(visit: Visit, event: DraftKept, now: Now) -> Result:
    if event.until is None:
        return stay(visit, hint="", problem="keep_failed")
    return farewell(replace(visit, kept_until=event.until, keep_agreed=False), "kept")


@on(DraftKept, State.FAREWELL)
def kept_in_leaving(visit: Visit, event: DraftKept, now: Now) -> Result:
    return stay(visit, kept_until=event.until)


@on(BackPressed, State.KEEP)
def back_to_page(visit: Visit, event: BackPressed, now: Now) -> Result:
    if visit.hint == KEEPING or visit.left is None:
        return stay(visit)
    return go(visit, visit.left, left=None)


@on(CardGone, State.KEEP)
def card_taken(visit: Visit, event: CardGone, now: Now) -> Result:
    """It has been read; keeping or not keeping needs it no more."""
    return stay(visit)


@on(CardShown, State.KEEP)
def card_shown(visit: Visit, event: CardShown, now: Now) -> Result:
    """Another card is another person, who has no say in this."""
    if visit.document is not None and event.document.number != visit.document.number:
        return farewell(visit, "card_changed")
    return stay(visit)


# -- taking up ---------------------------------------------------------------------------------------


@on(DraftFound)
def found(visit: Visit, event: DraftFound, now: Now) -> Result:
    """What lies here for the card that was read; an answer about another card has come too late."""
    if visit.document is None or visit.document.number != event.number:
        return stay(visit)
    return stay(visit, draft=event.draft)


@on(ResumePressed, State.HOME)
def resume(visit: Visit, event: ResumePressed, now: Now) -> Result:
    """The matter is not named before the person is certain. What cannot be done now says so on its own page."""
    draft = visit.draft
    pack = None if draft is None else visit.machine.packs.get(draft.service_id)
    if pack is None:
        return stay(visit)
    verdict = able.ability(visit.machine, pack, now).verdict
    if not pack.effective.holds(now.wall.date()) or verdict is Verdict.CANNOT:
        return stay(visit, problem="resume_not_now")
    return identify(replace(visit, service=pack, resuming=True, started_at=now.wall), now)


@on(NextPressed, State.RESUME)
def take_up(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Every answer is looked at as if it had just been given; the first that is missing, or fits no more, is asked."""
    if visit.draft is None or visit.document is None:
        return begin_matter(visit)
    whole, before, today = visit.whole, visit.draft, now.wall.date()
    card = forms.prefill(whole, visit.document)
    visit = with_answers(replace(visit, editing=False, keep_agreed=True), visit.envelope.with_fields(card))
    for question in whole.questions:  # those before it say whether it is asked
        value, pack = before.answers.get(question.key, ""), visit.pack
        if not value or pack.question(question.key) is None:
            continue
        if forms.objection(pack, question, value, visit.envelope, today) is None:
            visit = with_answers(visit, visit.envelope.with_field(forms.answer(question, value)))
    visit = with_known(visit)
    keys = [question.key for question in visit.pack.questions]
    missing = next((index for index, key in enumerate(keys) if visit.envelope.get(key) is None), None)
    after, effects = after_questions(visit) if missing is None else forward(visit, missing)
    return after, (TakeUpDraft(whole.pack_id), *effects)


@on(DraftErased, State.RESUME)
def erase(visit: Visit, event: DraftErased, now: Now) -> Result:
    """清除: from the start page back to it, else on to the same matter from its beginning."""
    gone = () if visit.document is None else (ForgetDraft(visit.document),)
    visit = replace(visit, draft=None)
    after, effects = go(home_again(visit), State.HOME) if visit.resuming else begin_matter(visit)
    return after, (*gone, *effects)


@on(BackPressed, State.RESUME)
def back(visit: Visit, event: BackPressed, now: Now) -> Result:
    """It stays kept."""
    return go(home_again(visit), State.HOME) if visit.resuming else go(visit, State.GUIDE)


late(KeepChosen, but=(State.KEEP,))
late(DraftKept, but=(State.KEEP, State.FAREWELL))
late(ResumePressed, but=(State.HOME,))
late(DraftErased, but=(State.RESUME,))
