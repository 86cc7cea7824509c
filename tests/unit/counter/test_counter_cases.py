"""My cases (我的办件): what is known here is told at once and by itself, the backend's word counts more, and what is
handed in is on the disk before anybody says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.counter.cases import CaseDesk
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import KEPT_FOR, Shelf
from kiosk.domain.case import Material
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Trust
from kiosk.domain.life import Lack, May
from kiosk.domain.life_table import State
from kiosk.domain.my_case import Asked, MyCase, Pending
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.progress import Progress
from kiosk.domain.text import EMPTY, Language, Text
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord, Block
from kiosk.journal.sealing import new_sealing_pair
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.services.model import ServicePack
from kiosk.sync.asking import Cases, NotAsked
from kiosk.visit.effects import Commit, FindCases, HandIn
from kiosk.visit.errands import REASONS
from kiosk.visit.events import CommitFailed, Committed, HandedIn
from kiosk.wire import CaseWord
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
FIRST17 = "14021319580301002"
CARD = IdentityDocument(
    DocumentKind.RESIDENT, FIRST17 + id_check_digit(FIRST17), "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None
)
OTHER = replace(CARD, number="140213199001010034", name="李某")
SIGNATURE = (((0.1, 0.1), (0.5, 0.6)),)


class Answers:
    """What the backend says, as the tests set it."""

    def __init__(self) -> None:
        self.said: Cases | NotAsked = NotAsked("unreachable")
        self.asked: list[tuple[str, bool]] = []

    def cases(self, number: str, *, test: bool = False) -> Cases | NotAsked:
        self.asked.append((number, test))
        return self.said


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=clock, durable=False) as journal:
        journal.add_block(Block("case", 1, 50))
        yield journal


@pytest.fixture
def shelf(journal: Journal, clock: Clock) -> Shelf:
    return Shelf(journal, clock)


STANDING = Standing("t-1", new_sealing_pair()[1], "k1")


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def desk(journal: Journal, shelf: Shelf, clock: Clock, answers: Answers) -> CaseDesk:
    return CaseDesk(journal, shelf, PLACE, lambda: STANDING, lambda: answers, clock, test=False)


Commits = Callable[..., str]


@cache
def _pension() -> ServicePack:
    return load_builtin(PLACE)["pension_verification"]


@pytest.fixture
def commit(journal: Journal, shelf: Shelf, clock: Clock) -> Commits:
    """A pension check, through the desk itself; its case id."""
    commits = CommitDesk(journal, shelf, PLACE, lambda: STANDING, clock, test=False)
    pack = _pension()

    def make(verification: Verification = Verification.LATER, card: IdentityDocument = CARD) -> str:
        envelope = Envelope().with_fields(forms.prefill(pack, card))
        asked = Commit(pack, card, envelope, verification, None, (), NOW, "zh_CN", online=True)
        made = commits.commit(asked)
        assert isinstance(made, Committed)
        return made.draft.case_id

    return make


def look(desk: CaseDesk, card: IdentityDocument = CARD) -> tuple[tuple[MyCase, ...], Asked]:
    """What is told in the end; what is told first is looked at, too."""
    first, last = desk.here(FindCases(card)), desk.everywhere(FindCases(card))
    assert first.asked is Asked.ASKING
    assert first.number == last.number == card.number
    return last.cases, last.asked


def sent(journal: Journal) -> None:
    """The backend has acknowledged what was queued."""
    items = journal.due(NOW + timedelta(days=90), 100, 1 << 30)
    journal.acknowledge([AckRecord(item.id, item.hash, NOW.isoformat(), "k", "s") for item in items])


def told(case_id: str, state: State = State.ACCEPTED, **changes: object) -> Progress:
    may = frozenset({May.WITHDRAW})
    base = Progress(
        case_id, "140213261120000000018", "pension_verification", Text("认证", "Check"), state, NOW, may=may
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of Progress


def hand_in(case: MyCase, errand: May, *, language: Language = "zh_CN", online: bool = True) -> HandIn:
    materials = (
        Material("hukou", "image/jpeg", b"page 1", Trust.C),
        Material("hukou", "image/jpeg", b"page 2", Trust.C),
    )
    supplement = errand is May.SUPPLEMENT
    return HandIn(
        CARD, case, errand, materials if supplement else (), SIGNATURE, EMPTY if supplement else REASONS[0], "1234",
        Verification.FACE, language, online,
    )  # fmt: skip


# -- the list ----------------------------------------------------------------------------------------


def test_without_a_line_the_cases_of_this_terminal_are_told_and_that_they_are_all_that_is_known(
    desk: CaseDesk, commit: Commits
) -> None:
    waits, decided = commit(), commit(Verification.FACE)
    cases, asked = look(desk)
    assert asked is Asked.NOT_TOLD
    known = {case.case_id: case for case in cases}
    assert (known[waits].progress.state, known[decided].progress.state) == (State.RECEIVED, State.APPROVED)
    assert (known[waits].pending, known[waits].queued) == (Pending.CASE, True)
    assert (known[waits].title.zh, known[waits].at) == ("城乡居民养老保险待遇资格认证", NOW)
    assert known[waits].may == {May.WITHDRAW}
    assert May.WITHDRAW not in known[decided].may


def test_another_person_finds_none_of_them(desk: CaseDesk, commit: Commits) -> None:
    commit()
    assert look(desk, OTHER)[0] == ()


def test_after_thirty_days_nothing_of_it_is_known_here(desk: CaseDesk, commit: Commits, clock: Clock) -> None:
    commit()
    clock.now = NOW + KEPT_FOR + timedelta(seconds=1)
    assert look(desk)[0] == ()


def test_the_backend_is_asked_for_this_person_alone_and_its_word_counts_more(
    desk: CaseDesk, commit: Commits, journal: Journal, answers: Answers
) -> None:
    mine = commit()
    sent(journal)
    elsewhere = told("elsewhere", since=NOW + timedelta(days=1), name=EMPTY)
    answers.said = Cases((elsewhere, told(mine, name=EMPTY)))
    cases, asked = look(desk)
    assert answers.asked == [(CARD.number, False)]
    assert asked is Asked.TOLD
    assert [(case.case_id, case.fresh, case.progress.state) for case in cases] == [
        ("elsewhere", True, State.ACCEPTED), (mine, True, State.ACCEPTED),
    ]  # fmt: skip
    assert cases[1].title.zh == "城乡居民养老保险待遇资格认证"


def test_a_case_that_the_backend_does_not_have_yet_stands_beside_its_answer(
    desk: CaseDesk, commit: Commits, answers: Answers
) -> None:
    unsent = commit()
    answers.said = Cases((told("elsewhere"),))
    cases, _ = look(desk)
    assert {case.case_id: case.queued for case in cases} == {"elsewhere": False, unsent: True}


def test_the_newest_word_that_came_with_the_sync_is_told_without_a_line(
    desk: CaseDesk, commit: Commits, journal: Journal
) -> None:
    mine = commit()
    sent(journal)
    journal.keep_word(CaseWord(mine, "140213261120000000018", "supplementing", NOW.isoformat()))
    ((case,), _) = look(desk)
    assert case.progress.state is State.SUPPLEMENTING
    assert case.may == {May.WITHDRAW}, "what is lacking is not known here"


# -- handing in --------------------------------------------------------------------------------------


def test_a_withdrawal_waits_here_and_is_not_made_twice(desk: CaseDesk, commit: Commits, journal: Journal) -> None:
    mine = commit()
    ((case,), _) = look(desk)
    made = desk.hand_in(hand_in(case, May.WITHDRAW, online=False))
    assert isinstance(made, HandedIn)
    assert [(row.kind, row.state) for row in journal.deeds_of(mine)] == [("withdrawal", "queued")]
    ((after,), _) = look(desk)
    assert (after.pending, after.queued, after.may) == (Pending.WITHDRAWAL, True, frozenset())
    assert desk.hand_in(hand_in(case, May.WITHDRAW)) == CommitFailed("save_failed")


def test_sent_and_not_answered_yet_it_still_waits_and_answered_it_is_told(
    desk: CaseDesk, commit: Commits, journal: Journal, answers: Answers
) -> None:
    mine = commit()
    ((case,), _) = look(desk)
    desk.hand_in(hand_in(case, May.WITHDRAW))
    sent(journal)
    answers.said = Cases((told(mine),))
    assert (look(desk)[0][0].pending, look(desk)[0][0].queued) == (Pending.WITHDRAWAL, False)
    answers.said = Cases((told(mine, State.WITHDRAWN, may=frozenset()),))
    assert look(desk)[0][0].pending is None
    (row,) = journal.deeds_of(mine)
    word = CaseWord(mine, "140213261120000000018", "approved", NOW.isoformat(), deed=row.deed_id, answer="too_late")
    journal.keep_word(word)
    answers.said = Cases((told(mine, State.APPROVED, may=frozenset()),))
    assert (look(desk)[0][0].unheeded, look(desk)[0][0].pending) == ("too_late", None)


def test_a_supplement_goes_with_every_page_and_the_signature(
    desk: CaseDesk, commit: Commits, journal: Journal, answers: Answers
) -> None:
    mine = commit()
    lacking = (Lack(Text("户口簿", "Household register"), "hukou"),)
    answers.said = Cases((told(mine, State.SUPPLEMENTING, lacking=lacking, may=frozenset({May.SUPPLEMENT})),))
    ((case,), _) = look(desk)
    assert isinstance(desk.hand_in(hand_in(case, May.SUPPLEMENT)), HandedIn)
    item = next(item for item in journal.due(NOW + timedelta(days=1), 100, 1 << 30) if item.kind == "supplement")
    assert len(item.attachments) == 3, "two pages and a signature"
    assert b"page 1" not in b"".join(data for _, data in item.attachments)
    assert look(desk)[0][0].pending is Pending.SUPPLEMENT


def test_a_case_of_another_terminal_can_be_withdrawn_here(desk: CaseDesk, answers: Answers, journal: Journal) -> None:
    answers.said = Cases((told("elsewhere"),))
    ((case,), _) = look(desk)
    assert isinstance(desk.hand_in(hand_in(case, May.WITHDRAW)), HandedIn)
    assert look(desk)[0][0].pending is Pending.WITHDRAWAL


def test_a_disk_that_does_not_take_it_is_told_and_nothing_is_said_to_be_in(
    desk: CaseDesk, commit: Commits, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit()
    ((case,), _) = look(desk)

    def full(record: object) -> None:
        raise JournalError("journal-full", "there is no room left on the disk")

    monkeypatch.setattr(journal, "commit_deed", full)
    assert desk.hand_in(hand_in(case, May.WITHDRAW)) == CommitFailed("save_failed")


def test_a_terminal_that_is_nobody_yet_takes_nothing_in(
    journal: Journal, shelf: Shelf, clock: Clock, answers: Answers
) -> None:
    desk = CaseDesk(journal, shelf, PLACE, lambda: None, lambda: None, clock, test=False)
    case = MyCase(told("elsewhere"), Text("认证", "Check"))
    assert desk.hand_in(hand_in(case, May.WITHDRAW)) == CommitFailed("not_enrolled")
    assert look(desk)[1] is Asked.NOT_TOLD


# -- receipts ----------------------------------------------------------------------------------------


def receipt(desk: CaseDesk, errand: May, language: Language, *, online: bool = True) -> PaperContent:
    lacking = (Lack(Text("户口簿", "Household register"), "hukou"),)
    case = MyCase(told("elsewhere", lacking=lacking), Text("认证", "Check"), Text("社保", "Pensions"))
    made = desk.hand_in(hand_in(case, errand, language=language, online=online))
    assert isinstance(made, HandedIn)
    return made.paper


def test_the_receipt_says_what_was_handed_in_and_by_whom_with_the_name_masked(desk: CaseDesk) -> None:
    paper = receipt(desk, May.SUPPLEMENT, "zh_CN")
    assert (paper.title, paper.values["heading"]) == ("补正材料回执", "补的材料已经收下")
    rows = dict(paper.rows)
    assert (rows["交来的人"], rows["本人核验"], rows["时间"]) == ("王**", "刷脸", "2026-11-20 18:00")
    assert paper.extra["交来的材料"] == "户口簿，2 页"
    assert paper.mark["outcome"] == "received"
    assert CARD.number not in repr(paper.rows) + repr(dict(paper.extra))


def test_in_english_the_counter_s_words_stand_below(desk: CaseDesk) -> None:
    paper = receipt(desk, May.WITHDRAW, "en", online=False)
    assert (paper.title, paper.values["subtitle"]) == ("Receipt for a withdrawal", "撤回申请回执")
    assert dict(paper.rows)["Matter"] == "Check\n认证"
    assert paper.extra["Why, as you said"] == "I no longer want it"
    assert paper.values["offline"] == "Handled without a network"


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("errand", [May.SUPPLEMENT, May.WITHDRAW])
def test_it_can_be_drawn(desk: CaseDesk, errand: May, language: Language) -> None:
    from kiosk.documents.receipt import render

    drawn = render(receipt(desk, errand, language))
    assert (drawn.raster_width, len(drawn.raster_rows)) == (576, 72 * drawn.raster_height)
