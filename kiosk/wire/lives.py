"""The life of a case on the wire: what its applicant is told of it, at its own terminal and at another; and what the
applicant does about it (the plain text of items of the kinds ``withdrawal`` and ``supplement``), or takes away
(``delivery``).

State words, deeds and what may be done are those of kiosk.domain.life. Texts (reasons, what is lacking) may name
persons: they travel inside sealed bytes alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kiosk.wire.payload import PayloadMaterial

MAX_PERSON_CASES = 50  # newest first, in one answer
MAX_NOTE = 500  # characters of what an applicant says

DeedKind = Literal["withdrawal", "supplement", "delivery", "followup"]
DeedAnswer = Literal["done", "too_late", "not_theirs", "not_asked", "incomplete"]
DEEDS: tuple[DeedKind, ...] = ("withdrawal", "supplement", "delivery", "followup")


@dataclass(frozen=True, slots=True)
class CaseWord:
    """How a case stands, in words without texts: for the terminal that took it, or from which something was done.

    ``state``: kiosk.domain.life_table.State, "" where it is not to be told; ``since``: ISO 8601; ``due``: YYYY-MM-DD or
    "". ``deed``: the id of the item (of DEEDS) that this answers, "" for none; ``answer``: DeedAnswer:
    ``too_late`` (decided or ended before it came), ``not_theirs`` (another person's case), ``not_asked`` (nothing was
    to be supplemented), ``incomplete`` (it did not bring all that was lacking).
    """

    case_id: str
    case_no: str
    state: str
    since: str
    due: str = ""
    deemed: bool = False
    deed: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CaseLack:
    """One thing that is lacking; ``material``: its key in the pack, "" for none."""

    zh: str
    en: str
    material: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CaseRating:
    """What the applicant said of a case (好差评), what came of it (kiosk.domain.rating.Rated). Travels sealed alone.

    ``task``: kiosk.domain.rating_task.TaskState, "" where it was not bad; ``finding``: its word, "" before. ``at``,
    ``due``, ``answered``: YYYY-MM-DD, "" for none. ``added``: the level of what was added (追评), 0 for nothing.
    """

    level: int
    at: str
    options: list[str] = field(default_factory=list)
    task: str = ""
    due: str = ""
    finding: str = ""
    answer: str = ""
    answered: str = ""
    longer: str = ""
    added: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class CasePaper:
    """A sealed paper that is owed to the applicant: which of the pack's, and its name. Travels sealed alone."""

    paper: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, repr=False)
class CaseProgress:
    """One case as its applicant is shown it (kiosk.domain.progress.Progress). Travels sealed alone.

    ``may``: kiosk.domain.life.May values. ``here``: the asking terminal took it. ``received``, ``accepted``,
    ``confirmed``: days, YYYY-MM-DD, "" where it was not. ``paper``: what the asking terminal may fetch and print
    (``GET /v1/certificates``), None where nothing is owed, or another terminal took the case.
    """

    case_id: str
    case_no: str
    service_id: str
    name_zh: str
    name_en: str
    state: str
    since: str
    due: str
    deemed: bool
    may: list[str]
    here: bool
    version: int = 0
    reason_zh: str = ""
    reason_en: str = ""
    handler_zh: str = ""
    handler_en: str = ""
    lacking: list[CaseLack] = field(default_factory=list)
    received: str = ""
    accepted: str = ""
    rating: CaseRating | None = None
    confirmed: str = ""
    confirmed_zh: str = ""
    confirmed_en: str = ""
    paper: CasePaper | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PersonQuery:
    """Whose cases: the plain text of a request, sealed to the backend with ``person_query_info``.

    ``number``: of the document that lies on the reader. ``reply_key``: base64, a sealing key of the terminal's suite
    made for this one request, whose private half opens the answer. ``test``: only cases that try a terminal out.
    """

    number: str
    reply_key: str
    test: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class PersonCases:
    """The plain text of the answer, sealed to ``reply_key`` with ``person_answer_info``; newest first.

    ``more``: there are older ones, or some that are not filed yet.
    """

    cases: list[CaseProgress]
    more: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class PersonCasesRequest:
    """``sealed``: a PersonQuery as JSON, sealed, in base64."""

    sealed: str


@dataclass(frozen=True, slots=True, repr=False)
class PersonCasesReply:
    """``sealed``: PersonCases as JSON, sealed, in base64. Padded, in steps of 4 KB: its length tells a
    few cases from many (50 are about 32 KB), not from none.
    """

    sealed: str


@dataclass(frozen=True, slots=True, repr=False)
class WithdrawalPayload:
    """The plain text of an item of kind ``withdrawal``: the application is taken back. ``number``: of the document of
    whoever does it; ``reason``: in the applicant's words, "" for none; ``made_at``: the terminal's clock.
    """

    case_id: str
    number: str
    made_at: str
    reason: str = ""
    test: bool = False
    format: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class SupplementPayload:
    """The plain text of an item of kind ``supplement``: all that was lacking. ``materials``: its attachments in order,
    each with its key in the pack (``kind``); ``note``: in the applicant's words.
    """

    case_id: str
    number: str
    made_at: str
    materials: list[PayloadMaterial] = field(default_factory=list)
    note: str = ""
    test: bool = False
    format: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class DeliveryPayload:
    """The plain text of an item of kind ``delivery``: this case's certificate came out of the terminal's printer, once
    for each case. ``paper``: which of the pack's papers; ``made_at``: when, by the terminal's clock.
    """

    case_id: str
    paper: str
    made_at: str
    test: bool = False
    format: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class FollowUpPayload:
    """The plain text of an item of kind ``followup``: what is added to a rating later (追评), once. ``level`` 5 (best)
    to 1, ``options`` as of a rating; ``said``: in the applicant's words, "" for none. ``not_asked`` where the case was
    not rated, or something was added before. ``first``: it was not rated at the visit, and this is its rating;
    ``not_asked`` where it was. ``staff_card``: as of a rating (RatingPayload).
    """

    case_id: str
    number: str
    made_at: str
    level: int
    options: list[str] = field(default_factory=list)
    said: str = ""
    first: bool = False
    staff_card: bool = False
    test: bool = False
    format: int = 1


def person_query_info(terminal_id: str) -> bytes:
    """What binds a sealed query to the terminal that asks."""
    return b"kiosk person query 1\0" + terminal_id.encode()


def person_answer_info(terminal_id: str) -> bytes:
    """What binds a sealed answer to the terminal that asked; its key was made for this one request."""
    return b"kiosk person answer 1\0" + terminal_id.encode()
