"""A journal that was closed in order begins at once, and is looked at beside its work; any other is looked at first."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health import failpoints
from kiosk.journal import aside, closed, mark, opening, rescue
from kiosk.journal.connection import FILE, connect
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.journal import Journal
from kiosk.journal.pages import Pages
from kiosk.journal.records import AckRecord, Block, CaseRecord, Numbers, OutboxItem, SealedMaterial

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WAL = f"{FILE}-wal"
CASES = 16
SECONDS = 60.0


def case(numbers: Numbers) -> CaseRecord:
    data = os.urandom(9000)
    return CaseRecord(
        new_case_id(), f"T-{numbers.take('case'):06d}", "s", "1", "approved", "final", "face", NOW, True,
        os.urandom(3000), (SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data),),
    )  # fmt: skip


def opened(folder: Path, *, durable: bool = False) -> Journal:
    return Journal.open(folder, KEY, clock=lambda: NOW, durable=durable)


def items(journal: Journal) -> list[OutboxItem]:
    return journal.due(NOW + timedelta(days=1), 1000, 1 << 30)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that was closed in order: 16 cases, 4 of them acknowledged, one set aside."""
    folder = tmp_path_factory.mktemp("look") / "journal"
    with opened(folder) as journal:
        journal.add_block(Block("case", 1, 1000))
        for _ in range(CASES):
            journal.commit(case)
        found = items(journal)
        journal.acknowledge([AckRecord(item.id, item.hash, "now", "key", "c2ln") for item in found[:4]])
        journal.set_aside(found[4].id, "rejected", "bad-schema")
    with opened(folder, durable=True) as journal:  # its log has the length that is kept
        assert journal.looked(SECONDS)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The same for each test, as if it had been closed in this place."""
    shutil.copytree(made, tmp_path / "journal")
    closed.tell(tmp_path / "journal", KEY)
    return tmp_path / "journal"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """Each look as it comes: whether at every page, and whether before the opening returns."""
    seen: list[tuple[bool, bool]] = []
    real = opening.look

    def look(connection: Any, folder: Path, *, every_page: bool) -> None:
        seen.append((every_page, threading.current_thread() is threading.main_thread()))
        real(connection, folder, every_page=every_page)

    monkeypatch.setattr(opening, "look", look)
    return seen


BESIDE, FIRST = [(True, False)], [(True, True)]


def damage(folder: Path, *pages: int) -> None:
    """Bits that flip while nobody has the file open: its times are what they were."""
    data = bytearray((folder / FILE).read_bytes())
    for page in pages:
        data[page * 4096 + 77] ^= 0x10
    (folder / FILE).write_bytes(data)
    closed.tell(folder, KEY)


def test_closed_in_order_it_begins_at_once_and_every_page_is_looked_at_beside_its_work(
    folder: Path, looks: list[tuple[bool, bool]]
) -> None:
    with opened(folder) as journal:
        journal.commit(case)
        assert journal.looked(SECONDS)
        assert looks == BESIDE
        assert journal.counts().committed == CASES + 1
        assert journal.verify().problems == ()
    looks.clear()
    opened(folder).close()
    assert looks in ([], BESIDE)  # it may be stopped before it begins


def test_what_was_counted_on_closing_is_believed_only_of_the_same_end_of_the_log(folder: Path) -> None:
    with opened(folder) as journal:
        told = journal.counts()
        assert (told.committed, told.queued, told.acknowledged, told.rejected) == (CASES, CASES - 5, 4, 1)
        assert told.oldest_unsent_at == NOW
        journal.commit(case)
        assert journal.counts().queued == CASES - 4
        image = folder.with_name("image")
        shutil.copytree(folder, image)
    with opened(image) as journal:
        assert journal.counts().queued == CASES - 4


def written(folder: Path) -> None:
    connection = connect(folder / FILE, KEY)
    connection.execute("INSERT INTO meta VALUES ('x', 'y')")
    connection.close()


def put_back(folder: Path) -> None:
    """Another file under its name, its times set to those of the one before."""
    found = (folder / FILE).stat()
    shutil.copy(folder / FILE, folder / "copy")
    (folder / "copy").replace(folder / FILE)
    os.utime(folder / FILE, ns=(found.st_atime_ns, found.st_mtime_ns))


def set_back(folder: Path) -> None:
    found = (folder / FILE).stat()
    os.utime(folder / FILE, ns=(found.st_atime_ns, found.st_mtime_ns))


def other_log(folder: Path) -> None:
    (folder / WAL).write_bytes(bytes((folder / WAL).stat().st_size))


def suspect(folder: Path) -> None:
    opening.suspect(folder)


def other_word(folder: Path) -> None:
    told = bytearray((folder / closed.TOLD).read_bytes())
    told[0] ^= 1
    (folder / closed.TOLD).write_bytes(told)


@pytest.mark.parametrize(
    "touch", [written, put_back, set_back, other_log, suspect, other_word], ids=lambda touch: touch.__name__
)
def test_whatever_was_touched_since_is_looked_at_first(
    folder: Path, looks: list[tuple[bool, bool]], touch: Callable[[Path], None]
) -> None:
    touch(folder)
    with opened(folder) as journal:
        assert looks == FIRST
        assert journal.looked(0)
        assert journal.verify().problems == ()
        assert len(items(journal)) == CASES - 5


def test_after_a_crash_it_is_looked_at_first(folder: Path, looks: list[tuple[bool, bool]]) -> None:
    opened(folder)._abandon()  # the system closes what a killed process had open, and nothing is told
    looks.clear()
    opened(folder).close()
    assert looks == FIRST


def test_a_look_that_was_stopped_is_made_first_by_the_next_opening(
    folder: Path, looks: list[tuple[bool, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, real = threading.Event(), opening.look

    def endless(connection: Any, *_: Any, **__: Any) -> None:
        begun.set()
        connection.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n")

    monkeypatch.setattr(opening, "look", endless)
    journal = opened(folder)
    assert begun.wait(SECONDS)
    assert not journal.looked(0)
    journal.close()
    assert not (folder / closed.TOLD).exists()
    monkeypatch.setattr(opening, "look", real)
    opened(folder).close()
    assert aside.set_aside(folder) == []
    assert (folder / closed.TOLD).exists()


def test_whatever_page_was_damaged_while_it_was_closed_the_work_goes_on_in_a_new_journal(
    folder: Path, tmp_path: Path
) -> None:
    """The same promises as those of a start that looks first, without a start."""
    with opened(folder) as journal:
        sent = {item.id: item for item in items(journal)}
        assert journal.looked(SECONDS)
    pages = (folder / FILE).stat().st_size // 4096
    mended = 0
    for page in range(0, pages, 8):
        image = tmp_path / f"page-{page}"
        shutil.copytree(folder, image)
        damage(image, page)
        with opened(image) as journal:
            assert journal.looked(SECONDS)
            assert len(aside.set_aside(image)) == 1, page
            found = {item.id: item for item in items(journal)}
            assert journal.verify().problems == ()
            lost = set(json.loads(journal.meta(rescue.META) or "{}")["lost"])
            assert set(found) >= set(sent) - lost, page
            assert len(lost) < CASES, page
            for item_id, item in found.items():
                if item_id in sent:
                    assert (item.sealed, item.attachments) == (sent[item_id].sealed, sent[item_id].attachments)
            journal.add_block(Block("case", 5001, 5010))
            assert journal.commit(case).case_no == "T-005001", "no number of the damaged journal is used again"
            assert journal.verify().problems == ()
        mended += 1
        shutil.rmtree(image)
    assert mended > 5


def test_damage_that_a_claim_meets_first_costs_that_claim_and_nothing_more(folder: Path) -> None:
    with opened(folder) as journal:
        assert journal.looked(SECONDS)
    pages = Pages(folder / FILE, None, KEY, ())
    plain = {page.number: pages._plain(page) for page in pages.good}
    spilled = {number for number, data in plain.items() if data[0] == 0 and number > 1}
    behind = spilled & {int.from_bytes(plain[number][:4]) for number in spilled}  # sealed bytes, and no words
    damage(folder, *(number - 1 for number in sorted(behind)[len(behind) // 2 :]))
    journal = opened(folder)
    assert journal._look is not None
    journal._look.stop()
    if not aside.set_aside(folder):
        with pytest.raises(JournalDamaged):
            items(journal)
    assert len(aside.set_aside(folder)) == 1
    assert len(items(journal)) > 0
    journal.add_block(Block("case", 5001, 5010))
    journal.commit(case)
    assert journal.verify().problems == ()
    assert not (folder / opening.SUSPECT).exists()
    journal.close()


def test_a_journal_that_cannot_be_mended_says_so_to_every_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder) as journal:
        assert journal.looked(SECONDS)
    damage(folder, *range(1, 12))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.journal.rescue._fold", full)
        try:
            journal = opened(folder)
        except Exception as error:  # it may be met by the opening itself
            assert getattr(error, "code", "") == "journal-full"  # noqa: PT017
        else:
            assert journal.looked(SECONDS)
            for call in (lambda: items(journal), lambda: journal.commit(case), journal.head):
                with pytest.raises(Exception, match="no room left") as caught:
                    call()
                assert caught.value.code == "journal-full"  # type: ignore[attr-defined]
            journal._abandon()
    assert aside.set_aside(folder) == []
    with opened(folder) as journal:
        assert len(aside.set_aside(folder)) == 1
        assert journal.verify().problems == ()


# -- the log


def test_the_log_lies_ready_with_its_blocks_from_one_opening_to_the_next(folder: Path) -> None:
    ready = (folder / WAL).stat()
    with opened(folder, durable=True) as journal:
        journal.commit(case)
        assert journal.looked(SECONDS)
        assert (folder / WAL).stat().st_ino == ready.st_ino
        assert (folder / WAL).stat().st_size == ready.st_size
        assert (folder / WAL).read_bytes()[:4] in (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
    assert (folder / WAL).stat().st_ino == ready.st_ino
    assert (folder / WAL).read_bytes()[:32] == bytes(32)
    assert not (folder / closed.ROOM).exists()


def test_an_opening_is_synced_once_and_promises_nothing_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, synced, go = os.fdatasync, [], threading.Event()

    def sync(handle: int) -> None:
        assert go.wait(SECONDS)
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fdatasync", sync)
    before = mark.read(folder).seq
    journal = opened(folder, durable=True)
    assert journal.counts().committed == CASES
    assert mark.read(folder).seq == before, "not before it is durable"
    go.set()
    assert journal.head().seq == before + 1
    assert mark.read(folder).seq == before + 1
    assert synced == [str(folder / WAL)]
    (synchronous,) = journal._read(lambda c: c.execute("PRAGMA synchronous").fetchone())
    assert synchronous == 1
    journal.close()


def test_an_opening_that_a_power_cut_takes_back_is_no_damage(folder: Path, tmp_path: Path) -> None:
    """Header and frames of its one row reach the disk in any order, or not at all."""
    image, ready = tmp_path / "image", (folder / WAL).read_bytes()
    shutil.copytree(folder, image)
    closed.tell(image, KEY)
    with opened(image, durable=True) as journal:
        assert journal.looked(SECONDS)
        log, end = (image / WAL).read_bytes(), journal.head().seq
    first = next(at for at in range(32, len(log)) if log[at : at + 8] != ready[at : at + 8])
    for cut in (0, 16, 32, first + 8, 32 + 24 + 2000, 32 + 4120, len(log)):
        for torn in (log[:cut] + ready[cut:], ready[:cut] + log[cut:]):
            shutil.rmtree(image)
            shutil.copytree(folder, image)
            (image / WAL).write_bytes(torn)
            with opened(image) as journal:
                assert aside.set_aside(image) == [], cut
                assert journal.head().seq in (end, end + 1)
                assert journal.verify().problems == ()


def again(journal: Journal) -> None:
    journal.close()
    opened(journal._folder, durable=True).close()


@pytest.mark.parametrize("point", closed.FAILPOINTS)
def test_killed_anywhere_between_closing_and_opening_nothing_is_lost(folder: Path, point: str) -> None:
    with opened(folder, durable=True) as journal:
        assert journal.looked(SECONDS)
        known = journal.commit(case).case_id
        failpoints.arm(f"{point}=raise")
        try:
            with pytest.raises(failpoints.FailpointError):
                again(journal)
        finally:
            failpoints.arm("")
    for _ in range(2):
        with opened(folder, durable=True) as journal:
            assert journal.looked(SECONDS)
            assert known in {item.id for item in items(journal)}
            assert journal.verify().problems == ()
    assert aside.set_aside(folder) == []
