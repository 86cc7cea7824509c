"""My cases (我的办件): those of the person at the terminal, and what they hand in for one of them.

Which cases were made here is found by the notice seeds on the shelf, sealed to the person; how they stand is asked of
the backend while the person waits, and of the journal where that cannot be done. Nothing of either is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from devices.contracts.identity import IdentityDocument
from kiosk.counter import results
from kiosk.counter.committing import Standing
from kiosk.counter.shelf import Shelf
from kiosk.documents import errand
from kiosk.documents.signature import MEDIA_TYPE, signature_svg
from kiosk.domain.case import Material
from kiosk.domain.envelope import Trust
from kiosk.domain.life import May, may_in
from kiosk.domain.life_table import State
from kiosk.domain.my_case import Asked, MyCase, Pending, newest_first
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.progress import Progress, remedy_of
from kiosk.domain.rating import Rated
from kiosk.domain.register import Answered, Silent
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.waiting import WaitingPaper, at_office
from kiosk.journal.deeds import DeedRow
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.journal.journal import Journal
from kiosk.sync import deeds
from kiosk.sync.asking import Cases, NotAsked, kept
from kiosk.visit.effects import AskRegister, FindCases, HandIn, SaveRating
from kiosk.visit.events import CasesFound, CommitFailed, HandedIn, RegisterAnswered

PENDING = {"supplement": Pending.SUPPLEMENT, "withdrawal": Pending.WITHDRAWAL}
SET_ASIDE = ("rejected", "quarantined")
OTHER = "other"  # a supplement or withdrawal that the backend would not take at all: staff have to look


class Questions(Protocol):
    """How a person's cases stand by the backend (kiosk.sync.asking.Asking)."""

    def cases(self, number: str, *, test: bool = False) -> Cases | NotAsked: ...

    def register(self, register: str, number: str, name: str, *, test: bool = False) -> Answered | Silent: ...


@dataclass(frozen=True, slots=True)
class _Local:
    """What this terminal knows of a case beside how it stands."""

    title: Text = EMPTY
    office: Text = EMPTY
    at: datetime | None = None
    holds: State | None = None  # what was decided here and holds, until another word comes


class CaseDesk:
    """Every call blocks: on a worker thread. ``asking``: None while nobody can be asked."""

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        place: Place,
        standing: Callable[[], Standing | None],
        asking: Callable[[], Questions | None],
        clock: Callable[[], datetime],
        *,
        test: bool,
    ) -> None:
        self._journal, self._shelf, self._place = journal, shelf, place
        self._standing, self._asking, self._clock, self._test = standing, asking, clock, test

    def here(self, asked: FindCases) -> CasesFound:
        """What is known without a line: the cases that were made at this terminal."""
        return CasesFound(asked.document.number, newest_first(self._made_here(self._local(asked))), Asked.ASKING)

    def everywhere(self, asked: FindCases) -> CasesFound:
        """By the backend's word, with what it does not have yet; or what is known here, where it cannot be asked."""
        number, local = asked.document.number, self._local(asked)
        questions = self._asking()
        told = None if questions is None else questions.cases(number, test=self._test)
        made_here = self._made_here(local)  # looked at after the wait: something may have been sent meanwhile
        if not isinstance(told, Cases):
            return CasesFound(number, newest_first(made_here), Asked.NOT_TOLD)
        fresh = tuple(self._fresh(one, local.get(one.case_id, _Local())) for one in told.progress)
        known = {case.case_id for case in fresh}
        others = (case for case in made_here if case.case_id not in known)
        return CasesFound(number, newest_first((*fresh, *others)), Asked.TOLD)

    def register(self, asked: AskRegister) -> RegisterAnswered:
        """What the register says of the person, or that nobody knows. Nothing of it is kept here."""
        questions, holder = self._asking(), asked.document
        answer: Answered | Silent = Silent("unreachable-backend")
        if questions is not None:
            answer = questions.register(asked.register, holder.number, holder.name, test=self._test)
        return RegisterAnswered(asked.register, holder.number, answer)

    def hand_in(self, asked: HandIn) -> HandedIn | CommitFailed:
        """The item, whole and on disk, or why nothing was saved. Raises JournalError when nobody knows."""
        standing = self._standing()
        if standing is None:
            return CommitFailed("not_enrolled")
        now, number, case_id = self._clock(), asked.document.number, asked.case.case_id
        if asked.errand is May.WITHDRAW:
            record = deeds.withdrawal(standing, case_id, number, asked.reason.zh, now, test=self._test)
        else:
            record = deeds.supplement(standing, case_id, number, _materials(asked), "", now, test=self._test)
        try:
            self._journal.commit_deed(record)
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return CommitFailed("save_failed")
        paper = errand.receipt(
            asked.errand, asked.case, name=asked.document.name, materials=asked.materials, reason=asked.reason,
            item_code=asked.item_code, verification=asked.verification, place=self._place, at=now,
            online=asked.online, language=asked.language, test=self._test,
        )  # fmt: skip
        return HandedIn(paper, now)

    def add_word(self, asked: SaveRating, document: IdentityDocument, *, staff_card: bool = False) -> bool:
        """A case of whatever terminal rated after its visit, or a word added to its rating (追评). ``staff_card``: one
        lay in the slot in this visit. Raises JournalError when nobody knows.
        """
        standing = self._standing()
        if standing is None:
            return False
        record = deeds.followup(
            standing, asked.case_id, document.number, asked.level, asked.options, self._clock(),
            first=asked.first, staff_card=staff_card, test=self._test,
        )  # fmt: skip
        try:
            self._journal.commit_deed(record)
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return False
        return True

    # -- one case ------------------------------------------------------------------------------------

    def _fresh(self, progress: Progress, known: _Local) -> MyCase:
        title = progress.name if progress.name != EMPTY else known.title
        unheard = progress.rating is None and self._journal.is_rated(progress.case_id)  # given here, not there yet
        case = MyCase(progress, title, known.office, known.at, fresh=True, added=unheard)
        return self._with_deeds(replace(case, paper=self._at_office(progress)))

    def _at_office(self, progress: Progress) -> WaitingPaper | None:
        """What may be fetched; not what was taken here already, of which the office has not heard yet. What is owed
        although it has heard is another paper than the one that was taken: it was corrected, and is no copy.
        """
        told = [row.answer for row in self._journal.deeds_of(progress.case_id) if row.kind == "delivery"]
        if progress.owed is None or "" in told:
            return None
        paper_id, title = progress.owed
        printed = 0 if "done" in told else results.attempts(self._journal, progress.case_id, paper_id)[0]
        return at_office(
            progress.case_id, progress.case_no, paper_id, title, progress.since, printed, test=self._test
        )  # fmt: skip

    def _local(self, asked: FindCases) -> dict[str, _Local]:
        seeds = self._shelf.seeds(self._shelf.person(asked.document.number))
        return {seed.case_id: _Local(*_told(seed), at, self._decided(seed)) for seed, at in seeds}

    def _made_here(self, local: Mapping[str, _Local]) -> tuple[MyCase, ...]:
        found = (self._here(case_id, known) for case_id, known in local.items())
        return tuple(case for case in found if case is not None)

    def _here(self, case_id: str, known: _Local) -> MyCase | None:
        """A case of this terminal as far as is known without a line."""
        progress = kept(self._journal, case_id)
        if progress is None:
            return None
        if known.holds is not None and self._journal.word_of(case_id) is None:
            progress = replace(progress, state=known.holds, may=may_in(known.holds), remedy=remedy_of(known.holds))
        if self._journal.is_rated(case_id):  # how, nobody can say here: it is sealed
            progress = replace(progress, rating=Rated())
        case = MyCase(progress, known.title, known.office, known.at)
        return self._with_deeds(self._with_trouble(case))

    def _decided(self, seed: PaperContent) -> State | None:
        """What this terminal has decided, where that holds: at once, or confirmed since."""
        confirmed = results.outcome_of(self._journal, seed.case_id) == results.CONFIRMED
        word = seed.mark.get("outcome", "") if confirmed else seed.values.get("holds", "")
        return State(word) if word in (State.APPROVED.value, State.REFUSED.value) else None

    def _with_trouble(self, case: MyCase) -> MyCase:
        queued = self._journal.state_of(case.case_id) == "queued"
        changed = bool(results.trouble_of(self._journal, case.case_id))
        return replace(case, pending=Pending.CASE if queued else None, queued=queued, changed=changed)

    def _with_deeds(self, case: MyCase) -> MyCase:
        """With what was handed in here for it and has no answer, or one that is to be told."""
        known = self._journal.deeds_of(case.case_id)
        said = [row for row in known if row.kind == "followup"]
        if said and not (case.fresh and said[-1].answer):  # else the backend's word has it
            case = replace(case, added=True)
        rows = [row for row in known if row.kind in PENDING]
        if not rows:
            return case
        last = rows[-1]
        if last.state in SET_ASIDE:
            return replace(case, unheeded=OTHER)
        if last.answer:
            return case if last.answer == "done" else replace(case, unheeded=last.answer)
        if case.fresh and _heeded(case.progress, last):
            return case
        return replace(case, pending=PENDING[last.kind], queued=last.state == "queued")


def _heeded(progress: Progress, row: DeedRow) -> bool:
    """Whether the backend's word shows that it has taken this, before it says so itself."""
    if row.kind == "withdrawal":
        return progress.state is State.WITHDRAWN
    return progress.state is not State.SUPPLEMENTING


def _told(seed: PaperContent) -> tuple[Text, Text]:
    """The matter's and the office's names, as a seed has them: both languages, one a line."""
    return _text(seed.values.get("matter", "")), _text(seed.values.get("office", ""))


def _text(both: str) -> Text:
    zh, _, en = both.partition("\n")
    return Text(zh, en or zh)


def _materials(asked: HandIn) -> Sequence[Material]:
    """The scans, and the signature that stands for them."""
    return (*asked.materials, Material("signature", MEDIA_TYPE, signature_svg(asked.strokes), Trust.D))
