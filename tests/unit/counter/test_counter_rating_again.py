"""A word added to a rating (追评) is an item like any other: on the disk before anybody says so, sealed, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import msgspec

from kiosk import wire
from kiosk.counter.cases import CaseDesk
from kiosk.counter.committing import Standing
from kiosk.counter.shelf import Shelf
from kiosk.domain.life import May
from kiosk.domain.my_case import MyCase, Pending
from kiosk.domain.rating import Rated
from kiosk.journal.journal import Journal
from kiosk.journal.records import RatingRecord
from kiosk.journal.sealing import item_info, new_sealing_pair, unseal
from kiosk.sync.asking import Cases
from kiosk.visit.effects import SaveRating
from tests.unit.counter.test_counter_cases import (
    CARD,
    NOW,
    PLACE,
    Answers,
    Commits,
    answers,
    clock,
    commit,
    desk,
    hand_in,
    journal,
    look,
    sent,
    shelf,
    told,
)
from tests.unit.settable_clock import Clock

__all__ = ["answers", "clock", "commit", "desk", "journal", "shelf"]  # fixtures


def word(case_id: str, level: int = 2) -> SaveRating:
    return SaveRating(case_id, "", "", level, ("208",), CARD)


def only(desk: CaseDesk) -> MyCase:
    (case,), _ = look(desk)
    return case


def test_who_rated_here_may_add_a_word_here_also_without_a_line(
    desk: CaseDesk, commit: Commits, journal: Journal
) -> None:
    case_id = commit()
    assert only(desk).progress.rating is None
    journal.commit_rating(RatingRecord(str(uuid4()), case_id, NOW, False, b"sealed"))
    assert only(desk).progress.rating == Rated(), "how, only the office can read"
    assert May.REPLY in only(desk).may
    assert desk.add_word(word(case_id), CARD)
    assert only(desk).added
    assert May.REPLY not in only(desk).may
    assert not desk.add_word(word(case_id), CARD), "one that waits is not written twice"
    assert [item.kind for item in journal.due(NOW, 9, 1 << 20)] == ["case", "rating", "followup"]
    assert journal.verify().ok


def test_it_says_who_and_what_inside_the_seal_alone(
    journal: Journal, shelf: Shelf, clock: Clock, answers: Answers, commit: Commits
) -> None:
    private, public = new_sealing_pair()
    desk = CaseDesk(journal, shelf, PLACE, lambda: Standing("t-9", public, "k9"), lambda: answers, clock, test=True)
    case_id = commit()
    assert desk.add_word(word(case_id, 5), CARD)
    (item,) = (each for each in journal.due(NOW, 9, 1 << 20) if each.kind == "followup")
    plain = unseal(item.sealed, private, item_info("t-9", item.id))
    said = msgspec.json.decode(plain, type=wire.FollowUpPayload)
    assert said == wire.FollowUpPayload(case_id, CARD.number, NOW.isoformat(), 5, ["208"], test=True)
    assert set(item.meta) == {"sealing_key", "committed_at", "test"}, "nothing of what was said"


def test_nobody_that_is_no_terminal_yet_adds_anything(journal: Journal, shelf: Shelf, clock: Clock) -> None:
    desk = CaseDesk(journal, shelf, PLACE, lambda: None, lambda: None, clock, test=False)
    assert not desk.add_word(word("case-1"), CARD)


def test_a_word_and_a_withdrawal_of_one_case_do_not_hide_each_other(
    desk: CaseDesk, commit: Commits, journal: Journal, answers: Answers
) -> None:
    case_id = commit()
    desk.hand_in(hand_in(only(desk), May.WITHDRAW))
    assert desk.add_word(word(case_id), CARD)
    assert (only(desk).pending, only(desk).added) == (Pending.WITHDRAWAL, True)
    sent(journal)
    answers.said = Cases((told(case_id, rating=replace(Rated(2), added=2)),))
    found = only(desk)
    assert (found.pending, found.added, found.may) == (Pending.WITHDRAWAL, True, frozenset())
