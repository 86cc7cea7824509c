"""The visit as one immutable value: all that the machine knows of the citizen in front of it.

When the visit ends the value is replaced by a fresh one; nothing of the old one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.contracts.identity import IdentityDocument
from devices.contracts.liveness import LivenessPrompt
from kiosk.access.entry import Challenge, Refused
from kiosk.domain.case import Commitment
from kiosk.domain.codes import mask_name
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Origin
from kiosk.domain.known import Known
from kiosk.domain.life import May
from kiosk.domain.my_case import Asked, MyCase
from kiosk.domain.register import Answered
from kiosk.domain.text import EMPTY, Language, Text
from kiosk.domain.unfinished import Unfinished
from kiosk.domain.waiting import WaitingPaper
from kiosk.domain.workdays import Calendar, national
from kiosk.services import situations
from kiosk.services.model import Ability, ServicePack
from kiosk.visit.delays import Delays
from kiosk.visit.events import Committed, HandedIn
from kiosk.visit.states import State

Strokes = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Now:
    """The injected clock: ``monotonic`` seconds for delays, local ``wall`` time for papers and ages."""

    monotonic: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Machine:
    """What holds for the terminal, whoever stands before it."""

    packs: Mapping[str, ServicePack]
    delays: Delays
    place: Text = EMPTY
    terminal: Text = EMPTY
    help_phone: str = ""
    language: Language = "zh_CN"
    test: bool = False
    face_check: bool = True
    liveness: bool = False  # whether the face check asks for movements
    staff_codes: bool = True
    abilities: Mapping[str, Ability] = field(default_factory=dict)
    online: bool = False
    camera: bool = False
    page_printer: bool = False
    receipt_printer: bool = False
    identity_reader: bool = False
    document_camera: bool = False
    phone_pages: bool = False  # whether telephones reach the backend's pages
    page_reader: bool = False  # whether pages can be read (OCR installed)
    card_on_reader: bool = False
    card_slot: bool = False  # whether there is a slot for smart cards
    slot: str = ""  # what lies in it: see SlotChanged
    draft_days: int = 7  # for which what was entered is kept, where the citizen agrees; 0: never
    answer_days: int = 90  # for which answers are remembered for a later visit, where the citizen agrees; 0: never
    keep_card_after: float | None = None  # s after which a card that was given back is kept; None: never
    power_low: bool = False
    closed: str = ""  # why nobody may begin: a word of kiosk.sync.orders or kiosk.visit.resting; "" while it serves
    expected: str = ""  # when it is thought to serve again, "HH:MM"
    nearest: Text = EMPTY  # another terminal near by, in words
    day_and_night: bool = True  # whether it serves at all hours
    staff_card: bool = False  # whether a staff card lies in the slot
    staff_waits: bool = False  # one was laid there during a visit: staff are asked in when it has ended
    entry_checks: int = 0  # how often what staff typed was given to be checked
    under_work: bool = False  # a session of maintenance has locked, and waits
    fault: str = ""
    calendar: Callable[[], Calendar] = national  # the place's working days, asked for only where a period is told


@dataclass(frozen=True, slots=True)
class PaperState:
    """``state``: waiting, printing, done, failed, unknown; on the collect page also idle.

    ``attempts`` counts prints begun.
    """

    paper_id: str
    state: str = "waiting"
    pages_done: int = 0
    pages_total: int = 0
    reason: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Asking:
    """Staff ask to be let in. ``challenge`` is None until ``offered``, and after that where nobody can be let in.

    ``way``: chosen by a touch; "": what is fit. ``code_until``, ``card_until``: monotonic seconds until which nothing
    is taken that way. ``other_card``: what lies in the slot is no staff card.
    """

    offered: bool = False
    challenge: Challenge | None = None
    way: str = ""
    checking: bool = False
    refused: Refused | None = None
    code_until: float | None = None
    card_until: float | None = None
    other_card: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """See the module. Fields stand in the order in which a visit comes to know them."""

    machine: Machine
    state: State = State.RECOVERING
    language: Language = "zh_CN"
    elder: bool = False
    # overlays and timers
    expires_at: float | None = None
    warning: bool = False
    card_missing: bool = False
    card_until: float | None = None  # monotonic second until which a missing card is waited for
    help_called: bool = False
    power_until: float | None = None  # monotonic second at which the visit ends because the battery is low
    # matter and person
    category: str = ""  # whose services are listed on the start page
    query: str = ""  # what is looked for
    service: ServicePack | None = None
    started_at: datetime | None = None
    document: IdentityDocument | None = None
    picture: bytes | None = None
    photo_due: bool = False  # the card's photograph is being decoded
    collecting: bool = False  # what the person is identified for: papers of an earlier visit, not a matter
    mine: bool = False  # they are identified for: their cases (我的办件)
    cases: tuple[MyCase, ...] | None = None  # None while nobody has said what there is
    asked: Asked = Asked.ASKING
    opened: str = ""  # the case that is looked at, by its id
    errand: May | None = None  # what is being done with it
    why: int = -1  # the reason of a withdrawal, of kiosk.visit.errands.REASONS; none
    handed: HandedIn | None = None
    waiting: tuple[WaitingPaper, ...] | None = None  # None while it is not known what lies here for the card
    draft: Unfinished | None = None  # what the card's holder began at an earlier visit
    resuming: bool = False  # the person is identified to go on with it, from the start page
    keep_agreed: bool = False  # the citizen has agreed to its being kept: also when the visit ends by itself
    left: State | None = None  # the page from which the citizen was about to leave, or a helper is called in
    known: Known | None = None  # answers of an earlier visit that the card's holder wanted remembered
    # 帮办 (kiosk.visit.helping)
    helper: str = ""  # the member of staff who helps now, by number
    helped: tuple[str, ...] = ()  # all who have helped in this visit
    handover: str = ""  # nothing goes on until the person takes over: why the help has ended (``left over own``)
    checking_for: State | None = None  # the page to which the person comes back, being compared once more
    hidden: bool = False  # the answer on screen is not for the helper's eyes
    alone: bool = False  # the citizen says that who helped has gone: the rating is open
    problem: str = ""
    detail: str = ""
    hint: str = ""
    prompt: LivenessPrompt | None = None  # while a sign of life is asked for
    way: str = ""
    way_reason: str = ""
    attempts_left: int = 0
    locked_for: float = 0.0
    typed_on: State | None = None  # the page on which the code of staff was typed that is being checked
    verification: Verification | None = None
    # what was filled in
    envelope: Envelope = field(default_factory=Envelope)
    question: int = 0
    answer: str = ""
    complained: bool = False
    editing: bool = False
    suggested: Origin | None = None  # where the answer on screen is from, if it was taken by a touch
    read: bool = False  # the answer on screen was read from a paper ...
    confirmed: bool = False  # ... and the citizen has confirmed it
    pages: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)  # scanned, by material
    by_phone: frozenset[bytes] = frozenset()  # those that a telephone sent, by SHA-256
    inbox: int = 0  # how often one was opened for a telephone (kiosk.visit.uploading)
    code: str = ""  # the address that its code shows; "" while there is none
    arrived: tuple[bytes, ...] = ()  # sent and not looked at: nobody's pages
    in_sight: float = 0.0  # since when the first of them is (Now.monotonic)
    sender: int = 0  # the number that the sending telephone shows
    offers: Mapping[str, str] = field(default_factory=dict)  # read of them, by question; nothing that counts
    readings: int = 0  # pages that are being read
    material: str = ""  # the one that is being scanned
    scan: str = ""  # "" (looking), ``taking``, ``taken``
    scanned_for: str = ""  # what the scanning page leads back to: ``form``, ``matter``, ``review``
    lender: str = ""  # the register whose licence is asked for on the page (kiosk.visit.lending)
    lent: Mapping[str, Answered] = field(default_factory=dict)  # what was found, by register
    lending: Mapping[str, str] = field(default_factory=dict)  # how it stands with each: used, declined, why not
    promising: str = ""  # the paper for which the promise on the screen stands
    agreed: frozenset[int] = frozenset()  # its clauses
    promises: Mapping[str, Commitment] = field(default_factory=dict)  # made, by the paper that each stands for
    declined: frozenset[str] = frozenset()  # papers that are handed in instead
    remember: bool = False  # the citizen agrees to having these answers kept for a later visit
    strokes: Strokes = ()
    # what came of it
    case: Committed | None = None
    papers: tuple[PaperState, ...] = ()
    reasons_shown: bool = False
    level: int = 0
    options: frozenset[str] = frozenset()
    more: bool = False
    asking: Asking | None = None  # on the entry page of staff, where nobody's visit is
    # how it ended: all that outlives the wipe, until the next citizen
    reason: str = ""
    saved: bool = False
    case_no: str = ""
    printed: tuple[Text, ...] = ()  # titles of the papers that came out
    kept_until: datetime | None = None  # what was entered is kept until then
    remembered: datetime | None = None  # answers for a later visit are kept until then ...
    not_remembered: bool = False  # ... or could not be
    wiped: bool = False

    def __repr__(self) -> str:  # a visit is personal data from end to end
        return f"Visit({self.state.value})"

    def of_nobody(self) -> Visit:
        """The same page for whoever comes: language, size, service and timers stay; what was known of a person goes."""
        return replace(
            self.fresh(self.state),
            language=self.language,
            elder=self.elder,
            service=self.service,
            started_at=self.started_at,
            collecting=self.collecting,
            mine=self.mine,
            expires_at=self.expires_at,
            warning=self.warning,
            help_called=self.help_called,
            power_until=self.power_until,
        )

    @property
    def commitment(self) -> Commitment | None:
        """The promise of a matter that has one; of a bundle see ``promises``."""
        return next(iter(self.promises.values()), None)

    @property
    def masked_name(self) -> str:
        """Of the card's holder, as a screen shows it; "" while there is no card."""
        return "" if self.document is None else mask_name(self.document.name)

    @property
    def certain(self) -> bool:
        """Whether the person in front was compared with the card, by somebody who does nothing else for them."""
        if self.verification is Verification.STAFF:
            return not self.helped
        return self.verification is Verification.FACE

    @property
    def apart(self) -> bool:
        """Identified for something that nobody may see before the identity is certain: "compared later" will not do."""
        return self.collecting or self.resuming or self.mine or self.querying

    @property
    def querying(self) -> bool:
        """Whether the chosen service asks a department's register."""
        return self.service is not None and self.service.query is not None

    @property
    def whole(self) -> ServicePack:
        """The chosen service with all its situations; only asked for in states that have one."""
        if self.service is None:
            raise AssertionError(f"no service was chosen in state {self.state.value}")
        return self.service

    @property
    def pack(self) -> ServicePack:
        """The chosen service as the answers so far leave it (kiosk.services.situations)."""
        return situations.fit(self.whole, self.envelope)

    def fresh(self, state: State) -> Visit:
        """A new visit on the same machine: nothing of the citizen remains, language and size are reset."""
        return Visit(machine=self.machine, state=state, language=self.machine.language)
