"""What the pages of my cases (我的办件) show; see screen.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class CaseLine:
    """One case of the list. ``state`` is a word of kiosk.domain.life_table.State, ``word`` the same in words.

    ``since`` and ``due`` are days, YYYY-MM-DD, "" where none is known. ``turn``: whose it is: ``you``, ``office`` or ""
    (nobody's: it is over). ``lacking``: how many papers are asked for. ``pending``: what was handed in here and not
    answered yet (``case``, ``supplement``, ``withdrawal``), ``queued`` if it was not even sent. ``fresh``: the office
    has just said so. ``answered``: there is an answer to a bad rating, about which nothing was said yet.
    """

    case_id: str
    title: str
    case_no: str
    state: str
    word: str
    since: str
    due: str = ""
    turn: str = ""
    lacking: int = 0
    pending: str = ""
    queued: bool = False
    changed: bool = False
    fresh: bool = True
    answered: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class CasesBody:
    """``name`` is masked. ``lines``: newest first; None while it is looked up. ``asked`` is an Asked value.

    ``papers``: how many papers may be fetched here (取证照). ``problem``: ``no_longer``.
    """

    name: str
    lines: tuple[CaseLine, ...] | None
    asked: str
    papers: int = 0
    problem: str = ""
    known_until: str = ""  # the day until which answers of an earlier visit are kept, YYYY-MM-DD


@dataclass(frozen=True, slots=True, repr=False)
class TimeStep:
    """One step of a case's way. ``stage``: ``done``, ``now``, ``ahead``. ``day``: YYYY-MM-DD, "" where not known."""

    kind: str
    day: str
    stage: str
    text: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class RatedLine:
    """The person's own rating of a case (kiosk.domain.rating.Rated) in words; "" where there is none, or it is not
    known here. ``level``: what they said; ``reasons`` why. ``task``: how far the answer has come, ``due`` by when,
    ``finding`` what was found, ``longer`` why it takes longer, ``answer`` in writing, ``answered`` when; ``added``:
    what was added later; ``saved``: it is saved here and perhaps not known to the office yet.
    """

    level: str
    reasons: tuple[str, ...] = ()
    task: str = ""
    due: str = ""
    finding: str = ""
    longer: str = ""
    answer: str = ""
    answered: str = ""
    added: str = ""
    saved: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class CaseBody:
    """``line`` as in the list. ``said``: why it stands so, in the office's words; ``remedy``: how to object.

    ``actions``: what can be touched: ``supplement``, ``withdraw``, ``collect``, ``rate``, ``reply``. ``rated``: the
    person's own rating, None where there is none that is known here. ``unheeded``: why what was handed in did not
    count: ``too_late``, ``not_theirs``, ``not_asked``, ``incomplete``, ``other``. ``obstacle``: why something
    that may be done cannot be done here now: ``desk`` (no document camera), ``line`` (what is lacking is not known
    here). ``problem``: ``no_longer``.
    """

    line: CaseLine
    steps: tuple[TimeStep, ...]
    said: str = ""
    remedy: str = ""
    office: str = ""
    lacking: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    unheeded: str = ""
    obstacle: str = ""
    papers: int = 0  # that lie here for the person
    deemed: bool = False
    problem: str = ""
    rated: RatedLine | None = None


@dataclass(frozen=True, slots=True, repr=False)
class LackLine:
    label: str
    help: str
    pages: int  # scanned so far


@dataclass(frozen=True, slots=True, repr=False)
class SupplementBody:
    """The papers that are asked for; all of them are handed in together. ``desk``: they can be scanned here now.

    ``problem``: why it was not saved, as on the review page.
    """

    title: str
    lines: tuple[LackLine, ...]
    complete: bool
    desk: bool = True
    online: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class WithdrawBody:
    """``reasons``: words, and whether chosen; none has to be. ``problem`` as for a supplement."""

    title: str
    case_no: str
    reasons: tuple[tuple[str, bool], ...]
    online: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class HandedInBody:
    """``errand``: supplement, withdraw. ``stage``: waiting, printing, done, failed, unknown, of the receipt."""

    errand: str
    title: str
    case_no: str
    online: bool
    receipt: str
    stage: str
    pages_done: int = 0
    pages_total: int = 0
    reason: str = ""
    again: bool = False  # it can be printed again


CaseBodies = CasesBody | CaseBody | SupplementBody | WithdrawBody | HandedInBody
