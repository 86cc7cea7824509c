"""A case made in test mode: numbers of tests alone, and every paper of it says 测试 where nobody can overlook it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from kiosk import testmode
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import Shelf
from kiosk.documents import notice, render
from kiosk.domain import codes, late
from kiosk.domain.decision import Rung
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import new_sealing_pair
from kiosk.profile import parse
from kiosk.visit.events import CommitFailed, Committed
from tests.unit.bundle_world import PLACE, BundleWorld
from tests.unit.test_profile import changed

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TESTS = {"tcase": codes.SERIALS["tcase"].start, "tuscc": codes.SERIALS["tuscc"].start}
REAL = {"case": 1, "uscc": 1}
Open = Callable[..., tuple[Journal, CommitDesk]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    journals: list[Journal] = []

    def make(*, test: bool, **blocks: int) -> tuple[Journal, CommitDesk]:
        journal = Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False)
        journals.append(journal)
        for kind, first in blocks.items():
            journal.add_block(Block(kind, first, first + 19))
        standing = Standing("t-1", new_sealing_pair()[1], "k1")
        desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=test)
        return journal, desk

    yield make
    for journal in journals:
        journal.close()


def committed(desk: CommitDesk) -> Committed:
    event = desk.commit(BundleWorld().through().committing())
    assert isinstance(event, Committed)
    return event


def text_of(paper: RenderedPaper) -> str:
    document = pdfium.PdfDocument(paper.pdf)
    found = ""
    for number in range(len(document)):
        sheet = document[number].get_textpage()
        found += str(sheet.get_text_bounded())
        sheet.close()
    document.close()
    return re.sub(r"\s", "", found)


def says_test(paper: PaperContent) -> bool:
    """Whether the paper as it is drawn says it: letters of a PDF; of a receipt a band that is black across the roll."""
    drawn, plain = render.render(paper), render.render(replace(paper, test=False))
    if drawn.pdf:
        return "测试" in text_of(drawn) and "测试" not in text_of(plain)
    assert "测试" in paper.values["test"]
    return _bands(drawn) > _bands(plain)


def _bands(paper: RenderedPaper) -> int:
    """Rows of dots that are nearly all black."""
    wide = paper.raster_width // 8
    rows = (paper.raster_rows[at : at + wide] for at in range(0, len(paper.raster_rows), wide))
    return sum(sum(byte.bit_count() for byte in row) > 0.7 * paper.raster_width for row in rows)


def test_a_test_takes_numbers_of_tests_alone(opened: Open) -> None:
    journal, desk = opened(test=True, **REAL, **TESTS)
    event = committed(desk)
    assert codes.is_test_case_no(event.case_no)
    assert codes.credit_serial(PLACE.area_code, event.credit_code) in codes.SERIALS["tuscc"]
    assert all(codes.is_test_case_no(row.case_no) and row.test for row in journal.cases())
    assert [journal.numbers_left(kind) for kind in ("case", "uscc", "tcase", "tuscc")] == [20, 20, 16, 19]


def test_a_real_case_takes_none_of_them(opened: Open) -> None:
    journal, desk = opened(test=False, **REAL, **TESTS)
    event = committed(desk)
    assert not codes.is_test_case_no(event.case_no)
    assert [journal.numbers_left(kind) for kind in ("case", "uscc", "tcase", "tuscc")] == [16, 19, 20, 20]


@pytest.mark.parametrize(("test", "blocks"), [(True, REAL), (False, TESTS)])
def test_without_a_number_of_its_own_kind_nothing_is_saved(opened: Open, test: bool, blocks: dict[str, int]) -> None:
    """Never a number of the other kind in its place."""
    journal, desk = opened(test=test, **blocks)
    assert desk.commit(BundleWorld().through().committing()) == CommitFailed("numbers_exhausted")
    assert journal.cases() == []


@pytest.mark.parametrize(("test", "kinds"), [(True, ("tcase", "tuscc")), (False, ("case", "uscc"))])
def test_a_block_that_reaches_into_the_other_range_is_not_believed(
    opened: Open, test: bool, kinds: tuple[str, str]
) -> None:
    """A backend that has gone wrong gives a terminal numbers of the other range."""
    wrong = {kind: (1 if test else codes.SERIALS[f"t{kind}"].start) for kind in kinds}
    journal, desk = opened(test=test, **wrong)
    assert desk.commit(BundleWorld().through().committing()) == CommitFailed("numbers_exhausted")
    assert journal.cases() == []


def test_every_paper_of_a_test_says_so(opened: Open) -> None:
    """Licence, voucher and joint receipt; a notice that is told later; none of a real case does."""
    _, desk = opened(test=True, **TESTS)
    papers = committed(desk).papers
    assert {paper.template for paper in papers} >= {"licence", "receipt"}
    for paper in papers:
        assert paper.test
        assert says_test(paper), paper.paper_id


def test_no_paper_of_a_real_case_does(opened: Open) -> None:
    _, desk = opened(test=False, **REAL)
    assert not any(paper.test for paper in committed(desk).papers)


def test_a_notice_of_a_test_says_so() -> None:
    asked = BundleWorld().through().committing()
    from kiosk.domain.case import CaseDraft
    from kiosk.domain.decision import Decision, Outcome

    decision = Decision(Outcome.APPROVED, Rung.PROVISIONAL, asked.pack.pack_id, asked.pack.version, (), online=False)
    draft = CaseDraft(
        "case", asked.pack.pack_id, asked.pack.item_code, asked.envelope, asked.verification, decision, (), None, NOW,
        test=True,
    )  # fmt: skip
    seed = notice.seed(asked.pack, draft, case_no="1" * 21, place=PLACE, committed_at=NOW)
    paper = notice.notice(seed, late.meaning("uscc", Rung.PROVISIONAL), NOW.date())
    assert says_test(paper)


# -- the switch ---------------------------------------------------------------------------------------


def test_the_switch_is_kept_and_told(tmp_path: Path) -> None:
    assert not testmode.is_on(tmp_path)
    assert testmode.switch(tmp_path, on=True)
    assert testmode.is_on(tmp_path)
    assert not testmode.switch(tmp_path, on=True)  # nothing was changed
    assert testmode.switch(tmp_path, on=False)
    assert not testmode.is_on(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_switch_that_nobody_can_read_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        testmode.is_on(tmp_path / "data")


def test_in_test_mode_no_real_number_is_held() -> None:
    left = {"case": 1, "uscc": 2, "tcase": 3, "tuscc": 4}
    assert testmode.kinds(test=True) == ("tcase", "tuscc")
    assert testmode.kinds(test=False) == ("case", "uscc", "tcase")
    assert [testmode.numbers_left(left.__getitem__, test=True)(kind) for kind in ("case", "uscc")] == [3, 4]
    assert [testmode.numbers_left(left.__getitem__, test=False)(kind) for kind in ("case", "uscc")] == [1, 2]


def test_the_switch_makes_a_serving_terminal_a_test_and_never_the_other_way_round(tmp_path: Path) -> None:
    serving = parse(changed("data.folder", str(tmp_path)), Path())
    assert not testmode.applied(serving).test
    testmode.switch(tmp_path, on=True)
    assert testmode.applied(serving).test
    trial = replace(serving, test=True)
    testmode.switch(tmp_path, on=False)
    assert testmode.applied(trial).test  # what the profile says always holds


def test_papers_of_tests_are_nobodys_once_the_terminal_serves_again(opened: Open) -> None:
    journal, desk = opened(test=True, **TESTS)
    asked = BundleWorld().through().committing()
    assert isinstance(desk.commit(asked), Committed)
    for test, there in ((True, True), (False, False)):
        shelf = Shelf(journal, lambda: NOW, test=test)
        person = shelf.person(asked.document.number)
        assert bool(shelf.waiting(person)) is there
        assert bool(shelf.seeds(person)) is there
