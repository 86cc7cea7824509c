"""Help (帮办): a member of staff helps somebody at the terminal, by their own code, seen on every page and in the case.

While they help, what is private is shown in part only, and what they enter says so (Origin.HELPER). What only the
person may do is not done with a helper in: consent to the face check or to keeping something, promises, signature and
handing in, cases and papers of earlier visits. There the help ends, and nothing goes on until the person takes over by
a touch of their own; where it was staff alone that compared them, a face check is offered as well. Help ends by a
button, by its time, and with the visit. Whether it really was the person who touched, a machine cannot tell: therefore
the case says who has helped, and a visit that was helped opens nothing of an earlier one on the word of staff
(Visit.certain).
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.decision import Verification
from kiosk.services import known
from kiosk.visit.browsing import looking_as
from kiosk.visit.collecting import with_card
from kiosk.visit.effects import CancelTimer, CheckStaffCode, Effect, NoteHelper, PrepareVerification, SetTimer
from kiosk.visit.events import (
    BackPressed,
    CardGone,
    CardShown,
    CasesPressed,
    CollectPressed,
    ElderChosen,
    Event,
    FaceAgreed,
    HelpClosed,
    HelperEnded,
    HelperPressed,
    HelpPressed,
    KnownForgotten,
    LanguageChosen,
    LevelChosen,
    MoreOptionsPressed,
    NextPressed,
    OptionToggled,
    QuitPressed,
    RatingSkipped,
    RatingSubmitted,
    RememberToggled,
    ResumePressed,
    StaffCodeChecked,
    StaffCodeEntered,
    StillHere,
    TakenOver,
    TimerFired,
    Touch,
)
from kiosk.visit.finishing import farewell
from kiosk.visit.identifying import face_obstacle
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay, timer
from kiosk.visit.visit import Now, Visit

CALLED_IN = (
    State.HOME, State.SEARCH, State.GUIDE, State.IDENTIFY, State.OTHER_WAY, State.FORM, State.MATERIAL, State.REVIEW,
)  # fmt: skip
"""Pages on which help may begin."""

HELPED = frozenset({*CALLED_IN, State.HELPER, State.CONSENT, State.UPLOAD})
"""Pages with a helper in: no other is shown to one."""

OWN = {
    State.HOME: (CasesPressed, CollectPressed, ResumePressed),
    State.CONSENT: (FaceAgreed,),
    State.REVIEW: (NextPressed, RememberToggled, KnownForgotten),
}
"""Touches on those pages that are the person's alone."""

RATING = (LevelChosen, OptionToggled, MoreOptionsPressed, RatingSubmitted)
ANYBODY = (QuitPressed, HelpPressed, HelpClosed, StillHere, LanguageChosen, ElderChosen, TakenOver, RatingSkipped)
"""Touches that are taken while the person has not taken over yet."""


def possible(visit: Visit) -> bool:
    """Whether help may begin here: not for what an earlier visit has left."""
    free = not visit.helper and not visit.handover and visit.checking_for is None and not visit.apart
    return visit.machine.staff_codes and free and visit.state in CALLED_IN


def instead(visit: Visit, event: Event) -> Visit | None:
    """The visit where a touch is not taken, because it is somebody else's to make; None: it is taken."""
    if not isinstance(event, Touch):
        return None
    if visit.handover and not isinstance(event, ANYBODY):
        return visit
    if visit.state is State.RATE and rating_locked(visit) and isinstance(event, RATING):
        return visit
    if visit.helper and isinstance(event, OWN.get(visit.state, ())):
        return _ended(visit, "own")
    return None


def mind(before: Visit, after: Visit) -> tuple[Visit, tuple[Effect, ...]]:
    """Help ends where the person goes on alone. Its beginning and its end are told, and its time is started."""
    if after.helper and after.state not in HELPED:
        after = _ended(after, "own")
    if after.helper == before.helper:
        return after, ()
    effects: tuple[Effect, ...] = ()
    if before.helper:
        effects = (CancelTimer("helper"), NoteHelper(before.helper, after.handover or "ended"))
    if after.helper:
        effects = (*effects, SetTimer("helper", after.machine.delays.helper), NoteHelper(after.helper))
    return after, effects


def compared_by_helper(visit: Visit) -> bool:
    """Whether nobody but who helps has compared the person with the card."""
    return bool(visit.helped) and visit.verification is Verification.STAFF


def face_offered(visit: Visit, now: Now) -> bool:
    """Whether the person who takes over may be compared once more, by face: never asked for, where it is possible."""
    return compared_by_helper(visit) and visit.document is not None and not face_obstacle(visit, now)


def _ended(visit: Visit, why: str) -> Visit:
    return replace(visit, helper="", handover=why)  # what is hidden stays so while they may still stand there


# -- beginning ---------------------------------------------------------------------------------------


@on(HelperPressed, *CALLED_IN)
def call_in(visit: Visit, event: HelperPressed, now: Now) -> Result:
    return go(visit, State.HELPER, left=visit.state, help_called=False) if possible(visit) else stay(visit)


@on(StaffCodeEntered, State.HELPER)
def code(visit: Visit, event: StaffCodeEntered, now: Now) -> Result:
    return stay(visit, CheckStaffCode(event.code), typed_on=State.HELPER)


@on(StaffCodeChecked, State.HELPER)
def code_checked(visit: Visit, event: StaffCodeChecked, now: Now) -> Result:
    if visit.typed_on is not State.HELPER:
        return stay(visit)  # it was typed to vouch for the person
    if not event.ok:
        return stay(
            visit, problem="code_locked" if event.locked_for else "code_wrong", attempts_left=event.attempts_left,
            locked_for=event.locked_for,
        )  # fmt: skip
    helped = visit.helped if event.who in visit.helped else (*visit.helped, event.who)
    return _back(replace(visit, helper=event.who, helped=helped))


@on(BackPressed, State.HELPER)
def back(visit: Visit, event: BackPressed, now: Now) -> Result:
    return _back(visit)


def _back(visit: Visit) -> Result:
    """To the page on which the helper was called in; what was being entered there is not for their eyes."""
    where = visit.left or State.HOME
    hidden = False
    if visit.helper and where is State.FORM and visit.answer:
        hidden = known.sensitive(visit.pack, visit.pack.questions[visit.question].key)
    return go(visit, where, left=None, hidden=hidden)


@on(CardShown, State.HELPER)
def card_shown(visit: Visit, event: CardShown, now: Now) -> Result:
    """Another card is another person."""
    if visit.document is not None and event.document.number != visit.document.number:
        return farewell(visit, "card_changed")
    return stay(looking_as(replace(with_card(visit, event), left=visit.left), visit))


@on(CardGone, State.HELPER)
def card_gone(visit: Visit, event: CardGone, now: Now) -> Result:
    """Where no page behind it needs the card, whoever comes next finds nothing of the one who left."""
    early = visit.left in (State.HOME, State.SEARCH, State.GUIDE, State.IDENTIFY)
    return stay(replace(visit.of_nobody(), left=visit.left)) if early else stay(visit)


# -- ending ------------------------------------------------------------------------------------------


@on(HelperEnded)
def leaves(visit: Visit, event: HelperEnded, now: Now) -> Result:
    return stay(_ended(visit, "left")) if visit.helper else stay(visit)


@timer("helper")
def time_is_over(visit: Visit, event: TimerFired, now: Now) -> Result:
    return stay(_ended(visit, "over")) if visit.helper else stay(visit)


@on(TakenOver)
def taken_over(visit: Visit, event: TakenOver, now: Now) -> Result:
    """The person's own touch. Of a face check that fails the page remains, and the case says who compared."""
    if not visit.handover:
        return stay(visit)
    offered = event.face and face_offered(visit, now)
    visit = replace(visit, handover="", hidden=False)
    return go(visit, State.CONSENT, PrepareVerification(), checking_for=visit.state) if offered else stay(visit)


@on(TakenOver, State.RATE)
def rate_alone(visit: Visit, event: TakenOver, now: Now) -> Result:
    """请本人在工作人员离开后评价."""
    return stay(visit, handover="", hidden=False, alone=True)


def rating_locked(visit: Visit) -> bool:
    """Who was helped rates only once they say that whoever helped has gone."""
    return bool(visit.helped) and not visit.alone


late(HelperPressed, but=CALLED_IN)
