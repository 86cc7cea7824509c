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
_INSERT = "INSERT INTO audit (seq, at, event, item, details, hash) VALUES (?, ?, ?, ?, ?, ?)"


def row_hash(previous: str, seq: int, at: str, event: str, item: str, details: str) -> str:
    """Hex sha256 over the canonical encoding of the row with the hash of the row before it."""
    return hashlib.sha256(row_bytes(previous, seq, at, event, item, details)).hexdigest()


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

    def append(self, at: str, event: str, item: str, details: Mapping[str, Detail]) -> None:
        """Add a row inside the open transaction. Raises EventRefused."""
        kind_of(event).check(details)
        seq = self.head.seq + 1
        text = details_text(details)
        digest = row_hash(self.head.hash, seq, at, event, item, text)
        self._connection.execute(_INSERT, (seq, at, event, item, text, digest))
        self.head = AuditHead(seq, digest)


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
        "SELECT seq, at, event, item, details, hash FROM audit WHERE seq >= ? ORDER BY seq", (expected,)
    )
    for seq, at, event, item, details, digest in rows:
        if seq != expected:
            yield f"audit rows {expected} to {seq - 1} are missing"
        try:
            fits = row_hash(previous, seq, at, event, item, details) == digest
        except ValueError:
            fits = False
        if not fits:
            yield f"audit row {seq} ({event}) does not fit the chain: it or the row before it was changed"
        previous, expected = digest, seq + 1
