"""Is the audit log what it was? The chain row by row, every signed checkpoint, and what the backend has confirmed.

Offline and read only. What each of the three can find, and what none of them can, stands in this room's README.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kiosk import wire
from kiosk.journal import checkpoints
from kiosk.journal.chain import GENESIS, Found, Row, Walk, rows
from kiosk.journal.connection import dbapi

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")
_ENROLMENT = "sync.enrolment"


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was looked at, and everything that is wrong, by row. ``ok`` when nothing is.

    ``signed_to`` and ``confirmed_to``: the last rows that a checkpoint of the terminal and a receipt of the backend
    vouch for (0: none). ``compared``: whether a receipt came from outside the terminal; without one, whoever holds the
    terminal's keys can have cut rows off or made the log anew.
    """

    rows: int
    head: str
    log: str
    terminal_id: str
    checkpoints: int
    key_epoch: int
    signed_to: int
    confirmed_to: int
    compared: bool
    problems: tuple[Found, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def first_bad_row(self) -> int | None:
        return min((found.row for found in self.problems if found.row), default=None)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row that names a key of the terminal."""

    seq: int
    epoch: int
    public: bytes


@dataclass(slots=True)
class Seen:
    """What a walk over the whole chain has found: its end, what stands at the rows asked for, the keys it names."""

    end: int = 0
    head: str = GENESIS
    at: dict[int, str] = field(default_factory=lambda: {0: GENESIS})
    keys: list[KeyRow] = field(default_factory=list)
    problems: list[Found] = field(default_factory=list)


def verify(connection: Connection, outside: Sequence[wire.HeadReceipt] = (), own_key: bytes | None = None) -> LogReport:
    """Look at the whole log. ``outside``: receipts that were kept elsewhere; ``own_key``: the terminal's, public."""
    found: list[Found] = []
    enrolment = _meta(connection, _ENROLMENT, wire.Enrolment, found)
    newest = _meta(connection, checkpoints.RECEIPT, wire.HeadReceipt, found)
    kept = list(_kept(connection, found))
    said = [*outside, *([] if newest is None else [newest])]
    old = _meta(connection, checkpoints.OLD_KEYS, list[str], found) or []
    backend = {wire.key_id(key): key for key in map(_raw, [*old, *([enrolment.signing_key] if enrolment else [])])}
    receipts = [one for one in said if _is_genuine(one, enrolment, backend, found)]
    seen = walk(connection, {1, *(c.seq for c in kept), *(c.base_seq for c in kept), *(r.seq for r in receipts)})
    log = seen.at.get(1, "")
    found += seen.problems
    confirmed = [one.seq for one in receipts if _is_confirmed(one, log, seen, found)]
    keys = trusted_keys(seen.keys, kept, receipts, own_key, found)
    signed = [one.seq for one in kept if _is_signed(one, enrolment, log, seen, keys, found)]
    found = _narrowed(found, (*confirmed, *signed))
    return LogReport(
        rows=seen.end, head=seen.head, log=log, terminal_id="" if enrolment is None else enrolment.terminal_id,
        checkpoints=len(kept), key_epoch=max(keys, default=0),
        signed_to=max(signed, default=0),
        confirmed_to=max(confirmed, default=0), compared=bool(outside),
        problems=tuple(sorted(set(found))),
    )  # fmt: skip


def _narrowed(found: Sequence[Found], good: Iterable[int]) -> list[Found]:
    """A chain that was made anew fits itself: of all who say so, the first counts, and the last who say otherwise."""
    anew = min((one for one in found if one.code == "rewritten"), default=None)
    if anew is None:
        return list(found)
    last = max((seq for seq in good if seq < anew.row), default=0)
    text = f"rows {last + 1} to {anew.row} were made anew, some of them or all: {anew.text}"
    return [one for one in found if one.code != "rewritten"] + [Found(last + 1, "rewritten", text)]


def walk(connection: Connection, wanted: Iterable[int]) -> Seen:
    """The chain from its first row to its last."""
    seen, steps, wanted = Seen(), Walk(), set(wanted)
    try:
        for row in rows(connection):
            seen.problems += steps.step(row)
            seen.end, seen.head = row.seq, row.hash.decode("ascii", "replace")
            if row.seq in wanted:
                seen.at[row.seq] = seen.head
            if row.event == checkpoints.KEY_EVENT.encode():
                seen.keys += _key_row(row, seen.problems)
    except dbapi.Error as error:
        text = f"the file cannot be read behind row {seen.end}: {error}"
        seen.problems.append(Found(seen.end + 1, "unreadable", text))
    if not seen.end and not seen.problems:
        seen.problems.append(Found(1, "missing", "there is no audit row at all"))
    return seen


def damaged_pages(connection: Connection) -> list[Found]:
    """Pages of the file that fail their HMAC, also those that no row stands on.

    SQLCipher reads the file past SQLite's locks: a page that a running terminal is just writing can look torn, once.
    """
    try:
        looks = [{str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")}]
        if looks[0]:
            looks.append({str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")})
    except dbapi.Error as error:
        return [Found(0, "page", str(error))]
    return [Found(0, "page", text) for text in sorted(set.intersection(*looks))]


def trusted_keys(
    named: Sequence[KeyRow],
    kept: Sequence[wire.Checkpoint],
    receipts: Sequence[wire.HeadReceipt],
    own_key: bytes | None,
    found: list[Found],
) -> dict[int, KeyRow]:
    """The terminal's keys by epoch: the first as the log names it, each later one confirmed by the one before.

    The backend's word for a key counts as well: it has seen requests signed by it.
    """
    known = {one.key_epoch: one.terminal_key for one in receipts}
    keys: dict[int, KeyRow] = {}
    last: KeyRow | None = None
    for key in named:
        where = f"row {key.seq} names key {key.epoch} of the terminal"
        backed = known.get(key.epoch) == wire.key_id(key.public)
        if last is not None and key.epoch <= last.epoch:
            found.append(Found(key.seq, "key", f"{where} after key {last.epoch}"))
        elif key.epoch in known and not backed:
            found.append(Found(key.seq, "key", f"{where}, and the backend knows another"))
        elif last is not None and not backed and not _confirmed_by(last, key, kept):
            found.append(
                Found(key.seq, "key", f"{where}, which key {last.epoch} did not confirm: somebody else may sign since")
            )
        keys[key.epoch] = last = key
    if own_key is not None and last is not None and own_key != last.public:
        found.append(Found(last.seq, "key", f"row {last.seq} names a key that is not this terminal's own"))
    return keys


def _confirmed_by(last: KeyRow, key: KeyRow, kept: Sequence[wire.Checkpoint]) -> bool:
    return any(one.key_epoch == last.epoch and one.seq >= key.seq and _holds(last.public, one) for one in kept)


def _holds(public: bytes, signed: wire.Checkpoint | wire.HeadReceipt) -> bool:
    try:
        wire.verify(public, signed.canonical(), signed.signature)
    except (wire.BadSignature, ValueError):
        return False
    return True


def _is_signed(
    one: wire.Checkpoint,
    enrolment: wire.Enrolment | None,
    log: str,
    seen: Seen,
    keys: dict[int, KeyRow],
    found: list[Found],
) -> bool:
    """Whether this checkpoint holds for the log as it is; why not goes to ``found``."""
    name = f"the checkpoint of row {one.seq} ({one.at})"
    key = keys.get(one.key_epoch)
    if key is None or not _holds(key.public, one):
        found.append(Found(one.seq, "checkpoint", f"{name} is not signed by key {one.key_epoch} that the log names"))
    elif enrolment is not None and one.terminal_id != enrolment.terminal_id:
        found.append(Found(one.seq, "checkpoint", f"{name} was signed as another terminal"))
    elif one.seq > seen.end:
        text = f"the log ends at row {seen.end}, but {name} was signed: rows {seen.end + 1} to {one.seq} were cut off"
        found.append(Found(seen.end + 1, "cut", text))
    elif one.log != log:
        found.append(Found(1, "replaced", f"{name} was signed for another log: this one was made anew"))
    elif seen.at.get(one.seq) != one.head:
        found.append(Found(one.seq, "rewritten", f"row {one.seq} is not what the terminal signed ({one.at})"))
    elif one.base_seq <= one.seq and seen.at.get(one.base_seq) != one.base_head:
        found.append(Found(one.base_seq, "rewritten", f"row {one.base_seq} is not what {name} was built on"))
    else:
        return True
    return False


def _is_genuine(
    one: wire.HeadReceipt, enrolment: wire.Enrolment | None, keys: Mapping[str, bytes], found: list[Found]
) -> bool:
    """Whether the backend that this terminal is enrolled with says this of this terminal. ``keys``: its own, by id."""
    if enrolment is None or one.terminal_id != enrolment.terminal_id:
        found.append(Found(0, "receipt", f"the receipt for row {one.seq} is another terminal's: {one.terminal_id}"))
    elif one.key_id not in keys or not _holds(keys[one.key_id], one):
        text = f"the receipt for row {one.seq} is not signed by the backend that this terminal is enrolled with"
        found.append(Found(0, "receipt", text))
    else:
        return True
    return False


def _is_confirmed(one: wire.HeadReceipt, log: str, seen: Seen, found: list[Found]) -> bool:
    """Whether this receipt holds for the log as it is; why not goes to ``found``."""
    name = f"the backend has confirmed row {one.seq} ({one.received_at})"
    if one.log != log:
        found.append(Found(1, "replaced", f"{name} of another log: this one was made anew"))
    elif one.seq > seen.end:
        text = f"the log ends at row {seen.end}, but {name}: rows {seen.end + 1} to {one.seq} were cut off"
        found.append(Found(seen.end + 1, "cut", text))
    elif seen.at.get(one.seq) != one.head:
        found.append(Found(one.seq, "rewritten", f"{name}, and it was another"))
    else:
        return True
    return False


def _raw(key: str) -> bytes:
    try:
        return wire.unb64(key)
    except ValueError:
        return b""


def _key_row(row: Row, found: list[Found]) -> Iterator[KeyRow]:
    try:
        details = msgspec.json.decode(row.details, type=dict[str, str | int])
        yield KeyRow(row.seq, int(details["epoch"]), bytes.fromhex(str(details["key"])))
    except (msgspec.MsgspecError, KeyError, ValueError):
        found.append(Found(row.seq, "key", f"row {row.seq} names a key of the terminal that is none"))


def _kept(connection: Connection, found: list[Found]) -> Iterator[wire.Checkpoint]:
    try:
        for seq, text in connection.execute("SELECT seq, signed FROM checkpoints ORDER BY seq, key_epoch"):
            try:
                one = msgspec.json.decode(text, type=wire.Checkpoint)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                found.append(Found(seq, "checkpoint", f"the checkpoint of row {seq} cannot be read"))
                continue
            if one.seq != seq:
                found.append(Found(seq, "checkpoint", f"the checkpoint of row {seq} is of row {one.seq}"))
            yield one
    except dbapi.Error as error:
        found.append(Found(0, "unreadable", f"the checkpoints cannot be read: {error}"))


def _meta(connection: Connection, key: str, kind: type[T], found: list[Found]) -> T | None:
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=kind)
    except (dbapi.Error, msgspec.MsgspecError, UnicodeDecodeError):
        found.append(Found(0, "unreadable", f"{key} cannot be read"))
        return None
