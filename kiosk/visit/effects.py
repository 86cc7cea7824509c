"""What the visit asks the terminal to do. Each answer comes back as an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.contracts.identity import IdentityDocument
from kiosk.domain.case import Commitment
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import Language
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
class PreparePapers:
    """A case will soon be committed: warm the documents worker. No answer."""


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


@dataclass(frozen=True, slots=True)
class PrintPapers:
    """Print in this order. Answered by PaperProgressed and one PaperEnded per paper."""

    papers: tuple[PaperContent, ...]


@dataclass(frozen=True, slots=True)
class SaveRating:
    """Answered by RatingSaved."""

    case_id: str
    case_no: str
    item_code: str
    level: int
    options: tuple[str, ...]


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
class PowerDown:
    """The battery is low and nobody is here: close the journal and end the terminal's process. No answer."""


Effect = (
    SetTimer | CancelTimer | Recover | PrepareVerification | CheckFace | StopCamera | CheckStaffCode | PreparePapers
    | Commit | PrintPapers | SaveRating | CallHelp | Wipe | AdmitCards | DismissCards | KeepCard | PowerDown
)  # fmt: skip
