"""Identify, consent, face, another way: who is it? Biometrics are never the only means, and never forced."""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.camera import (
    FaceDiffers,
    FaceMatched,
    FaceOutcome,
    FaceUnavailable,
    FaceUnclear,
    ReferenceUnusable,
)
from devices.contracts.identity import IdentityDocument
from devices.contracts.liveness import NotLive, NotLiveReason
from kiosk.domain.codes import age_on
from kiosk.domain.decision import Verification
from kiosk.services.model import ServicePack
from kiosk.visit import querying
from kiosk.visit.collecting import collect, home_again, with_card
from kiosk.visit.effects import CheckFace, CheckStaffCode, Effect, PrepareVerification, StopCamera
from kiosk.visit.errands import list_cases
from kiosk.visit.events import (
    BackPressed,
    CardFailed,
    CardGone,
    CardShown,
    FaceAgreed,
    FaceChecked,
    FaceHinted,
    LivenessPrompted,
    OtherWayChosen,
    PapersFound,
    PhotoDecoded,
    StaffCodeChecked,
    StaffCodeEntered,
)
from kiosk.visit.filling import begin_matter
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.unfinished import offered
from kiosk.visit.visit import Now, Visit

READING_PHOTO = "reading_photo"  # the hint while the check waits for the card's photograph
FACE_MIN_AGE = 14  # below, a guardian's consent is needed: 人脸识别技术应用安全管理办法


def refusal(pack: ServicePack, document: IdentityDocument, now: Now) -> str:
    """Message key of what keeps this document from this service, or ""."""
    today = now.wall.date()
    if document.kind.value not in pack.documents:
        return "card_kind"
    if document.expired(today):
        return "card_expired"
    if age_on(document.birth, today) < pack.min_age:
        return "under_age"
    return ""


def identify(visit: Visit, now: Now) -> Result:
    """Go on with the card if one is known and fits, else ask for one."""
    if visit.document is None:
        return go(visit, State.IDENTIFY)
    if visit.mine:
        return _identify_to_cases(visit, visit.document, now)
    if visit.collecting:
        return _identify_to_collect(visit, visit.document, now)
    problem = refusal(visit.pack, visit.document, now)
    if problem:
        return _refuse(visit, problem, str(visit.pack.min_age))
    if (visit.resuming or visit.querying) and not visit.certain:
        return verify(replace(visit, verification=None), now)
    if visit.verification is not None:
        return enter(visit)
    return verify(visit, now)


def enter(visit: Visit) -> Result:
    """To the matter: where it was begun before, the person is asked first whether to go on there."""
    if visit.querying:
        return querying.ask(visit)
    return go(visit, State.RESUME) if offered(visit) else begin_matter(visit)


def _identify_to_collect(visit: Visit, document: IdentityDocument, now: Now) -> Result:
    """Any valid document will do; nobody has their face checked for nothing."""
    if document.expired(now.wall.date()):
        return _refuse(visit, "card_expired")
    if visit.waiting is None:  # a moment, until the papers have been looked up
        return go(visit, State.IDENTIFY)
    if visit.certain or not visit.waiting:
        return collect(visit)
    return verify(replace(visit, verification=None), now)


def _identify_to_cases(visit: Visit, document: IdentityDocument, now: Now) -> Result:
    """Any valid document will do; that somebody has no case is told to nobody else either."""
    if document.expired(now.wall.date()):
        return _refuse(visit, "card_expired")
    return list_cases(visit) if visit.certain else verify(replace(visit, verification=None), now)


def _refuse(visit: Visit, problem: str, detail: str = "") -> Result:
    return go(
        visit, State.IDENTIFY, document=None, picture=None, photo_due=False, waiting=None, draft=None,
        known=None, verification=None, problem=problem, detail=detail,
    )  # fmt: skip


def verified(visit: Visit, how: Verification) -> Result:
    """The person is who the card says: on to what they came for."""
    visit = replace(visit, verification=how)
    if visit.checking_for is not None:
        return back_to_own_page(visit)
    if visit.mine:
        return list_cases(visit)
    return collect(visit) if visit.collecting else enter(visit)


def back_to_own_page(visit: Visit, *effects: Effect, handover: str = "") -> Result:
    """To the page on which the person takes over from who has helped; with ``handover`` they have yet to say so."""
    if visit.checking_for is None:
        raise AssertionError("nobody is compared once more")
    return go(visit, visit.checking_for, *effects, checking_for=None, handover=handover)


def staff_possible(visit: Visit) -> bool:
    """Whether staff may compare: whoever helps does not vouch as well for what is of an earlier visit, or again."""
    return visit.machine.staff_codes and not (visit.helped and (visit.apart or visit.checking_for is not None))


def leave(visit: Visit, *effects: Effect) -> Result:
    """Back to where the person came from: the guide of the matter, or the start page."""
    if visit.checking_for is not None:
        return back_to_own_page(visit, *effects, handover="own")
    if visit.apart and not visit.querying:
        return go(home_again(visit), State.HOME, *effects)
    return go(visit, State.GUIDE, *effects)


def face_obstacle(visit: Visit, now: Now) -> str:
    """Why the face check cannot be offered: ``photo``, ``camera``, ``minor``, ``off``; "" when it can."""
    if not visit.machine.face_check:
        return "off"
    if visit.document is not None and age_on(visit.document.birth, now.wall.date()) < FACE_MIN_AGE:
        return "minor"
    if visit.picture is None and not visit.photo_due:
        return "photo"
    return "" if visit.machine.camera else "camera"


def verify(visit: Visit, now: Now) -> Result:
    obstacle = face_obstacle(visit, now)
    if obstacle:
        return go(visit, State.OTHER_WAY, way="", way_reason=obstacle)
    return go(visit, State.CONSENT, PrepareVerification())


@on(CardShown, State.IDENTIFY)
def card_shown(visit: Visit, event: CardShown, now: Now) -> Result:
    return identify(with_card(visit, event), now)


@on(PapersFound, State.IDENTIFY)
def papers_found(visit: Visit, event: PapersFound, now: Now) -> Result:
    """Who came for papers goes on now."""
    if visit.document is None or visit.document.number != event.number:
        return stay(visit)
    found = replace(visit, waiting=event.waiting)
    return identify(found, now) if visit.collecting else stay(found)


@on(CardFailed, State.IDENTIFY)
def card_failed(visit: Visit, event: CardFailed, now: Now) -> Result:
    return stay(visit, problem="card_unreadable", detail=event.code)


@on(CardGone, State.IDENTIFY)
def card_gone(visit: Visit, event: CardGone, now: Now) -> Result:
    """The problem stays on the screen: it belongs to the card just taken away."""
    return stay(
        visit,
        document=None,
        picture=None,
        photo_due=False,
        waiting=None,
        draft=None,
        known=None,
        resuming=False,
        verification=None,
    )


@on(BackPressed, State.IDENTIFY, State.CONSENT)
def back_to_guide(visit: Visit, event: BackPressed, now: Now) -> Result:
    return leave(visit, StopCamera())


@on(FaceAgreed, State.CONSENT)
def agree(visit: Visit, event: FaceAgreed, now: Now) -> Result:
    if visit.picture is not None:
        return go(visit, State.FACE, CheckFace(visit.picture))
    return go(visit, State.FACE, hint=READING_PHOTO) if visit.photo_due else verify(visit, now)


@on(PhotoDecoded)
def photo_decoded(visit: Visit, event: PhotoDecoded, now: Now) -> Result:
    """The photograph of the card that was read last; another one's has come too late."""
    if not visit.photo_due or visit.document is None or visit.document.number != event.number:
        return stay(visit)
    return with_photo(replace(visit, picture=event.picture, photo_due=False), now)


def with_photo(visit: Visit, now: Now) -> Result:
    """The check that waited for it begins. Where it cannot be decoded the person is verified another way."""
    if visit.state not in (State.CONSENT, State.FACE):
        return stay(visit)
    if visit.picture is None:
        return go(visit, State.OTHER_WAY, StopCamera(), way="", way_reason="photo")
    return stay(visit, CheckFace(visit.picture), hint="") if visit.state is State.FACE else stay(visit)


@on(OtherWayChosen, State.CONSENT, State.FACE)
def other_way(visit: Visit, event: OtherWayChosen, now: Now) -> Result:
    return go(visit, State.OTHER_WAY, StopCamera(), way="", way_reason="chosen")


@on(BackPressed, State.FACE)
def back_to_consent(visit: Visit, event: BackPressed, now: Now) -> Result:
    return go(visit, State.CONSENT, StopCamera())


@on(FaceHinted, State.FACE)
def hint(visit: Visit, event: FaceHinted, now: Now) -> Result:
    return stay(visit, hint=event.hint.value)


@on(LivenessPrompted, State.FACE)
def prompted(visit: Visit, event: LivenessPrompted, now: Now) -> Result:
    return stay(visit, prompt=event.prompt)


@on(FaceChecked, State.FACE)
def face_checked(visit: Visit, event: FaceChecked, now: Now) -> Result:
    if isinstance(event.outcome, FaceMatched):
        result, effects = verified(visit, Verification.FACE)
        return result, (StopCamera(), *effects)
    return go(visit, State.OTHER_WAY, StopCamera(), way="", way_reason=_why(event.outcome))


_UNSEEN = {
    NotLiveReason.NO_FACE: "unclear",
    NotLiveReason.SEVERAL_FACES: "unclear",
    NotLiveReason.ANOTHER_FACE: "differs",
}


def _why(outcome: FaceOutcome | NotLive) -> str:
    match outcome:
        case NotLive(reason):
            return _UNSEEN.get(reason, "not_live")
        case FaceDiffers():
            return "differs"
        case FaceUnclear():
            return "unclear"
        case ReferenceUnusable():
            return "photo"
        case FaceUnavailable() | FaceMatched():
            return "camera"


@on(OtherWayChosen, State.OTHER_WAY)
def choose_way(visit: Visit, event: OtherWayChosen, now: Now) -> Result:
    match event.way:
        case "face" if not face_obstacle(visit, now):
            return go(visit, State.CONSENT, PrepareVerification())
        case "own" if visit.checking_for is not None:
            return back_to_own_page(visit)
        case "later" if not visit.apart and visit.checking_for is None:
            return verified(visit, Verification.LATER)
        case "staff" if staff_possible(visit):
            return stay(visit, way="staff", problem="")
        case _:
            return stay(visit, way="", problem="")


@on(BackPressed, State.OTHER_WAY)
def back_from_other_way(visit: Visit, event: BackPressed, now: Now) -> Result:
    if visit.way:
        return stay(visit, way="", problem="")
    return leave(visit) if face_obstacle(visit, now) else go(visit, State.CONSENT, PrepareVerification())


@on(StaffCodeEntered, State.OTHER_WAY)
def staff_code(visit: Visit, event: StaffCodeEntered, now: Now) -> Result:
    return stay(visit, CheckStaffCode(event.code), typed_on=State.OTHER_WAY)


@on(StaffCodeChecked, State.OTHER_WAY)
def staff_code_checked(visit: Visit, event: StaffCodeChecked, now: Now) -> Result:
    """Of a code that was typed here: one that was typed to help, before the person went back, vouches for nobody."""
    if visit.typed_on is not State.OTHER_WAY:
        return stay(visit)
    if event.ok and staff_possible(visit):
        return verified(visit, Verification.STAFF)
    return stay(
        visit,
        problem="code_locked" if event.locked_for else "code_wrong",
        attempts_left=event.attempts_left,
        locked_for=event.locked_for,
    )


late(FaceAgreed, but=(State.CONSENT,))
late(OtherWayChosen, but=(State.CONSENT, State.FACE, State.OTHER_WAY))
late(FaceHinted, LivenessPrompted, FaceChecked, but=(State.FACE,))
late(StaffCodeEntered, StaffCodeChecked, but=(State.OTHER_WAY, State.HELPER))
