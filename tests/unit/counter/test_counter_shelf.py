"""What is kept for a person: sealed, for a time, found by the same card alone, given out when it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.counter import results
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import KEPT_FOR, PEPPER, Shelf, _unpacked
from kiosk.domain import late
from kiosk.domain.case import Commitment
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Rung, Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.waiting import WaitingPaper, WaitingState
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import PersonKey
from kiosk.journal.records import Block, KeptPaper
from kiosk.journal.sealing import new_sealing_pair
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.visit.effects import Commit
from kiosk.visit.events import Committed
from kiosk.wire import CaseResult
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
FIRST17 = "14021319580301002"
NUMBER = FIRST17 + id_check_digit(FIRST17)
ANSWERS = {
    "trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
    "phone": "13800000001",
}  # fmt: skip
RECEIPT = PaperContent(
    "receipt", "receipt", "receipt", "回执", "case", "140213261122000003187", {"heading": "办好了"},
    (("事项", "养老"),), ("请收好",), "140213261122000003187", extra={"为什么": "材料齐全"},
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=clock, durable=False) as journal:
        journal.add_block(Block("case", 1, 50))
        journal.add_block(Block("uscc", 1000, 1050))
        yield journal


@pytest.fixture
def shelf(journal: Journal, clock: Clock) -> Shelf:
    return Shelf(journal, clock)


Business = Callable[..., Committed]


@pytest.fixture
def business(journal: Journal, shelf: Shelf, clock: Clock) -> Business:
    """Commit a registration through the desk itself."""
    standing = Standing("t-1", new_sealing_pair()[1], "k1")
    desk = CommitDesk(journal, shelf, PLACE, lambda: standing, clock, test=False)
    pack = load_builtin(PLACE)["individual_business"]
    document = IdentityDocument(
        DocumentKind.RESIDENT, NUMBER, "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None
    )  # fmt: skip

    def commit(*, online: bool, verification: Verification = Verification.FACE) -> Committed:
        envelope = Envelope().with_fields(forms.prefill(pack, document))
        for question in pack.questions:
            envelope = envelope.with_field(forms.answer(question, ANSWERS[question.key]))
        promise = Commitment("premises", "1.0", (), NOW)
        asked = Commit(
            pack, document, forms.derive(pack, envelope), verification, promise, (), NOW, "zh_CN", online
        )  # fmt: skip
        made = desk.commit(asked)
        assert isinstance(made, Committed)
        return made

    return commit


def standing(shelf: Shelf, number: str = NUMBER) -> list[tuple[str, str]]:
    found = shelf.waiting(shelf.recognise(number, shelf.expect()))
    return [(one.paper.paper_id, one.state.value) for one in found]


def told(case_id: str, outcome: str) -> CaseResult:
    return CaseResult("140213261122000003187", case_id, outcome, f"result.{outcome}", "2026-11-22T10:05:00+00:00")


# -- keeping -----------------------------------------------------------------------------------------


def test_a_paper_comes_back_as_it_was_to_the_same_number_and_to_no_other(journal: Journal, shelf: Shelf) -> None:
    person = shelf.person(NUMBER)
    (kept,) = shelf.keep(person, (RECEIPT,), (), NOW)
    stranger = shelf.person("440524188001010014")
    assert kept.claim != stranger.claim
    with pytest.raises(JournalError, match="another person"):
        stranger.open(kept.sealed)
    assert _unpacked(person.open(kept.sealed))[0] == RECEIPT


def test_nothing_of_the_paper_can_be_read_from_what_is_kept(shelf: Shelf) -> None:
    (kept,) = shelf.keep(shelf.person(NUMBER), (RECEIPT,), (), NOW)
    assert isinstance(kept, KeptPaper)
    for word in ("养老", "办好了", NUMBER, RECEIPT.case_no, "receipt"):
        assert word.encode() not in kept.sealed
        assert word.encode() not in kept.claim


def test_the_pepper_is_made_once(journal: Journal, shelf: Shelf, clock: Clock) -> None:
    first = shelf.person(NUMBER)
    pepper = journal.meta(PEPPER)
    again = Shelf(journal, clock).person(NUMBER)
    assert journal.meta(PEPPER) == pepper
    assert again == first


def test_a_field_that_this_program_does_not_know_any_more_is_left_out(shelf: Shelf) -> None:
    person = shelf.person(NUMBER)
    plain = person.open(shelf.keep(person, (RECEIPT,), (), NOW)[0].sealed)
    newer = plain.replace(b'"paper":{', b'"paper":{"colour":"red",')
    assert _unpacked(newer)[0] == RECEIPT


def test_the_key_is_derived_when_the_card_is_read_and_not_at_commit(
    shelf: Shelf, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.recognise(NUMBER, shelf.expect())

    def never(pepper: bytes, number: str, suite: str) -> PersonKey:
        raise AssertionError("derived at commit")

    monkeypatch.setattr(PersonKey, "derive", never)
    business(online=True)
    shelf.forget()
    with pytest.raises(AssertionError, match="derived at commit"):
        shelf.person(NUMBER)


def test_a_card_that_has_gone_while_its_key_was_derived_leaves_no_key(shelf: Shelf) -> None:
    turn = shelf.expect()
    shelf.forget()
    shelf.recognise(NUMBER, turn)
    assert shelf._known is None


# -- what a case leaves on the shelf -----------------------------------------------------------------


def test_an_approval_that_holds_leaves_licence_and_receipt(shelf: Shelf, business: Business) -> None:
    business(online=True)
    assert standing(shelf) == [("licence", "ready"), ("receipt", "ready")]
    assert standing(shelf, "440524188001010014") == []


def test_a_provisional_approval_leaves_the_licence_that_will_be_due(shelf: Shelf, business: Business) -> None:
    made = business(online=False)
    assert [paper.paper_id for paper in made.papers] == ["receipt"]
    assert standing(shelf) == [("licence", "pending"), ("receipt", "ready")]


def test_a_confirmation_releases_the_licence_as_an_original(journal: Journal, shelf: Shelf, business: Business) -> None:
    made = business(online=False)
    results.keep_results(journal, [told(made.draft.case_id, "confirmed")])
    assert standing(shelf) == [("licence", "ready"), ("receipt", "ready")]
    licence = shelf.waiting(shelf.person(NUMBER))[0]
    assert licence.paper.values["credit_code"] == made.credit_code
    assert licence.paper.case_no == made.case_no
    assert (licence.printed, licence.paper.copy) == (0, 0)


def test_a_conflict_hands_out_nothing_of_the_case(journal: Journal, shelf: Shelf, business: Business) -> None:
    made = business(online=False)
    results.keep_results(journal, [told(made.draft.case_id, "conflict")])
    assert standing(shelf) == [("notice", "notice")], "what the notice says is all that there is to say"


def test_a_result_of_another_kind_is_neither_a_yes_nor_a_no(journal: Journal, shelf: Shelf, business: Business) -> None:
    made = business(online=False)
    results.keep_results(journal, [told(made.draft.case_id, "withdrawn")])
    assert standing(shelf) == [("licence", "other"), ("receipt", "other")]


def test_what_waits_for_a_person_leaves_its_receipt(shelf: Shelf, business: Business) -> None:
    business(online=True, verification=Verification.LATER)
    assert [paper for paper, _ in standing(shelf)] == ["receipt"]


def test_after_its_time_a_paper_is_not_found_and_then_erased(
    journal: Journal, shelf: Shelf, business: Business, clock: Clock
) -> None:
    business(online=True)
    clock.now = NOW + KEPT_FOR - timedelta(seconds=1)
    assert journal.forget_expired() == 0
    assert len(standing(shelf)) == 2
    clock.now = NOW + KEPT_FOR
    assert standing(shelf) == []
    assert journal.forget_expired() == 3, "licence, receipt, and the seed of a notice that nobody ever needed"
    assert timedelta(days=30) >= KEPT_FOR


@pytest.mark.parametrize("plain", [None, b"not json", b"[]", b'{"paper": {}, "waits": false, "at": "yesterday"}'])
def test_a_paper_that_cannot_be_read_is_told_once_and_the_others_are_found(
    journal: Journal, shelf: Shelf, business: Business, monkeypatch: pytest.MonkeyPatch, plain: bytes | None
) -> None:
    made = business(online=True)
    person = shelf.person(NUMBER)
    broken = bytes(40) if plain is None else person.seal(plain)
    kept = [*journal.papers_for(person.claim), KeptPaper(person.claim, broken, NOW, made.draft.case_id)]
    monkeypatch.setattr(journal, "papers_for", lambda claim: kept)
    before = journal.head().seq
    for _ in range(2):
        assert standing(shelf) == [("licence", "ready"), ("receipt", "ready")]
    assert journal.head().seq == before + 1


# -- results and prints ------------------------------------------------------------------------------


def test_a_result_seen_twice_is_noted_once(journal: Journal, business: Business) -> None:
    case_id = business(online=False).draft.case_id
    before = journal.head().seq
    for _ in range(2):
        results.keep_results(journal, [told(case_id, "confirmed")])
    assert journal.head().seq == before + 1
    assert results.outcome_of(journal, case_id) == "confirmed"


def test_a_word_that_no_log_may_hold_is_told_as_another(journal: Journal, business: Business) -> None:
    case_id = business(online=False).draft.case_id
    results.keep_results(journal, [told(case_id, "王某某 1402…")])
    assert results.outcome_of(journal, case_id) == "other"


def test_a_result_for_no_case_is_an_alarm_and_changes_nothing(journal: Journal) -> None:
    before = journal.head().seq
    results.keep_results(journal, [told("somebody", "confirmed")])
    assert journal.head().seq == before + 1
    assert results.outcome_of(journal, "somebody") == ""


def test_what_was_begun_counts_as_printed_and_only_what_came_out_as_taken(
    journal: Journal, shelf: Shelf, business: Business
) -> None:
    made = business(online=True)

    def seen() -> tuple[int, bool]:
        receipt = shelf.waiting(shelf.person(NUMBER))[1]
        return receipt.printed, receipt.taken

    assert seen() == (0, False)
    for how, taken in (("begun", False), ("unknown", False), ("printed", True)):
        results.note_attempt(journal, made.draft.case_id, "receipt", 1, how)
        assert seen() == (1, taken)


def test_a_waiting_paper_says_nothing_of_the_person_when_it_is_shown_to_a_programmer(shelf: Shelf) -> None:
    person = shelf.person(NUMBER)
    plain = person.open(shelf.keep(person, (replace(RECEIPT, title="王某某"),), (), NOW)[0].sealed)
    (one,) = shelf._standing(*_unpacked(plain))
    assert one.state is WaitingState.READY
    assert "王" not in repr(one)


# -- what came out otherwise -------------------------------------------------------------------------


def changed(case_id: str, cause: str) -> CaseResult:
    return CaseResult(
        "140213261122000003187", case_id, "conflict", f"result.conflict.{cause}", "2026-11-22T10:05:00+00:00"
    )


def notice_of(shelf: Shelf) -> WaitingPaper:
    (found,) = shelf.waiting(shelf.recognise(NUMBER, shelf.expect()))
    assert found.state is WaitingState.NOTICE
    return found


def test_nobody_sees_a_notice_while_there_is_nothing_to_be_told(shelf: Shelf, business: Business) -> None:
    business(online=False)
    assert all(paper != "notice" for paper, _ in standing(shelf))


@pytest.mark.parametrize(("cause", "title", "rule"), [("uscc", "更正告知", "L-22"), ("otherwise", "撤销告知", "L-32")])
def test_the_next_card_read_shows_what_changed_in_plain_words(
    journal: Journal, shelf: Shelf, business: Business, cause: str, title: str, rule: str
) -> None:
    made = business(online=False)
    results.keep_results(journal, [changed(made.draft.case_id, cause)])
    found = notice_of(shelf)
    meaning = late.meaning(cause, Rung.PROVISIONAL)
    assert found.title.zh == found.paper.title == title
    for text in (meaning.cause.why, meaning.holds, meaning.next_step):
        assert text.zh in found.told.zh
        assert text.en in found.told.en
    said = "\n".join(
        [*found.paper.extra.values(), *(value for _, value in found.paper.rows), *found.paper.values.values()]
    )
    for part in (meaning.holds.zh, meaning.holds.en, meaning.cause.basis, meaning.paper.zh, rule, made.case_no[:6],
                 "王**", "以前", PLACE.phone):  # fmt: skip
        assert part in said
    assert "王某某" not in said
    assert journal.result_of(made.draft.case_id) == f"conflict.{cause}", "and the log says which"


def test_who_took_every_paper_along_is_told_all_the_same(journal: Journal, shelf: Shelf, business: Business) -> None:
    """What lies in the tray is erased here: the notice is what is left to reach the citizen by."""
    made = business(online=True)
    for paper in made.papers:
        journal.forget_paper(made.draft.case_id, paper.paper_id)
    assert standing(shelf) == []
    results.keep_results(journal, [changed(made.draft.case_id, "revoked")])
    assert notice_of(shelf).paper.extra["依据 Basis"] == late.meaning("revoked", Rung.FINAL).cause.basis
    journal.forget_paper(made.draft.case_id, "notice")
    assert standing(shelf) == [], "printed and taken: told once"


@pytest.mark.parametrize("state", ["rejected", "quarantined"])
def test_a_case_that_the_backend_did_not_take_is_told_by_the_terminal_itself(
    journal: Journal, shelf: Shelf, business: Business, state: Any
) -> None:
    made = business(online=False)
    journal.set_aside(made.draft.case_id, state, "bad-envelope")
    assert notice_of(shelf).paper.values["heading"].startswith("这件办件还没有送到机关")
    journal.release(made.draft.case_id, "put-right")
    assert standing(shelf) == [("licence", "pending"), ("receipt", "ready")], "put right: as if nothing had been"


def test_the_backends_word_counts_more_than_what_the_terminal_sees(
    journal: Journal, shelf: Shelf, business: Business
) -> None:
    made = business(online=False)
    journal.set_aside(made.draft.case_id, "rejected", "case-known")
    results.keep_results(journal, [told(made.draft.case_id, "confirmed")])
    assert ("licence", "ready") in standing(shelf)


def test_a_cause_that_this_program_does_not_know_is_told_without_guessing(
    journal: Journal, shelf: Shelf, business: Business
) -> None:
    made = business(online=False)
    results.keep_results(journal, [changed(made.draft.case_id, "from-the-future")])
    assert journal.result_of(made.draft.case_id) == "conflict.other"
    assert notice_of(shelf).paper.values["heading"].startswith("这件办件有了新的结果")


def test_put_right_the_papers_are_given_out_again(journal: Journal, shelf: Shelf, business: Business) -> None:
    made = business(online=False)
    results.keep_results(journal, [changed(made.draft.case_id, "otherwise"), told(made.draft.case_id, "confirmed")])
    assert standing(shelf) == [("licence", "ready"), ("receipt", "ready")]
