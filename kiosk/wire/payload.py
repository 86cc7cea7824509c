"""What is inside a sealed item: the plain text, sealed with kiosk.journal.sealing.item_info."""

from __future__ import annotations

from dataclasses import dataclass, field

NIGHT_FIELD, MOST_TOLD = "night.", 8  # of the night's synthetic case: fields that tell new findings, and how many


@dataclass(frozen=True, slots=True, repr=False)
class PayloadField:
    key: str
    value: str
    origin: str
    trust: str


@dataclass(frozen=True, slots=True)
class PayloadMaterial:
    """``sha256`` of the plain bytes; ``sealed_sha256`` names the attachment that holds it."""

    kind: str
    media_type: str
    sha256: str
    sealed_sha256: str
    trust: str


@dataclass(frozen=True, slots=True)
class PayloadRule:
    rule_id: str
    because: str
    basis: str


@dataclass(frozen=True, slots=True)
class PayloadCommitment:
    commitment_id: str
    version: str
    clauses: list[str]
    agreed_at: str


@dataclass(frozen=True, slots=True, repr=False)
class PayloadFacts:
    """What the decision rested on beside what the case says itself (kiosk/services/replay.py): with it, it can be made
    again. ``today``: YYYYMMDD at the terminal. ``place``: every part of kiosk.domain.place.Place; rules name them.
    """

    age: int
    document: str  # DocumentKind value
    document_expired: bool
    number_valid: bool
    today: str
    place: dict[str, str]


@dataclass(frozen=True, slots=True)
class PayloadBundle:
    """The bundle (一件事) that a case is part of: every case made of one form has the same ``bundle_id``.

    ``case_nos``: of all its cases, in the order in which they were decided, this one among them.
    """

    bundle_id: str
    pack_id: str
    pack_version: str
    case_nos: list[str]


@dataclass(frozen=True, slots=True, repr=False)
class CasePayload:
    """The plain text of a sealed item of kind ``case`` (JSON, UTF-8)."""

    case_id: str
    case_no: str
    service_id: str
    item_code: str
    pack_id: str
    pack_version: str
    outcome: str
    rung: str
    verification: str
    online: bool
    started_at: str
    committed_at: str
    fields: list[PayloadField]
    uscc: str = ""
    rules: list[PayloadRule] = field(default_factory=list)
    materials: list[PayloadMaterial] = field(default_factory=list)
    commitment: PayloadCommitment | None = None
    test: bool = False
    clock: str = ""  # how far the terminal's clock could be believed: confirmed, plausible, wrong
    once: int = 0  # months within which one person gets this matter once (the pack's word); 0: as often as wanted
    helped: list[str] = field(default_factory=list)  # members of staff who helped at the terminal, by their number
    facts: PayloadFacts | None = None  # without them the decision cannot be made again
    bundle: PayloadBundle | None = None  # None for a matter of its own
    format: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class RatingPayload:
    """The plain text of a sealed item of kind ``rating``: 好差评, ``level`` 5 (best) to 1. ``staff_card``: one lay in
    the terminal's slot in this visit (a rating is not taken while it lies there). ``said``: in the applicant's words.
    """

    case_id: str
    case_no: str
    item_code: str
    level: int
    options: list[str]
    rated_at: str
    staff_card: bool = False
    said: str = ""
    format: int = 1
