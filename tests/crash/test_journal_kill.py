"""kill -9 at seeded random moments and at every failpoint: no case or a whole case, every time.

Rounds by KIOSK_CRASH_ROUNDS (20), seed by KIOSK_CRASH_SEED. The child reports each case it was told is committed;
after the kill the journal must hold all of these, at most one more, and nothing else.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk.journal import packs
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import Block
from kiosk.journal.store import FAILPOINTS

ROUNDS = int(os.environ.get("KIOSK_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("KIOSK_CRASH_SEED", "724"))

CHILD = """
import hashlib, os, sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk.domain.case import new_case_id
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import AckRecord, CaseRecord, SealedMaterial

folder = Path(sys.argv[1])
journal = Journal.open(folder, load_or_create_key(folder))
print("open", flush=True)

def build(numbers):
    number = numbers.take("case")
    data = os.urandom((9000, 90_000)[number % 2])  # in its row, in a pack
    material = SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data)
    return CaseRecord(new_case_id(), str(number), "s", "1", "approved", "final", "face",
                      datetime.now(UTC), True, os.urandom(3000), (material,))

while True:
    print(journal.commit(build).case_id, flush=True)
    for item in journal.due(datetime.now(UTC), 1, 10**6):
        journal.acknowledge([AckRecord(item.id, item.hash, "now", "k", "s")])
"""


class Child:
    def __init__(self, folder: Path, extra: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, env=os.environ | extra
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout
        self.text = b""

    def read(self, until: float) -> None:
        """Take in what the child says until that monotonic moment, or until it ends."""
        while (left := until - time.monotonic()) > 0:
            if select.select([self.out], [], [], left)[0]:
                data = os.read(self.out.fileno(), 65536)
                if not data:
                    return
                self.text += data

    def wait_open(self) -> None:
        deadline = time.monotonic() + 30
        while b"open\n" not in self.text:
            assert time.monotonic() < deadline, "the child did not open the journal"
            assert self.process.poll() is None, "the child ended by itself"
            self.read(min(time.monotonic() + 0.05, deadline))

    def kill(self) -> set[str]:
        """End it if it still runs; the ids of the cases it was told are committed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.read(time.monotonic() + 30)
        self.out.close()
        assert self.process.returncode == -signal.SIGKILL
        lines = self.text.decode().split("\n")[:-1]  # a last line without its end was not said
        return set(lines) - {"open"}


def ready(folder: Path) -> Path:
    with Journal.open(folder, load_or_create_key(folder)) as journal:
        journal.add_block(Block("case", 1, 10_000_000))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ready(tmp_path)


def check(folder: Path, told: set[str]) -> set[str]:
    with Journal.open(folder, load_or_create_key(folder)) as journal:
        report = journal.verify()
        assert report.problems == ()
        rows = journal.cases()
        held = {row.case_id for row in rows}
        assert told <= held, "a case that was promised is gone"
        assert [int(row.case_no) for row in rows] == list(range(1, len(rows) + 1)), "a number was doubled or lost"
        assert all(row.attachments == 1 for row in rows)
        assert len(list(folder.glob(f"{packs.FOLDER}/*"))) == (len(rows) + 1) // 2, "a pack too many or too few"
    return held


@pytest.mark.timeout(600)
def test_killed_at_random_moments_the_journal_holds_whole_cases_only(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    told: set[str] = set()
    folder = tmp_path
    for turn in range(ROUNDS):
        if turn % 15 == 0:  # a new one, because verifying an ever longer journal takes ever longer
            folder, told = ready(tmp_path / str(turn)), set()
        child = Child(folder, {})
        try:
            child.wait_open()
            child.read(time.monotonic() + chance.uniform(0, 0.08))
        finally:
            new = child.kill()
        told |= new
        held = check(folder, told)
        assert len(held - told) <= 1, f"round {turn}, seed {SEED}: more than the one case in flight appeared"
        told = held


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", [*FAILPOINTS, *packs.FAILPOINTS])
def test_killed_at_each_failpoint_the_journal_holds_whole_cases_only(folder: Path, point: str) -> None:
    told: set[str] = set()
    hits = (1,) if point == "journal.checkpoint" else (2, 3, 8)
    for hit in hits:
        child = Child(folder, {"KIOSK_FAILPOINTS": f"{point}=kill@{hit}"})
        try:
            child.read(time.monotonic() + 30)  # until it has killed itself
        finally:
            new = child.kill()
        held = check(folder, told | new)
        unexpected = held - told - new
        durable_but_not_told = point in ("journal.after_commit", "journal.checkpoint")
        assert len(unexpected) <= (1 if durable_but_not_told else 0)
        told = held
    assert told


@pytest.mark.timeout(120)
def test_killed_while_it_makes_its_first_file_the_journal_opens_afterwards(tmp_path: Path) -> None:
    for hit in (1, 2):
        child = Child(tmp_path, {"KIOSK_FAILPOINTS": f"journal.before_commit=kill@{hit}"})
        try:
            child.read(time.monotonic() + 30)
        finally:
            child.process.kill()
            child.process.wait(30)
            child.out.close()
    assert check(tmp_path, set()) == set()
