"""A journal that is damaged at the start: set aside, what stands in it goes on, no number is used again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health import books, failpoints
from kiosk.journal import aside, mark, opening, rescue
from kiosk.journal.connection import FILE, connect
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.pages import Pages
from kiosk.journal.records import (
    AckRecord,
    Block,
    CaseRecord,
    KeptPaper,
    Numbers,
    OutboxItem,
    RatingRecord,
    SealedMaterial,
)

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CLAIM = b"c" * 16
WAL = f"{FILE}-wal"


def case(numbers: Numbers) -> CaseRecord:
    data = os.urandom(9000)
    return CaseRecord(
        new_case_id(), f"T-{numbers.take('case'):06d}", "individual-business", "1.0.0", "approved", "final", "face",
        NOW, False, os.urandom(3000), (SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data),),
        (KeptPaper(CLAIM, b"paper", NOW + timedelta(days=30), paper_id="licence"),),
    )  # fmt: skip


def opened(folder: Path) -> Journal:
    return Journal.open(folder, KEY, clock=lambda: NOW, durable=False)


class World:
    """A journal as a crash leaves it: some rows in the file, some in its log. ``sent`` are all its items."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "image"
        with opened(folder / "live") as journal:
            journal.add_block(Block("case", 1, 1000, "310115", "signature"))
            journal.set_meta("sync.cursor", "who we are")
            journal.set_meta("audit.key", "1 00")
            journal.set_meta("sync.block.case", "a request")
            first = [journal.commit(case).case_id for _ in range(20)]
            rating = RatingRecord(new_case_id(), first[0], NOW, False, b"very good")
            journal.commit_rating(rating)
            items = self.items(journal)
            journal.acknowledge([AckRecord(item.id, item.hash, "now", "key-1", "c2ln") for item in items[:5]])
            journal.set_aside(first[5], "rejected", "bad-schema")
        with opened(folder / "live") as journal:
            self.begun = journal.head().seq
            last = [journal.commit(case).case_id for _ in range(4)]
            self.sent = {item.id: item for item in self.items(journal)}
            self.acknowledged, self.rejected = set(first[:5]), first[5]
            self.cases, self.last, self.rating = first + last, last, rating.rating_id
            self.log, self.head = journal.log(), journal.head()
            shutil.copytree(folder / "live", self.folder)
        self.file, self.wal = self.folder / FILE, self.folder / WAL

    @staticmethod
    def items(journal: Journal) -> list[OutboxItem]:
        return journal.due(LATER, 1000, 1 << 30)

    def damage(self, file: Path, *pages: int, what: bytes = b"") -> None:
        """Overwrite whole pages (from 0) of a file with ``what``, or zeros."""
        data = bytearray(file.read_bytes())
        for page in pages:
            data[page * 4096 : (page + 1) * 4096] = (what or bytes(4096))[:4096]
        file.write_bytes(data)

    def logged(self) -> set[int]:
        """The pages (from 1) of which the log has a newer version; which these are, the items' random ids decide."""
        data = self.wal.read_bytes()
        return {int.from_bytes(data[at : at + 4], "big") for at in range(32, len(data), 24 + 4096)}

    def fold(self) -> None:
        """The same, closed in order: nothing stands in a log that could mend the file."""
        opened(self.folder).close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def events(journal: Journal, name: str) -> list[tuple[str, dict[str, Any]]]:
    rows = journal._read(
        lambda c: c.execute("SELECT item, details FROM audit WHERE event = ? ORDER BY seq", (name,)).fetchall()
    )
    return [(item, json.loads(details)) for item, details in rows]


def check(world: World, lost: int | None = 0) -> Journal:
    """Opens it and looks at what every rescue promises; None: any number lost."""
    before = {name: (world.folder / name).read_bytes() for name in (FILE, WAL) if (world.folder / name).exists()}
    journal = opened(world.folder)
    (name,) = aside.set_aside(world.folder)
    if FILE in before and FILE in str(name):
        assert len((world.folder / name).read_bytes()) >= len(before[FILE])
    ((_, said),) = events(journal, "journal.rescued")
    assert said["file"] == name
    gone = {item for item, _ in events(journal, "item.lost")}
    assert len(gone) == said["lost"]
    assert lost is None or said["lost"] == lost
    assert journal.verify().problems == ()
    assert journal.log() != world.log
    for item in world.items(journal):
        ours = world.sent.get(item.id)
        if ours is not None:  # not one that is sent again though it was acknowledged
            assert (item.hash, item.sealed, item.attachments) == (ours.hash, ours.sealed, ours.attachments)
            assert (item.created_at, item.meta) == (ours.created_at, ours.meta)
    held = {row.case_id for row in journal.cases()}
    ids = {item.id for item in world.items(journal)}
    assert ids <= set(world.sent) | world.acknowledged
    for case_id in world.cases:
        assert case_id in held or case_id in gone or lost is None or case_id in world.acknowledged
    assert journal.numbers_left("case") == 0
    with pytest.raises(JournalError) as caught:
        journal.commit(case)
    assert caught.value.code == "numbers-exhausted"
    journal.add_block(Block("case", 5001, 5010))
    assert journal.commit(case).case_no == "T-005001"
    assert journal.verify().problems == ()
    return journal


def test_whatever_page_is_gone_all_others_are_saved_and_the_old_file_stays(world: World, tmp_path: Path) -> None:
    pages = world.file.stat().st_size // 4096
    lost = 0
    image = tmp_path / "whole"
    shutil.copytree(world.folder, image)
    for page in range(0, pages, 3):
        shutil.rmtree(world.folder)
        shutil.copytree(image, world.folder)
        world.damage(world.file, page, what=os.urandom(4096) if page % 2 else b"")
        with opened(world.folder) as journal:
            assert journal.verify().problems == ()
            names = aside.set_aside(world.folder)
            gone = {item for item, _ in events(journal, "item.lost")}
            assert gone <= set(world.sent) | {world.rejected}
            held = {row.case_id for row in journal.cases()}
            assert held | gone | world.acknowledged >= set(world.cases)
            assert {item.id for item in world.items(journal)} >= set(world.sent) - gone
            if names:
                assert journal.numbers_left("case") == 0
                assert world.last[-1] in held, "what is in the log needs no page of the file"
            lost += len(gone)
    assert 0 < lost < 2 * pages


def test_a_first_page_that_is_not_ours_costs_nothing(world: World) -> None:
    world.damage(world.file, 0, what=b"another file altogether " * 171)
    with check(world) as journal:
        assert {item.id for item in world.items(journal)} >= set(world.sent)
        states = {row.case_id: row.state for row in journal.cases()}
        assert {case_id for case_id, state in states.items() if state == "acknowledged"} == world.acknowledged
        assert states[world.rejected] == "rejected"
        assert len(journal.papers_for(CLAIM)) == 25  # one is of the case that was committed since
        assert journal.meta("sync.cursor") == "who we are"
        assert journal.meta("audit.key") is None
        assert journal.meta("sync.block.case") is None
        assert journal.counts().others_unsent == 1


def test_the_salt_is_kept_elsewhere_or_in_the_log(world: World) -> None:
    world.damage(world.file, 0)
    made = world.folder / "journal.made"
    assert len(made.read_bytes()) == 16
    made.write_bytes(b"")
    check(world).close()


@pytest.mark.parametrize("left", [1, 4095, 4096, 12 * 4096 + 17, -1, -4096])
def test_a_file_that_was_cut_off_gives_what_is_left_and_its_log(world: World, left: int) -> None:
    size = world.file.stat().st_size
    os.truncate(world.file, left if left > 0 else size + left)
    if left < 0 and size // 4096 in world.logged():  # the one page that was hit is whole in the log
        with opened(world.folder) as journal:
            assert aside.set_aside(world.folder) == []
            assert journal.verify().problems == ()
            assert {row.case_id for row in journal.cases()} == set(world.cases)
        return
    with check(world, None) as journal:
        held = {row.case_id for row in journal.cases()}
        gone = {item for item, _ in events(journal, "item.lost")}
        assert set(world.last) <= held | gone
        ((_, said),) = events(journal, "journal.rescued")
        assert said["missing"] > 0 or said["lost"] == 0


def test_a_log_that_is_gone_is_told_by_the_mark_and_its_numbers_are_not_used_again(world: World) -> None:
    world.wal.unlink()
    with check(world, None) as journal:
        ((_, said),) = events(journal, "journal.rescued")
        assert (said["reason"], said["missing"]) == ("rows", world.head.seq - said["rows"])
        assert not set(world.last) & {row.case_id for row in journal.cases()}


def test_rows_behind_a_torn_frame_of_the_log_are_saved_if_they_were_confirmed(world: World) -> None:
    """SQLite takes the torn frame for the end; the pages behind it hold by themselves."""
    data = bytearray(world.wal.read_bytes())
    data[32 + 24 + 100] ^= 1  # in the first frame
    world.wal.write_bytes(data)
    with check(world, None) as journal:
        held = {row.case_id for row in journal.cases()}
        assert set(world.last) <= held


def test_a_file_put_back_from_before_is_noticed(world: World, tmp_path: Path) -> None:
    with opened(world.folder) as journal:
        journal.commit(case)
    old = tmp_path / "old"
    shutil.copytree(world.folder, old)
    with opened(world.folder) as journal:
        newest = journal.commit(case).case_no
    shutil.copy(old / FILE, world.file)
    with opened(world.folder) as journal:
        assert len(events(journal, "journal.rescued")) == 1
        assert newest not in {row.case_no for row in journal.cases()}
        assert journal.numbers_left("case") == 0


def test_a_row_that_was_changed_is_not_sent_unseen(world: World) -> None:
    connection = connect(world.file, KEY)
    (seq,) = connection.execute("SELECT seq FROM audit WHERE item = ?", (world.cases[10],)).fetchone()
    connection.execute("UPDATE audit SET about = replace(about, 'T-', 'X-') WHERE seq = ?", (seq,))
    connection.close()
    with check(world) as journal:
        row = next(row for row in journal.cases() if row.case_id == world.cases[10])
        assert (row.state, row.cause) == ("quarantined", "chain-broken")


def test_another_key_moves_nothing_and_costs_nothing(world: World) -> None:
    """SQLite itself may fold the log into the file when it closes it, as it is, encrypted: that changes no row."""
    kept = [file for file in world.folder.iterdir() if not file.name.endswith("-shm") and file != world.file]
    before = {file.name: file.read_bytes() for file in kept}
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(world.folder, bytes(32), durable=False)
    assert "not delete" in caught.value.advice
    assert aside.set_aside(world.folder) == []
    assert {name: (world.folder / name).read_bytes() for name in before} == before
    with opened(world.folder) as journal:
        assert {item.id: item for item in world.items(journal)} == world.sent
        assert journal.log() == world.log


def test_a_second_damage_is_set_aside_beside_the_first(world: World) -> None:
    world.damage(world.file, 0)
    check(world).close()
    world.damage(world.file, 0)
    with opened(world.folder) as journal:
        assert len(aside.set_aside(world.folder)) == 2
        assert journal.verify().problems == ()
        assert {item.id for item in world.items(journal)} >= set(world.sent)
    with opened(world.folder) as journal:
        assert len(aside.set_aside(world.folder)) == 2
        assert stat.S_IMODE(world.file.stat().st_mode) == 0o600
    for file in world.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.parametrize("point", rescue.FAILPOINTS)
def test_a_rescue_that_dies_anywhere_is_done_by_the_next_start(world: World, point: str) -> None:
    world.fold()
    world.damage(world.file, 2)  # where the chain's tree begins: SQLite finds no row, and none is gone
    failpoints.arm(f"{point}=raise")
    try:
        with pytest.raises(failpoints.FailpointError):
            opened(world.folder)
    finally:
        failpoints.arm("")
    with check(world) as journal:
        assert {item.id for item in world.items(journal)} >= set(world.sent)
        assert len(journal.papers_for(CLAIM)) == 25
    assert not [file.name for file in world.folder.iterdir() if "rescue" in file.name or "salvaged" in file.name]


def test_a_disk_without_room_for_the_new_file_leaves_everything_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fold()
    world.damage(world.file, 2)
    before = world.file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rescue, "_fold", full)
        with pytest.raises(JournalError) as caught:
            opened(world.folder)
    assert caught.value.code == "journal-full"
    assert world.file.read_bytes() == before
    check(world).close()


def test_the_mark_is_this_logs_and_never_ahead(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.add_block(Block("case", 1, 9))
        journal.commit(case)
        assert mark.read(tmp_path) == (journal.log()[:32], journal.head().seq)
        failpoints.arm("journal.before_commit=raise")
        with pytest.raises(failpoints.FailpointError):
            journal.commit(case)
        failpoints.arm("")
        assert mark.read(tmp_path).seq == journal.head().seq
    (tmp_path / mark.FILE).write_bytes(bytes(16) + (10**6).to_bytes(8, sys.byteorder))
    opened(tmp_path).close()
    (tmp_path / mark.FILE).write_bytes(b"\0" * 54)
    with opened(tmp_path) as journal:
        assert mark.read(tmp_path) == (journal.log()[:32], journal.head().seq)
    assert aside.set_aside(tmp_path) == []


def test_a_large_journal_is_looked_at_behind_its_opening_and_mended_without_a_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not read whole before it is used."""
    monkeypatch.setattr(opening, "WHOLE_CHECK_UP_TO", 0)
    world.fold()
    pages = Pages(world.file, None, KEY, ())
    plain = {page.number: pages._plain(page) for page in pages.good}
    spilled = {number for number, data in plain.items() if data[0] == 0 and number > 1}
    behind = sorted(spilled & {int.from_bytes(plain[number][:4]) for number in spilled})
    world.damage(world.file, *(number - 1 for number in behind[len(behind) // 2 :]))  # sealed bytes, and no words
    with opened(world.folder) as journal:
        assert journal.looked(60)
        assert len(aside.set_aside(world.folder)) == 1
        assert len(world.items(journal)) > 0
        assert events(journal, "item.lost")
        assert journal.verify().problems == ()
    assert not (world.folder / "journal.suspect").exists()


def test_doctor_says_that_one_was_set_aside_until_it_is_moved_away(world: World, tmp_path: Path) -> None:
    (world.folder / "journal.key").write_bytes(KEY)
    world.fold()
    world.damage(world.file, 2)
    opened(world.folder).close()
    found = books.examine(world.folder).checks[0]
    (name,) = aside.set_aside(world.folder)
    assert (found.state, name in found.finding) == ("attention", True)
    assert "journal.key" in found.advice
    for file in world.folder.glob(f"{name}*"):
        file.rename(tmp_path / file.name)
    assert books.examine(world.folder).checks[0].state == "ok"
