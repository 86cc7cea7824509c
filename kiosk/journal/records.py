"""What goes into the journal and what comes out. No personal data in clear, anywhere here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol

import msgspec

from kiosk.journal.errors import JournalError

ItemKind = Literal["case", "rating", "withdrawal", "supplement", "delivery", "followup"]
ItemState = Literal["queued", "acknowledged", "rejected", "quarantined"]
_json = msgspec.json.Encoder().encode


def stamp(moment: datetime) -> str:
    """UTC in ISO 8601 with microseconds: of fixed width, so that text order is time order."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a moment without time zone")
        moment = moment.astimezone(UTC)
    if moment.microsecond:  # "...Z" in quotes: a twentieth of what isoformat takes, and a commit has three of them
        return f"{_json(moment)[1:-2].decode()}+00:00"
    return moment.isoformat(timespec="microseconds")


class Numbers(Protocol):
    """The reserved numbers, inside the transaction of one commit."""

    def take(self, kind: str) -> int:
        """The next number of this kind, spent only if the commit comes about. Raises NumbersExhausted."""

    def beside(self) -> Numbers:
        """What these leave, for another case of the same commit."""


@dataclass(frozen=True, slots=True, repr=False)
class SealedMaterial:
    """A sealed attachment. ``sha256`` is the hex hash of ``data``, that is of the sealed bytes.

    Checked here and not at the commit, which is not to wait for it. Raises JournalError ``material-hash``.
    """

    sha256: str
    kind: str
    data: bytes

    def __post_init__(self) -> None:
        if hashlib.sha256(self.data).hexdigest() != self.sha256:
            raise JournalError("material-hash", f"an attachment ({self.kind}) does not fit its hash")

    @classmethod
    def of(cls, kind: str, data: bytes) -> SealedMaterial:
        """From sealed bytes whose hash nobody has made yet: hashed once, and not a second time to compare."""
        made = object.__new__(cls)
        for name, value in (("sha256", hashlib.sha256(data).hexdigest()), ("kind", kind), ("data", data)):
            object.__setattr__(made, name, value)
        return made

    def __repr__(self) -> str:
        return f"SealedMaterial({self.kind}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True, repr=False)
class KeptPaper:
    """A paper for the citizen's next visit, sealed to the person. ``case_id`` is filled in when it is read back.

    ``paper_id`` is the pack's word for it (``licence``): by it the paper is erased once it has come out.
    """

    claim: bytes
    sealed: bytes
    expires_at: datetime
    case_id: str = ""
    paper_id: str = ""

    def __repr__(self) -> str:
        return f"KeptPaper({len(self.sealed)} bytes)"


class CaseRecord(msgspec.Struct, frozen=True):
    """One case as it is written. ``sealed`` is the envelope; the words beside it say nothing about the person.

    (A struct, because a frozen dataclass of so many fields takes eight times as long to make, in the commit's turn.)
    """

    case_id: str
    case_no: str
    service_id: str
    pack_version: str
    outcome: str
    rung: str
    verification: str
    committed_at: datetime
    test: bool
    sealed: bytes
    attachments: tuple[SealedMaterial, ...] = ()
    kept: tuple[KeptPaper, ...] = ()
    meta: Mapping[str, str] = {}
    draft: bytes = b""  # the claim of the draft that this case began as; it is erased

    def begun_as(self, draft: bytes) -> CaseRecord:
        """The same, begun as the draft of this claim."""
        return msgspec.structs.replace(self, draft=draft)

    def __repr__(self) -> str:
        return f"CaseRecord({self.case_id}, {self.service_id}, {self.outcome})"


@dataclass(frozen=True, slots=True)
class RatingRecord:
    """One rating (好差评) of one case; what was said is inside ``sealed``."""

    rating_id: str
    case_id: str
    rated_at: datetime
    test: bool
    sealed: bytes = field(repr=False)
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers ``first`` to ``last``, both included, reserved for this terminal by the backend, and its signature."""

    kind: str
    first: int
    last: int
    area_code: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class AckRecord:
    """The backend's acknowledgement; the signature was checked by who hands it over. ``hash`` is hex.

    ``path``: what else whoever checks it later needs (kiosk/wire/acks.py); "" for one that was signed by itself.
    """

    id: str
    hash: str
    received_at: str
    key_id: str
    signature: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An acknowledgement that does not fit: ``hash-mismatch`` or ``unknown-id``. It is in the audit chain already."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One thing to send. ``hash`` is the hex sha256 of ``sealed``; ``attachments`` are (hex sha256, data)."""

    id: str
    kind: ItemKind
    case_id: str
    hash: str
    sealed: bytes = field(repr=False)
    attachments: tuple[tuple[str, bytes], ...] = field(repr=False)
    meta: Mapping[str, str]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by state of their outbox item (``committed`` is their sum), and items of other kinds (ratings, withdrawals,
    supplements) that are not acknowledged yet.

    ``oldest_unsent_at`` looks at queued items of every kind.
    """

    committed: int
    queued: int
    acknowledged: int
    rejected: int
    quarantined: int
    oldest_unsent_at: datetime | None
    others_unsent: int = 0


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of ``kiosk journal list``. ``life``: how far it has come (README.md); ``result``: the backend's word."""

    seq: int
    case_id: str
    case_no: str
    service_id: str
    pack_version: str
    outcome: str
    rung: str
    verification: str
    committed_at: str
    test: bool
    state: str
    attempts: int
    cause: str
    life: str
    result: str
    sealed_bytes: int
    attachments: int


@dataclass(frozen=True, slots=True)
class KnownCase:
    """What stands here in clear of one case of this terminal. ``outcome``: of its decision."""

    case_id: str
    case_no: str
    service_id: str
    outcome: str
    rung: str
    committed_at: datetime
    test: bool


class AuditHead(NamedTuple):
    """The end of the audit chain: whoever keeps it elsewhere can tell that nothing before it was changed."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at, and every problem in words. ``ok`` when there is none."""

    schema: int
    cases: int
    ratings: int
    items: int
    attachments: int
    audit_rows: int
    head: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems
