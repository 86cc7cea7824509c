"""Killed while bytes are erased, a draft kept or ended, a supplement handed in: each is as before, or as after."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health.failpoints import VARIABLE
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.journal import Journal
from kiosk.journal.packs import FOLDER
from kiosk.journal.records import AckRecord, Block, CaseRecord, SealedMaterial

CHILD = Path(__file__).with_name("life_child.py")
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CASE = "01970000-0000-7000-8000-000000000002"
CLAIM, KEY = b"0123456789abcdef", bytes(range(32))
PICTURE = bytes(300_000)
DEEDS = [
    ("erase", "retention.erased", False), ("erase", "journal.before_commit@2", False),
    ("erase", "journal.after_commit@2", True), ("keep", "draft.written", False),
    ("supplement", "pack.durable", False), ("supplement", "deed.written", False),
    ("supplement", "journal.after_commit@2", True), ("keep", "journal.after_commit@2", True),
    ("commit", "journal.middle", False),
    ("commit", "journal.before_commit@2", False), ("commit", "journal.after_commit@2", True),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "point", "done"), DEEDS, ids=[f"{deed}-{point}" for deed, point, _ in DEEDS])
def test_it_is_as_before_or_as_after(tmp_path: Path, deed: str, point: str, done: bool) -> None:
    picture = SealedMaterial(hashlib.sha256(PICTURE).hexdigest(), "page", PICTURE)
    with Journal.open(tmp_path, KEY, clock=lambda: NOW) as journal:
        journal.add_block(Block("case", 1, 100))
        journal.keep_draft(KeptDraft(CLAIM, b"older", NOW + timedelta(days=7)))
        journal.commit(
            lambda numbers: CaseRecord(
                new_case_id(), f"T-{numbers.take('case')}", "p", "1", "approved", "final", "face", NOW, False,
                b"sealed", (picture,),
            )
        )  # fmt: skip
        (item,) = journal.due(NOW, 1, 1 << 30)
        journal.acknowledge([AckRecord(item.id, item.hash, NOW.isoformat(), "k", "s")])
    ended = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path), deed], capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {VARIABLE: f"{point.partition('@')[0]}=kill@{point.partition('@')[2] or 1}"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert ended.stdout == "open\n"
    with Journal.open(tmp_path, KEY, clock=lambda: NOW) as journal:
        report = journal.verify()
        assert report.ok, report.problems
        found = journal.draft_for(CLAIM)
        told = (len(journal.cases()), journal.cases()[0].life, found.sealed if found else None)
        packs = len(list((tmp_path / FOLDER).iterdir()))
        handed_in = journal.deeds_of(CASE)
        waiting = [item.kind for item in journal.due(NOW, 10, 1 << 30) if item.kind == "supplement"]
    before = (1, "archived", b"older")
    after = {"erase": (1, "erased", b"older"), "keep": (1, "archived", b"newer"), "commit": (2, "archived", None)}
    after["supplement"] = before
    assert (len(handed_in), len(waiting)) == ((1, 1) if deed == "supplement" and done else (0, 0))
    assert told == (after[deed] if done else before)
    assert packs == ({"erase": 0, "supplement": 2}.get(deed, 1) if done else 1)
