"""A draft is sealed to the card: the number alone opens nothing, and it ends with the commit, the days, or a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from devices.contracts.identity import CardPhoto, DocumentKind, IdentityDocument
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.drafts import DraftDesk, content
from kiosk.counter.shelf import Shelf
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.place import Place
from kiosk.domain.unfinished import Unfinished
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import new_sealing_pair
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.visit.effects import Commit, KeepDraft
from kiosk.visit.events import Committed
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
CARD = IdentityDocument(
    DocumentKind.RESIDENT, "140213195803010021", "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None, "01", "某号",
    "大同市公安局平城分局", photo=CardPhoto("wlt", bytes(range(256)) * 4),
)  # fmt: skip
DRAFT = Unfinished("pension_verification", {"phone": "13800000001"})


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


@pytest.fixture
def desk(journal: Journal, shelf: Shelf, clock: Clock) -> DraftDesk:
    return DraftDesk(journal, shelf, clock)


def found(desk: DraftDesk, shelf: Shelf, card: IdentityDocument = CARD) -> Unfinished | None:
    return desk.find(card, shelf.recognise(card.number, shelf.expect()))


def test_it_comes_back_to_the_same_card_with_its_days(desk: DraftDesk, shelf: Shelf) -> None:
    assert desk.keep(KeepDraft(CARD, DRAFT, 7)).until == NOW + timedelta(days=7)
    assert found(desk, shelf) == replace(DRAFT, saved_at=NOW, until=NOW + timedelta(days=7))


@pytest.mark.parametrize(
    "changes",
    [
        {"photo": CardPhoto("wlt", bytes(1024))},
        {"photo": None},
        {"address": "别处"},
        {"valid_from": date(2025, 1, 1)},
        {"number": "140213199001010034"},
    ],
    ids=["photograph", "no photograph", "address", "another card of the person", "number"],
)  # fmt: skip
def test_whoever_lacks_one_thing_of_the_card_finds_nothing(
    desk: DraftDesk, shelf: Shelf, changes: dict[str, object]
) -> None:
    desk.keep(KeepDraft(CARD, DRAFT, 7))
    assert found(desk, shelf, replace(CARD, **changes)) is None  # type: ignore[arg-type]  # fields of the document


def test_with_disk_pepper_and_number_it_neither_opens_nor_shows_that_it_is_there(
    journal: Journal, desk: DraftDesk, shelf: Shelf
) -> None:
    desk.keep(KeepDraft(CARD, DRAFT, 7))
    ((claim, sealed),) = journal._read(lambda c: c.execute("SELECT claim, sealed FROM drafts").fetchall())
    person = shelf.person(CARD.number)  # the pepper lies in the journal: this is what a thief with the number has
    assert claim != person.claim
    for key in (person, person.with_card(b""), person.with_card(content(replace(CARD, photo=CardPhoto("wlt", b""))))):
        assert key.claim != claim
        with pytest.raises(JournalError):
            key.open(sealed)
    for word in ("138", "pension", CARD.number):
        assert word.encode() not in sealed


def test_every_item_of_the_card_counts_but_what_is_written_to_it_later() -> None:
    others: dict[str, object] = {
        "kind": DocumentKind.FOREIGNER_2023, "birth": date(1960, 1, 1), "valid_from": date(2020, 1, 1),
        "valid_to": date(2030, 1, 1), "photo": CardPhoto("wlt", b"other"),
    }  # fmt: skip
    same = [
        field.name
        for field in fields(CARD)
        if content(replace(CARD, **{field.name: others.get(field.name, "other")})) == content(CARD)  # type: ignore[arg-type]
    ]
    assert same == ["newest_address"]


def test_one_that_cannot_be_read_is_erased_and_told(journal: Journal, desk: DraftDesk, shelf: Shelf) -> None:
    key = shelf.person(CARD.number).with_card(content(CARD))
    journal.keep_draft(KeptDraft(key.claim, key.seal(b"[]"), NOW + timedelta(days=7)))
    assert found(desk, shelf) is None
    assert journal.draft_for(key.claim) is None


def test_it_is_erased_when_the_citizen_says_so(desk: DraftDesk, shelf: Shelf) -> None:
    desk.keep(KeepDraft(CARD, DRAFT, 7))
    desk.forget(CARD)
    assert found(desk, shelf) is None


def test_a_disk_that_does_not_take_it_is_told(
    desk: DraftDesk, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(draft: KeptDraft) -> None:
        raise JournalError("journal-full", "there is no room left on the disk")

    monkeypatch.setattr(journal, "keep_draft", full)
    assert desk.keep(KeepDraft(CARD, DRAFT, 7)).until is None


@pytest.mark.parametrize(("mine", "left"), [(True, 0), (False, 1)])
def test_the_commit_of_the_same_matter_erases_it_and_of_another_does_not(
    journal: Journal, desk: DraftDesk, shelf: Shelf, clock: Callable[[], datetime], mine: bool, left: int
) -> None:
    desk.keep(KeepDraft(CARD, DRAFT, 7))
    standing = Standing("t-1", new_sealing_pair()[1], "k1")
    commits = CommitDesk(journal, shelf, PLACE, lambda: standing, clock, test=False, drafts=desk)
    pack = load_builtin(PLACE)["pension_verification"]
    envelope = Envelope().with_fields(forms.prefill(pack, CARD))
    asked = Commit(pack, CARD, envelope, Verification.FACE, None, (), NOW, "zh_CN", online=True, draft=mine)
    assert isinstance(commits.commit(asked), Committed)
    count = journal._read(lambda c: c.execute("SELECT count(*) FROM drafts").fetchone()[0])
    assert count == left
