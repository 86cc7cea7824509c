"""What a service pack is once it has been loaded and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from kiosk.domain.decision import Decision, FiredRule, Outcome, Rung
from kiosk.domain.envelope import Origin, Trust
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.window import Window
from kiosk.services.bundled import Bundle


class QuestionKind(Enum):
    """How a question is answered."""

    TEXT = "text"  # pinyin keyboard
    LATIN = "latin"  # letters and digits
    DIGITS = "digits"  # number pad
    DATE = "date"  # number pad: YYYYMMDD, as in GB/T 39046
    AMOUNT = "amount"  # number pad: a whole number
    CHOICE = "choice"  # one of the options


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; ``value`` goes into the envelope, ``label`` onto the screen."""

    value: str
    label: Text
    detail: Text = EMPTY
    parts: Mapping[str, Text] = field(default_factory=dict)  # texts for templates: {trade.scope}


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Words that an answer may not contain, and what is said about them."""

    words: tuple[str, ...]
    complaint: Text


class Applicant(Enum):
    """For whom the person at the machine applies; the words are in data/applicants.toml."""

    SELF = "self"  # 本人
    AGENT = "agent"  # 受委托代办
    GUARDIAN = "guardian"  # 监护人
    LEGAL_REPRESENTATIVE = "legal_representative"  # 法定代表人


class Decider(Enum):
    """Who decides the matter."""

    RULE = "rule"  # the table, on the spot; a person where it refers the matter
    COMMUNITY = "community"  # 社区（村）
    STREET = "street"  # 街道（乡镇）
    DEPARTMENT = "department"  # the department itself


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An answer that is offered for a touch beside the free field: made by ``template`` of what is known, where
    ``pattern`` is found in the value of ``key`` (none: always). ``label`` stands on it in place of its own words."""

    template: str
    key: str = ""
    pattern: str = ""
    label: Text = EMPTY


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the form: one page of the screen.

    ``when``: a condition on what stands before it; where it does not hold the question is not asked and has no value
    (kiosk.services.situations). ``means``: what is asked for, by its name in data/dictionary.toml. Of a date
    ``earliest`` and ``latest`` are YYYYMMDD or ``today``; of an amount ``least`` and ``most`` are whole numbers.
    """

    key: str
    kind: QuestionKind
    label: Text  # short name for the review page, e.g. 名称
    title: Text  # the question, e.g. 您的店叫什么名字？
    help: Text = EMPTY
    options: tuple[Option, ...] = ()
    min_length: int = 1
    max_length: int = 60
    pattern: str = ""  # full match; empty for none
    complaint: Text = EMPTY  # said when the answer does not fit
    preview: Text = EMPTY  # template with {key} places, shown live under the answer, e.g. 登记名称将是 {full_name}
    unit: Text = EMPTY
    forbidden: tuple[Forbidden, ...] = ()
    review: str = ""  # key of the derived field that the review page shows in place of the bare answer
    masked: bool = False  # a phone number is shown as 138****0001 on papers
    when: str = ""
    means: str = ""
    earliest: str = ""
    latest: str = ""
    least: int | None = None
    most: int | None = None
    check: str = ""  # a number with check digits: ``id_number`` or ``credit_code`` (kiosk.domain.codes)
    suggest: tuple[Suggestion, ...] = ()  # what may be taken by a touch (kiosk.services.suggesting)


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What has to hold between answers (``must``, CEL); where it does not, ``question`` is asked again with the
    complaint. It is looked at once every answer that it names is there.
    """

    must: str
    question: str
    complaint: Text


@dataclass(frozen=True, slots=True)
class Prefill:
    """A field filled from the identity document: ``source`` is an attribute name such as ``name`` or ``address``; or
    from a department's register (REGISTER), of a query; or from an electronic licence (LICENCE)."""

    key: str
    label: Text
    source: str
    masked: bool = False
    means: str = ""


REGISTER = "register"  # the source of what a register has answered
LICENCE = "licence"  # and of what an electronic licence says


@dataclass(frozen=True, slots=True)
class RegisterSpec:
    """Of a query (查询): the register that is asked about the person, by its name in the backend's settings.

    ``found`` and ``none`` say on the review page which of the two answers it was; ``elsewhere`` where to go while the
    register does not answer. What it has answered are fields of the pack's ``prefill`` with the source REGISTER.
    """

    register: str
    found: Text
    none: Text
    elsewhere: Text


@dataclass(frozen=True, slots=True)
class LicenceSource:
    """An electronic licence (电子证照) of the person, as the register of its keeper has it (无证明).

    ``register`` is its name in the backend's settings, ``keeper`` who is asked, ``fields`` what it tells, exactly: keys
    of questions, which are then not asked, and of the pack's ``prefill`` with the source LICENCE. A material whose
    ``licence`` names the register need not be handed in.
    """

    register: str
    name: Text
    keeper: Text
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """Another template, used when ``pattern`` is found in the value of ``key``."""

    key: str
    pattern: str
    template: str


@dataclass(frozen=True, slots=True)
class Derived:
    """A field made from others by a template with {key}, {key.part} and {place.city} places.

    The first variant whose pattern is found wins over the template. ``review``: the review page shows it in a row
    of its own, below the question that the template names first.
    """

    key: str
    label: Text
    template: str
    variants: tuple[Variant, ...] = ()
    review: bool = False


@dataclass(frozen=True, slots=True)
class CommitmentTerms:
    """A commitment (告知承诺): the notice, its clauses, what it stands for, and what happens without it.

    ``papers`` names what is handed in instead. ``withdraw`` says on paper how to take the promise back while nothing
    is decided, ``settled`` what holds once the decision is made.
    """

    commitment_id: str
    version: str
    title: Text
    notice: Text
    clauses: tuple[Text, ...]
    replaces: str  # key of the material that need not be handed in
    replaces_label: Text
    replaces_text: Text  # e.g. 不用提交
    otherwise: Text  # what a citizen who does not want to commit can do
    declined_text: Text  # the review row's value when nothing was promised, e.g. 到窗口提交
    papers: Text
    withdraw: Text
    settled: Text
    when: str = ""  # in which situations it is offered; a proxy is never offered one (国办发〔2020〕42号)


@dataclass(frozen=True, slots=True)
class LicenceSpec:
    """What makes a paper needless (免交): ``source`` is ``card`` (its chip says it) or ``licence`` (an electronic one,
    which the ``register`` of this name has: LicenceSource)."""

    name: Text
    source: str
    register: str = ""


@dataclass(frozen=True, slots=True)
class MaterialSpec:
    """A paper that is scanned: under the document camera, up to ``pages`` pages.

    One whose key the commitment ``replaces`` is asked for only of those who do not promise. ``reads`` names the form's
    questions that are filled in from it (question -> field of the kind ``document``, devices/vision/ocr_fields.toml);
    nothing that was read counts before the citizen has confirmed it. ``original`` says on paper what becomes of it.
    ``trust`` is the level that the office asks for in the end (国办函〔2016〕108号); a scan has C until it is compared.
    """

    key: str
    label: Text
    help: Text
    pages: int
    required: bool = False
    document: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    original: Text = EMPTY
    when: str = ""
    later: Text = EMPTY  # what becomes of it where it is not scanned and goes to no counter, e.g. 上门时看
    trust: Trust = Trust.C
    licence: LicenceSpec | None = None
    means: str = ""  # what paper it is, by its name in data/dictionary.toml: a bundle asks for it once


@dataclass(frozen=True, slots=True)
class LimitedTexts:
    """What home and guide say in place of ``summary``, ``lead`` and ``errands`` when not all can be done now."""

    summary: Text
    lead: Text
    errands: int


@dataclass(frozen=True, slots=True)
class GuideTexts:
    """The page before log-in: how long, how much to type, what to bring, on which basis.

    ``limited`` has the texts for a machine without a ``network`` and for one that cannot print the certificate
    (``paper``).
    """

    minutes: int
    errands: int
    lead: Text
    prepare: tuple[tuple[Text, Text], ...]
    basis: Text
    limited: Mapping[str, LimitedTexts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the decision table. The first deciding row whose condition holds decides.

    A row with the outcome ``pass`` decides nothing: it is a finding that an approval rests on, and is told as such.
    ``missing``: what is lacking, thing by thing; ``go``: where and how it goes on for whoever was refused or referred.
    """

    rule_id: str
    when: str  # CEL expression over kiosk.services.rules.FACTS
    outcome: str  # Outcome value, or "pass"
    because: Text
    basis: str
    missing: tuple[Text, ...] = ()
    go: Text = EMPTY


class PaperKind(Enum):
    RECEIPT = "receipt"  # 58/80 mm thermal
    CERTIFICATE = "certificate"  # A4


@dataclass(frozen=True, slots=True)
class PaperSpec:
    """A paper of this service. ``on`` lists the outcomes it is printed for; a certificate needs an effective one.

    Of a certificate beside the licence: ``issuer`` (without one, the authority), ``labels`` of fields that are no field
    of the form, the text ``body``, ``valid_months`` (0: without end; None: nothing is said of it). ``type_code``:
    证照类型代码 (GB/T 36904). ``later``: no rule approves, so it comes out at no visit; it is made where somebody has
    approved (kiosk/backend/certificates.py), and printed at a later card read.
    """

    paper_id: str
    kind: PaperKind
    template: str
    title: Text
    on: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)  # the layout's field -> template
    notes: tuple[Text, ...] = ()
    when: str = ""
    issuer: Text = EMPTY
    labels: Mapping[str, Text] = field(default_factory=dict)
    body: Text = EMPTY
    valid_months: int | None = None
    type_code: str = ""
    later: bool = False

    @property
    def certificate_now(self) -> bool:
        """Whether it is a certificate that comes out at the visit."""
        return self.kind is PaperKind.CERTIFICATE and not self.later


@dataclass(frozen=True, slots=True, repr=False)
class ReviewRow:
    """One line of the review page and of the papers."""

    key: str
    label: Text
    value: str
    origin: Origin
    trust: Trust
    editable: bool

    def __repr__(self) -> str:  # the value is personal data
        return f"ReviewRow({self.key}, {self.origin.value})"


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """What screen and paper say about a result: heading, lead, what holds now, what comes later, what to do next.

    ``result`` is the short word for it on paper where the usual one does not fit. ``because`` is the first reason
    told for a result that waits, with its ``basis``.
    """

    heading: Text
    lead: Text
    holds: Text = EMPTY
    later: Text = EMPTY
    next_step: Text = EMPTY
    result: Text = EMPTY
    because: Text = EMPTY
    basis: str = ""

    def __iter__(self) -> Iterator[Text]:
        """``heading, lead = pack.outcome_texts["approved"]``."""
        return iter((self.heading, self.lead))


@dataclass(frozen=True, slots=True)
class Again:
    """When the matter is due again, counted from the day; ``label`` is the receipt's word for it, e.g. 下次认证."""

    months: int
    label: Text


@dataclass(frozen=True, slots=True)
class Clocks:
    """The law's clocks in working days, counted from the day of receipt; ``basis`` is told beside them.

    Not answered within ``accept``, an application counts as accepted; it is decided within ``decide``. ``track``: what
    the case is owed (kiosk.domain.life_table.Track), a decision or an answer.
    """

    accept: int
    decide: int
    basis: str
    track: str = "application"


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides, within how many working days that is promised (0: on the spot), and when that office is open.

    The first of ``situations`` whose ``when`` holds takes its place (kiosk.services.situations).
    """

    by: Decider = Decider.RULE
    office: Text = EMPTY
    days: int = 0
    hours: Text = EMPTY
    when: str = ""
    situations: tuple[Deciding, ...] = ()


@dataclass(frozen=True, slots=True)
class Handler:
    """One to whom the matter is handed on: who it is, what it does, within how many working days."""

    name: Text
    does: Text
    days: int
    when: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What staff go by who judge a case: at whose desk it begins (None: where it is decided), whether a decision takes
    two of them, what they look at, and sentences that are said often, by the deed (kiosk.domain.life_table.Deed).
    """

    first: Decider | None = None
    four_eyes: bool = False
    checklist: tuple[Text, ...] = ()
    phrases: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effective:
    """The days on which a pack holds, both included, YYYY-MM-DD; "" for no end."""

    since: str = ""
    until: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day.isoformat() and (not self.until or day.isoformat() <= self.until)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words of the pack's texts that a voice would garble, and what is said in their place (kiosk.visit.speech)."""

    written: str
    said: Text


@dataclass(frozen=True, slots=True)
class ServicePack:
    """One service item (政务服务事项), loaded and checked."""

    pack_id: str
    version: str
    item_code: str
    category: str
    name: Text
    short_name: Text
    summary: Text
    promise: Text  # said before anything is done, e.g. 当场办好
    badge: Text  # the stamp once it is done, e.g. 准予登记
    authority: Text  # may hold {place.…}
    guide: GuideTexts
    documents: tuple[str, ...]  # DocumentKind values that may be used
    min_age: int
    signature: bool
    prefill: tuple[Prefill, ...]
    questions: tuple[Question, ...]
    derived: tuple[Derived, ...]
    commitment: CommitmentTerms | None
    rules: tuple[Rule, ...]
    offline: Rung
    number_blocks: tuple[str, ...]  # kinds reserved from the backend, e.g. ("case", "uscc")
    papers: tuple[PaperSpec, ...]
    outcome_texts: Mapping[str, OutcomeText]  # "approved", "approved_offline", "refused", "referred"
    sources: tuple[str, ...] = ()
    again: Again | None = None
    clocks: Clocks | None = None
    materials: tuple[MaterialSpec, ...] = ()
    once: int = 0  # months within which one person gets this matter decided once; 0: as often as wanted
    applicants: tuple[Applicant, ...] = (Applicant.SELF,)
    decides: Deciding = Deciding()
    effective: Effective = Effective()
    review: Review = Review()
    checks: tuple[CrossCheck, ...] = ()
    handlers: tuple[Handler, ...] = ()
    keywords: tuple[Text, ...] = ()  # what people call the matter; looked at by the search alone
    speech: tuple[Spoken, ...] = ()  # what of its texts is said otherwise than it is written
    bundle: Bundle | None = None  # of a 一件事: its items; the other parts are then its one form
    query: RegisterSpec | None = None  # a department's register is asked, and its answer is what is certified
    licences: tuple[LicenceSource, ...] = ()  # that may be asked for in place of typing and of papers
    further: tuple[CommitmentTerms, ...] = ()  # the promises of a bundle's items; ``commitment`` is None then
    hours: tuple[Window, ...] = ()  # it can be begun while all of these are open; none: at any hour

    @property
    def commitments(self) -> tuple[CommitmentTerms, ...]:
        """Every promise that may be made, in the order in which they are read."""
        return self.further if self.commitment is None else (self.commitment, *self.further)

    @property
    def hours_told(self) -> str:
        """The hours as they are told: "08:30-17:30"; of a bundle, those of each item that has any."""
        return " / ".join(dict.fromkeys(f"{each.begin:%H:%M}-{each.end:%H:%M}" for each in self.hours))

    @property
    def conditional(self) -> bool:
        """Whether what is asked, handed in, promised, printed or told depends on the answers."""
        parts: tuple[Question | MaterialSpec | PaperSpec | Handler | Deciding, ...] = (
            *self.questions, *self.materials, *self.papers, *self.handlers, *self.decides.situations
        )  # fmt: skip
        if self.licences:  # one is of whoever stands here, and of no use to somebody else's matter
            return True
        promise = any(terms.when != "" or self.applicants != (Applicant.SELF,) for terms in self.commitments)
        return promise or any(part.when for part in parts)

    def reasons(self, decision: Decision) -> tuple[FiredRule, ...]:
        """Why, as screen and paper tell it: for a result that waits, what it waits for stands first.

        Where nothing was decided the rules are a look ahead, for whoever decides later: they are told to nobody here.
        """
        texts = self.outcome_texts[decision.wording]
        rules = () if decision.outcome is Outcome.RECEIVED else decision.rules
        if decision.effective or texts.because == EMPTY:
            return rules
        return (FiredRule("", texts.because, texts.basis), *rules)

    def lent(self, source: LicenceSource) -> tuple[MaterialSpec, ...]:
        """The materials for which this licence stands."""
        return tuple(m for m in self.materials if m.licence is not None and m.licence.register == source.register)

    def material(self, key: str) -> MaterialSpec | None:
        return next((m for m in self.materials if m.key == key), None)

    def read_from(self, question: str) -> MaterialSpec | None:
        """The material that a question's answer can be read from."""
        return next((m for m in self.materials if question in m.reads), None)

    @property
    def needed(self) -> tuple[MaterialSpec, ...]:
        """Materials that every applicant is asked for: those for which no promise stands."""
        replaced = {terms.replaces for terms in self.commitments}
        return tuple(m for m in self.materials if m.key not in replaced)

    def question(self, key: str) -> Question | None:
        return next((q for q in self.questions if q.key == key), None)


class Verdict(Enum):
    """Whether this machine can finish a service now, said before log-in."""

    CAN = "can"
    RECEIPT_LATER = "receipt_later"  # finished here and now; only the receipt is printed another time
    CERTIFICATE_LATER = "certificate_later"  # decided here and now; the certificate is printed another time
    LIMITED = "limited"  # can take it, but not decide at once
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Ability:
    """The answer to "can this machine finish it now?", with a reason for each part as a message key."""

    verdict: Verdict
    good: tuple[str, ...]  # message keys: ability.hours, ability.printer, ability.network
    lacking: tuple[str, ...]
    hours: str = ""  # in which it can be begun, where that is not always
