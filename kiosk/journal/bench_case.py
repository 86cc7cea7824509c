"""`kiosk bench case`: a whole case with five pictures, against one file of the same bytes and one raw commit.

The pictures have 300 KB each, the envelope 3 KB. The reference writes the same sealed bytes as a careful program would
by hand: one new file (write, fsync), its folder (fsync), and one row with the envelope and what is said beside it (raw
sqlite3, WAL, FULL, not encrypted, its log at full length: one fsync). It neither hashes nor seals. Ours is measured as

- **sealed before**: ``Journal.commit`` alone;
- **a visit commits it**: its pages were sealed and hashed while the citizen read the review (kiosk/counter/ahead.py),
  which is not timed; timed are the JSON with their hashes, the envelope's seal and hash, and the commit;
- **all of it at once**, which nobody waits for but who scans anew at the last moment. This one has no limit.

The same sealing, not timed, comes before each turn, so that all find processor and file system alike.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from kiosk.domain.case import new_case_id
from kiosk.journal.bench_room import Ours, Raw, mark, row, syncs, turns
from kiosk.journal.records import SealedMaterial
from kiosk.journal.sealing import item_info, new_sealing_pair, seal

LIMIT, SYNCS = 1.15, 3
PICTURES, PICTURE, FIELDS, ROW = 5, 300_000, 25, 4600  # how many, their bytes; fields of 3 KB; bytes of a case's row
_FULL = 300  # commits: then no log grows


class Whole:
    """A case from what a visit holds in memory to what stands on the disk."""

    def __init__(self, folder: Path) -> None:
        self.ours = Ours(folder, 3000)
        self._public = new_sealing_pair()[1]
        self._pictures = [secrets.token_bytes(PICTURE) for _ in range(PICTURES)]
        self._fields = [
            {"name": f"field.{n}", "value": secrets.token_hex(16), "origin": "card", "trust": "A", "at": n}
            for n in range(FIELDS)
        ]

    def seal_pages(self) -> None:
        """What is done while the review is read."""
        self.ours.case_id = case_id = new_case_id()
        self._hashes = [hashlib.sha256(picture).hexdigest() for picture in self._pictures]
        self.ours.materials = tuple(
            SealedMaterial.of("photo", seal(picture, self._public, item_info("T-1", case_id, part)))
            for part, picture in enumerate(self._pictures, 1)
        )

    def seal_envelope(self) -> None:
        """What takes the words of the case."""
        ours = self.ours
        materials = [
            {"kind": sealed.kind, "media_type": "image/jpeg", "sha256": plain, "sealed": sealed.sha256, "trust": "C"}
            for plain, sealed in zip(self._hashes, ours.materials, strict=True)
        ]
        payload = {"case_id": ours.case_id, "fields": self._fields, "materials": materials}
        ours.sealed = seal(msgspec.json.encode(payload), self._public, item_info("T-1", ours.case_id))

    def prepare(self) -> None:
        """Everything but the commit."""
        self.seal_pages()
        self.seal_envelope()

    def case(self) -> None:
        """A commit as a visit makes it: its pages are sealed, and go to the disk while its envelope is."""
        self.ours.put(self.seal_envelope)

    def whole(self) -> None:
        self.seal_pages()
        self.ours.put(self.seal_envelope)


class Reference:
    """One file, its folder, one commit."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._count = folder, 0
        self._pack = secrets.token_bytes(PICTURES * (PICTURE + 48))
        self.raw = Raw(folder / "raw.db", size=ROW)

    def put(self) -> None:
        self._count += 1
        handle = os.open(self._folder / f"{self._count:08d}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            left = memoryview(self._pack)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        names = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(names)
        finally:
            os.close(names)
        self.raw.put()


def measure(rounds: int = 60, full: int = _FULL, folder: Path | None = None) -> list[dict[str, Any]]:
    """The rows; ``folder`` must not be in memory. ``full``: commits until the reference's log does not grow."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = Path(name)
        whole, reference = Whole(room / "ours"), Reference(room / "reference")
        for _ in range(full):
            reference.raw.put()
        times = turns(
            {"raw": reference.put, "sealed": whole.ours.put, "case": whole.case, "whole": whole.whole}, rounds,
            before=dict.fromkeys(("raw", "sealed", "case", "whole"), whole.prepare),
        )  # fmt: skip
        whole.ours.journal.close()
        reference.raw.close()
    against = (
        "raw",
        "one file of the same bytes (fsync), its folder (fsync), one row by raw sqlite3, WAL FULL (fsync)",
    )
    counted = syncs("kiosk.journal.bench_case")
    rows = [
        row("whole case, 5 pictures, sealed before", times, against, ("sealed", "Journal.commit"), LIMIT),
        row(
            "whole case, 5 pictures, as a visit commits it", times, against,
            ("case", "JSON, the envelope's seal and hash, Journal.commit; pages sealed during the review"), LIMIT,
        ),
        row(
            "whole case, 5 pictures, all of it at once", times, against,
            ("whole", "JSON, 6 seals, 11 hashes, Journal.commit; the reference neither hashes nor seals"),
        ),
    ]  # fmt: skip
    if counted is not None:
        rows.append({
            "work": "whole case, 5 pictures: syncs", "reference": None, "ours": float(max(counted)), "ratio": None,
            "limit": SYNCS, "unit": "syncs", "notes": "pack, its folder, the journal's log; counted by strace",
        })  # fmt: skip
    return rows


def _traced(folder: Path, rounds: int = 8) -> None:
    """The child under strace. The first case makes the packs' folder, once in a terminal's life."""
    whole = Whole(folder / "journal")
    whole.whole()
    for _ in range(rounds):
        mark("begin")
        whole.whole()
        mark("end")
    whole.ours.journal.close()


if __name__ == "__main__":
    _traced(Path(sys.argv[1]))
