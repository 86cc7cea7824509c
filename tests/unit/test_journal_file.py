"""The file under the journal: encrypted, private, migrated with a copy, never reset, damage told and set aside."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.case import new_case_id
from kiosk.journal import aside, bench, chain, commands, schema
from kiosk.journal.connection import FILE, connect, dbapi
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import KEY_FILE, FolderKeySource, load_or_create_key
from kiosk.journal.records import Block, CaseRecord, Numbers, RatingRecord, SealedMaterial, stamp
from kiosk.journal.schema import Migration

MARK = b"a-mark-that-must-not-appear"


def build(numbers: Numbers) -> CaseRecord:
    material = SealedMaterial(hashlib.sha256(MARK).hexdigest(), "signature", MARK)
    return CaseRecord(
        new_case_id(), f"T-{numbers.take('case')}", "pension-check", "1", "approved", "final", "face",
        datetime.now(UTC), False, MARK * 20, (material,),
    )  # fmt: skip


def made(folder: Path, cases: int = 3, *, durable: bool = True) -> bytes:
    key = load_or_create_key(folder)
    with Journal.open(folder, key, durable=durable) as journal:
        journal.add_block(Block("case", 1, 1000))
        for _ in range(cases):
            journal.commit(build)
    return key


def tamper(folder: Path, key: bytes, *statements: str) -> None:
    connection = connect(folder / FILE, key)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_sqlite_is_newer_than_the_wal_reset_bug() -> None:
    assert dbapi.sqlite_version_info >= (3, 51, 3)


def test_nothing_is_readable_in_any_file_and_no_one_else_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    key = load_or_create_key(folder)
    with Journal.open(folder, key) as journal:
        journal.add_block(Block("case", 1, 9))
        journal.commit(build)
        names = {file.name for file in folder.iterdir()}
        assert {FILE, f"{FILE}-wal", f"{FILE}-shm"} <= names
        for file in folder.iterdir():
            assert MARK not in file.read_bytes()
            assert b"SQLite format" not in file.read_bytes()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_commit_costs_exactly_one_fsync(tmp_path: Path) -> None:
    counts = bench.fsyncs(12, tmp_path)
    if counts is None:
        pytest.skip("strace is not installed: fsyncs cannot be counted")
    assert counts == [1] * 12


def test_a_second_process_is_kept_out_while_the_first_has_the_journal(tmp_path: Path) -> None:
    key = made(tmp_path)
    with Journal.open(tmp_path, key), pytest.raises(JournalError) as caught:
        Journal.open(tmp_path, key)
    assert caught.value.code == "journal-in-use"
    Journal.open(tmp_path, key).close()


def test_the_wrong_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(tmp_path, bytes(32))
    assert "not delete" in caught.value.advice
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("where", [100, 4096 + 2000, -2000])
def test_a_damaged_page_is_found_on_opening_and_the_file_is_set_aside_as_it_is(tmp_path: Path, where: int) -> None:
    key = made(tmp_path, 30)
    data = bytearray((tmp_path / FILE).read_bytes())
    data[where] ^= 0x40
    (tmp_path / FILE).write_bytes(data)
    Journal.open(tmp_path, key).close()
    (name,) = aside.set_aside(tmp_path)
    assert (tmp_path / name).read_bytes() == bytes(data)


@pytest.mark.parametrize("loss", ["gone", "empty"])
def test_a_journal_that_is_gone_is_not_replaced_by_a_new_one(tmp_path: Path, loss: str) -> None:
    key = made(tmp_path)
    (tmp_path / FILE).unlink()
    if loss == "empty":
        (tmp_path / FILE).touch()
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(tmp_path, key)
    assert caught.value.code == "journal-missing"


@pytest.mark.parametrize("calm", [False, True])
@pytest.mark.parametrize("loss", ["deleted", "moved", "replaced", "log deleted", "folder deleted", "folder replaced"])
def test_a_journal_that_is_deleted_while_it_is_open_takes_no_more_cases_but_still_sends(
    tmp_path: Path, loss: str, calm: bool
) -> None:
    """``calm``: nothing had changed in its folder for a while, so that its files were not looked for each time."""
    folder = tmp_path / "journal"
    key = made(folder, 2)
    journal = Journal.open(folder, key)
    if calm:
        os.utime(folder, (1e9, 1e9))
        journal.commit(build)
        assert journal._there[1] == 10**18
    case = journal.commit(build)
    match loss:
        case "deleted":
            (folder / FILE).unlink()
        case "moved":
            (folder / FILE).rename(tmp_path / FILE)
        case "replaced":
            shutil.copy(folder / FILE, tmp_path / FILE)
            (tmp_path / FILE).replace(folder / FILE)
        case "log deleted":
            (folder / f"{FILE}-wal").unlink()
        case "folder deleted":
            shutil.rmtree(folder)
        case "folder replaced":
            shutil.copytree(folder, tmp_path / "copy")  # with its times
            folder.rename(tmp_path / "away")
            (tmp_path / "copy").rename(folder)
    rating = RatingRecord(new_case_id(), case.case_id, datetime.now(UTC), False, MARK)
    for write in (lambda: journal.commit(build), lambda: journal.commit_rating(rating)):
        with pytest.raises(JournalError) as caught:
            write()
        assert caught.value.code == "journal-missing"
        assert "still being sent" in caught.value.advice
    assert [item.id for item in journal.due(datetime.now(UTC), 10, 1 << 20)][-1] == case.case_id
    journal.close()


def begin(folder: Path) -> None:
    """As a terminal does: it is opened, and the first word is written."""
    journal = Journal.open(folder, load_or_create_key(folder))
    try:
        journal.audit("terminal.started")
    finally:
        with contextlib.suppress(JournalError):
            journal.close()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "journal-full"),
        (errno.EDQUOT, "journal-full"),
        (errno.EROFS, "journal-unwritable"),
        (errno.EACCES, "journal-unwritable"),
        (errno.EIO, "journal-unwritable"),
    ],
)
@pytest.mark.parametrize("call", ["mkdir", "open", "fsync", "write"])
def test_a_disk_that_takes_nothing_is_told_on_opening_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, call: str
) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    if call != "write":
        made(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr(Path if call == "mkdir" else os, call, refuse)
        if call == "fsync":
            patch.setattr(os, "fdatasync", refuse)
        with pytest.raises(JournalError) as caught:
            begin(tmp_path)
    assert caught.value.code == code
    assert caught.value.advice
    Journal.open(tmp_path, load_or_create_key(tmp_path)).close()


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(JournalDamaged) as caught:
        FolderKeySource(tmp_path).load()
    assert caught.value.code == "journal-key-lost"
    assert not (tmp_path / KEY_FILE).exists()


# -- verification


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (["UPDATE audit SET details = replace(details, 'approved', 'refused') WHERE seq = 4"], "chain"),
        (["DELETE FROM audit WHERE seq = 4"], "missing"),
        (["UPDATE audit SET about = replace(about, 'T-1', 'T-9') WHERE seq = 4"], "chain"),
        (["DELETE FROM sending WHERE seq = 5"], "missing among"),
        (["INSERT INTO sending SELECT 99, 'x', kind, hash, state, '', 0, '', '', '' FROM sending WHERE seq = 5"],
         "not in the audit chain"),
        (["UPDATE sending SET hash = '0000' WHERE seq = 5"], "audit chain"),
        (["UPDATE sending SET state = 'acknowledged' WHERE seq = 5"], "no acknowledgement"),
        (["UPDATE audit SET sealed = NULL WHERE seq = 5"], "missing"),
        (["UPDATE audit SET sealed = zeroblob(length(sealed)) WHERE seq = 5"], "hash"),
        (["UPDATE audit SET sealed = CAST(sealed || x'00' AS BLOB) WHERE seq = 5"], "not as long"),
        (["UPDATE blocks SET next = 900"], "count as spent"),
    ],
)  # fmt: skip
def test_verify_finds_what_was_changed_behind_the_journals_back(
    tmp_path: Path, statements: list[str], word: str
) -> None:
    key = made(tmp_path, durable=False)
    out = io.StringIO()
    assert commands.verify(tmp_path, as_json=True, out=out) == 0
    tamper(tmp_path, key, *statements)
    out = io.StringIO()
    assert commands.verify(tmp_path, as_json=True, out=out) == 1
    assert any(word in problem for problem in json.loads(out.getvalue())["problems"]), out.getvalue()


@pytest.mark.parametrize("more", [1, 4096])
def test_bytes_behind_the_last_page_are_told_by_both_commands(tmp_path: Path, more: int) -> None:
    """What the terminal did not leave there is not whole, even where nothing reads it."""
    made(tmp_path, durable=False)
    assert (commands.verify(tmp_path), commands.verify_log(tmp_path)) == (0, 0)
    with (tmp_path / FILE).open("ab") as file:
        file.write(bytes(more))
    assert (commands.verify(tmp_path), commands.verify_log(tmp_path)) == (1, 1)


def test_another_key_is_told_in_our_words_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """SQLCipher would write lines of its own to standard error first."""
    made(tmp_path, durable=False)
    with pytest.raises(JournalError) as told:
        connect(tmp_path / FILE, bytes(32))
    assert told.value.code == "journal-damaged"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE audit SET about = replace(about, 'case=2', 'case=1') WHERE seq = 5", "twice"),
        ("UPDATE audit SET about = replace(about, 'case=3', 'case=5') WHERE seq = 6", "hole"),
        ("UPDATE audit SET about = replace(about, 'case=3', 'case=5000') WHERE seq = 6", "reserved block"),
        ("UPDATE audit SET about = replace(about, 'T-2', 'T-1') WHERE seq = 5", "given twice"),
        ("UPDATE audit SET item = (SELECT item FROM audit WHERE seq = 4) WHERE seq = 5", "twice"),
    ],
)
def test_verify_finds_what_does_not_agree_even_if_the_chain_was_made_anew(
    tmp_path: Path, statement: str, word: str
) -> None:
    key = made(tmp_path, durable=False)
    connection = connect(tmp_path / FILE, key)
    connection.execute(statement)
    previous = chain.GENESIS
    for row in connection.execute("SELECT seq, at, event, item, details, about FROM audit ORDER BY seq").fetchall():
        previous = chain.row_hash(previous, *row)
        connection.execute("UPDATE audit SET hash = ? WHERE seq = ?", (previous, row[0]))
    connection.close()
    out = io.StringIO()
    assert commands.verify(tmp_path, as_json=True, out=out) == 1
    problems = json.loads(out.getvalue())["problems"]
    assert any(word in problem for problem in problems), problems
    assert not any("chain: it or" in problem for problem in problems)


def test_the_end_of_the_chain_is_checked_on_opening(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = made(tmp_path, durable=False)
    tamper(tmp_path, key, "UPDATE audit SET at = '2020' WHERE seq = 3")
    Journal.open(tmp_path, key).close()
    assert "audit row 3 (block.added) does not fit" in caplog.text
    assert len(aside.set_aside(tmp_path)) == 1


# -- migrations


def test_every_shipped_migration_is_numbered_without_holes() -> None:
    assert [step.number for step in schema.shipped()] == list(range(1, schema.LATEST + 1))


def test_a_migration_keeps_the_cases_and_leaves_a_copy_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(tmp_path)
    before, after = schema.LATEST, schema.LATEST + 1
    steps = (*schema.shipped(), Migration(after, "more", "CREATE TABLE more (x INTEGER) STRICT;"))
    monkeypatch.setattr(schema, "shipped", lambda: steps)
    monkeypatch.setattr(schema, "LATEST", after)
    with Journal.open(tmp_path, key) as journal:
        assert journal.counts().committed == 3
        assert journal.verify().schema == after
        assert journal.verify().ok
    copy = tmp_path / f"{FILE}.schema-{before}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    old = tmp_path / "old"
    old.mkdir()
    shutil.copy(copy, old / FILE)
    monkeypatch.undo()
    with Journal.open(old, key) as journal:
        assert journal.counts().committed == 3


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made(tmp_path)
    after = schema.LATEST + 1
    steps = (*schema.shipped(), Migration(after, "bad", "CREATE TABLE more (x INTEGER) STRICT; DROP TABLE nothing;"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "shipped", lambda: steps)
        patch.setattr(schema, "LATEST", after)
        with pytest.raises(JournalError) as caught:
            Journal.open(tmp_path, key)
        assert caught.value.code == "migration-failed"
    with Journal.open(tmp_path, key) as journal:
        assert journal.counts().committed == 3


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    key = made(tmp_path)
    tamper(tmp_path, key, "PRAGMA user_version = 99")
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path, key)
    assert caught.value.code == "journal-newer"


# -- commands


def test_the_commands_read_beside_a_running_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    key = load_or_create_key(folder)
    with Journal.open(folder, key) as journal:
        journal.add_block(Block("case", 1, 9))
        journal.commit(build)
        out = io.StringIO()
        assert commands.list_cases(tmp_path, as_json=True, out=out) == 0
        (row,) = json.loads(out.getvalue())
        assert (row["case_no"], row["state"], row["attachments"]) == ("T-1", "queued", 1)
        assert commands.export(tmp_path, to=tmp_path / "out.jsonl", out=io.StringIO()) == 0
        assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600
        journal.commit(build)
        assert journal.counts().committed == 2


def test_a_command_on_a_folder_without_journal_makes_none(tmp_path: Path) -> None:
    out = io.StringIO()
    assert commands.verify(tmp_path, as_json=True, out=out) == 2
    answer: dict[str, Any] = json.loads(out.getvalue())
    assert answer["error"]["code"] == "no-journal"
    assert answer["error"]["advice"]
    assert list(tmp_path.iterdir()) == []


def test_moments_without_time_zone_are_refused() -> None:
    from datetime import datetime

    with pytest.raises(ValueError, match="time zone"):
        stamp(datetime(2026, 1, 1))
