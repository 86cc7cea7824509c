"""A commit is on the disk before anybody is told: synced once, after its last byte, and never told if that fails."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.journal.connection import FILE
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block, CaseRecord, Numbers

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def case(numbers: Numbers) -> CaseRecord:
    number = f"T-{numbers.take('case'):06d}"
    return CaseRecord(new_case_id(), number, "s", "1", "approved", "final", "face", NOW, True, os.urandom(4096))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "journal", KEY, durable=False) as journal:
        journal.add_block(Block("case", 1, 1000))
    return tmp_path / "journal"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: syncs cannot be seen")
def test_each_commit_is_synced_after_its_last_byte_and_before_it_returns(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync,pwrite64,write,readlink",
         sys.executable, "-m", "kiosk.journal.bench_queue", str(tmp_path / "bench")],
        check=True, timeout=120, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    commits: list[str] = []
    inside = False
    for line in trace.read_text("utf-8").splitlines():
        if "kiosk-bench-mark" in line:
            inside = "mark-begin" in line
            commits += [""] * inside
        elif inside and f"{FILE}-wal" in line:
            commits[-1] += "w" if "write" in line else "s"
    assert len(commits) == 12
    for commit in commits:
        assert commit.endswith("ws"), commit
        assert commit.count("s") == 1, commit


@pytest.mark.parametrize("number", [errno.EIO, errno.EBUSY, errno.ENOSPC])
def test_a_sync_that_fails_is_told_as_unknown_and_nothing_more_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    journal = Journal.open(folder, KEY)
    journal.head()  # the opening itself is durable
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(JournalError) as caught:
            journal.commit(case)
    assert caught.value.code == "journal-uncertain"
    with pytest.raises(JournalError) as caught:
        journal.commit(case)
    assert caught.value.code == "journal-stopped"
    with pytest.raises(JournalError):
        journal.close()
    with Journal.open(folder, KEY) as again:  # only a restart tells: here the system still had the bytes
        assert again.counts().committed == 1
        assert again.verify().problems == ()


@pytest.mark.parametrize("durable", [True, False])
def test_what_is_left_out_of_sqlites_syncs_is_the_one_that_is_done_here(folder: Path, durable: bool) -> None:
    with Journal.open(folder, KEY, durable=durable) as journal:
        (synchronous,) = journal._read(lambda c: c.execute("PRAGMA synchronous").fetchone())
        assert synchronous == (1 if durable else 0)
        assert (journal._store._log >= 0) == durable
