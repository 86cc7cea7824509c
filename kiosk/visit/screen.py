"""What the window shows: one immutable snapshot per change, made from the visit. No Qt here.

``Screen.page`` is the state's name. Texts of a service arrive in the citizen's language; everything else
is a message key that the window turns into words.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.text import Language
from kiosk.services.model import Ability
from kiosk.visit.screen_cases import CaseBodies


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands around every page.

    ``step`` 0 shows no progress, 1..5 that many of five bars. ``expires_at`` is the monotonic second at
    which the visit ends by itself (None: never); ``warning`` asks for the "still here?" panel;
    ``card_missing`` for the "put the card back" panel; ``help_called`` for the "help is coming" panel.
    ``power`` asks for the "mains are gone" panel, and says which (kiosk.visit.power.warning): ``ending``,
    ``ending_saved``, ``finishing``.

    帮办: ``helper`` is the number of the member of staff who helps now, ``helped`` whether one has in this visit,
    ``helper_possible`` whether one may begin here. ``handover`` asks for the "it is you now" panel, and says why:
    ``left``, ``over`` (the time), ``own`` (a page for the person alone); ``handover_face``: it offers the face check.
    """

    place: str
    terminal: str
    language: Language
    elder: bool
    test: bool
    step: int = 0
    expires_at: float | None = None
    warning: bool = False
    card_missing: bool = False
    help_called: bool = False
    help_phone: str = ""
    power: str = ""
    helper: str = ""
    helped: bool = False
    helper_possible: bool = False
    handover: str = ""
    handover_face: bool = False


@dataclass(frozen=True, slots=True)
class Light:
    """One state dot of the attract page: message key and whether it is well."""

    key: str
    ok: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class AttractBody:
    """``notice``: what still works where something does not (kiosk.visit.able.Notice), with the number of services that
    can be begun; ``nearest``: where else one may go, told where none can.
    """

    lights: tuple[Light, ...]
    clock: str  # local time, "HH:MM"
    notice: str = ""
    able: int = 0
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """``category`` is a key such as ``business`` or ``pension``; ``verdict`` an Ability verdict value.

    ``badge`` is what is promised (当场办好), never a result. ``hours``: it is outside these now.
    """

    service_id: str
    category: str
    name: str
    short_name: str
    summary: str
    badge: str
    verdict: str
    hours: str = ""


@dataclass(frozen=True, slots=True)
class HomeBody:
    """``collect``: what lies here for the card's holder and was not handed out before: "" (nothing), ``notice``,
    ``ready``, ``pending``, ``conflict`` or ``other`` (WaitingState values); ``collect_count`` how many papers of that
    state.
    """

    services: tuple[ServiceCard, ...]
    greeting: str = ""  # masked name when a card was shown first
    collect: str = ""
    collect_count: int = 0
    unfinished: bool = False  # something that was begun here; what, is said to a person who is certain
    problem: str = ""  # message key: ``resume_not_now``
    category: str = ""  # whose services are listed; "": all of them, by category


@dataclass(frozen=True, slots=True, repr=False)
class SearchBody:
    """``query`` is what is looked for, ``services`` the best of what was found, ``more`` how many fit besides them.

    ``categories``: each with the number of its services, for whoever finds nothing that way.
    """

    query: str = ""
    services: tuple[ServiceCard, ...] = ()
    more: int = 0
    categories: tuple[tuple[str, int], ...] = ()
    phone: str = ""  # of the help line


@dataclass(frozen=True, slots=True)
class GuideBody:
    """``questions`` of the longest way through the form; ``fewest`` of the shortest, where situations differ."""

    category: str
    name: str
    lead: str
    ability: Ability
    minutes: int
    questions: int
    errands: int
    prepare: tuple[tuple[str, str], ...]
    basis: str
    fewest: int | None = None
    full_name: str = ""  # the official name, small beside the heading; "" where ``name`` says it
    taken: bool = False  # the machine takes the matter, and a person decides it whatever the answers are


@dataclass(frozen=True, slots=True)
class IdentifyBody:
    """``problem``, a message key: ``card_expired card_kind under_age card_unreadable card_lift reader_down slot_card``
    (a smart card in the slot, where none can be used)."""

    problem: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ConsentBody:
    name: str  # masked
    later_possible: bool = True
    moves: bool = False  # whether movements are asked for


@dataclass(frozen=True, slots=True)
class FaceBody:
    """``hint`` is a FaceHint value, "" (looking) or ``reading_photo`` (of the card; the check has not begun).

    While a sign of life is asked for, ``move`` says what to do: ``blink``, ``turn_left``, ``turn_right`` (the person's
    own left and right) or ``straight``; it is the ``number``-th of ``total``, 0 before the first.
    """

    hint: str = ""
    move: str = ""
    number: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class OtherWayBody:
    """``reason`` says why the face check is not used: ``chosen``, ``photo``, ``camera``, ``differs``, ``unclear``.

    ``way`` is "" (choose), or ``staff`` (the code pad is shown). ``problem``: ``code_wrong`` or ``code_locked``.
    """

    reason: str
    way: str
    face_possible: bool
    problem: str = ""
    attempts_left: int = 0
    locked_for: float = 0.0
    staff_possible: bool = True
    later_possible: bool = True  # not where papers are handed out
    own_possible: bool = False  # going on without another check: who was compared by a helper takes over


@dataclass(frozen=True, slots=True)
class HelperBody:
    """The code of a member of staff who begins to help; as on the page of another way."""

    problem: str = ""
    attempts_left: int = 0
    locked_for: float = 0.0


@dataclass(frozen=True, slots=True)
class OptionView:
    value: str
    label: str
    detail: str
    chosen: bool


@dataclass(frozen=True, slots=True, repr=False)
class SuggestionView:
    """An answer for a touch; ``chosen``: it is the one that stands there."""

    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class FormBody:
    """``kind`` is a QuestionKind value; ``preview`` a sentence under the answer; ``complaint`` what does not fit."""

    index: int  # 1-based
    total: int
    key: str
    kind: str
    title: str
    help: str
    value: str
    unit: str
    max_length: int
    options: tuple[OptionView, ...]
    preview: str
    complaint: str
    complete: bool
    editing: bool  # came from the review page: the way forward leads back there
    scan: bool = False  # the answer can be read from a paper here and now
    reading: bool = False  # one is being read
    letter: str = ""  # which a number that is typed on the pad may have besides its digits
    signs: str = ""  # all that a code may consist of: it has a keyboard of its own; empty: anything
    hidden: str = ""  # the answer in part: it is there, and not for the helper's eyes; ``value`` is empty then
    read: str = ""  # the answer was read from a paper: ``offered``, ``unconfirmed`` (handed in so), ``confirmed``
    suggestions: tuple[SuggestionView, ...] = ()
    unlent: str = ""  # why no electronic licence tells the answer: a message key (kiosk.visit.lending.note)
    licence: str = ""  # its name then


@dataclass(frozen=True, slots=True, repr=False)
class MaterialBody:
    """A paper that is scanned. ``pages`` are JPEG, as they will be handed in; ``stage``: "" (looking), ``taking``,
    ``taken`` (the last page is looked at). ``problem`` is a DocumentHint value, ``lost``, or ``slow`` (it
    is opened again).

    ``fills``: it is scanned to fill in a question. ``skippable``: it may be left out, and ``later`` says what becomes
    of it then; empty: it is brought to the counter. ``phone``: whether it may be sent by telephone instead: ``can``,
    ``offline``, "" (not here, or no page more).
    """

    label: str
    help: str
    pages: tuple[bytes, ...]
    most: int
    stage: str
    problem: str = ""
    fills: bool = False
    skippable: bool = True
    later: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class UploadBody:
    """Pages that a telephone sends. ``stage``: ``opening``, ``waiting`` (``code`` is the address that is shown as a
    code), ``look`` (``picture``, a JPEG sent by the telephone that shows ``number``, waits to be kept or not).
    ``more``: pictures behind it. ``count``: pages of the material that are kept. ``problem``: InboxFailed.why, or
    ``large`` (the last one would not have fitted into the case, and was not kept).
    """

    label: str
    stage: str
    code: str = ""
    picture: bytes = b""
    number: int = 0
    more: int = 0
    count: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CommitmentBody:
    title: str
    notice: str
    clauses: tuple[tuple[str, bool], ...]
    replaces: str
    otherwise: str
    complete: bool


@dataclass(frozen=True, slots=True, repr=False)
class ReviewLine:
    """``origin`` is an Origin value."""

    key: str
    label: str
    value: str
    origin: str
    editable: bool
    group: str = ""  # of a bundle: what the rows from here on belong to; "" goes on with the one above


@dataclass(frozen=True, slots=True)
class ReviewBody:
    """``keepable``: what a later visit could offer, by name, for ``keep_days``; none: nobody is asked. ``known_until``:
    the day until which answers of an earlier visit are kept, YYYY-MM-DD.
    """

    lines: tuple[ReviewLine, ...]
    signature: bool  # a signature follows
    problem: str = ""  # message key: saving failed, nothing was stored
    keepable: tuple[str, ...] = ()
    keep_days: int = 0
    remember: bool = False
    known_until: str = ""


@dataclass(frozen=True, slots=True)
class SignBody:
    name: str


@dataclass(frozen=True, slots=True)
class CommittingBody:
    pass


@dataclass(frozen=True, slots=True)
class PaperLine:
    """``state``: waiting, printing, done, failed, unknown."""

    paper_id: str
    title: str
    state: str
    pages_done: int = 0
    pages_total: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a bundle. ``tone``: ``granted``, ``waits`` (a person, or a confirmation) or
    ``against``; ``told`` what the bundle says of it; ``steps`` as of OutcomeBody, and ``next``: what is to be done.
    """

    name: str
    result: str
    tone: str
    case_no: str
    told: str = ""
    steps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class OutcomeBody:
    """``outcome`` is an Outcome value; ``effective`` whether it holds already; ``stamp`` the words in the seal."""

    outcome: str
    effective: bool
    heading: str
    lead: str
    case_no: str
    document_title: str
    document_lines: tuple[tuple[str, str], ...]
    stamp: str
    papers: tuple[PaperLine, ...]
    printing: bool
    reasons: tuple[tuple[str, str], ...]  # because, basis
    reasons_shown: bool
    steps: tuple[tuple[str, str], ...] = ()  # (why, ahead, missing, go, decides or handled; words): what it means
    unsealed: bool = False  # the paper shown is valid once the office's seal is on it
    sample: bool = False  # printed by a test machine: it says so
    items: tuple[ItemResult, ...] = ()  # of a bundle; no paper is shown then


@dataclass(frozen=True, slots=True)
class TroubleBody:
    """``reason`` is the fault's code; ``certain`` False when nobody knows whether paper came out."""

    paper_title: str
    reason: str
    certain: bool
    case_no: str
    choices: tuple[str, ...]  # of: retry, later, help
    effective: bool = True


@dataclass(frozen=True, slots=True)
class CollectLine:
    """One kept paper. ``state`` is a WaitingState value; ``stage`` idle, waiting, printing, done, failed, unknown.

    ``printed`` counts the prints begun before now: from 1 on the next one says that it is a copy. ``told``: of a
    notice, what happened and what holds now.
    """

    title: str
    date: str  # of the commit, China time, YYYY-MM-DD
    case_no: str
    state: str
    printed: int
    stage: str
    pages_done: int = 0
    pages_total: int = 0
    reason: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class CollectBody:
    """``name`` is masked. No lines: nothing lies here."""

    name: str
    lines: tuple[CollectLine, ...]
    printing: bool = False


@dataclass(frozen=True, slots=True)
class ResumeBody:
    """What was begun before. ``saved`` and ``until`` are days, China time, YYYY-MM-DD."""

    name: str
    answered: int
    total: int
    saved: str
    until: str


@dataclass(frozen=True, slots=True)
class KeepBody:
    """Leaving with something entered. ``replaces``: another matter of this person is kept, and would go.

    ``pages``: papers were scanned, which are not kept. ``problem``: ``keep_failed``.
    """

    name: str
    days: int
    replaces: bool = False
    pages: bool = False
    keeping: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RateOption:
    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RateBody:
    level: int  # 0: nothing chosen
    levels: tuple[tuple[int, str], ...]
    options: tuple[RateOption, ...]
    more: bool  # further options can be shown
    problem: str = ""
    locked: bool = False  # somebody helped, and has not gone yet
    again: bool = False  # a word is added to the rating of an earlier case (追评)


@dataclass(frozen=True, slots=True)
class FarewellBody:
    """``reason``: done, quit, timeout, card_gone, refused, failed, power, kept; ``saved`` whether a case was committed.

    ``papers``: titles of what came out of the printers and should be taken along. ``kept_until``: the day until which
    what was entered is kept, YYYY-MM-DD.
    """

    reason: str
    saved: bool
    card_on_reader: bool
    case_no: str = ""
    papers: tuple[str, ...] = ()
    card_in_slot: bool = False
    kept_until: str = ""
    remembered: str = ""  # the day until which answers are kept for a later visit, or ``failed``; "": nobody asked


@dataclass(frozen=True, slots=True)
class QueryBody:
    """``office`` is whose register is asked. ``problem``: "" while it is, else why there is no answer: ``silent``,
    ``unfit``, ``not_connected``, ``line``; ``elsewhere`` then says where to go."""

    name: str
    office: str
    problem: str = ""
    elsewhere: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class LicenceBody:
    """An electronic licence that spares typing and papers. ``stage``: ``consent``, ``asking``, ``found`` (``lines`` are
    label and value of what it says), ``failed`` (``problem`` says why: ``none``, or as of QueryBody).

    ``keeper`` is who is asked; ``answers`` what need not be typed, ``papers`` what need not be scanned.
    """

    name: str
    keeper: str
    stage: str
    problem: str = ""
    answers: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeBody:
    """Recovering, wiping, out of service, under work: ``reason`` is a message key. ``expected``: when it is thought to
    serve again, "HH:MM", or ""; ``nearest``: another terminal near by, or "".
    """

    reason: str = ""
    expected: str = ""
    nearest: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class EntryBody:
    """Staff ask to be let in. ``way``: ``card`` (the PIN of the card in the slot), ``code``, ``none`` (neither can be
    tried), "" (not known yet). ``lead``: a message key of what is to be done: the way, ``lay`` (a card into the slot),
    ``shut`` (codes are locked until the operator opens them). ``terminal``, ``hour``, ``challenge``: what is read out
    to the operator for a code.

    ``problem``: a reason of kiosk.access.entry.REASONS, ``other-card-kind`` (what lies in the slot is no staff card),
    or, where neither way can be tried, ``closed`` (the records are not open) or ``unset`` (nothing to check by); with
    ``.none`` behind it where no try is left. ``attempts_left`` of it: the fewer of what the terminal and what the card
    itself would still check. ``locked_until``: the monotonic second until which nothing is taken this way. ``other``:
    the way that may be chosen instead, or "".
    """

    way: str = ""
    lead: str = ""
    card_lies: bool = False
    card_possible: bool = False
    checking: bool = False
    terminal: str = ""
    hour: str = ""
    challenge: str = ""
    problem: str = ""
    attempts_left: int = 0
    locked_until: float | None = None
    other: str = ""

    @property
    def card_told(self) -> bool:
        """Whether whoever types a code is told that a card would do as well."""
        return self.way == "code" and self.card_possible and not self.card_lies


Body = (
    AttractBody | HomeBody | SearchBody | GuideBody | IdentifyBody | ConsentBody | FaceBody | OtherWayBody | HelperBody
    | FormBody | QueryBody | LicenceBody
    | MaterialBody | UploadBody
    | CommitmentBody | ReviewBody | SignBody | CommittingBody | OutcomeBody | TroubleBody | RateBody
    | CollectBody | ResumeBody | KeepBody | FarewellBody | NoticeBody | EntryBody
    | CaseBodies
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Screen:
    """One snapshot. ``serial`` grows with each; ``state`` and ``page`` are the visit's state name.

    ``says``: written and spoken words of the matter in hand, for a voice (kiosk.visit.speech).
    """

    serial: int
    page: str
    chrome: Chrome
    body: Body
    says: tuple[tuple[str, str], ...] = ()
