"""What a commit promises: a whole case or none, in order, once, and nothing about the person in clear."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.domain.case import new_case_id
from kiosk.health import failpoints
from kiosk.journal.errors import EventRefused, JournalDamaged, JournalError, NumbersExhausted
from kiosk.journal.journal import Journal
from kiosk.journal.records import (
    AckRecord,
    Alarm,
    Block,
    CaseRecord,
    KeptPaper,
    Numbers,
    OutboxItem,
    RatingRecord,
    SealedMaterial,
)
from tests.unit.settable_clock import Clock

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", KEY, clock=clock, durable=False) as opened:
        opened.add_block(Block("case", 1, 100))
        yield opened
    failpoints.arm("")


def case(
    sealed: bytes = b"sealed envelope", *materials: bytes, kept: tuple[KeptPaper, ...] = (), case_id: str = ""
) -> Callable[[Numbers], CaseRecord]:
    def build(numbers: Numbers) -> CaseRecord:
        return CaseRecord(
            case_id or new_case_id(), f"T-{numbers.take('case'):06d}", "individual-business", "1.0.0", "approved",
            "final", "face", NOW, False, sealed,
            tuple(SealedMaterial(hashlib.sha256(m).hexdigest(), "signature", m) for m in materials), kept,
        )  # fmt: skip

    return build


def ack(item: OutboxItem, digest: str | None = None) -> AckRecord:
    return AckRecord(item.id, digest or item.hash, NOW.isoformat(), "key-1", "c2ln")


def queued(journal: Journal) -> list[OutboxItem]:
    return journal.due(LATER, 1000, 10**9)


def test_a_committed_case_is_in_the_outbox_with_all_its_parts(journal: Journal) -> None:
    record = journal.commit(case(b"envelope", b"signature", b"scan"))
    (item,) = queued(journal)
    assert (item.id, item.kind, item.case_id, item.sealed) == (record.case_id, "case", record.case_id, b"envelope")
    assert item.hash == hashlib.sha256(b"envelope").hexdigest()
    assert [data for _, data in item.attachments] == [b"signature", b"scan"]
    assert item.meta["case_no"] == record.case_no == "T-000001"
    assert item.meta["test"] == "0"
    assert journal.verify().problems == ()


def test_whatever_build_raises_undoes_everything_and_the_number_is_not_spent(journal: Journal) -> None:
    def build(numbers: Numbers) -> CaseRecord:
        numbers.take("case")
        raise ZeroDivisionError

    before = journal.head()
    with pytest.raises(ZeroDivisionError):
        journal.commit(build)
    assert journal.head() == before
    assert journal.numbers_left("case") == 100
    assert journal.commit(case()).case_no == "T-000001"
    assert journal.verify().ok


@pytest.mark.parametrize("point", ["journal.begin", "journal.middle", "journal.before_commit"])
def test_a_failure_at_any_point_before_the_commit_leaves_no_case(journal: Journal, point: str) -> None:
    failpoints.arm(f"{point}=raise")
    with pytest.raises(failpoints.FailpointError):
        journal.commit(case(b"lost", b"material", kept=(KeptPaper(b"c" * 16, b"paper", LATER),)))
    assert journal.counts().committed == 0
    assert queued(journal) == []
    assert journal.papers_for(b"c" * 16) == []
    assert journal.commit(case()).case_no == "T-000001"
    assert journal.verify().problems == ()


def test_a_case_id_is_committed_once(journal: Journal) -> None:
    first = journal.commit(case())
    with pytest.raises(JournalError, match="already") as caught:
        journal.commit(case(case_id=first.case_id))
    assert caught.value.code == "item-exists"
    assert journal.counts().committed == 1
    assert journal.numbers_left("case") == 99


def test_an_attachment_that_does_not_fit_its_hash_is_refused() -> None:
    with pytest.raises(JournalError) as caught:
        SealedMaterial("0" * 64, "scan", b"m")
    assert caught.value.code == "material-hash"


def test_numbers_are_shown_again_until_a_commit_spends_them(journal: Journal) -> None:
    journal.add_block(Block("uscc", 1, 1))

    def build(numbers: Numbers) -> CaseRecord:
        assert (numbers.take("case"), numbers.take("uscc")) == (1, 1)
        return case(b"", case_id="not a word\n")(numbers)

    for _ in range(2):
        with pytest.raises(ValueError, match="newline"):
            journal.commit(build)
    assert (journal.numbers_left("case"), journal.numbers_left("uscc")) == (100, 1)
    assert journal.commit(case()).case_no == "T-000001"


def test_a_case_that_nothing_was_written_after_is_whole_and_queued_after_a_restart(tmp_path: Path) -> None:
    """A commit leaves the filing to the next write; a power cut may come before that."""
    paper = KeptPaper(b"a" * 16, b"paper", LATER)
    with Journal.open(tmp_path / "a", KEY, durable=False, clock=Clock(NOW)) as journal:
        journal.add_block(Block("case", 1, 9))
        journal.commit(case(b"envelope", b"scan", kept=(paper,)))
        record = journal.commit(case(b"envelope", b"scan", kept=(paper,)))
        assert journal.verify().problems == ()
        assert [row.state for row in journal.cases()] == ["queued", "queued"]
        shutil.copytree(tmp_path / "a", tmp_path / "b")
    with Journal.open(tmp_path / "b", KEY, durable=False, clock=Clock(NOW)) as journal:
        assert journal.numbers_left("case") == 7
        assert [item.id for item in queued(journal)][1] == record.case_id
        assert [data for _, data in queued(journal)[1].attachments] == [b"scan"]
        assert [kept.sealed for kept in journal.papers_for(b"a" * 16)] == [b"paper", b"paper"]
        with pytest.raises(JournalError, match="already"):
            journal.commit(case(case_id=record.case_id))
        assert journal.verify().problems == ()


def test_numbers_run_through_the_blocks_and_then_out(journal: Journal) -> None:
    journal.add_block(Block("uscc", 10, 11))
    journal.add_block(Block("uscc", 20, 20))
    journal.add_block(Block("uscc", 20, 20))  # the same again changes nothing
    taken: list[int] = []

    def build(numbers: Numbers) -> CaseRecord:
        taken.append(numbers.take("uscc"))
        return case()(numbers)

    for _ in range(3):
        journal.commit(build)
    assert taken == [10, 11, 20]
    with pytest.raises(NumbersExhausted) as caught:
        journal.commit(build)
    assert caught.value.retryable
    assert journal.verify().problems == ()


def test_one_case_may_take_several_numbers_across_blocks(journal: Journal) -> None:
    for first in (7, 3):
        journal.add_block(Block("uscc", first, first))
    taken: list[int] = []

    def build(numbers: Numbers) -> CaseRecord:
        taken.extend((numbers.take("uscc"), numbers.take("uscc")))
        return case()(numbers)

    journal.commit(build)
    assert taken == [3, 7]
    assert journal.numbers_left("uscc") == 0


def test_a_block_that_overlaps_another_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError) as caught:
        journal.add_block(Block("case", 50, 150))
    assert caught.value.code == "block-overlap"
    assert journal.numbers_left("case") == 100


def test_numbers_go_on_where_they_were_after_a_restart(tmp_path: Path) -> None:
    with Journal.open(tmp_path, KEY, durable=False) as journal:
        journal.add_block(Block("case", 1, 3))
        journal.commit(case())
    with Journal.open(tmp_path, KEY, durable=False) as journal:
        assert journal.numbers_left("case") == 2
        assert journal.commit(case()).case_no == "T-000002"


def test_many_threads_commit_at_once_and_every_case_is_whole(journal: Journal) -> None:
    numbers: list[str] = []

    def work() -> None:
        numbers.extend(journal.commit(case(b"x" * 3000, b"y" * 5000)).case_no for _ in range(12))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(numbers) == [f"T-{n:06d}" for n in range(1, 61)]
    assert journal.verify().problems == ()


def test_calling_the_journal_from_inside_a_commit_is_an_error_and_not_a_deadlock(journal: Journal) -> None:
    def build(numbers: Numbers) -> CaseRecord:
        journal.meta("x")
        return case()(numbers)

    with pytest.raises(RuntimeError, match="inside"):
        journal.commit(build)
    assert journal.counts().committed == 0


# -- outbox


def test_an_acknowledgement_with_id_and_hash_settles_the_item_and_again_changes_nothing(journal: Journal) -> None:
    journal.commit(case())
    (item,) = queued(journal)
    assert journal.acknowledge([ack(item)]) == ()
    head = journal.head()
    assert journal.acknowledge([ack(item)]) == ()
    assert journal.head() == head
    assert queued(journal) == []
    counts = journal.counts()
    assert (counts.committed, counts.acknowledged, counts.queued) == (1, 1, 0)
    assert counts.oldest_unsent_at is None
    assert journal.verify().problems == ()


def test_an_acknowledgement_of_other_bytes_is_an_alarm_and_the_item_is_quarantined(journal: Journal) -> None:
    journal.commit(case())
    (item,) = queued(journal)
    assert journal.acknowledge([ack(item, "0" * 64)]) == (Alarm(item.id, "hash-mismatch"),)
    assert journal.counts().quarantined == 1
    assert journal.cases()[0].cause == "hash-mismatch"
    assert journal.acknowledge([AckRecord("unknown", "0" * 64, "", "k", "")]) == (Alarm("unknown", "unknown-id"),)


def test_a_wrong_acknowledgement_does_not_undo_a_right_one(journal: Journal) -> None:
    journal.commit(case())
    (item,) = queued(journal)
    journal.acknowledge([ack(item)])
    assert journal.acknowledge([ack(item, "0" * 64)]) == (Alarm(item.id, "hash-mismatch"),)
    assert journal.counts().acknowledged == 1


def test_a_rescheduled_item_waits_for_its_time_and_others_go_on(journal: Journal) -> None:
    for _ in range(3):
        journal.commit(case())
    first, second, third = queued(journal)
    journal.reschedule([first.id], NOW + timedelta(minutes=5), "http-503")
    assert [item.id for item in journal.due(NOW, 10, 10**9)] == [second.id, third.id]
    again = journal.due(NOW + timedelta(minutes=5), 10, 10**9)
    assert [item.id for item in again] == [first.id, second.id, third.id]
    assert again[0].attempts == 1
    assert journal.cases()[0].cause == "http-503"


def test_a_clock_that_was_ahead_at_the_commit_holds_no_case_back(journal: Journal) -> None:
    journal.commit(lambda numbers: replace(case()(numbers), committed_at=NOW + timedelta(minutes=30)))
    assert len(journal.due(NOW, 10, 10**9)) == 1


def test_an_item_put_off_by_a_clock_that_was_ahead_is_due(journal: Journal) -> None:
    journal.commit(case())
    (item,) = queued(journal)
    journal.reschedule([item.id], NOW + timedelta(days=400), "refused")
    assert [item.id for item in journal.due(NOW, 10, 10**9)] == [item.id]


def test_due_keeps_to_count_and_size_but_always_gives_one(journal: Journal) -> None:
    for _ in range(3):
        journal.commit(case(b"x" * 1000))
    assert len(journal.due(LATER, 2, 10**9)) == 2
    assert len(journal.due(LATER, 10, 2500)) == 2
    assert len(journal.due(LATER, 10, 1)) == 1


def test_what_is_set_aside_is_not_sent_and_what_is_acknowledged_is_not_set_aside(journal: Journal) -> None:
    journal.commit(case())
    journal.commit(case())
    first, second = queued(journal)
    journal.set_aside(first.id, "rejected", "bad-schema")
    assert [item.id for item in queued(journal)] == [second.id]
    assert journal.counts().rejected == 1
    journal.acknowledge([ack(second)])
    with pytest.raises(JournalError) as caught:
        journal.set_aside(second.id, "quarantined", "conflict")
    assert caught.value.code == "item-acknowledged"
    with pytest.raises(JournalError):
        journal.set_aside("nobody", "rejected", "bad-schema")


def test_a_case_is_rated_once_and_the_rating_is_sent_after_it(journal: Journal) -> None:
    record = journal.commit(case())
    rating = RatingRecord(new_case_id(), record.case_id, NOW, False, b"sealed rating")
    journal.commit_rating(rating)
    assert [(item.kind, item.sealed) for item in queued(journal)] == [
        ("case", b"sealed envelope"), ("rating", b"sealed rating"),
    ]  # fmt: skip
    with pytest.raises(JournalError) as caught:
        journal.commit_rating(RatingRecord(new_case_id(), record.case_id, NOW, False, b"again"))
    assert caught.value.code == "rating-exists"
    counts = journal.counts()
    assert (counts.committed, counts.queued, counts.others_unsent) == (1, 1, 1)
    assert journal.verify().problems == ()


def test_a_rating_without_its_case_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError) as caught:
        journal.commit_rating(RatingRecord(new_case_id(), new_case_id(), NOW, False, b"x"))
    assert caught.value.code == "no-such-case"


# -- papers kept for the next visit


def test_kept_papers_are_found_by_claim_until_they_run_out_and_then_erased(journal: Journal, clock: Clock) -> None:
    record = journal.commit(case(kept=(KeptPaper(b"a" * 16, b"paper one", LATER), KeptPaper(b"b" * 16, b"two", LATER))))
    assert [(paper.sealed, paper.case_id) for paper in journal.papers_for(b"a" * 16)] == [
        (b"paper one", record.case_id)
    ]
    clock.now = LATER
    assert journal.papers_for(b"a" * 16) == []
    assert journal.forget_expired() == 2
    clock.now = NOW
    assert journal.papers_for(b"a" * 16) == []


# -- audit and meta


def test_only_what_the_catalogue_lists_enters_the_chain(journal: Journal) -> None:
    head = journal.head()
    for event, details in (
        ("visit.invented", {}),
        ("visit.ended", {"reason": "done", "name": "x"}),
        ("visit.ended", {"reason": "张三"}),
        ("visit.ended", {"reason": "two words"}),
        ("visit.ended", {"reason": "done", "saved": "yes"}),
        ("visit.ended", {}),
    ):
        with pytest.raises(EventRefused) as caught:
            journal.audit(event, **details)
        assert "张三" not in str(caught.value)
    assert journal.head() == head
    journal.audit("visit.ended", reason="done", saved=1)
    assert journal.head().seq == head.seq + 1


def test_prints_are_recorded_and_meta_values_survive(tmp_path: Path) -> None:
    with Journal.open(tmp_path, KEY, durable=False) as journal:
        journal.add_block(Block("case", 1, 9))
        record = journal.commit(case())
        journal.note_print(record.case_id, "licence", "unknown", 0)
        journal.set_meta("cursor", "17")
        assert journal.meta("nothing") is None
    with Journal.open(tmp_path, KEY, durable=False) as journal:
        assert journal.meta("cursor") == "17"
        assert journal.verify().ok


def test_the_export_holds_every_sealed_byte(journal: Journal) -> None:
    record = journal.commit(case(b"envelope", b"material"))
    journal.commit_rating(RatingRecord(new_case_id(), record.case_id, NOW, False, b"rating"))
    out = io.BytesIO()
    assert journal.export(out) == 2
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["sealed"], first["attachments"][0]["data"], second["kind"]) == (
        "ZW52ZWxvcGU=",
        "bWF0ZXJpYWw=",
        "rating",
    )


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, KEY, durable=False)
    journal.close()
    journal.close()
    with pytest.raises(JournalError) as caught:
        journal.counts()
    assert caught.value.code == "journal-closed"
    assert not isinstance(caught.value, JournalDamaged)


def test_a_detail_may_be_called_item_beside_the_case_that_a_row_is_about(journal) -> None:
    head = journal.head().seq
    case = "0198c1f0-0000-7000-8000-000000000001"
    journal.audit("queue.settled", item=case, deed="released", reason="put-right", staff="0417")
    assert journal.head().seq == head + 1
