"""What can be read from a journal: its verification, its list, its export. On a connection that cannot write,
beside a running terminal if need be; sqlite-utils does the fetching here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kiosk.journal import chain, schema
from kiosk.journal.connection import FILE, connect, database, dbapi, translated
from kiosk.journal.errors import JournalError
from kiosk.journal.numbers import spent_numbers
from kiosk.journal.opening import in_use
from kiosk.journal.packs import Packs, Part, in_row, pack_of
from kiosk.journal.records import CaseRow, VerifyReport

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlite_utils import Database

_LIST = """SELECT *, created_at AS committed_at, parts ->> '$[0][2]' AS sealed_bytes,
    json_array_length(parts) - 1 AS attachments FROM cases ORDER BY seq"""
_ITEMS = "SELECT * FROM outbox ORDER BY seq"
_EXPORT = """SELECT o.*, c.life, c.result FROM outbox o LEFT JOIN cases c ON c.seq = o.seq ORDER BY o.seq"""


def _opened_meanwhile() -> JournalError:
    return JournalError(
        "journal-busy",
        "a terminal has opened the journal meanwhile, so that what was read may be half old and half new",
        advice="Ask again.",
        retryable=True,
    )


@contextmanager
def reading(folder: Path, key: bytes) -> Iterator[Connection]:
    """One consistent view of the journal in ``folder``. Raises JournalError; never creates or changes anything.

    Where no process has it open it is read as it lies, also the image of a crash: see ``connect``.
    """
    file = folder / FILE
    if not file.is_file() or file.stat().st_size == 0:
        raise JournalError("no-journal", f"there is no journal in {folder}", advice="Check --data.")
    still = not in_use(folder)
    connection = connect(file, key, read_only=True, still=still)
    try:
        have = schema.version(connection)
        if have != schema.LATEST:
            raise JournalError(
                "other-schema",
                f"the journal has schema {have}, this program reads {schema.LATEST}",
                advice="Read it with the program that wrote it, or start the terminal once to bring it up to date.",
            )
        connection.execute("BEGIN")
        yield connection
    except dbapi.Error as error:
        if still and in_use(folder):
            raise _opened_meanwhile() from error
        raise translated(error) from error
    finally:
        connection.close()
    if still and in_use(folder):
        raise _opened_meanwhile()


def item_meta(row: Mapping[str, Any]) -> dict[str, str]:
    """What is said of an item in clear, on the wire and in the export."""
    return said_of(
        json.loads(row["meta"]), row["service_id"], row["outcome"], row["rung"], row["case_no"], row["created_at"],
        test=row["test"],
    )  # fmt: skip


def said_of(
    meta: dict[str, str], service_id: str, outcome: str, rung: str, case_no: str, created_at: str, *, test: int
) -> dict[str, str]:
    """``meta`` with what is said of every item; what an item does not have is left out."""
    for key, value in (("service_id", service_id), ("outcome", outcome), ("rung", rung), ("case_no", case_no)):
        if value:
            meta[key] = value
    meta["committed_at"], meta["test"] = created_at, "1" if test else "0"
    return meta


def split(parts: Sequence[Part], data: bytes, packs: Packs) -> list[tuple[str, str, bytes]]:
    """The sealed parts of an item: kind, hex sha256, bytes. The first is the envelope or the rating.

    ``data``: what stands in its row. The bytes of a part whose pack is gone or short are too few, or none.
    """
    if data and (pack := pack_of(parts, len(data))):
        data = data[: in_row(parts, len(data))] + packs.read(pack)
    found, at = [], 0
    for kind, digest, length in parts:
        found.append((kind, digest, data[at : at + length]))
        at += length
    return found


def cases(connection: Connection) -> list[CaseRow]:
    """All cases, oldest first, without personal data."""
    names = [field.name for field in fields(CaseRow)]
    rows: Iterator[dict[str, Any]] = database(connection).query(_LIST)
    return [CaseRow(**{name: row[name] for name in names} | {"test": bool(row["test"])}) for row in rows]


def export(connection: Connection, out: IO[bytes]) -> int:
    """Every item with its sealed bytes, one JSON object a line. Returns how many."""
    count = 0
    packs = Packs.beside(connection)
    for row in database(connection).query(_EXPORT):
        erased = row["data"] is None  # after its retention: its hashes stay
        (_, _, sealed), *attachments = split(json.loads(row["parts"]), row["data"] or b"", packs)
        line = {
            "id": row["id"], "kind": row["kind"], "case_id": row["case_id"], "hash": row["hash"],
            "sealed": None if erased else base64.b64encode(sealed).decode(),
            "attachments": [
                {"sha256": digest, "kind": kind, "data": None if erased else base64.b64encode(data).decode()}
                for kind, digest, data in attachments
            ],
            "meta": item_meta(row), "state": row["state"], "attempts": row["attempts"], "cause": row["cause"],
            "life": row["life"] or _life_of_rating(row), "result": row["result"] or "", "erased_at": row["erased_at"],
            "created_at": row["created_at"], "ack": json.loads(row["ack"]) if row["ack"] else None,
        }  # fmt: skip
        out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _life_of_rating(row: Mapping[str, Any]) -> str:
    return "erased" if row["erased_at"] else str(row["state"])


def broken_off(connection: Connection, since: str) -> list[tuple[str, str, int]]:
    """Page, reason and number of the visits since then (ISO 8601) that ended without a case, the most first."""
    rows = connection.execute("SELECT details FROM audit WHERE event = 'visit.ended' AND at >= ?", (since,)).fetchall()
    ended = [details for (text,) in rows if not (details := json.loads(text)).get("saved")]
    counted = Counter((str(each.get("state", "")), str(each["reason"])) for each in ended)
    order = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(state, reason, visits) for (state, reason), visits in order]


def drafts(connection: Connection) -> int:
    """How many drafts are kept. Whose, nobody can say here."""
    return _count(connection, "SELECT count(*) FROM drafts")


def verify(connection: Connection) -> VerifyReport:
    """Look at everything: pages, chain, cases against outbox, bytes against hashes, numbers against blocks."""
    db = database(connection)
    found = [f"SQLite: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    try:
        found += chain.problems(connection)
        found += _items(db, Packs.beside(connection))
        found += _numbers(db)
    except dbapi.Error as error:
        found.append(f"reading stopped: {error}")
    head = connection.execute("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return VerifyReport(
        schema=schema.version(connection),
        cases=_count(connection, "SELECT count(*) FROM cases"),
        ratings=_count(connection, "SELECT count(*) FROM ratings"),
        items=_count(connection, "SELECT count(*) FROM outbox"),
        attachments=_count(connection, "SELECT ifnull(sum(json_array_length(parts) - 1), 0) FROM outbox"),
        audit_rows=_count(connection, "SELECT count(*) FROM audit"),
        head="" if head is None else head[0],
        problems=tuple(found),
    )


def _count(connection: Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _items(db: Database, packs: Packs) -> Iterator[str]:
    acknowledged = {
        row["item"]: json.loads(row["details"])["hash"] for row in db["audit"].rows_where("event = 'item.acknowledged'")
    }
    erased = {
        row["item"]: json.loads(row["details"])["hash"] for row in db["audit"].rows_where("event = 'item.erased'")
    }
    ratings = {row["rating_id"]: row["case_id"] for row in db["ratings"].rows}
    filed = {row["seq"]: row for row in db["sending"].rows}
    packed = {row["seq"]: row["name"] for row in db["packs"].rows}
    last_filed = max(filed, default=0)
    seen: set[str] = set()
    for row in db.query(_ITEMS):
        name = f"{row['kind']} {row['id']}"
        if row["id"] in seen:
            yield f"the audit chain records item {row['id']} twice"
        seen.add(row["id"])
        entry = filed.pop(row["seq"], None)
        if entry is None:
            if row["seq"] <= last_filed:
                yield f"{name} is missing among what is to be sent"
        elif (entry["id"], entry["kind"], entry["hash"]) != (row["id"], row["kind"], row["hash"]):
            yield f"{name}: what is to be sent is not what the audit chain has"
        if row["kind"] == "rating" and ratings.pop(row["id"], None) != row["case_id"]:
            yield f"{name} is not the rating of its case"
        if row["state"] == "acknowledged" and acknowledged.get(row["id"]) != row["hash"]:
            yield f"{name} counts as acknowledged, but the audit chain has no acknowledgement of these bytes"
        if row["data"] is None and row["state"] == "acknowledged" and erased.get(row["id"]) == row["hash"]:
            continue  # its time was over, and the chain says so
        if row["erased_at"]:
            yield f"{name} counts as erased, but the audit chain does not say so of these bytes"
        yield from _bytes(name, row, 0 if entry else row["kept"], packs)
        if entry and row["data"] is not None and packed.get(row["seq"], "") != _pack(row):
            yield f"{name}: its pack is not the one that its parts say"
    yield from (f"rating {item} has no outbox item" for item in ratings)
    yield from (f"{row['kind']} {row['id']} is to be sent, but not in the audit chain" for row in filed.values())


def _pack(row: Mapping[str, Any]) -> str:
    return pack_of(json.loads(row["parts"]), len(row["data"]))


def _bytes(name: str, row: Mapping[str, Any], kept: int, packs: Packs) -> Iterator[str]:
    if row["data"] is None:
        yield f"{name}: the sealed bytes are missing"
        return
    said = json.loads(row["parts"])
    parts = split(said, row["data"], packs)
    if in_row(said, len(row["data"])) + kept != len(row["data"]):
        yield f"{name}: its sealed bytes are not as long as its parts"
    for place, (_, digest, data) in enumerate(parts):
        if hashlib.sha256(data).hexdigest() != digest:
            yield f"{name}: part {place} does not fit its hash"
    if not parts or parts[0][1] != row["hash"]:
        yield f"{name}: its first part is not what the audit chain says was sealed"


def _numbers(db: Database) -> Iterator[str]:
    spent: dict[str, set[int]] = {}
    case_numbers: set[str] = set()
    for row in db.query("SELECT case_no, numbers FROM cases"):
        if row["case_no"] in case_numbers:
            yield f"case number {row['case_no']} was given twice"
        case_numbers.add(row["case_no"])
        for kind, serial in spent_numbers(row["numbers"]):
            if serial in spent.setdefault(kind, set()):
                yield f"number {serial} of kind {kind} was spent twice"
            spent[kind].add(serial)
    given_up = {
        (said["kind"], said["first"])
        for said in (json.loads(row["details"]) for row in db["audit"].rows_where("event = 'block.given_up'"))
    }
    for block in db["blocks"].rows:
        mine = {serial for serial in spent.get(block["kind"], ()) if block["first"] <= serial <= block["last"]}
        spent.get(block["kind"], set()).difference_update(mine)
        if (block["kind"], block["first"]) in given_up:  # its other numbers were spent by who knows what
            continue
        if mine and len(mine) != max(mine) - block["first"] + 1:
            yield f"the numbers of kind {block['kind']} spent from {block['first']} on have a hole"
        if block["next"] > max(mine, default=block["first"] - 1) + 1:
            yield f"numbers of kind {block['kind']} before {block['next']} count as spent and are not"
    for kind, rest in spent.items():
        if rest:
            yield f"{len(rest)} numbers of kind {kind} do not come from a reserved block"
