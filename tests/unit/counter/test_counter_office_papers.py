"""A paper that lies at the office: told where it can be fetched, printed as it was sealed, and told once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from devices.contracts.printing import NotPrinted, Printed
from kiosk import wire
from kiosk.counter.cases import CaseDesk
from kiosk.counter.committing import Standing
from kiosk.counter.printing import PrintDesk
from kiosk.counter.shelf import Shelf
from kiosk.domain.life import May
from kiosk.domain.life_table import State
from kiosk.domain.rating import Rated
from kiosk.domain.text import Text
from kiosk.domain.waiting import at_office
from kiosk.journal.journal import Journal
from kiosk.journal.sealing import item_info, new_sealing_pair, unseal
from kiosk.sync import deeds
from kiosk.sync.asking import Cases
from kiosk.visit.effects import SaveRating
from kiosk.visit.events import PaperEnded
from kiosk.wire import CaseWord
from tests.unit.counter.test_counter_cases import (
    CARD,
    NOW,
    PLACE,
    STANDING,
    Answers,
    answers,
    clock,
    desk,
    journal,
    look,
    sent,
    shelf,
    told,
)
from tests.unit.counter.test_counter_sealed import Documents, Printer
from tests.unit.settable_clock import Clock

__all__ = ["answers", "clock", "desk", "journal", "shelf"]  # fixtures
TITLE = Text("告知单", "Notice")


def approved(**changes: Any) -> Cases:
    return Cases((told("case-1", State.APPROVED, owed=("voucher", TITLE), **changes),))


def test_it_is_told_until_it_was_taken_here_whatever_the_office_knows(
    desk: CaseDesk, answers: Answers, journal: Journal
) -> None:
    answers.said = approved()
    ((case,), _) = look(desk)
    assert case.paper is not None
    assert (case.paper.paper.paper_id, case.paper.title, case.paper.printed) == ("voucher", TITLE, 0)
    journal.note_attempt("case-1", "voucher", 1, "unknown")
    assert [one.paper.printed for one in look(desk)[0] if one.paper] == [1], "the next one says that it is a copy"
    journal.commit_deed(deeds.delivery(STANDING, "case-1", "voucher", NOW))
    assert [one.paper for one in look(desk)[0]] == [None]
    (item,) = journal.due(NOW, 9, 1 << 20)
    sent(journal)
    journal.keep_word(CaseWord("case-1", "N", "approved", NOW.isoformat(), deed=item.id, answer="done"))
    assert [one.paper.printed for one in look(desk)[0] if one.paper] == [0], "corrected since: another paper, no copy"


def test_it_is_printed_as_it_was_sealed_and_by_nobody_else() -> None:
    paper = at_office("case-1", "140213261120000000018", "voucher", TITLE, NOW, 0, test=False).paper
    for pdf, printed in ((b"as the office has sealed it", True), (b"", False)):
        page, ended = Printer(), list[PaperEnded]()
        desk = PrintDesk(
            Documents(), page, None, ended.append, lambda paper: None, lambda paper, outcome: None,  # type: ignore[arg-type]
            lambda error: None, sealed=lambda paper, pdf=pdf: pdf,  # type: ignore[misc]
        )  # fmt: skip
        desk.print_papers((paper,))
        outcome = next(event.outcome for event in ended if isinstance(event, PaperEnded))
        assert page.got == ([pdf] if printed else []), "nothing is drawn in its place"
        assert isinstance(outcome, Printed if printed else NotPrinted)
        if isinstance(outcome, NotPrinted):
            assert outcome.reason.code == "not-fetched"


def test_one_that_was_given_at_the_visit_and_is_not_there_yet_is_not_asked_for_again(
    desk: CaseDesk, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "is_rated", lambda self, case_id: case_id == "case-1")
    answers.said = approved()
    assert [(one.added, one.may & {May.RATE, May.REPLY}) for one in look(desk)[0]] == [(True, frozenset())]
    answers.said = approved(rating=Rated(5))
    assert [(one.added, one.may & {May.RATE, May.REPLY}) for one in look(desk)[0]] == [(False, {May.REPLY})]


def test_a_rating_given_later_is_sealed_sent_once_and_known_by_the_office_s_word(
    journal: Journal, shelf: Shelf, clock: Clock, answers: Answers
) -> None:
    private, public = new_sealing_pair()
    desk = CaseDesk(journal, shelf, PLACE, lambda: Standing("t-9", public, "k9"), lambda: answers, clock, test=False)
    answers.said = approved()
    assert May.RATE in look(desk)[0][0].may
    assert desk.add_word(SaveRating("case-1", "", "", 2, ("207",), CARD, first=True), CARD)
    (item,) = journal.due(NOW, 9, 1 << 20)
    said = msgspec.json.decode(unseal(item.sealed, private, item_info("t-9", item.id)), type=wire.FollowUpPayload)
    assert (said.first, said.level, said.options, said.number) == (True, 2, ["207"], CARD.number)
    case = look(desk)[0][0]
    assert (case.added, case.may & {May.RATE, May.REPLY}) == (True, frozenset()), "saved, and not known there yet"
    sent(journal)
    journal.keep_word(CaseWord("case-1", "N", "approved", NOW.isoformat(), deed=item.id, answer="done"))
    answers.said = approved(rating=Rated(2))
    case = look(desk)[0][0]
    assert (case.added, case.may & {May.RATE, May.REPLY}) == (False, {May.REPLY}), "and one word more may be said"
