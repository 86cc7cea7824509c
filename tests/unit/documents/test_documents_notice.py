"""The notice says what holds now, why, by which rule, what to do, by when, whom to call: in both languages, always."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.documents import notice, receipt
from kiosk.documents.compose import as_copy
from kiosk.domain import late
from kiosk.domain.case import CaseDraft
from kiosk.domain.decision import Decision, Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.papers import PaperContent
from kiosk.services.loader import load_builtin
from tests.unit.documents.conftest import CASE_NO, PLACE

MORNING = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
TODAY = date(2026, 12, 20)
Seed = Callable[..., PaperContent]


@pytest.fixture
def seed() -> Seed:
    def make(rung: Rung = Rung.PROVISIONAL, outcome: Outcome = Outcome.APPROVED) -> PaperContent:
        pack = load_builtin(PLACE)["individual_business"]
        decision = Decision(outcome, rung, pack.pack_id, pack.version, (), online=False)
        name = FieldValue("applicant.name", "王某某", Origin.CARD, Trust.A)
        draft = CaseDraft(
            "case", pack.pack_id, pack.item_code, Envelope((name,)), Verification.FACE, decision, (), None, MORNING
        )
        return notice.seed(pack, draft, case_no=CASE_NO, place=PLACE, committed_at=MORNING)

    return make


def said(paper: PaperContent) -> str:
    return "\n".join(
        [paper.title, *paper.values.values(), *(f"{a} {b}" for a, b in paper.rows), *paper.extra, *paper.extra.values()]
    )


@pytest.mark.parametrize("rung", ["receipt", "provisional", "final"])
def test_every_notice_is_whole_in_both_languages_and_can_be_drawn(seed: Seed, rung: str) -> None:
    for cause in [cause for cause, met in late.pairs() if met == rung]:
        whole(seed, cause, rung)


def whole(seed: Seed, cause: str, rung: str) -> None:
    start = seed(Rung(rung), Outcome.REFERRED if rung == "receipt" else Outcome.APPROVED)
    meaning = notice.meaning_of(start, cause)
    assert (meaning.cause.name, meaning.rule_id[:2]) == (cause, "L-")
    paper = notice.notice(start, meaning, TODAY)
    words = said(paper)
    for text in (meaning.cause.title, meaning.cause.why, meaning.holds, meaning.next_step, meaning.paper):
        assert text.zh
        assert text.zh in words
        assert text.en
        assert text.en in words
    for part in (
        meaning.rule_id,
        meaning.cause.basis,
        PLACE.phone,
        "王**",
        "140213 261122",
        "2026-12-20",
        "2026-11-22 10:30",
    ):
        assert part in words
    assert ("以前" in paper.extra["接下来请您 What to do next"]) == bool(meaning.days)
    assert "王某某" not in words
    made = receipt.render(paper)
    assert 1500 < made.raster_height < 4000


def test_the_day_is_counted_from_the_day_of_the_notice(seed: Seed) -> None:
    start = seed()
    paper = notice.notice(start, notice.meaning_of(start, "uscc"), TODAY)
    assert "2027 年 1 月 19 日以前\nby 2027-01-19" in paper.extra["接下来请您 What to do next"]


def test_what_was_left_to_a_person_was_decided_by_nobody(seed: Seed) -> None:
    start = seed(Rung.FINAL, Outcome.REFERRED)
    assert notice.meaning_of(start, "withdrawn").rule_id == "L-61"
    assert notice.meaning_of(start, "uscc").cause.name == "other", "no code was given"


def test_a_notice_names_no_paper_that_was_not_printed_and_its_code_is_read_back(seed: Seed) -> None:
    from kiosk.papers.mark import marked, parse

    start = seed()
    paper = marked(
        as_copy(notice.notice(start, notice.meaning_of(start, "otherwise"), TODAY), 1), bytes([9]) * 32, MORNING
    )
    made = receipt.render(paper)
    black = Image.frombytes("1", (made.raster_width, made.raster_height), made.raster_rows)
    (found,) = zxingcpp.read_barcodes(np.asarray(black.convert("L").point(lambda value: 255 - value)))
    statement = parse(found.text).statement
    assert (statement.kind, statement.copy, statement.rung) == ("notice", 1, "provisional")
    assert statement.shown == ("王**", "L-32", "审核的结论和当时告诉您的不一样")


def test_a_seed_is_small_and_says_no_more_than_the_receipt(seed: Seed) -> None:
    start = seed()
    assert "王某某" not in str(start.values)
    assert sum(len(value.encode()) for value in start.values.values()) < 600
