"""How far the log has come, told beside the journal: whoever opens it sees that rows at its end are gone.

Written after each commit and never synced: the system keeps it through a kill, a power cut may take it back. It is so
never ahead of what was confirmed, and a log that ends before it has lost rows: its -wal was deleted or damaged (SQLite
takes a frame that does not fit for the end), or an older file was put back.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import NamedTuple

FILE = "journal.mark"
_FORM = re.compile(rb"([0-9a-f]{32}) ([0-9]{20})\n")


class Marked(NamedTuple):
    """``log``: which one, by the first half of its first row's hash; ``seq``: the last row that was confirmed."""

    log: str
    seq: int


NOTHING = Marked("", 0)


class Mark:
    """The mark of an open journal."""

    def __init__(self, folder: Path, log: str) -> None:
        self._log = log[:32].encode()
        self._handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT, 0o600)

    def note(self, seq: int) -> None:
        """The row ``seq`` has been committed. 2 us, no sync; that it cannot be written says nothing of the commit."""
        with contextlib.suppress(OSError):
            os.pwrite(self._handle, b"%b %020d\n" % (self._log, seq), 0)

    def close(self) -> None:
        os.close(self._handle)


def read(folder: Path) -> Marked:
    """What was marked last; NOTHING if that cannot be read."""
    try:
        found = _FORM.fullmatch((folder / FILE).read_bytes())
    except OSError:
        return NOTHING
    return NOTHING if found is None else Marked(found[1].decode(), int(found[2]))
