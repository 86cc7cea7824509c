"""The audit chain: each row's hash covers the row and the hash before it, so nothing can be changed or taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kiosk.journal.canonical import details_text, row_bytes
from kiosk.journal.catalogue import Detail, kind_of
from kiosk.journal.records import AuditHead

if TYPE_CHECKING:
    from sqlite3 import Connection

GENESIS = hashlib.sha256(b"kiosk audit chain 1").hexdigest()
_INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def row_hash(previous: str, seq: int, at: str, event: str, item: str, details: str, about: str) -> str:
    """Hex sha256 over the canonical encoding of the row with the hash of the row before it."""
    return hashlib.sha256(row_bytes(previous, seq, at, event, item, details, about)).hexdigest()


class Chain:
    """Appends rows; belongs to the writer. A transaction that fails must be followed by ``reload``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.head = AuditHead(0, GENESIS)
        self.reload()

    def reload(self) -> None:
        """Read the end of the chain from the file."""
        row = self._connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        self.head = AuditHead(0, GENESIS) if row is None else AuditHead(*row)

    def append(
        self,
        at: str,
        event: str,
        item: str,
        details: Mapping[str, Detail],
        about: str = "",
        sealed: bytes | None = None,
    ) -> int:
        """Add a row inside the open transaction; returns its seq. Raises EventRefused.

        ``about`` and ``sealed`` are the item that the row commits; the hashes of the sealed bytes stand in ``about``.
        """
        kind_of(event).check(details)
        seq = self.head.seq + 1
        text = details_text(details)
        digest = row_hash(self.head.hash, seq, at, event, item, text, about)
        self._connection.execute(_INSERT, (seq, at, event, item, text, about, digest, sealed))
        self.head = AuditHead(seq, digest)
        return seq


def problems(connection: Connection, *, last: int | None = None) -> Iterator[str]:
    """What is wrong with the chain, in words: all of it, or its ``last`` rows."""
    previous, expected = GENESIS, 1
    end = connection.execute("SELECT max(seq) FROM audit").fetchone()[0] or 0
    if last is not None and end > last:
        expected = end - last + 1
        row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (expected - 1,)).fetchone()
        if row is None:
            yield f"audit row {expected - 1} is missing"
            return
        previous = row[0]
    rows = connection.execute(
        "SELECT seq, at, event, item, details, about, hash FROM audit WHERE seq >= ? ORDER BY seq", (expected,)
    )
    for seq, at, event, item, details, about, digest in rows:
        if seq != expected:
            yield f"audit rows {expected} to {seq - 1} are missing"
        try:
            fits = row_hash(previous, seq, at, event, item, details, about) == digest
        except ValueError:
            fits = False
        if not fits:
            yield f"audit row {seq} ({event}) does not fit the chain: it or the row before it was changed"
        previous, expected = digest, seq + 1
