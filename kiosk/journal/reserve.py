"""Room for one whole visit, kept beside the journal as a file of that length: a visit that began with it can commit.

The disk may fill in the middle of a visit, by the journal or by somebody else's files. The write that meets a full disk
gives the reserve up and is done once more; from then on no visit begins until there is room to put it back.

How much: a case of at most ``LARGEST_CASE`` (sealed, all materials together; a larger one is refused). At worst all of
it stands in its row: then it is written to the log at the commit, once more when it is filed, and the log is folded
back into the file, which grows by both until the pages freed by filing are used. Twice in the log and twice in the
file: four times; of materials in a pack, once. Besides, the papers that are being rendered, and the program's log.

``fallocate`` is a promise of ext4, XFS and tmpfs. A file system that copies on write (btrfs, ZFS) does not keep it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.durable import sync_path
from kiosk.journal.errors import JournalError

if TYPE_CHECKING:
    from kiosk.journal.deeds import DeedRecord
    from kiosk.journal.records import CaseRecord

FILE = "journal.reserve"
LARGEST_CASE = 16 << 20  # bytes
PAPERS, LOG = 16 << 20, 8 << 20
SIZE = 4 * LARGEST_CASE + PAPERS + LOG  # 88 MB
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def check_size(*records: CaseRecord | DeedRecord) -> None:
    """Raise JournalError ``case-too-large`` for a case, or cases of one commit, that no room is kept for."""
    size = 0
    for each in records:
        size += len(each.sealed)
        for material in each.attachments:
            size += len(material.data)
    if size > LARGEST_CASE:
        raise JournalError(
            "case-too-large",
            f"a case of {size >> 20} MB",
            advice="Let the service ask for fewer or smaller pictures; nothing was saved.",
        )


@dataclass(frozen=True, slots=True)
class Room:
    """``free``: bytes free besides the reserve. ``enough``: a visit may begin."""

    free: int
    reserve: bool
    enough: bool


class Reserve:
    """Used in the writer's turn, or by whoever looks: each step is one system call."""

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self._file, self._size = folder / FILE, size
        self._part = self._file.with_suffix(".part")

    def stands(self) -> bool:
        try:
            return self._file.stat().st_size >= self._size
        except OSError:
            return False

    def look(self, least_free: int, inside: int = 0, *, make: bool) -> Room:
        """``inside``: bytes that the journal can use before it grows. Raises OSError where the disk cannot be asked."""
        stands = self.stands()
        if make and not stands:
            with contextlib.suppress(OSError):  # of a making that was killed: it would hold the room for ever
                self._part.unlink(missing_ok=True)
        free = shutil.disk_usage(self._file.parent).free + inside
        if make and not stands and free >= least_free + self._size:
            stands = self._make()
            free = shutil.disk_usage(self._file.parent).free + inside
        return Room(free, stands, stands and free >= least_free)

    def give_up(self) -> bool:
        """Free the reserve for a write that found no room; False where there is none to give."""
        if not self._file.exists():
            return False
        self._file.unlink()
        return True

    def _make(self) -> bool:
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)
        except OSError as error:
            self._part.unlink()
            if error.errno not in _NO_ROOM:
                raise
            return False
        finally:
            os.close(handle)
        self._part.replace(self._file)
        with contextlib.suppress(OSError):  # lost with a power cut it is made again
            sync_path(self._file.parent)
        return True
