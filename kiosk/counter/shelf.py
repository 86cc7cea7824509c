"""The shelf: papers kept for a citizen's next visit, sealed to the person, found again when the same card is read.

A paper is kept for ``KEPT_FOR`` after its case was committed and then erased. What is kept is what the paper says and
nothing else. A paper that is due only once the backend has confirmed the case is kept too, and not given out before.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from kiosk.counter import results
from kiosk.documents import notice
from kiosk.domain.beijing import CHINA
from kiosk.domain.papers import PaperContent
from kiosk.domain.waiting import WaitingPaper, WaitingState
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import PersonKey
from kiosk.journal.records import KeptPaper
from kiosk.suites import DEFAULT

KEPT_FOR = timedelta(days=30)
"""Long enough for a confirmation and a second walk; short, because a number that seals can be guessed, at some cost."""

PEPPER = "person.pepper"
_DEFAULTS: Mapping[str, Any] = {"rows": [], "notes": [], "qr": "", "copy": 0, "test": False, "extra": {}, "mark": {}}


class Shelf:
    """May be used from any thread. Holds the key of the person whose card lies there, and forgets it with the card.

    ``test``: whether papers of tests are shown. A terminal that serves again has none for anybody.
    """

    def __init__(
        self, journal: Journal, clock: Callable[[], datetime], suite: str = DEFAULT, *, test: bool = False
    ) -> None:
        self._journal, self._clock, self._suite, self._test = journal, clock, suite, test
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._salt: bytes | None = None
        self._unreadable: set[str] = set()  # cases of which that has been told
        self._turn = object()
        self._known: tuple[str, PersonKey] | None = None

    # -- the person ----------------------------------------------------------------------------------

    def expect(self) -> object:
        """A card was read: whoever was known is forgotten. The token goes to ``recognise``."""
        with self._lock:
            self._turn, self._known = object(), None
            return self._turn

    def forget(self) -> None:
        """The card is gone or the visit over; a derivation under way is not kept either."""
        self.expect()

    def recognise(self, number: str, turn: object) -> PersonKey:
        """The key to this person's papers, about 50 ms; kept for the commit if ``turn`` still holds."""
        person = PersonKey.derive(self._pepper(), number, self._suite)
        with self._lock:
            if turn is self._turn:
                self._known = (number, person)
        return person

    def person(self, number: str) -> PersonKey:
        """The key of the one whose card was read, derived anew where the card has gone meanwhile."""
        with self._lock:
            known, turn = self._known, self._turn
        return known[1] if known is not None and known[0] == number else self.recognise(number, turn)

    def _pepper(self) -> bytes:
        """This terminal's own, made once."""
        with self._making:  # a lock of its own: whoever says that a card has come or gone does not wait for the disk
            if self._salt is None:
                text = self._journal.meta(PEPPER)
                if text is None:
                    text = secrets.token_hex(32)
                    self._journal.set_meta(PEPPER, text)
                self._salt = bytes.fromhex(text)
            return self._salt

    # -- papers --------------------------------------------------------------------------------------

    def keep(
        self, person: PersonKey, now: Sequence[PaperContent], due: Sequence[PaperContent], committed_at: datetime
    ) -> tuple[KeptPaper, ...]:
        """Papers for a case record: those that hold ``now``, and those that are ``due`` once it is confirmed.

        A notice's seed (kiosk.documents.notice) may be among those that are due: it is shown to nobody before there is
        something to be told.
        """
        return tuple(
            KeptPaper(
                person.claim,
                person.seal(_packed(paper, committed_at, waits)),
                committed_at + KEPT_FOR,
                paper_id=paper.paper_id,
            )
            for papers, waits in ((now, False), (due, True))
            for paper in papers
        )

    def seeds(self, person: PersonKey) -> tuple[tuple[PaperContent, datetime], ...]:
        """One for each case that this person made here and that is still known: its notice's seed, and its commit.

        One that cannot be read is left out; ``waiting`` tells of it.
        """
        found = []
        for kept in self._journal.papers_for(person.claim):
            if kept.paper_id == notice.PAPER_ID:
                with contextlib.suppress(JournalError, ValueError, TypeError, LookupError, AttributeError):
                    found.append(_unpacked(person.open(kept.sealed))[:2])
        return tuple(each for each in found if self._test or not each[0].test)

    def waiting(self, person: PersonKey) -> tuple[WaitingPaper, ...]:
        """What lies here for this person, newest case first, the certificate before the receipt.

        One that cannot be read is left out, and told in the audit chain once: the counter has to make it anew. Of a
        case that came out otherwise than it was told, the notice alone is there: it says what became of the others.
        """
        found: list[WaitingPaper] = []
        for kept in self._journal.papers_for(person.claim):
            try:
                unpacked = _unpacked(person.open(kept.sealed))
            except (JournalError, ValueError, TypeError, LookupError, AttributeError):
                self._tell_unreadable(kept.case_id)
            else:
                if self._test or not unpacked[0].test:
                    found += self._standing(*unpacked)
        told = {one.paper.case_id for one in found if one.state is WaitingState.NOTICE}
        found = [one for one in found if one.paper.case_id not in told or one.state is WaitingState.NOTICE]
        return tuple(sorted(found, key=lambda one: (-one.committed_at.timestamp(), one.paper.kind)))

    def _standing(self, paper: PaperContent, committed_at: datetime, waits: bool) -> list[WaitingPaper]:
        """The paper as it stands; nothing for a notice while there is nothing to be told."""
        printed, taken = results.attempts(self._journal, paper.case_id, paper.paper_id)
        if paper.template != notice.TEMPLATE:
            state = _state(results.outcome_of(self._journal, paper.case_id), waits=waits)
            return [WaitingPaper(paper, state, committed_at, printed, taken)]
        cause = results.trouble_of(self._journal, paper.case_id)
        if not cause:
            return []
        meaning = notice.meaning_of(paper, cause)
        made = notice.notice(paper, meaning, self._clock().astimezone(CHINA).date())
        return [WaitingPaper(made, WaitingState.NOTICE, committed_at, printed, taken, *notice.told(meaning))]

    def _tell_unreadable(self, case_id: str) -> None:
        with self._making:
            if case_id not in self._unreadable:
                self._unreadable.add(case_id)
                self._journal.audit("kept.unreadable", case_id)


def _packed(paper: PaperContent, committed_at: datetime, waits: bool) -> bytes:
    raw: dict[str, Any] = {field.name: getattr(paper, field.name) for field in fields(paper)}
    raw |= {"rows": [list(row) for row in paper.rows], "notes": list(paper.notes)}
    raw |= {"values": dict(paper.values), "extra": dict(paper.extra)}
    content = {name: value for name, value in raw.items() if name not in _DEFAULTS or value != _DEFAULTS[name]}
    told = {"at": committed_at.isoformat(), "waits": waits, "paper": content}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _unpacked(plain: bytes) -> tuple[PaperContent, datetime, bool]:
    """Paper, commit, and whether it waits for a confirmation. Raises what parsing raises."""
    raw = json.loads(plain)
    known = {field.name for field in fields(PaperContent)}  # another version of this program may have kept it
    content = dict(_DEFAULTS) | {name: value for name, value in raw["paper"].items() if name in known}
    rows = tuple((label, value) for label, value in content["rows"])
    paper = PaperContent(**(content | {"rows": rows, "notes": tuple(content["notes"])}))
    return paper, datetime.fromisoformat(raw["at"]), bool(raw["waits"])


def _state(outcome: str, *, waits: bool) -> WaitingState:
    match outcome:
        case "":
            return WaitingState.PENDING if waits else WaitingState.READY
        case results.CONFIRMED:
            return WaitingState.READY
        case results.CONFLICT:
            return WaitingState.CONFLICT
        case _:
            return WaitingState.OTHER
