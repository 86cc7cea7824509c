"""The whole life of an item: results and prints, the end of its bytes, drafts before it, the step to this schema."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.journal import aside, commands, reading, schema
from kiosk.journal.answers import KeptAnswers
from kiosk.journal.connection import FILE, connect
from kiosk.journal.drafts import LARGEST, KeptDraft
from kiosk.journal.errors import JournalError, of_disk
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.mark import FILE as MARK_FILE
from kiosk.journal.pages import Pages
from kiosk.journal.records import AckRecord, Block, CaseRecord, KeptPaper, Numbers, RatingRecord
from kiosk.journal.reserve import FILE as RESERVE
from kiosk.journal.reserve import LARGEST_CASE
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CLAIM, OTHER = b"0123456789abcdef", b"fedcba9876543210"
SECRET = b"sealed-bytes-of-a-case-that-must-go" * 400


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Journal:
    key = load_or_create_key(tmp_path)
    opened = Journal.open(tmp_path, key, clock=clock, durable=False)
    opened.add_block(Block("case", 1, 500))
    yield opened
    opened.close()


def commit(journal: Journal, at: datetime = NOW, rung: str = "final", **changes: object) -> CaseRecord:
    def build(numbers: Numbers) -> CaseRecord:
        return CaseRecord(
            new_case_id(), f"T-{numbers.take('case')}", "pension", "1", "approved", rung, "face", at, False, SECRET,
            **changes,  # type: ignore[arg-type]  # names of CaseRecord
        )  # fmt: skip

    return journal.commit(build)


def acknowledge(journal: Journal, item_id: str, at: datetime = NOW) -> AckRecord:
    (item,) = [item for item in journal.due(at, 100, 1 << 30) if item.id == item_id]
    ack = AckRecord(item_id, item.hash, at.isoformat(), "k1", "signature")
    assert journal.acknowledge([ack]) == ()
    return ack


def life(journal: Journal) -> dict[str, str]:
    return {row.case_id: row.life for row in journal.cases()}


def rows(journal: Journal, event: str) -> list[str]:
    sql = "SELECT item FROM audit WHERE event = ? ORDER BY seq"
    return [row[0] for row in journal._read(lambda c: c.execute(sql, (event,)).fetchall())]


# -- the states


def test_list_and_export_say_how_far_each_case_has_come(journal: Journal, tmp_path: Path, clock: Clock) -> None:
    kept = KeptPaper(CLAIM, b"paper", NOW + timedelta(days=30), paper_id="receipt")
    ids = {
        word: commit(journal, rung="provisional", kept=(kept,) if word == "result" else ()).case_id
        for word in ("queued", "sending", "acknowledged", "rejected", "quarantined", "result", "archived", "erased")
    }
    for word in ("acknowledged", "result", "archived"):
        acknowledge(journal, ids[word])
    acknowledge(journal, ids["erased"], NOW - timedelta(days=40))
    journal.reschedule([ids["sending"]], NOW, "no-answer")
    journal.set_aside(ids["rejected"], "rejected", "bad-schema")
    journal.set_aside(ids["quarantined"], "quarantined", "sealed-bytes")
    for word in ("result", "archived"):
        assert journal.keep_result(ids[word], "confirmed")
    assert journal.erase_next(NOW - timedelta(days=30))
    journal._store._frames = -10_000  # the log is not folded back meanwhile, which would file the last one
    last = commit(journal).case_id
    assert life(journal) == {item: word for word, item in ids.items()} | {last: "committed"}
    out = io.BytesIO()
    journal.export(out)
    lines = {line["id"]: line for line in map(json.loads, out.getvalue().splitlines())}
    assert {item: line["life"] for item, line in lines.items()} == life(journal)
    assert lines[ids["erased"]]["sealed"] is None
    assert lines[ids["erased"]]["erased_at"]
    assert lines[ids["result"]]["result"] == "confirmed"
    assert journal.verify().ok
    text = io.StringIO()
    assert commands.list_cases(tmp_path, out=text) == 0
    assert "  erased" in text.getvalue()


# -- retention


def test_bytes_are_erased_after_their_time_and_a_late_duplicate_is_still_known(journal: Journal, clock: Clock) -> None:
    case = commit(journal)
    ack = acknowledge(journal, case.case_id)
    clock.now = NOW + timedelta(days=30)
    assert not journal.erase_next(clock.now - timedelta(days=30, seconds=1))
    assert journal.erase_next(clock.now - timedelta(days=30))
    assert not journal.erase_next(clock.now)
    assert rows(journal, "item.erased") == [case.case_id]
    assert journal.acknowledge([ack]) == ()
    assert [alarm.reason for alarm in journal.acknowledge([AckRecord(case.case_id, "0" * 64, "", "", "")])] == [
        "hash-mismatch"
    ]
    (row,) = journal.cases()
    assert (row.life, row.state, row.case_no) == ("erased", "acknowledged", case.case_no)
    assert journal.counts().acknowledged == 1
    report = journal.verify()
    assert report.ok, report.problems
    with pytest.raises(JournalError) as caught:
        journal.commit(lambda numbers: case)
    assert caught.value.code == "item-exists"


def test_erased_bytes_stand_in_no_page_any_more(tmp_path: Path, clock: Clock) -> None:
    key = load_or_create_key(tmp_path)
    with Journal.open(tmp_path, key, clock=clock) as journal:
        journal.add_block(Block("case", 1, 500))
        case = commit(journal)
        acknowledge(journal, case.case_id)

    def found() -> bool:
        made = (tmp_path / "journal.made").read_bytes()
        pages = Pages(tmp_path / FILE, tmp_path / f"{FILE}-wal", key, (made,))
        return any(record.values[7] == SECRET for record in pages.rows() if len(record.values) == 8)

    assert found()
    with Journal.open(tmp_path, key, clock=clock) as journal:
        free = journal._read(lambda c: c.execute("PRAGMA freelist_count").fetchone()[0])
        assert journal.erase_next(NOW)
        assert journal._read(lambda c: c.execute("PRAGMA freelist_count").fetchone()[0]) > free
    assert not found()
    connection = connect(tmp_path / FILE, key, read_only=True)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    assert pages * 4096 == (tmp_path / FILE).stat().st_size


def test_the_next_cases_use_the_room_that_was_freed(journal: Journal) -> None:
    size = []
    for _ in range(6):
        case = commit(journal)
        acknowledge(journal, case.case_id)
        assert journal.erase_next(NOW)
        journal._read(lambda c: c.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
        size.append(journal._read(lambda c: c.execute("PRAGMA page_count").fetchone()[0]))
    assert size[-1] - size[1] < len(SECRET) // 4096


@pytest.mark.parametrize("state", ["queued", "rejected", "quarantined"])
def test_what_nobody_acknowledged_is_never_erased_by_time(journal: Journal, state: str) -> None:
    case = commit(journal)
    if state != "queued":
        journal.set_aside(case.case_id, state, "bad-schema")  # type: ignore[arg-type]
    assert not journal.erase_next(NOW + timedelta(days=10_000))


def test_one_that_was_released_late_has_its_turn_too(journal: Journal) -> None:
    first, second = commit(journal), commit(journal)
    journal.set_aside(first.case_id, "rejected", "bad-schema")
    acknowledge(journal, second.case_id)
    assert journal.erase_next(NOW)
    journal.release(first.case_id, "mended")
    acknowledge(journal, first.case_id)
    assert journal.erase_next(NOW)
    assert rows(journal, "item.erased") == [second.case_id, first.case_id]


def test_the_days_count_by_the_backends_clock_not_by_a_wrong_one_of_that_day(journal: Journal, clock: Clock) -> None:
    case = commit(journal)
    (item,) = journal.due(NOW, 1, 1 << 20)
    clock.now = datetime(1970, 1, 1, tzinfo=UTC)
    journal.acknowledge([AckRecord(case.case_id, item.hash, NOW.isoformat(), "k1", "signature")])
    clock.now = NOW + timedelta(days=29)
    assert not journal.erase_next(clock.now - timedelta(days=30))


def test_a_rating_is_erased_as_well(journal: Journal) -> None:
    case = commit(journal)
    rating = RatingRecord(new_case_id(), case.case_id, NOW, False, SECRET)
    journal.commit_rating(rating)
    acknowledge(journal, rating.rating_id)
    assert journal.erase_next(NOW)
    assert not journal.erase_next(NOW)
    assert rows(journal, "item.erased") == [rating.rating_id]
    assert journal.verify().ok


def test_bytes_that_are_gone_without_the_chains_word_are_a_problem(journal: Journal) -> None:
    case = commit(journal)
    acknowledge(journal, case.case_id)
    journal._write(lambda: journal._store.connection.execute("UPDATE audit SET sealed = NULL WHERE about <> ''"))
    (problem,) = journal.verify().problems
    assert "sealed bytes are missing" in problem


def test_an_item_whose_bytes_are_gone_stops_nobody_behind_it(journal: Journal) -> None:
    gone, waits = commit(journal), commit(journal)
    journal._write(
        lambda: journal._store.connection.execute("UPDATE audit SET sealed = NULL WHERE item = ?", (gone.case_id,))
    )
    first, second = journal.due(NOW, 100, 1 << 30)
    assert (first.id, second.id, second.sealed) == (gone.case_id, waits.case_id, SECRET)
    assert hashlib.sha256(first.sealed).hexdigest() != first.hash, "so that the sync sets it aside"


def test_a_rescue_keeps_what_was_erased_drafts_results_and_prints(tmp_path: Path, clock: Clock) -> None:
    key = load_or_create_key(tmp_path)
    with Journal.open(tmp_path, key, clock=clock) as journal:
        journal.add_block(Block("case", 1, 500))
        gone, waits = commit(journal), commit(journal, rung="provisional")
        ack = acknowledge(journal, gone.case_id)
        assert journal.erase_next(NOW)
        journal.keep_draft(KeptDraft(CLAIM, b"draft", NOW + timedelta(days=7)))
        journal.keep_answers(KeptAnswers(CLAIM, b"answers", NOW + timedelta(days=90)))
        journal.keep_result(waits.case_id, "conflict")
        journal.note_attempt(waits.case_id, "receipt", 2, "printed")
    mark = bytearray((tmp_path / MARK_FILE).read_bytes())
    data = bytearray((tmp_path / FILE).read_bytes())
    data[100] ^= 1  # the first page
    (tmp_path / FILE).write_bytes(data)
    assert mark
    with Journal.open(tmp_path, key, clock=clock) as journal:
        assert len(aside.set_aside(tmp_path)) == 1
        assert life(journal) == {gone.case_id: "erased", waits.case_id: "queued"}
        assert journal.acknowledge([ack]) == ()
        found = journal.draft_for(CLAIM)
        assert found is not None
        assert (found.sealed, found.expires_at) == (b"draft", NOW + timedelta(days=7))
        assert journal.answers_for(CLAIM) == KeptAnswers(CLAIM, b"answers", NOW + timedelta(days=90))
        assert journal.result_of(waits.case_id) == "conflict"
        assert journal.attempts(waits.case_id, "receipt") == (2, "printed")
        report = journal.verify()
        assert report.ok, report.problems


# -- results, prints


def test_a_result_is_told_once_and_the_last_word_counts(journal: Journal) -> None:
    case = commit(journal)
    assert journal.result_of(case.case_id) == ""
    assert journal.keep_result(case.case_id, "confirmed")
    assert not journal.keep_result(case.case_id, "confirmed")
    assert journal.keep_result(case.case_id, "conflict")
    assert rows(journal, "result.received") == [case.case_id] * 2


def test_results_of_what_is_still_kept_outlast_their_days_and_others_do_not(journal: Journal, clock: Clock) -> None:
    case, stranger = commit(journal), new_case_id()
    journal.keep_result(case.case_id, "confirmed")
    journal.keep_result(stranger, "confirmed")
    journal.note_attempt(case.case_id, "receipt", 1, "begun")
    clock.now = NOW + timedelta(days=31)
    assert journal.forget_expired() == 0
    assert (journal.result_of(case.case_id), journal.result_of(stranger)) == ("confirmed", "")
    assert journal.attempts(case.case_id, "receipt") == (0, "")


def test_opening_erases_nothing_because_nobody_knows_the_time_yet(tmp_path: Path, clock: Clock) -> None:
    key = load_or_create_key(tmp_path)
    with Journal.open(tmp_path, key, clock=clock) as journal:
        journal.keep_draft(KeptDraft(CLAIM, b"draft", NOW + timedelta(days=7)))
    clock.now = datetime(2100, 1, 1, tzinfo=UTC)
    with Journal.open(tmp_path, key, clock=clock):
        pass
    clock.now = NOW
    with Journal.open(tmp_path, key, clock=clock) as journal:
        assert journal.draft_for(CLAIM) is not None


# -- drafts


def test_a_newer_draft_takes_the_place_of_the_older_and_each_card_has_its_own(journal: Journal) -> None:
    for claim, sealed in ((CLAIM, b"one"), (OTHER, b"other"), (CLAIM, b"two")):
        journal.keep_draft(KeptDraft(claim, sealed, NOW + timedelta(days=7)))
    found, other = journal.draft_for(CLAIM), journal.draft_for(OTHER)
    assert found is not None
    assert other is not None
    assert (found.sealed, other.sealed) == (b"two", b"other")
    with reading.reading(journal._folder, journal._key) as connection:
        assert reading.drafts(connection) == 2
    assert repr(found) == "KeptDraft(3 bytes)"


def test_a_draft_is_not_found_after_its_days_and_then_erased(journal: Journal, clock: Clock) -> None:
    journal.keep_draft(KeptDraft(CLAIM, b"draft", NOW + timedelta(days=7)))
    clock.now = NOW + timedelta(days=7)
    assert journal.draft_for(CLAIM) is None
    assert journal.forget_expired() == 1
    assert journal.forget_expired() == 0
    assert rows(journal, "draft.forgotten") == [""]


def test_a_commit_erases_the_draft_it_began_as_in_its_own_transaction(journal: Journal) -> None:
    journal.keep_draft(KeptDraft(CLAIM, b"draft", NOW + timedelta(days=7)))
    journal.keep_draft(KeptDraft(OTHER, b"other", NOW + timedelta(days=7)))
    head = journal.head().seq
    commit(journal, draft=CLAIM)
    assert journal.head().seq == head + 2
    assert journal.draft_for(CLAIM) is None
    assert journal.draft_for(OTHER) is not None
    assert journal.verify().ok


def test_too_large_a_draft_and_too_large_a_case_are_refused(journal: Journal) -> None:
    with pytest.raises(JournalError) as caught:
        journal.keep_draft(KeptDraft(CLAIM, bytes(LARGEST + 1), NOW))
    assert caught.value.code == "draft-too-large"
    left = journal.numbers_left("case")

    def build(numbers: Numbers) -> CaseRecord:
        number = f"T-{numbers.take('case')}"
        return CaseRecord(
            new_case_id(), number, "p", "1", "approved", "final", "face", NOW, False, bytes(LARGEST_CASE + 1)
        )

    with pytest.raises(JournalError) as caught:
        journal.commit(build)
    assert caught.value.code == "case-too-large"
    assert journal.numbers_left("case") == left


# -- the step to this schema


class Signer:
    terminal_id, epoch, public = "330102-ABCDEF", 1, bytes(32)

    def sign(self, message: bytes) -> str:
        return hashlib.sha256(message).hexdigest()


@pytest.mark.parametrize(
    "look",
    [
        lambda journal: journal.counts().committed == 1,
        lambda journal: len(journal.due(NOW, 10, 1 << 20)) == 1,
        lambda journal: journal.checkpoint(Signer(), None).seq == journal.head().seq,
    ],
)
def test_what_is_written_on_the_way_of_a_look_finds_the_reserve_too(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[Journal], bool]
) -> None:
    """A look files what was committed: on a full disk it would else end the process while the papers are printed."""
    commit(journal)
    (tmp_path / RESERVE).touch()
    write = journal._store.write

    def full(*arguments: object, **more: object) -> object:
        if (tmp_path / RESERVE).exists():
            raise of_disk(OSError(errno.ENOSPC, "no room"))
        return write(*arguments, **more)

    monkeypatch.setattr(journal._store, "write", full)
    assert look(journal)
    assert not (tmp_path / RESERVE).exists()


def test_a_journal_of_the_first_schema_is_brought_up_with_a_copy_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    key = load_or_create_key(tmp_path)
    case_id, item_hash = new_case_id(), "a" * 64
    connection = connect(tmp_path / FILE, key)
    schema.migrate(connection, tmp_path, NOW.isoformat(), schema.shipped()[:1])
    connection.execute("BEGIN")
    for name, value in (
        (f"result.{case_id}", "confirmed"), (f"prints.{case_id}.licence", "2 printed"), ("sync.clock", "{}"),
        (f"prints.{case_id}.receipt", "1 "),
    ):  # fmt: skip
        connection.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
    connection.execute(
        "INSERT INTO sending VALUES (9, ?, 'case', ?, 'acknowledged', '', 0, '', ?, '')",
        (case_id, item_hash, NOW.isoformat()),
    )
    connection.execute("COMMIT")
    connection.close()
    with Journal.open(tmp_path, key, clock=clock) as journal:
        assert journal.result_of(case_id) == "confirmed"
        assert journal.attempts(case_id, "licence") == (2, "printed")
        assert journal.attempts(case_id, "receipt") == (1, "")
        assert journal.meta(f"result.{case_id}") is None
        assert journal.meta("sync.clock") == "{}"
        assert len(rows(journal, "journal.migrated")) == schema.LATEST - 1
        assert journal.verify().problems == (f"case {case_id} is to be sent, but not in the audit chain",)
    assert (tmp_path / f"{FILE}.schema-1").stat().st_size > 0
