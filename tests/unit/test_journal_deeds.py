"""Withdrawals and supplements in the journal: whole or not at all, sent like cases, answered once, then forgotten."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.domain.life_table import State
from kiosk.health import failpoints
from kiosk.journal.connection import FILE, PAGE
from kiosk.journal.deeds import KINDS, DeedKind, DeedRecord
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord, Block, CaseRecord, Numbers, SealedMaterial
from kiosk.journal.reserve import LARGEST_CASE
from kiosk.sync.asking import keep_words, kept
from kiosk.wire import CaseWord
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = b"who withdraws and why, sealed"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "data", KEY, clock=clock, durable=False)
    opened.add_block(Block("case", 1, 500))
    yield opened
    failpoints.arm("")
    opened.close()


def record(case_id: str = "", kind: DeedKind = "withdrawal", *sizes: int) -> DeedRecord:
    attachments = tuple(SealedMaterial.of("lease", os.urandom(size)) for size in sizes)
    return DeedRecord(
        new_case_id(), case_id or new_case_id(), kind, NOW, False, SECRET, attachments, "0123456789abcdef"
    )


def commit(journal: Journal, outcome: str = "referred", rung: str = "final") -> str:
    def build(numbers: Numbers) -> CaseRecord:
        return CaseRecord(
            new_case_id(), f"T-{numbers.take('case')}", "pension", "1", outcome, rung, "face", NOW, False, b"sealed",
        )  # fmt: skip

    return journal.commit(build).case_id


def chain(journal: Journal) -> list[str]:
    return journal._read(lambda c: [row[0] for row in c.execute("SELECT event FROM audit ORDER BY seq")])


def ack(item_id: str, digest: str) -> AckRecord:
    return AckRecord(item_id, digest, NOW.isoformat(), "0123456789abcdef", "c2ln")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(), (500,), (40_000, 60_000)])
def test_one_transaction_holds_item_materials_and_audit_row(
    journal: Journal, kind: DeedKind, sizes: tuple[int, ...]
) -> None:  # fmt: skip
    """Of a case that is here and of one that is not; large materials lie in a pack, as a case's do."""
    for case_id in (commit(journal), new_case_id()):
        done = record(case_id, kind, *sizes)
        journal.commit_deed(done)
        assert chain(journal)[-1] == f"{kind}.committed"
        (item,) = [item for item in journal.due(NOW, 100, 1 << 30) if item.id == done.deed_id]
        assert (item.kind, item.case_id, item.sealed) == (kind, case_id, SECRET)
        assert [data for _, data in item.attachments] == [each.data for each in done.attachments]
        assert item.meta["sealing_key"] == "0123456789abcdef"
        assert item.meta["test"] == "0"
        journal.acknowledge([ack(item.id, item.hash)])
        (row,) = journal.deeds_of(case_id)
        assert (row.state, row.answer, row.made_at) == ("acknowledged", "", NOW)
    assert journal.verify().ok
    assert journal.counts().others_unsent == 0


def test_cut_in_the_middle_nothing_of_it_is_there(journal: Journal) -> None:
    case_id = commit(journal)
    for point in ("journal.begin", "deed.written", "journal.before_commit"):
        failpoints.arm(f"{point}=raise")
        with pytest.raises(failpoints.FailpointError):
            journal.commit_deed(record(case_id, "supplement", 90_000))
        failpoints.arm("")
        assert journal.deeds_of(case_id) == ()
        assert "supplement.committed" not in chain(journal)
    journal.commit_deed(record(case_id, "supplement", 90_000))
    assert journal.verify().ok
    assert len(journal.deeds_of(case_id)) == 1


def test_one_of_a_kind_is_under_way_until_its_answer(journal: Journal) -> None:
    first = record()
    journal.commit_deed(first)
    for _ in range(2):
        with pytest.raises(JournalError) as caught:
            journal.commit_deed(record(first.case_id))
        assert caught.value.code == "deed-waiting"
        journal.acknowledge([ack(first.deed_id, journal.due(NOW, 1, 1)[0].hash)] if journal.due(NOW, 1, 1) else [])
    journal.commit_deed(record(first.case_id, "supplement"))  # another kind
    with pytest.raises(JournalError, match="already"):
        journal.commit_deed(DeedRecord(first.deed_id, "other", "withdrawal", NOW, False, SECRET))
    journal.keep_word(CaseWord(first.case_id, "n", "accepted", NOW.isoformat(), deed=first.deed_id, answer="too_late"))
    journal.commit_deed(record(first.case_id))


def test_one_that_was_set_aside_does_not_stand_in_the_way(journal: Journal) -> None:
    first = record()
    journal.commit_deed(first)
    journal.set_aside(first.deed_id, "rejected", "bad-envelope")
    assert journal.deeds_of(first.case_id)[0].state == "rejected"
    journal.commit_deed(record(first.case_id))


def test_what_is_too_large_is_refused_before_anything(journal: Journal) -> None:
    with pytest.raises(JournalError, match="a case of"):
        journal.commit_deed(record("", "supplement", LARGEST_CASE, 1))


def test_words_are_kept_once_and_the_last_one_counts(journal: Journal) -> None:
    case_id, done = commit(journal), record()
    journal.commit_deed(done)
    first = CaseWord(case_id, "T-1", "accepted", NOW.isoformat(), "2026-12-24", deemed=True)
    keep_words(journal, [first])
    rows = len(chain(journal))
    keep_words(journal, [first])
    assert len(chain(journal)) == rows
    assert journal.word_of(case_id) == first
    keep_words(journal, [CaseWord(case_id, "T-1", "approved", NOW.isoformat())])
    answer = CaseWord(done.case_id, "", "", NOW.isoformat(), deed=done.deed_id, answer="not_theirs")
    keep_words(journal, [answer, answer])
    assert journal.word_of(case_id).state == "approved"  # type: ignore[union-attr]
    assert journal.word_of(done.case_id) is None, "an answer alone says nothing of the case"
    assert [row.answer for row in journal.deeds_of(done.case_id)] == ["not_theirs"]
    assert chain(journal)[rows:] == ["progress.received", "deed.answered"]
    keep_words(journal, [CaseWord("../../etc", "", "approved", "x"), CaseWord(case_id, "", "Ä", "x")])
    assert chain(journal)[-2:] == ["sync.alarm", "sync.alarm"]
    assert journal.verify().ok


@pytest.mark.parametrize(
    ("outcome", "rung", "state"),
    [("referred", "final", "received"), ("received", "receipt", "received"), ("approved", "provisional", "received"),
     ("approved", "final", "approved"), ("refused", "final", "refused")],
)  # fmt: skip
def test_without_a_line_a_case_stands_as_this_terminal_knows(
    journal: Journal, outcome: str, rung: str, state: str
) -> None:  # fmt: skip
    case_id = commit(journal, outcome, rung)
    found = kept(journal, case_id)
    assert found is not None
    assert (found.state, found.here, found.whole) == (State(state), True, False)
    assert ("withdraw" in {may.value for may in found.may}) == (state == "received")
    keep_words(journal, [CaseWord(case_id, "T-1", "supplementing", NOW.isoformat(), "")])
    later = kept(journal, case_id)
    assert later is not None
    assert later.state is State.SUPPLEMENTING
    assert {may.value for may in later.may} == {"withdraw"}, "what is lacking is not known here"
    keep_words(journal, [CaseWord(case_id, "T-1", "of-a-newer-backend", NOW.isoformat())])
    assert kept(journal, case_id) is None
    assert kept(journal, new_case_id()) is None


def test_they_are_forgotten_in_time_and_their_bytes_erased(journal: Journal, clock: Clock) -> None:
    done = record("", "supplement", 90_000)
    journal.commit_deed(done)
    (item,) = journal.due(NOW, 1, 1)
    journal.acknowledge([ack(item.id, item.hash)])
    keep_words(journal, [CaseWord(done.case_id, "T-1", "received", NOW.isoformat(), deed=done.deed_id, answer="done")])
    clock.now = NOW + timedelta(days=29)
    journal.forget_expired()
    assert journal.deeds_of(done.case_id)
    assert journal.word_of(done.case_id)
    clock.now = NOW + timedelta(days=31)
    journal.forget_expired()
    assert journal.deeds_of(done.case_id) == ()
    assert journal.word_of(done.case_id) is None
    assert journal.erase_next(NOW + timedelta(days=1))
    assert not journal.erase_next(NOW + timedelta(days=1))
    assert journal.verify().ok


def test_they_are_listed_and_exported(journal: Journal) -> None:
    done = record(commit(journal), "supplement", 200)
    journal.commit_deed(done)
    out = io.BytesIO()
    assert journal.export(out) == 2
    line = [json.loads(each) for each in out.getvalue().splitlines()][1]
    assert (line["id"], line["kind"], line["case_id"]) == (done.deed_id, "supplement", done.case_id)
    assert [each["kind"] for each in line["attachments"]] == ["lease"]
    assert len(journal.cases()) == 1


def test_a_rescue_brings_them_along(tmp_path: Path, clock: Clock) -> None:
    """Whatever page is gone: an item that is whole goes on with its deed, one that is not is told as lost."""
    folder, saved = tmp_path / "live", []
    with Journal.open(folder, KEY, clock=clock, durable=False) as journal:
        journal.add_block(Block("case", 1, 500))
        case_id = commit(journal)
        done, answered = record(case_id), record("", "supplement", 300)
        journal.commit_deed(done)
        journal.commit_deed(answered)
        word = CaseWord(answered.case_id, "T-9", "received", NOW.isoformat(), deed=answered.deed_id, answer="done")
        keep_words(journal, [word])
    pages = (folder / FILE).stat().st_size // PAGE
    for page in range(2, pages, 5):
        image = tmp_path / f"image{page}"
        shutil.copytree(folder, image)
        with (image / FILE).open("r+b") as file:
            file.seek(PAGE * page + 100)
            file.write(bytes(64))
        with Journal.open(image, KEY, clock=clock, durable=False) as journal:
            queued = {item.id for item in journal.due(NOW, 100, 1 << 30)}
            lost = json.loads(journal.meta("journal.rescued") or '{"lost": []}')["lost"]
            assert queued | set(lost) == {case_id, done.deed_id, answered.deed_id}
            for row in (*journal.deeds_of(case_id), *journal.deeds_of(answered.case_id)):
                assert (row.state == "queued") == (row.deed_id in queued)
            assert journal.verify().ok
            known = journal.word_of(answered.case_id)
            whole = len(queued) == 3 and [row.answer for row in journal.deeds_of(answered.case_id)] == ["done"]
            saved.append(whole and known == CaseWord(answered.case_id, "T-9", "received", NOW.isoformat()))
            journal.commit_deed(record(new_case_id()))
    assert any(saved), "where the page held something else, everything is there"
