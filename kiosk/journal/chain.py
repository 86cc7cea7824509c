"""The audit chain: each row's hash covers the row and the hash before it, so nothing can be changed or taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kiosk.journal.canonical import details_text, row_bytes, stored_bytes
from kiosk.journal.catalogue import Detail, kind_of
from kiosk.journal.records import AuditHead

if TYPE_CHECKING:
    from sqlite3 import Connection

GENESIS = hashlib.sha256(b"kiosk audit chain 1").hexdigest()
INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
AuditRow = tuple[int, str, str, str, str, str, str, bytes | None]


def row_hash(previous: str, seq: int, at: str, event: str, item: str, details: str, about: str) -> str:
    """Hex sha256 over the canonical encoding of the row with the hash of the row before it."""
    return hashlib.sha256(row_bytes(previous, seq, at, event, item, details, about)).hexdigest()


@lru_cache(maxsize=256)
def around(event: str, /, **details: Detail) -> tuple[str, str]:
    """The text of an event's details before and behind its ``hash``, which alone differs each time.

    Raises EventRefused as ``append`` does. The words of details come from small closed sets: checked and put into words
    once.
    """
    whole = details | {"hash": GENESIS}
    kind_of(event).check(whole)
    before, _, behind = details_text(whole).partition(f'"hash":"{GENESIS}"')  # no value has quotes that are not escaped
    return f'{before}"hash":"', f'"{behind}'


class Chain:
    """Appends rows; belongs to the writer. A transaction that fails must be followed by ``reload``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._execute = connection.cursor().execute
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
        return self.append_text(at, event, item, details_text(details), about, sealed)

    def append_text(
        self, at: str, event: str, item: str, text: str, about: str = "", sealed: bytes | None = None
    ) -> int:
        """The same with details that have been checked and put into words: see ``around``."""
        row = self.link(at, event, item, text, about, sealed)
        self._execute(INSERT, row)
        return row[0]

    def link(self, at: str, event: str, item: str, text: str, about: str, sealed: bytes | None) -> AuditRow:
        """The next row, not written: whoever asks for it does that with ``INSERT``, as the next thing."""
        seq, previous = self.head
        seq += 1
        digest = row_hash(previous, seq, at, event, item, text, about)
        self.head = AuditHead(seq, digest)
        return seq, at, event, item, text, about, digest, sealed


class Row(NamedTuple):
    """A row as it stands in the file: bytes, because what was damaged need not be text any more."""

    seq: int
    at: bytes
    event: bytes
    item: bytes
    details: bytes
    about: bytes
    hash: bytes


class Found(NamedTuple):
    """One thing that is wrong: at which row, in a word and in words."""

    row: int
    code: str
    text: str


def fits(covered: bytes, digest: bytes) -> bool:
    """Whether these are the bytes that the stored hash covers."""
    return hashlib.sha256(covered).hexdigest().encode() == digest


class Walk:
    """Goes along the chain and says of each row what does not fit. Begins behind the row ``seq`` with its hash."""

    def __init__(self, previous: str = GENESIS, seq: int = 0) -> None:
        self._previous, self.seq = previous.encode(), seq

    @property
    def hash(self) -> str:
        """What stands at the end of the row passed last."""
        return self._previous.decode("ascii", "replace")

    def fits(self, row: Row) -> bool:
        """Whether this is the next row, as it was written."""
        return row.seq == self.seq + 1 and self._linked(row)

    def step(self, row: Row) -> list[Found]:
        """What is wrong with this row as the next one; it is passed in any case."""
        found = [] if self.fits(row) else self._faults(row)
        self._previous, self.seq = row.hash, row.seq
        return found

    def _linked(self, row: Row) -> bool:
        try:
            return fits(stored_bytes(self._previous, row.seq, row[1:6]), row.hash)
        except ValueError:
            return False

    def _faults(self, row: Row) -> list[Found]:
        found = []
        missing = range(self.seq + 1, row.seq)
        if missing:
            which = f"row {missing[0]} is" if len(missing) == 1 else f"rows {missing[0]} to {missing[-1]} are"
            found.append(Found(missing[0], "missing", f"audit {which} missing"))
        if not self._linked(row):
            name = row.event.decode("ascii", "replace")
            why = f"audit row {row.seq} ({name}) does not fit the chain: it or the row before it was changed"
            found.append(Found(row.seq, "changed", why))
        return found or [Found(row.seq, "doubled", f"audit row {row.seq} stands where row {self.seq + 1} belongs")]


def rows(connection: Connection, begin: int = 1) -> Iterator[Row]:
    """The chain from row ``begin`` on, in order."""
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in Row._fields[1:])
    cursor = connection.execute(f"SELECT seq, {columns} FROM audit WHERE seq >= ? ORDER BY seq", (begin,))  # noqa: S608  # our own names
    return map(Row._make, cursor)


def problems(connection: Connection, *, last: int | None = None) -> Iterator[str]:
    """What is wrong with the chain, in words: all of it, or its ``last`` rows."""
    walk = Walk()
    end = connection.execute("SELECT max(seq) FROM audit").fetchone()[0] or 0
    if last is not None and end > last:
        row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (end - last,)).fetchone()
        if row is None:
            yield f"audit row {end - last} is missing"
            return
        walk = Walk(row[0], end - last)
    for each in rows(connection, walk.seq + 1):
        yield from (found.text for found in walk.step(each))
