"""The closed union of what can happen during a visit: touches, cards, devices, journal, timers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from devices.contracts.camera import FaceHint, FaceOutcome
from devices.contracts.document_camera import CaptureOutcome
from devices.contracts.identity import IdentityDocument
from devices.contracts.liveness import LivenessPrompt, NotLive
from devices.contracts.printing import PrintOutcome
from kiosk.access.entry import Challenge, Entered, Refused
from kiosk.domain.case import CaseDraft
from kiosk.domain.decision import Decision
from kiosk.domain.known import Known
from kiosk.domain.life import May
from kiosk.domain.my_case import Asked, MyCase
from kiosk.domain.papers import PaperContent
from kiosk.domain.register import Answered, Silent
from kiosk.domain.text import Language
from kiosk.domain.unfinished import Unfinished
from kiosk.domain.waiting import WaitingPaper
from kiosk.services.bundled import Done
from kiosk.services.model import Ability

# -- the citizen's touches ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """轻触屏幕开始: the attract screen was touched."""


@dataclass(frozen=True, slots=True)
class ServiceChosen:
    service_id: str


@dataclass(frozen=True, slots=True)
class CategoryChosen:
    """A category's services are to be listed; of a pack (``category``)."""

    category: str


@dataclass(frozen=True, slots=True)
class SearchPressed:
    """查找: a matter is looked for by its name."""


@dataclass(frozen=True, slots=True, repr=False)
class SearchTyped:
    """What is being typed, letters that are not yet characters among it."""

    text: str


@dataclass(frozen=True, slots=True)
class CollectPressed:
    """取证照: papers of an earlier visit."""


@dataclass(frozen=True, slots=True)
class CasesPressed:
    """我的办件."""


@dataclass(frozen=True, slots=True)
class CaseChosen:
    """One of the listed cases was touched."""

    case_id: str


@dataclass(frozen=True, slots=True)
class ErrandPressed:
    """补材料 / 撤回申请, on a case's page."""

    errand: May


@dataclass(frozen=True, slots=True)
class LackingChosen:
    """One of the papers that are asked for is to be scanned, counted from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class ReasonChosen:
    """Why it is withdrawn: one of kiosk.visit.errands.REASONS, chosen or taken back."""

    index: int


@dataclass(frozen=True, slots=True)
class WithdrawConfirmed:
    """确定撤回."""


@dataclass(frozen=True, slots=True)
class ResumePressed:
    """继续上次没办完的事."""


@dataclass(frozen=True, slots=True)
class DraftErased:
    """清除上次填的."""


@dataclass(frozen=True, slots=True)
class KeepChosen:
    """保留 / 不保留: what was entered, on leaving."""

    keep: bool


@dataclass(frozen=True, slots=True)
class PaperChosen:
    """打印 / 补打: the paper at this place of the list, counted from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class BackPressed:
    """返回 / 上一题."""


@dataclass(frozen=True, slots=True)
class NextPressed:
    """The one way forward: 开始办理, 下一题, 去签名, 评价这次服务, 结束."""


@dataclass(frozen=True, slots=True)
class QuitPressed:
    """退出."""


@dataclass(frozen=True, slots=True)
class StillHere:
    """我还在: the time-out warning was answered."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: Language


@dataclass(frozen=True, slots=True)
class ElderChosen:
    """大字 on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class HelpPressed:
    """找人帮忙."""


@dataclass(frozen=True, slots=True)
class HelpClosed:
    pass


@dataclass(frozen=True, slots=True)
class HelperPressed:
    """工作人员帮办: a member of staff is here and wants to help."""


@dataclass(frozen=True, slots=True)
class HelperEnded:
    """帮办结束: the member of staff leaves the screen."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """我是本人，继续: the person whose visit it is goes on alone. ``face``: after a face check, which was offered."""

    face: bool = False


@dataclass(frozen=True, slots=True)
class RememberToggled:
    """下次少填: agreed, or taken back, on the review page: these answers may be kept for a later visit."""


@dataclass(frozen=True, slots=True)
class KnownForgotten:
    """不再记着: consent to what is kept of earlier visits is withdrawn."""


@dataclass(frozen=True, slots=True)
class FaceAgreed:
    """同意刷脸: separate consent, for this one check."""


@dataclass(frozen=True, slots=True)
class OtherWayChosen:
    """换一种方式. ``way`` is ``""`` (show the ways), ``staff``, ``later``, ``face`` or, where the person has been
    compared by the one who helps, ``own`` (go on without another check)."""

    way: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class StaffCodeEntered:
    """The one-time code typed by a member of staff: who has compared person and card, or who begins to help."""

    code: str


@dataclass(frozen=True, slots=True, repr=False)
class AnswerChanged:
    """The answer to the question on screen as it stands now (typed text or an option's value)."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class SuggestionChosen:
    """An answer that is offered for this question was taken by a touch; ``index``: of those on screen."""

    key: str
    index: int


@dataclass(frozen=True, slots=True)
class LicenceDeclined:
    """不用电子证照: the person fills it in."""


@dataclass(frozen=True, slots=True)
class ClauseToggled:
    """One clause of the commitment was agreed to, or taken back."""

    index: int


@dataclass(frozen=True, slots=True)
class CommitmentDeclined:
    """不承诺: the applicant may choose."""


@dataclass(frozen=True, slots=True)
class ValueConfirmed:
    """核对过了: the value on screen, which was read from a paper, is right; ``on`` False takes that back."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class ScanPressed:
    """扫描材料来填: let the machine read the answer to the question on screen from a paper."""


@dataclass(frozen=True, slots=True)
class TakePressed:
    """拍这一页: as soon as it lies still and is good."""


@dataclass(frozen=True, slots=True)
class RetakePressed:
    """重拍: the page taken last is thrown away."""


@dataclass(frozen=True, slots=True)
class AnotherPagePressed:
    """再拍一页."""


@dataclass(frozen=True, slots=True)
class PhonePressed:
    """用手机上传: pages are sent by telephone instead."""


@dataclass(frozen=True, slots=True)
class CodeRenewed:
    """换一个二维码: the old one is worth nothing any more."""


@dataclass(frozen=True, slots=True)
class MaterialSkipped:
    """不扫描: whatever was scanned of it is thrown away."""


@dataclass(frozen=True, slots=True)
class EditPressed:
    """A row of the review page was touched."""

    key: str


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """Strokes of the signature: points (x, y) in 0..1 of the pad's width and height."""

    strokes: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class ReasonsToggled:
    """为什么能当场准予: show or hide the rules."""


@dataclass(frozen=True, slots=True)
class TroubleChosen:
    """``choice`` is ``retry``, ``later`` or ``help``."""

    choice: str


@dataclass(frozen=True, slots=True)
class LevelChosen:
    """Satisfaction 5 (best) .. 1."""

    level: int


@dataclass(frozen=True, slots=True)
class OptionToggled:
    code: str


@dataclass(frozen=True, slots=True)
class MoreOptionsPressed:
    pass


@dataclass(frozen=True, slots=True)
class RatingSubmitted:
    pass


@dataclass(frozen=True, slots=True)
class RatingSkipped:
    """不评价，结束."""


# -- touches of staff who ask to be let in (kiosk.visit.maintaining) ------------------------------------


@dataclass(frozen=True, slots=True)
class EntryAsked:
    """The mark of a page on which nobody is served was pressed long enough."""


@dataclass(frozen=True, slots=True)
class EntryKey:
    """A key of the pad was touched: somebody is there. Which one, only the page knows."""


@dataclass(frozen=True, slots=True)
class EntryWayChosen:
    """``card`` (and its PIN) or ``code``."""

    way: str


@dataclass(frozen=True, slots=True, repr=False)
class EntryTyped:
    """The PIN of the card, or a one-time code, whole."""

    typed: str


@dataclass(frozen=True, slots=True)
class EntryCancelled:
    """返回: nobody of the staff, or not now."""


# -- devices -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class CardShown:
    """A card was read. ``picture`` is its photograph decoded, or None where no decoder can, or not yet.

    ``photo_due``: it is being decoded, and PhotoDecoded says what came of it.
    """

    document: IdentityDocument
    picture: bytes | None
    photo_due: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class PhotoDecoded:
    """The photograph of the card with this number, 0.03 to 5 s after CardShown; None where no decoder can."""

    number: str
    picture: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class PapersFound:
    """What lies here for the holder of the card with this number. Comes about 50 ms after CardShown."""

    number: str
    waiting: tuple[WaitingPaper, ...]


@dataclass(frozen=True, slots=True, repr=False)
class DraftFound:
    """What the holder of the card with this number began and did not finish; None: nothing. Comes with PapersFound."""

    number: str
    draft: Unfinished | None


@dataclass(frozen=True, slots=True, repr=False)
class CasesFound:
    """The cases of the holder of the card with this number, newest first. Comes once at once with what this terminal
    knows, and again when the backend has answered, or cannot."""

    number: str
    cases: tuple[MyCase, ...]
    asked: Asked


@dataclass(frozen=True, slots=True, repr=False)
class RegisterAnswered:
    """What this register has answered about the holder of the card with this number, or that it has not."""

    register: str
    number: str
    answer: Answered | Silent


@dataclass(frozen=True, slots=True, repr=False)
class KnownFound:
    """Answers that the holder of the card with this number wanted remembered; None: none. Comes with PapersFound."""

    number: str
    known: Known | None


@dataclass(frozen=True, slots=True)
class AnswersKept:
    """``until``: they lie safe on the disk, and are erased then. None: they could not be kept."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class CardFailed:
    """A card lies there but could not be read; ``code`` is the device's error code."""

    code: str


@dataclass(frozen=True, slots=True)
class CardGone:
    """The card has left the field."""


@dataclass(frozen=True, slots=True)
class FaceHinted:
    hint: FaceHint


@dataclass(frozen=True, slots=True)
class LivenessPrompted:
    """The faces match; now a sign of life is asked for: what the person is to do."""

    prompt: LivenessPrompt


@dataclass(frozen=True, slots=True)
class FaceChecked:
    """``NotLive`` where the faces match and no sign of life was seen."""

    outcome: FaceOutcome | NotLive


@dataclass(frozen=True, slots=True)
class StaffCodeChecked:
    """``locked_for`` is the number of seconds for which no further code is taken. ``who``: whose it was, by number."""

    ok: bool
    attempts_left: int
    locked_for: float
    who: str = "staff"


@dataclass(frozen=True, slots=True, repr=False)
class PageTaken:
    """What came of TakePage; ``DocumentUnavailable`` also where the picture never came or was lost."""

    outcome: CaptureOutcome


@dataclass(frozen=True, slots=True)
class DeskOpensAgain:
    """The document camera has not opened in its time; it is opened once more."""


@dataclass(frozen=True, slots=True, repr=False)
class PageRead:
    """What was read of this page of this material: field of its kind -> value. Empty where nothing was, or can be."""

    material: str
    found: Mapping[str, str]
    page: bytes


@dataclass(frozen=True, slots=True, repr=False)
class InboxOpened:
    """A telephone may send to this address, which is shown as a code. ``turn``: of OpenInbox, here and below."""

    turn: int
    url: str


@dataclass(frozen=True, slots=True)
class InboxFailed:
    """``why``: ``line`` (no answer), ``busy`` (not just now), ``over`` (its time has run out), ``closed`` (the backend
    offers none)."""

    turn: int
    why: str


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """A telephone has the page open that the code leads to, or has just sent."""

    turn: int


@dataclass(frozen=True, slots=True, repr=False)
class PictureSent:
    """A picture has arrived, JPEG. ``number``: two digits that the sending telephone shows."""

    turn: int
    number: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class AbilitiesChanged:
    """What this machine can finish now, by service id; ``online`` is whether the backend was reached lately."""

    abilities: dict[str, Ability]
    online: bool
    camera: bool
    page_printer: bool
    receipt_printer: bool
    identity_reader: bool
    document_camera: bool = False


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """``low``: the terminal runs on its battery (UPS) and the battery is nearly empty; told again when that is over."""

    low: bool


@dataclass(frozen=True, slots=True)
class ClosedChanged:
    """The terminal is closed (``reason``: a word of kiosk.sync.orders, or of kiosk.visit.resting.HERE) or opened again
    (""). ``expected``: when it is thought to serve again, "HH:MM", Beijing time. A visit that runs is not ended."""

    reason: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class SlotChanged:
    """The slot for smart cards. ``slot``: "" (empty), ``inside``, ``offered`` (given back, not taken yet), ``kept``."""

    slot: str


@dataclass(frozen=True, slots=True)
class StaffCardSeen:
    """What lies in the slot for smart cards is a staff card; whose, is not asked yet."""


@dataclass(frozen=True, slots=True)
class StaffCardGone:
    """It has left the slot."""


@dataclass(frozen=True, slots=True)
class OtherCardSeen:
    """What lies in the slot is no staff card, or one that nobody can read."""


# -- the terminal itself -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryOffered:
    """What staff who ask to be let in may try. None: they cannot be let in, because the records are not open."""

    challenge: Challenge | None


@dataclass(frozen=True, slots=True)
class EntryChecked:
    """What came of CheckEntry. ``turn`` is that one's: a check that somebody else has asked for lets nobody in."""

    result: Entered | Refused
    turn: int = 1


@dataclass(frozen=True, slots=True)
class MaintenanceLocked:
    """Nobody has touched the maintenance window for a while: it is hidden, and its session waits."""


@dataclass(frozen=True, slots=True)
class MaintenanceLeft:
    """The session has ended; ``reason`` is a word (``left``, ``time``, ``abandoned`` …)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """The start is over: temporary files gone, journal whole. ``fault`` is a message key when it is not."""

    fault: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Committed:
    """The case is safe on disk; of a bundle all its cases."""

    draft: CaseDraft
    case_no: str
    decision: Decision
    papers: tuple[PaperContent, ...]
    credit_code: str
    committed_at: datetime
    parts: tuple[Done, ...] = ()  # of a bundle: what became of each item; the rest is the first one's


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """Nothing was saved; ``reason`` is a message key."""

    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class HandedIn:
    """A supplement or a withdrawal is safe on disk; ``paper`` is its receipt."""

    paper: PaperContent
    handed_in_at: datetime


@dataclass(frozen=True, slots=True)
class PaperProgressed:
    paper_id: str
    pages_done: int
    pages_total: int
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class PaperEnded:
    paper_id: str
    outcome: PrintOutcome


@dataclass(frozen=True, slots=True)
class DraftKept:
    """``until``: it lies safe on the disk, and is erased then. None: it could not be kept."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class RatingSaved:
    """``ok`` False: the rating could not be stored; the citizen is told. ``staff_card``: it was not taken, because a
    staff card lies in the slot.
    """

    ok: bool = True
    staff_card: bool = False


@dataclass(frozen=True, slots=True)
class Wiped:
    """Nothing of the visit is left in memory or in the temporary folder."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer set by an effect has run out. A timer that was replaced or cancelled never fires."""

    name: str


Touch = (
    Started | ServiceChosen | CategoryChosen | SearchPressed | SearchTyped | CollectPressed | CasesPressed
    | CaseChosen | ErrandPressed | LackingChosen | ReasonChosen | WithdrawConfirmed | ResumePressed
    | DraftErased | KeepChosen | PaperChosen | BackPressed | NextPressed | QuitPressed | StillHere
    | LanguageChosen | ElderChosen | HelpPressed | HelpClosed | HelperPressed | HelperEnded | TakenOver
    | RememberToggled | KnownForgotten | FaceAgreed | OtherWayChosen | StaffCodeEntered
    | SuggestionChosen | LicenceDeclined
    | AnswerChanged | ValueConfirmed | ScanPressed | TakePressed | RetakePressed | AnotherPagePressed
    | MaterialSkipped | PhonePressed | CodeRenewed
    | ClauseToggled | CommitmentDeclined | EditPressed | Signed | ReasonsToggled | TroubleChosen
    | LevelChosen | OptionToggled | MoreOptionsPressed | RatingSubmitted | RatingSkipped
    | EntryAsked | EntryKey | EntryWayChosen | EntryTyped | EntryCancelled
)  # fmt: skip
Event = (
    Touch | CardShown | PhotoDecoded | PapersFound | DraftFound | DraftKept | KnownFound | AnswersKept | CasesFound
    | RegisterAnswered
    | HandedIn
    | CardFailed | CardGone | FaceHinted

    | LivenessPrompted | FaceChecked | StaffCodeChecked | PageTaken | PageRead | AbilitiesChanged | PowerChanged
    | DeskOpensAgain | InboxOpened | InboxFailed | PhoneSeen | PictureSent
    | SlotChanged | StaffCardSeen | StaffCardGone | OtherCardSeen | ClosedChanged | Recovered | Committed
    | EntryOffered | EntryChecked | MaintenanceLocked | MaintenanceLeft
    | CommitFailed | PaperProgressed | PaperEnded | RatingSaved | Wiped | TimerFired
)  # fmt: skip
