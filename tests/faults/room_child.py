"""In a mount namespace of its own: a journal on a small disk, which fills in the middle of a visit. Prints all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.domain.case import new_case_id
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block, CaseRecord, Numbers
from kiosk.journal.reserve import FILE, LARGEST_CASE, SIZE

LEAST = 4 << 20
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def filled(stuff: Path, left: int) -> int:
    """Somebody else's file takes all there is, but ``left`` bytes."""
    free = shutil.disk_usage(stuff.parent).free - left
    with stuff.open("ab", buffering=0) as file:  # or what did not fit would be written once more when it is closed
        try:
            for _ in range(0, free, 1 << 16):
                file.write(bytes(1 << 16))
            if left:
                return 0
            while file.write(bytes(1 << 12)):
                pass
        except OSError as error:
            return error.errno or 0
    return 0


def small_disk(folder: Path) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={(SIZE + (64 << 20)) >> 10}k", "tmpfs", str(folder)], check=True
    )  # fmt: skip


def fold(folder: Path) -> dict[str, object]:
    """The log wants to be folded back, and the file cannot grow."""
    small_disk(folder)
    said: dict[str, object] = {}
    journal = Journal.open(folder / "journal", bytes(range(32)))
    journal.add_block(Block("case", 1, 100))
    journal.room(LEAST, make=True)

    def small(numbers: Numbers) -> CaseRecord:
        number = f"T-{numbers.take('case')}"
        return CaseRecord(new_case_id(), number, "p", "1", "approved", "final", "face", NOW, False, bytes(60_000))

    said["disk"] = filled(folder / "stuff", 0)
    for _ in range(6):
        journal.commit(small)
    assert journal._store.wants_rest()
    journal._run(journal._store.rest)  # as the house-keeping thread does it
    said["reserve"] = (folder / "journal" / FILE).exists()
    for _ in range(24):  # more than the log was made for
        journal.commit(small)
    (folder / "stuff").unlink()
    journal.commit(small)
    journal._run(journal._store.rest)
    journal.audit("visit.ended", reason="done", state="rate", saved=1, seconds=300)
    said["log"] = not journal._store.wants_rest()
    report = journal.verify()
    journal.close()
    return said | {"cases": report.cases, "problems": report.problems}


def largest(folder: Path) -> dict[str, object]:
    small_disk(folder)
    said: dict[str, object] = {}
    journal = Journal.open(folder / "journal", bytes(range(32)))
    journal.add_block(Block("case", 1, 100))
    said["before"] = journal.room(LEAST, make=True).enough
    said["disk"] = filled(folder / "stuff", 0)
    said["full"] = journal.room(LEAST, make=False).enough

    def whole(numbers: Numbers) -> CaseRecord:
        number = f"T-{numbers.take('case')}"
        return CaseRecord(new_case_id(), number, "p", "1", "approved", "final", "face", NOW, False, bytes(LARGEST_CASE))

    case = journal.commit(whole)
    said["reserve"] = (folder / "journal" / FILE).exists()
    journal.note_print(case.case_id, "receipt", "printed", 0)  # files the case: its bytes are written once more
    journal.keep_draft(KeptDraft(b"c" * 16, bytes(1 << 16), NOW + timedelta(days=7)))
    journal.audit("visit.ended", reason="done", state="rate", saved=1, seconds=300)
    said["after"] = journal.room(LEAST, make=True).enough
    journal.close()
    (folder / "stuff").unlink()
    filled(folder / "stuff", SIZE + (8 << 20))  # a start that finds no room opens with the reserve
    journal = Journal.open(folder / "journal", bytes(range(32)))
    journal.room(0, make=True)
    journal.close()
    said["stands"] = (folder / "journal" / FILE).exists()
    filled(folder / "stuff", 0)
    journal = Journal.open(folder / "journal", bytes(range(32)))
    said["opened"] = (journal.counts().committed, (folder / "journal" / FILE).exists())
    journal.close()
    (folder / "stuff").unlink()
    journal = Journal.open(folder / "journal", bytes(range(32)))
    report = journal.verify()
    said |= {"cases": report.cases, "problems": report.problems}
    said["again"] = journal.room(LEAST, make=True).enough
    journal.close()
    return said


if __name__ == "__main__":
    try:
        print(json.dumps({"largest": largest, "fold": fold}[sys.argv[2]](Path(sys.argv[1]))))
    except JournalError as error:
        print(json.dumps({"code": error.code, "message": str(error)}))
