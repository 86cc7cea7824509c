"""Every page looked at while the terminal works already: behind an opening that began without (opening.py).

On a connection of its own, read only, beside the one that writes: what it meets does not harm that one, which SQLCipher
would stop at the first page that does not hold. Nothing damaged is ever read as if it were whole, looked at or not:
each page is believed by its HMAC alone, whenever it is read. What the look adds is that damage is found when it is
there, and not when the page is needed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.journal.connection import FILE, connect, dbapi, translated
from kiosk.journal.errors import JournalDamaged, JournalError

if TYPE_CHECKING:
    from sqlite3 import Connection

_TURN = 0.02  # seconds between two words to a look that is to stop: the first may come before it listens


class Look:
    """One look, made by whoever calls ``run``. ``look`` raises JournalDamaged for what it finds.

    ``found`` is told that, where ``run`` runs.
    """

    def __init__(
        self, folder: Path, key: bytes, look: Callable[[Connection], None], found: Callable[[JournalDamaged], None]
    ) -> None:
        self._folder, self._key, self._look, self._found = folder, key, look, found
        self._connection: Connection | None = None
        self._stopping = False
        self._over = threading.Event()
        self.whole = False
        """Every page was looked at, and holds."""

    def wait(self, seconds: float) -> bool:
        """Until it is over, whatever it found. False if it is not by then."""
        return self._over.wait(seconds)

    def stop(self) -> None:
        """End it, wherever it is. Not to be called in the journal's turn, for which it may be waiting."""
        self._stopping = True
        while not self.wait(_TURN):
            if (connection := self._connection) is not None:
                with contextlib.suppress(dbapi.Error):  # closed in between
                    connection.interrupt()

    def run(self) -> None:
        try:
            if not self._stopping:
                self._run()
        finally:
            self._over.set()

    def _run(self) -> None:
        try:
            self._connection = connection = connect(self._folder / FILE, self._key, read_only=True)
            try:
                self._look(connection)
                self.whole = True
            finally:
                self._connection = None
                connection.close()
        except (JournalError, dbapi.Error) as error:
            known = error if isinstance(error, JournalError) else translated(error)
            if isinstance(known, JournalDamaged) and not self._stopping:
                self._found(known)  # anything else says nothing of the file: the next opening looks first
