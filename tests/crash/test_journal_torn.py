"""A power cut in the middle of a commit, as images of the disk: each opens to the state before the commit or after it.

The log (-wal) is cut or torn at seeded random bytes, keeps the sectors of before here and there, or has lost its last
sectors. Images by KIOSK_CRASH_TORN (60), seed by KIOSK_CRASH_SEED. Rescues are killed for good at each failpoint.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.journal import aside, mark, rescue
from kiosk.journal.connection import FILE
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord, Block, CaseRecord, Numbers, SealedMaterial

IMAGES = int(os.environ.get("KIOSK_CRASH_TORN", "60"))
SEED = int(os.environ.get("KIOSK_CRASH_SEED", "724"))
KEY = bytes(range(32))
SECTOR = 512
WAL = f"{FILE}-wal"
MOMENTS = 24

OPEN = """
import sys
from pathlib import Path
from kiosk.journal.journal import Journal
Journal.open(Path(sys.argv[1]), bytes(range(32))).close()
"""


def case(numbers: Numbers) -> CaseRecord:
    data = os.urandom(9000)
    return CaseRecord(
        new_case_id(), str(numbers.take("case")), "s", "1", "approved", "final", "face", datetime.now(UTC), True,
        os.urandom(3000), (SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data),),
    )  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """One write: the file, the log before and after it, the end of the chain before and after it."""

    file: bytes
    before: bytes
    after: bytes
    marked: bytes
    made: bytes
    heads: tuple[tuple[int, str], tuple[int, str]]
    cases: tuple[frozenset[str], frozenset[str]]

    def changed(self) -> tuple[int, int]:
        """The first and the last byte of the log that the write changed, and one more."""
        places = [at for at in range(0, len(self.after), 8) if self.before[at : at + 8] != self.after[at : at + 8]]
        return places[0], places[-1] + 8


def moments(folder: Path) -> list[Moment]:
    """Commits and acknowledgements, some of them the first of a log that has just begun anew."""
    found: list[Moment] = []
    with Journal.open(folder, KEY, durable=False) as journal:
        journal.add_block(Block("case", 1, 1000))
        held: set[str] = set()
        for number in range(MOMENTS):
            if number % 8 == 5:
                journal._writer.run(journal._store.checkpoint)  # as the house-keeping thread does
            marked, head = (folder / mark.FILE).read_bytes(), journal.head()
            file, before, cases = (folder / FILE).read_bytes(), (folder / WAL).read_bytes(), frozenset(held)
            if number % 4 == 3:
                (item,) = journal.due(datetime.now(UTC), 1, 1 << 20)
                if journal.head() != head or (folder / WAL).read_bytes() != before:  # looking filed what was committed
                    before, head = (folder / WAL).read_bytes(), journal.head()
                    marked = (folder / mark.FILE).read_bytes()
                journal.acknowledge([AckRecord(item.id, item.hash, "now", "k", "s")])
            else:
                held.add(journal.commit(case).case_id)
            end = journal.head()
            assert (folder / FILE).read_bytes() == file
            found.append(
                Moment(
                    file, before, (folder / WAL).read_bytes(), marked, (folder / "journal.made").read_bytes(),
                    ((head.seq, head.hash), (end.seq, end.hash)), (cases, frozenset(held)),
                )
            )  # fmt: skip
    return found


def torn(moment: Moment, chance: random.Random) -> bytes:
    """The log as a power cut in the middle of this write may leave it."""
    first, last = moment.changed()
    cut = chance.randrange(first, last + 1)
    kind = chance.randrange(5)
    if kind == 4:  # all of it came, and what lies behind it is cut or torn
        cut = chance.randrange(last, len(moment.after) + 1)
        return moment.after[:cut] + chance.choice((b"", bytes(len(moment.after) - cut)))
    if kind == 0:  # in order, up to some byte
        return moment.after[:cut] + moment.before[cut:]
    if kind == 1 and cut >= len(moment.before.rstrip(b"\0")):  # the file ends there
        return moment.after[:cut]
    size = SECTOR if kind == 2 else 4096
    log = bytearray(moment.after)
    places = range(first // size * size, last, size)
    stale = [at for at in places if chance.random() < 0.3] or [places[-1]]
    if kind == 3:  # its last sectors never came
        stale = [at for at in places if at >= cut // size * size]
    for at in stale:
        log[at : at + size] = moment.before[at : at + size]
    return bytes(log)


@pytest.mark.timeout(3600)
def test_a_torn_log_opens_to_before_or_after(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    taken = moments(tmp_path / "live")
    image = tmp_path / "image"
    seen = [0, 0]
    for number in range(IMAGES):
        moment = chance.choice(taken)
        shutil.rmtree(image, ignore_errors=True)
        image.mkdir()
        (image / FILE).write_bytes(moment.file)
        (image / WAL).write_bytes(torn(moment, chance))
        (image / mark.FILE).write_bytes(moment.marked)
        (image / "journal.made").write_bytes(moment.made)
        with Journal.open(image, KEY, durable=False) as journal:
            where = f"image {number}, seed {SEED}"
            assert aside.set_aside(image) == [], where
            seq, digest = journal._connection.execute(
                "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1 OFFSET 1"
            ).fetchone()  # the row before journal.opened
            assert (seq, digest) in moment.heads, where
            side = moment.heads.index((seq, digest))
            seen[side] += 1
            held = [row[0] for row in journal._connection.execute("SELECT id FROM cases")]
            assert len(held) == len(set(held))
            assert set(held) == moment.cases[side], where
            if number % 10 == 0:
                assert journal.verify().problems == (), where
    assert min(seen) > 0
    print(f"\n{IMAGES} images: {seen[0]} opened to before, {seen[1]} to after")


@pytest.mark.timeout(300)
def test_a_rescue_that_is_killed_is_done_by_the_next_start(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "whole", KEY, durable=False) as journal:
        journal.add_block(Block("case", 1, 1000))
        told = {journal.commit(case).case_id for _ in range(20)}
    data = bytearray((tmp_path / "whole" / FILE).read_bytes())
    data[2 * 4096 : 3 * 4096] = bytes(4096)  # where the chain's tree begins
    (tmp_path / "whole" / FILE).write_bytes(data)
    for point in rescue.FAILPOINTS:
        folder = tmp_path / point
        shutil.copytree(tmp_path / "whole", folder)
        for _ in range(2):  # killed twice at the same place, where the second start comes there again
            killed = subprocess.run(
                [sys.executable, "-c", OPEN, str(folder)], env=os.environ | {"KIOSK_FAILPOINTS": f"{point}=kill"},
                capture_output=True, timeout=60, check=False,
            )  # fmt: skip
            assert killed.returncode == -signal.SIGKILL or point == "aside.done", killed.stderr
        with Journal.open(folder, KEY, durable=False) as journal:
            assert journal.verify().problems == ()
            assert {row.case_id for row in journal.cases()} == told
            assert journal.numbers_left("case") == 0
        (name,) = aside.set_aside(folder)
        assert (folder / name).read_bytes() == bytes(data), "what was damaged is as it was found"
        assert not [file.name for file in folder.iterdir() if "rescue" in file.name or "salvaged" in file.name]
