"""Pages out of scanimage without a file: one named pipe for each page, and not a byte on the disk.

scanimage can only be told *files* for a batch (``--batch=FOLDER/%d``): it writes ``FOLDER/1.part`` and renames it when
the page is done (1.2.1, observed). So every ``N.part`` is made beforehand as a pipe, up to the number of pages that it
is allowed: it never finds a place where a file could be made. A page ends where its pipe ends, so a page that is
too short cannot run into the next one. (``--batch=/dev/stdout`` is no way: scanimage renames over the device.)
"""

from __future__ import annotations

import os
import select
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from devices.contracts.document_scanner import Page
from devices.drivers.sane.protocol import MAX_HEAD, PnmError, PnmHead, pnm_head

CHUNK = 1024 * 1024
PIPE_SIZE = 1024 * 1024  # as much as an unprivileged process may ask for: fewer turns for a large page


def pipe_name(number: int) -> str:
    """Of a page, counted from 1, in the folder of pipes."""
    return f"{number}.part"


class PagePipes:
    """``count`` pipes in a folder of their own that nobody else may enter."""

    def __init__(self, count: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="scan-"))
        self._ends: list[int] = []
        try:
            for number in range(1, count + 1):
                name = self._folder / pipe_name(number)
                os.mkfifo(name, 0o600)
                self._ends.append(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError:
            self.close()
            raise

    @property
    def folder(self) -> str:
        return str(self._folder)

    @property
    def pattern(self) -> str:
        """For ``--batch``."""
        return f"{self._folder}/%d"

    def end(self, number: int) -> int:
        """The descriptor of a page, counted from 1."""
        return self._ends[number - 1]

    def close(self) -> None:
        for descriptor in self._ends:
            os.close(descriptor)
        self._ends.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


class Incoming:
    """One page on its way: bytes are counted against what its head promises. ``read`` reads as os.read does."""

    def __init__(self, descriptor: int, limit: int, read: Callable[[int, int], bytes] = os.read) -> None:
        self.descriptor, self._limit, self._read = descriptor, limit, read
        self._data = bytearray()
        self._head: PnmHead | None = None
        self.begun = False
        self.ended = False

    @property
    def part(self) -> float:
        """0.0 to 1.0 of the page."""
        return min(1.0, len(self._data) / (self._head.length + self._head.size)) if self._head else 0.0

    def take(self) -> None:
        """What waits in the pipe; ``ended`` once the writer has closed it. Raises PnmError."""
        poller = select.poll()
        poller.register(self.descriptor, select.POLLIN)
        while poller.poll(0) and not self.ended:
            data = self._read(self.descriptor, CHUNK)
            self.begun = True
            if not data:
                self.ended = True
                return
            self._data += data
            if self._head is None:
                self._head = pnm_head(bytes(self._data[:MAX_HEAD]))
            if len(self._data) > (self._head.length + self._head.size if self._head else self._limit):
                raise PnmError("more bytes than the page has")
            if self._head and self._head.size > self._limit:
                raise PnmError("a page larger than was asked for")

    def page(self, dpi: int) -> Page | None:
        """The page when every byte of it came, else None: half a page is none."""
        head = self._head
        if head is None or not self.ended or len(self._data) != head.length + head.size:
            return None
        return Page(head.width, head.height, dpi, head.mode, bytes(self._data))
