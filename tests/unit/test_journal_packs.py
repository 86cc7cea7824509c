"""Materials in packs: durable before the row that names them, gone when nobody does, found broken when they are."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health import failpoints
from kiosk.journal import packs, rescue
from kiosk.journal.connection import FILE, dbapi
from kiosk.journal.errors import JournalError, NumbersExhausted
from kiosk.journal.journal import Journal
from kiosk.journal.packs import FOLDER, FROM
from kiosk.journal.records import AckRecord, Block, CaseRecord, KeptPaper, Numbers, SealedMaterial

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PICTURES = tuple(bytes([65 + n]) * (FROM // 2 + n) for n in range(5))


def opened(folder: Path) -> Journal:
    return Journal.open(folder, KEY, clock=lambda: NOW, durable=False)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with opened(tmp_path / "journal") as journal:
        journal.add_block(Block("case", 1, 1000))
    yield tmp_path / "journal"
    failpoints.arm("")


def photos(*materials: bytes) -> tuple[SealedMaterial, ...]:
    return tuple(SealedMaterial(hashlib.sha256(m).hexdigest(), "photo", m) for m in materials)


def case(*materials: bytes, kept: tuple[KeptPaper, ...] = (), case_id: str = "") -> Callable[[Numbers], CaseRecord]:
    def build(numbers: Numbers) -> CaseRecord:
        return CaseRecord(
            case_id or new_case_id(), f"T-{numbers.take('case'):06d}", "individual-business", "1.0.0", "approved",
            "final", "face", NOW, False, b"envelope of " + materials[0][:8],
            photos(*materials), kept,
        )  # fmt: skip

    return build


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / FOLDER).glob("*")}


def names_of(*materials: bytes) -> str:
    digests = "".join(hashlib.sha256(material).hexdigest() for material in materials)
    return hashlib.sha256(digests.encode()).hexdigest()


def attachments(journal: Journal) -> list[tuple[bytes, ...]]:
    return [tuple(data for _, data in item.attachments) for item in journal.due(LATER, 100, 1 << 30)]


# -- where materials are


def test_large_materials_are_one_file_named_by_its_content_and_come_out_as_they_went_in(folder: Path) -> None:
    with opened(folder) as journal:
        record = journal.commit(case(*PICTURES))
        assert files(folder) == {names_of(*PICTURES): b"".join(PICTURES)}
        (item,) = journal.due(LATER, 10, 1)
        assert item.sealed == record.sealed
        assert item.attachments == tuple((m.sha256, m.data) for m in record.attachments)
        assert journal.verify().problems == ()
        for path in (folder / FOLDER, *(folder / FOLDER).iterdir()):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert (folder / FILE).stat().st_size < sum(map(len, PICTURES)), "they are in the file as well"


def test_small_materials_stand_in_the_row(folder: Path) -> None:
    small = (b"a" * (FROM // 2), b"b" * (FROM // 2))
    with opened(folder) as journal:
        journal.commit(case(*small))
        assert not (folder / FOLDER).exists()
        assert attachments(journal) == [small]
        assert journal.verify().problems == ()


@pytest.mark.parametrize("size", [1, FROM, FROM + 1, 3 * FROM])
def test_papers_kept_behind_a_row_never_make_its_materials_doubtful(folder: Path, size: int) -> None:
    """A row's length alone tells whether there is a pack: also where the papers are larger than the pictures."""
    paper = KeptPaper(b"c" * 16, os.urandom(size), LATER, paper_id="licence")
    pictures = (b"a" * FROM, b"b" * (FROM // 2))
    with opened(folder) as journal:
        journal.commit(case(*pictures, kept=(paper,)))
        assert journal.verify().problems == ()  # not filed yet
    with opened(folder) as journal:
        assert attachments(journal) == [pictures]
        assert [one.sealed for one in journal.papers_for(b"c" * 16)] == [paper.sealed]
        assert journal.verify().problems == ()


def test_export_and_the_next_opening_find_them(folder: Path) -> None:
    with opened(folder) as journal:
        journal.commit(case(*PICTURES))
    with opened(folder) as journal:
        assert attachments(journal) == [PICTURES]
        out = io.BytesIO()
        journal.export(out)
        line = json.loads(out.getvalue())
        assert [part["sha256"] for part in line["attachments"]] == [hashlib.sha256(p).hexdigest() for p in PICTURES]
        assert all(part["data"] for part in line["attachments"])


# -- a pack without a row


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("point", ["pack.written", "pack.durable", "journal.middle", "journal.before_commit"])
def test_a_commit_that_fails_leaves_no_pack(folder: Path, point: str, beside: bool) -> None:
    with opened(folder) as journal:
        failpoints.arm(f"{point}=raise")
        with pytest.raises(failpoints.FailpointError):
            journal.commit(case(*PICTURES), photos(*PICTURES) if beside else ())
        failpoints.arm("")
        assert files(folder) in ({}, {names_of(*PICTURES): b"".join(PICTURES)})  # raised inside `put`: a bug, swept
        assert journal.counts().committed == 0
    with opened(folder) as journal:
        journal.head()  # the first turn, in which it is swept, is over
        assert files(folder) == {}


def test_a_pack_that_is_written_beside_waits_for_its_case_and_goes_without_it(folder: Path) -> None:
    """Whatever was announced: what is there in the end are the attachments of the record."""
    others = PICTURES[::-1]
    with opened(folder) as journal:

        def refused(numbers: Numbers) -> CaseRecord:
            raise NumbersExhausted("case")

        with pytest.raises(NumbersExhausted):
            journal.commit(refused, photos(*PICTURES))
        assert files(folder) == {}
        journal.commit(case(*others), photos(*PICTURES))
        assert list(files(folder)) == [names_of(*others)]
        journal.commit(case(b"small"), photos(*others))
        assert list(files(folder)) == [names_of(*others)], "the pack of an earlier case has gone"
        journal.commit(case(*PICTURES), photos(*PICTURES))
        journal.commit(case(*PICTURES))
        assert attachments(journal) == [others, (b"small",), PICTURES, PICTURES]
        assert journal.verify().problems == ()


def test_the_same_pictures_again_under_a_refused_id_keep_the_first_cases_pack(folder: Path) -> None:
    with opened(folder) as journal:
        first = journal.commit(case(*PICTURES))
        with pytest.raises(JournalError) as caught:
            journal.commit(case(*PICTURES, case_id=first.case_id))
        assert caught.value.code == "item-exists"
        assert attachments(journal) == [PICTURES]
    with opened(folder) as journal:
        assert attachments(journal) == [PICTURES]


CHILD = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_journal_packs import PICTURES, case, opened
with opened(Path(sys.argv[1])) as journal:
    print(journal.commit(case(*PICTURES)).case_id, flush=True)
"""
BESIDE = CHILD.replace("import PICTURES", "import photos, PICTURES").replace(
    "case(*PICTURES)", "case(*PICTURES), photos(*PICTURES)"
)


@pytest.mark.parametrize(
    ("point", "committed", "script"),
    [
        ("pack.written", 0, CHILD), ("pack.durable", 0, CHILD), ("journal.before_commit", 0, CHILD),
        ("journal.after_commit", 1, CHILD), ("pack.written", 0, BESIDE), ("journal.after_commit", 1, BESIDE),
    ],
)  # fmt: skip
def test_killed_anywhere_a_case_is_whole_or_nothing_of_it_is_left(
    folder: Path, point: str, committed: int, script: str
) -> None:
    hit = 2 if point in ("journal.before_commit", "journal.after_commit") else 1  # the opening is a write as well
    child = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(Path(__file__).parent)],
        env=os.environ | {failpoints.VARIABLE: f"{point}=kill@{hit}"}, capture_output=True, timeout=60,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert len(files(folder)) == 1
    with opened(folder) as journal:
        assert len(files(folder)) == committed
        assert attachments(journal) == [PICTURES] * committed
        assert journal.verify().problems == ()


def test_a_pack_of_a_case_that_is_not_filed_yet_is_not_swept(folder: Path) -> None:
    with opened(folder) as journal:
        journal.commit(case(*PICTURES))
        shutil.copytree(folder, folder.with_name("image"))  # as after a power cut
    (folder.with_name("image") / FOLDER / ("0" * 64)).write_bytes(b"of a commit that did not come about")
    with opened(folder.with_name("image")) as journal:
        assert list(files(folder.with_name("image"))) == [names_of(*PICTURES)]
        assert attachments(journal) == [PICTURES]


def test_a_full_disk_is_told_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) > 1000 and os.readlink(f"/proc/self/fd/{handle}").count(f"/{FOLDER}/"):
            raise OSError(errno.ENOSPC, "no space")
        return real(handle, data)

    with opened(folder) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            for beside in ((), photos(*PICTURES)):
                with pytest.raises(JournalError) as caught:
                    journal.commit(case(*PICTURES), beside)
                assert caught.value.code == "journal-full"
                assert files(folder) == {}
        journal.commit(case(*PICTURES))
        assert attachments(journal) == [PICTURES]


def test_after_a_commit_that_nobody_knows_of_the_pack_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise dbapi.OperationalError("disk I/O error")

    with opened(folder) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(journal._store, "_execute", failing)
            with pytest.raises(JournalError) as caught:
                journal.commit(case(*PICTURES))
            assert caught.value.code == "journal-uncertain"
            assert list(files(folder)) == [names_of(*PICTURES)]
        journal._store._stopped = False  # so that it closes; the process would end here


# -- a pack that is damaged, and one that is not wanted any more


def test_a_damaged_pack_is_found_and_stops_nothing_else(folder: Path) -> None:
    others = tuple(picture[::-1] + b"!" for picture in PICTURES)
    with opened(folder) as journal:
        journal.commit(case(*PICTURES))
        journal.commit(case(*others))
        pack = folder / FOLDER / names_of(*PICTURES)
        damaged = bytearray(pack.read_bytes())
        damaged[10] ^= 1
        pack.write_bytes(damaged)
        (problem,) = journal.verify().problems
        assert "part 1 does not fit its hash" in problem
        assert attachments(journal)[1] == others
        pack.unlink()
        assert len(journal.verify().problems) == len(PICTURES)
        assert attachments(journal) == [(b"",) * len(PICTURES), others]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_pack_that_cannot_be_read_for_want_of_means_is_not_taken_for_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(number, os.strerror(number))

    with opened(folder) as journal:
        journal.commit(case(*PICTURES))
        journal.counts()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", fail)
            with pytest.raises(JournalError) as caught:
                journal.due(LATER, 10, 1 << 30)
        assert caught.value.code == "journal-failed"
        assert attachments(journal) == [PICTURES]


def test_a_pack_that_is_here_already_outlives_a_commit_that_cannot_sync_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with durable(folder) as journal:
        journal.commit(case(*PICTURES))
        with monkeypatch.context() as patch:
            patch.setattr(packs, "sync_path", fail)
            with pytest.raises(JournalError):
                journal.commit(case(*PICTURES))
        assert attachments(journal) == [PICTURES]
        assert journal.verify().problems == ()


def test_what_is_erased_is_gone_from_the_disk_and_the_other_case_of_the_same_pictures_has_them(folder: Path) -> None:
    with opened(folder) as journal:
        for _ in range(2):
            journal.commit(case(*PICTURES))
        items = journal.due(LATER, 10, 1 << 30)
        journal.acknowledge([AckRecord(item.id, item.hash, NOW.isoformat(), "k", "c2ln") for item in items])
        assert journal.erase_next(LATER)
        assert list(files(folder)) == [names_of(*PICTURES)]
        assert journal.verify().problems == ()
        assert journal.erase_next(LATER)
        assert files(folder) == {}
        assert journal.verify().problems == ()


@pytest.mark.parametrize("whole", [True, False])
def test_a_rescue_takes_packs_along_and_loses_what_has_none(folder: Path, whole: bool) -> None:
    with opened(folder) as journal:
        record = journal.commit(case(*PICTURES))
        small = journal.commit(case(b"small"))
        journal.counts()
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'kept_papers'"
        (page,) = journal._read(lambda c: c.execute(sql).fetchone())
    if not whole:
        (folder / FOLDER / names_of(*PICTURES)).unlink()
    data = bytearray((folder / FILE).read_bytes())
    data[4096 * (page - 1) : 4096 * page] = bytes(4096)
    (folder / FILE).write_bytes(data)
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / ("1" * 64)).write_bytes(b"perhaps of a row that the damaged file has")
    with opened(folder) as journal:
        report = json.loads(journal.meta(rescue.META) or "{}")
        assert report["lost"] == ([] if whole else [record.case_id])
        by_id = {item.id: item for item in journal.due(LATER, 10, 1 << 30)}
        assert small.case_id in by_id
        if whole:
            assert by_id[record.case_id].attachments == tuple((m.sha256, m.data) for m in record.attachments)
            journal.acknowledge([AckRecord(record.case_id, by_id[record.case_id].hash, "now", "k", "c2ln")])
        assert "1" * 64 in files(folder), "what the damaged journal may name is nobody's to delete"
        assert journal.verify().problems == ()


# -- the order on the disk


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: syncs cannot be seen")
def test_pack_and_name_are_on_the_disk_before_the_commit(tmp_path: Path) -> None:
    script = BESIDE.replace("opened(Path(sys.argv[1]))", "durable(Path(sys.argv[1]))").replace(
        "case, opened", "case, durable"
    )
    durable(tmp_path).close()
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync,openat,pwrite64",
         sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)],
        check=True, timeout=60, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    lines = trace.read_text("utf-8").splitlines()
    begin = next(n for n, line in enumerate(lines) if f"/{FOLDER}/" in line and "O_CREAT" in line)
    done: list[str] = []
    for line in lines[begin:]:
        if "sync(" in line or ("resumed" in line and "sync" in line):
            done.append("wal" if f"{FILE}-wal" in line else "pack")
        elif f"{FILE}-wal" in line and "pwrite64(" in line:
            done.append("write")
    first = done.index("write")
    assert done[:first].count("pack") >= 2, "the row was written before its pack was durable"
    assert "wal" in done[first:]


def durable(folder: Path) -> Journal:
    """One that syncs, with numbers."""
    journal = Journal.open(folder, KEY)
    journal.add_block(Block("case", 1, 1000))
    return journal


def test_names_are_hashes_and_say_nothing() -> None:
    parts = [("case", "ab" * 32, 10), ("photo", "cd" * 32, FROM), ("photo", "ef" * 32, 1)]
    assert packs.apart(parts, 0)
    assert packs.name_of(parts) == hashlib.sha256(("cd" * 32 + "ef" * 32).encode()).hexdigest()
    assert packs.in_row(parts, 10) == 10
    assert packs.in_row(parts, 10 + FROM + 1) == 10 + FROM + 1
