"""Remembered answers are sealed to the card: the number alone opens nothing; they end by a word, the days, or marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from devices.contracts.identity import CardPhoto, DocumentKind, IdentityDocument
from kiosk.counter.answers import AnswersDesk
from kiosk.counter.drafts import DraftDesk, content
from kiosk.counter.shelf import Shelf
from kiosk.domain.known import Known
from kiosk.domain.unfinished import Unfinished
from kiosk.journal.answers import LARGEST, KeptAnswers
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import ANSWERS
from kiosk.visit.effects import KeepAnswers, KeepDraft
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=90)
CARD = IdentityDocument(
    DocumentKind.RESIDENT, "140213195803010021", "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None, "01", "某号",
    "大同市公安局平城分局", photo=CardPhoto("wlt", bytes(range(256)) * 4),
)  # fmt: skip
KNOWN = Known({"person.phone": "13800000001", "person.residence": "南关街18号"}, UNTIL)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=clock, durable=False) as journal:
        yield journal


@pytest.fixture
def shelf(journal: Journal, clock: Clock) -> Shelf:
    return Shelf(journal, clock)


@pytest.fixture
def desk(journal: Journal, shelf: Shelf) -> AnswersDesk:
    return AnswersDesk(journal, shelf)


def found(desk: AnswersDesk, shelf: Shelf, card: IdentityDocument = CARD) -> Known | None:
    return desk.find(card, shelf.recognise(card.number, shelf.expect()))


def rows(journal: Journal) -> list[tuple[bytes, bytes]]:
    return journal._read(lambda c: c.execute("SELECT claim, sealed FROM answers").fetchall())


def events(journal: Journal) -> list[tuple[str, dict[str, object]]]:
    sql = "SELECT event, details FROM audit WHERE event GLOB 'answers.*'"
    said = journal._read(lambda c: c.execute(sql).fetchall())
    return [(event, json.loads(details)) for event, details in said]


def test_they_come_back_to_the_same_card_until_their_day(
    desk: AnswersDesk, shelf: Shelf, journal: Journal, clock: Clock
) -> None:
    assert desk.keep(KeepAnswers(CARD, KNOWN)).until == UNTIL
    assert found(desk, shelf) == KNOWN
    clock.now = UNTIL
    assert found(desk, shelf) is None
    assert journal.forget_expired() == 1
    assert rows(journal) == []
    assert events(journal) == [("answers.kept", {}), ("answers.forgotten", {"reason": "expired", "cards": 1})]


def test_newer_ones_take_the_place_of_older_ones(desk: AnswersDesk, shelf: Shelf, journal: Journal) -> None:
    desk.keep(KeepAnswers(CARD, KNOWN))
    desk.keep(KeepAnswers(CARD, replace(KNOWN, answers={"person.phone": "13900000000"})))
    assert found(desk, shelf) == Known({"person.phone": "13900000000"}, UNTIL)
    assert len(rows(journal)) == 1


def test_whoever_lacks_the_card_finds_nothing_and_nothing_lies_there_in_clear(
    desk: AnswersDesk, shelf: Shelf, journal: Journal, clock: Clock
) -> None:
    desk.keep(KeepAnswers(CARD, KNOWN))
    assert found(desk, shelf, replace(CARD, photo=CardPhoto("wlt", bytes(1024)))) is None
    assert found(desk, shelf, replace(CARD, photo=None)) is None
    ((claim, sealed),) = rows(journal)
    person = shelf.person(CARD.number)  # the pepper lies in the journal: this is what a thief with the number has
    for key in (person, person.with_card(b"", ANSWERS), person.with_card(content(CARD))):  # nor has a draft's key
        assert key.claim != claim
        with pytest.raises(JournalError):
            key.open(sealed)
    for word in ("138", "南关", CARD.number, "phone"):
        assert word.encode() not in sealed
    drafts = DraftDesk(journal, shelf, clock)
    drafts.keep(KeepDraft(CARD, Unfinished("pension_verification", {"phone": "1"}), 7))
    drafts.forget(CARD)
    assert found(desk, shelf) == KNOWN


def test_consent_that_is_withdrawn_erases_them(desk: AnswersDesk, shelf: Shelf, journal: Journal) -> None:
    desk.keep(KeepAnswers(CARD, KNOWN))
    desk.forget(CARD)
    assert found(desk, shelf) is None
    assert rows(journal) == []
    assert events(journal)[-1] == ("answers.forgotten", {"reason": "asked", "cards": 1})


def test_what_is_marked_no_more_is_not_offered_and_what_cannot_be_read_is_erased(
    desk: AnswersDesk, shelf: Shelf, journal: Journal
) -> None:
    more = {"person.phone": "1", "person.bank_account": "2", "no.such": "3"}
    desk.keep(KeepAnswers(CARD, replace(KNOWN, answers=more)))
    assert found(desk, shelf) == Known({"person.phone": "1"}, UNTIL)
    key = shelf.person(CARD.number).with_card(content(CARD), ANSWERS)
    journal.keep_answers(KeptAnswers(key.claim, key.seal(b"[]"), UNTIL))
    assert found(desk, shelf) is None
    assert rows(journal) == []


def test_a_disk_that_does_not_take_them_is_told_and_so_is_too_much(
    desk: AnswersDesk, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.keep(KeepAnswers(CARD, replace(KNOWN, answers={"person.phone": "1" * LARGEST}))).until is None

    def full(answers: KeptAnswers) -> None:
        raise JournalError("journal-full", "there is no room left on the disk")

    monkeypatch.setattr(journal, "keep_answers", full)
    assert desk.keep(KeepAnswers(CARD, KNOWN)).until is None
