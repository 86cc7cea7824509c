"""How far the log has come, told beside the journal: whoever opens it sees that rows at its end are gone.

Written after each commit into a mapped page and never synced: the system keeps it through a kill, a power cut may take
it back. (By ``pwrite`` it cost 0.1 ms: the next commit's fsync then has this file's change of time to write as well.)
It is so never ahead of what was confirmed, and a log that ends before it has lost rows: its -wal was deleted or damaged
(SQLite takes a frame that does not fit for the end), or an older file was put back.
"""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path
from typing import NamedTuple

FILE = "journal.mark"
_LOG, _WORD = 16, 8  # bytes: the first of the log's name, then the row in the machine's order, written by one store


class Marked(NamedTuple):
    """``log``: which one, by the first half of its first row's hash; ``seq``: the last row that was confirmed."""

    log: str
    seq: int


NOTHING = Marked("", 0)


class Mark:
    """The mark of an open journal. Raises OSError where it cannot be made."""

    def __init__(self, folder: Path, log: str, seq: int) -> None:
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(handle, bytes.fromhex(log)[:_LOG] + seq.to_bytes(_WORD, sys.byteorder), 0)
            os.ftruncate(handle, _LOG + _WORD)
            self._page = mmap.mmap(handle, _LOG + _WORD)
        finally:
            os.close(handle)
        self._words = memoryview(self._page).cast("Q")

    def note(self, seq: int) -> None:
        """The row ``seq`` has been committed."""
        self._words[_LOG // _WORD] = seq

    def close(self) -> None:
        self._words.release()
        self._page.close()


def read(folder: Path) -> Marked:
    """What was marked last; NOTHING if that cannot be read."""
    try:
        data = (folder / FILE).read_bytes()
    except OSError:
        return NOTHING
    if len(data) != _LOG + _WORD:
        return NOTHING
    return Marked(data[:_LOG].hex(), int.from_bytes(data[_LOG:], sys.byteorder))
