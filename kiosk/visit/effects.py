"""What the visit asks the terminal to do. Each answer comes back as an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from devices.contracts.identity import IdentityDocument
from kiosk.access.roles import Role
from kiosk.domain.case import Commitment, Material
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.known import Known
from kiosk.domain.life import May
from kiosk.domain.my_case import MyCase
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import Language, Text
from kiosk.domain.unfinished import Unfinished
from kiosk.services.model import ServicePack


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Answered by TimerFired(name) after ``seconds``; replaces a timer of the same name."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Clean up after whatever came before. Answered by Recovered."""


@dataclass(frozen=True, slots=True)
class PrepareVerification:
    """A person is about to be verified: warm the camera. No answer."""


@dataclass(frozen=True, slots=True, repr=False)
class CheckFace:
    """Compare the person in front with the card's picture. Answered by FaceHinted and FaceChecked."""

    picture: bytes


@dataclass(frozen=True, slots=True)
class StopCamera:
    """No frame, no check any more; pictures are gone. No answer."""


@dataclass(frozen=True, slots=True, repr=False)
class CheckStaffCode:
    """Answered by StaffCodeChecked."""

    code: str


@dataclass(frozen=True, slots=True)
class ShowDesk:
    """Show what lies under the document camera. Answered by PageTaken only where that cannot be done."""


@dataclass(frozen=True, slots=True)
class TakePage:
    """Take the page as soon as it is good. Answered by PageTaken. Whether it is another than the last the citizen sees:
    two printed sheets look alike to the camera, and nobody may be held up by that."""


@dataclass(frozen=True, slots=True, repr=False)
class ReadPage:
    """Read a page of this material as a document of this kind. Answered by PageRead."""

    material: str
    document: str
    page: bytes


@dataclass(frozen=True, slots=True)
class HideDesk:
    """No picture of the desk any more. What is being read goes on. No answer."""


@dataclass(frozen=True, slots=True)
class OpenInbox:
    """Let a telephone send pictures into this visit. Answered by InboxOpened or InboxFailed, then by PhoneSeen and
    PictureSent, all with this ``turn``, until CloseInbox."""

    turn: int


@dataclass(frozen=True, slots=True)
class CloseInbox:
    """No picture any more; what lies at the backend is erased there. No answer."""


@dataclass(frozen=True, slots=True, repr=False)
class PreparePapers:
    """A case will soon be committed, or papers printed: warm the documents worker, and seal the scanned pages while
    the citizen reads the review. No answer."""

    materials: tuple[Material, ...] = ()  # as Commit would have them now


@dataclass(frozen=True, slots=True, repr=False)
class Commit:
    """Decide and save in one transaction. Answered by Committed or CommitFailed."""

    pack: ServicePack
    document: IdentityDocument
    envelope: Envelope
    verification: Verification
    commitment: Commitment | None
    strokes: tuple[tuple[tuple[float, float], ...], ...]
    started_at: datetime
    language: Language
    online: bool
    materials: tuple[Material, ...] = ()  # the scanned pages, in their order
    helped: tuple[str, ...] = ()  # the members of staff who have helped (帮办), by their number
    draft: bool = False  # a draft of this matter is kept for this card: it ends with the commit
    promises: Mapping[str, Commitment] = field(default_factory=dict)  # of a bundle, by the paper each stands for


@dataclass(frozen=True, slots=True, repr=False)
class FindCases:
    """What cases this person has: here, and by the backend's word. Answered by CasesFound, once or twice.

    Asked only for one whose identity is certain.
    """

    document: IdentityDocument


@dataclass(frozen=True, slots=True, repr=False)
class AskRegister:
    """What this register says of the card's holder. Answered by RegisterAnswered. Asked only for one who is certain."""

    register: str
    document: IdentityDocument


@dataclass(frozen=True, slots=True, repr=False)
class HandIn:
    """Save a supplement or a withdrawal in one transaction. Answered by HandedIn or CommitFailed."""

    document: IdentityDocument
    case: MyCase
    errand: May
    materials: tuple[Material, ...]
    strokes: tuple[tuple[tuple[float, float], ...], ...]
    reason: Text  # of a withdrawal; empty where nobody said why
    item_code: str  # of its service, "" where no pack of this terminal knows it
    verification: Verification
    language: Language
    online: bool


@dataclass(frozen=True, slots=True, repr=False)
class KeepDraft:
    """Keep what was entered for ``days``, sealed to this card. Answered by DraftKept."""

    document: IdentityDocument
    draft: Unfinished
    days: int


@dataclass(frozen=True, slots=True, repr=False)
class ForgetDraft:
    """Erase what is kept for this card. No answer."""

    document: IdentityDocument


@dataclass(frozen=True, slots=True)
class TakeUpDraft:
    """A kept draft of this service is being gone on with: for the audit chain. No answer."""

    service_id: str


@dataclass(frozen=True, slots=True, repr=False)
class KeepAnswers:
    """Keep these answers for a later visit, sealed to this card, in place of what was kept before. Answered by
    AnswersKept."""

    document: IdentityDocument
    known: Known


@dataclass(frozen=True, slots=True, repr=False)
class ForgetAnswers:
    """Erase the answers that are kept for this card. No answer."""

    document: IdentityDocument


@dataclass(frozen=True, slots=True)
class NoteHelper:
    """For the audit chain: a member of staff begins to help, or ends (``reason``, a word; "": begins). No answer."""

    who: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PrintPapers:
    """Print in this order. Answered by PaperProgressed and one PaperEnded per paper."""

    papers: tuple[PaperContent, ...]


@dataclass(frozen=True, slots=True)
class SaveRating:
    """Answered by RatingSaved. ``document``: of whoever rates an earlier case (``first``: it was not rated before), or
    adds a word to its rating (追评); None: the case was made in this visit, and is rated for the first time.
    """

    case_id: str
    case_no: str
    item_code: str
    level: int
    options: tuple[str, ...]
    document: IdentityDocument | None = field(default=None, repr=False)
    first: bool = False


@dataclass(frozen=True, slots=True)
class CallHelp:
    """Tell the operator that a person at this terminal asks for help. ``state`` is the page, no more."""

    state: str


@dataclass(frozen=True, slots=True)
class Wipe:
    """Forget the visit: memory, temporary files, input dictionaries, camera. Answered by Wiped."""

    reason: str
    state: str
    committed: bool


@dataclass(frozen=True, slots=True)
class AdmitCards:
    """Let a smart card into the slot. Answered by SlotChanged when one has come."""


@dataclass(frozen=True, slots=True)
class DismissCards:
    """Let none in any more, and give back the one that is held. Answered by SlotChanged where there was one."""


@dataclass(frozen=True, slots=True)
class KeepCard:
    """Nobody took the card that was given back: take it in for its holder. Answered by SlotChanged("kept")."""


@dataclass(frozen=True, slots=True)
class AdmitStaff:
    """Staff ask to be let in: say what they may try, and again when it may have changed. Answered by EntryOffered."""


@dataclass(frozen=True, slots=True, repr=False)
class CheckEntry:
    """``way``: ``card`` (``typed`` is its PIN) or ``code``. ``turn``: which of this start's checks it is, from 1.
    Answered by EntryChecked.
    """

    way: str
    typed: str
    turn: int = 1


@dataclass(frozen=True, slots=True)
class OpenMaintenance:
    """Show the maintenance window to this member of staff. Answered by MaintenanceLocked and MaintenanceLeft."""

    role: Role
    who: str


@dataclass(frozen=True, slots=True)
class CloseMaintenance:
    """The session has to end now (``reason``: a word). No answer is waited for."""

    reason: str


@dataclass(frozen=True, slots=True)
class PowerDown:
    """The battery is low and nobody is here: close the journal and end the terminal's process. No answer."""


Effect = (
    SetTimer | CancelTimer | Recover | PrepareVerification | CheckFace | StopCamera | CheckStaffCode | ShowDesk
    | TakePage | ReadPage | HideDesk | OpenInbox | CloseInbox
    | PreparePapers | Commit | FindCases | AskRegister | HandIn | KeepDraft
    | ForgetDraft | TakeUpDraft | KeepAnswers | ForgetAnswers | NoteHelper | PrintPapers
    | SaveRating | CallHelp | Wipe | AdmitCards | DismissCards | KeepCard | AdmitStaff | CheckEntry | OpenMaintenance
    | CloseMaintenance | PowerDown
)  # fmt: skip
