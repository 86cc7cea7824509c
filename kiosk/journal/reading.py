"""What can be read from a journal: its verification, its list, its export. On a connection that cannot write,
beside a running terminal if need be; sqlite-utils does the fetching here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kiosk.journal import chain, schema
from kiosk.journal.connection import FILE, connect, database, dbapi, translated
from kiosk.journal.errors import JournalError
from kiosk.journal.records import CaseRow, VerifyReport
from kiosk.journal.store import PARTS, materials_digest

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlite_utils import Database

_LIST = """SELECT c.*, o.state, o.attempts, o.cause,
    (SELECT length(data) FROM materials WHERE id = c.seq * 256) AS sealed_bytes,
    (SELECT count(*) FROM materials WHERE id > c.seq * 256 AND id < (c.seq + 1) * 256) AS attachments
    FROM cases c JOIN outbox o ON o.id = c.case_id ORDER BY c.seq"""

_ITEMS = """SELECT o.id, o.seq, o.kind, o.case_id, o.hash, o.meta, o.created_at, o.state, o.attempts, o.cause, o.ack,
    c.service_id, c.outcome, c.rung, c.case_no, c.committed_at, ifnull(c.test, r.test) AS test
    FROM outbox o LEFT JOIN cases c ON c.seq = o.seq LEFT JOIN ratings r ON r.case_id = o.case_id AND r.seq = o.seq
    ORDER BY o.seq"""


@contextmanager
def reading(folder: Path, key: bytes) -> Iterator[Connection]:
    """One consistent view of the journal in ``folder``. Raises JournalError; never creates or changes anything."""
    file = folder / FILE
    if not file.is_file() or file.stat().st_size == 0:
        raise JournalError("no-journal", f"there is no journal in {folder}", advice="Check --data.")
    connection = connect(file, key, read_only=True)
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
        raise translated(error) from error
    finally:
        connection.close()


def item_meta(row: Mapping[str, Any]) -> dict[str, str]:
    """What is said of an item in clear, on the wire and in the export."""
    meta: dict[str, str] = json.loads(row["meta"])
    for key in ("service_id", "outcome", "rung", "case_no", "committed_at"):
        if row[key] is not None:
            meta[key] = row[key]
    meta["test"] = "1" if row["test"] else "0"
    return meta


def cases(connection: Connection) -> list[CaseRow]:
    """All cases, oldest first, without personal data."""
    names = [field.name for field in fields(CaseRow)]
    rows: Iterator[dict[str, Any]] = database(connection).query(_LIST)
    return [CaseRow(**{name: row[name] for name in names} | {"test": bool(row["test"])}) for row in rows]


def export(connection: Connection, out: IO[bytes]) -> int:
    """Every item with its sealed bytes, one JSON object a line. Returns how many."""
    db, count = database(connection), 0
    for row in db.query(_ITEMS):
        parts = list(db["materials"].rows_where("id >= ? AND id < ?", _range(row["seq"]), order_by="id"))
        line = {
            "id": row["id"], "kind": row["kind"], "case_id": row["case_id"], "hash": row["hash"],
            "sealed": base64.b64encode(parts[0]["data"]).decode(),
            "attachments": [
                {"sha256": part["sha256"], "kind": part["kind"], "data": base64.b64encode(part["data"]).decode()}
                for part in parts[1:]
            ],
            "meta": item_meta(row), "state": row["state"], "attempts": row["attempts"], "cause": row["cause"],
            "created_at": row["created_at"], "ack": json.loads(row["ack"]) if row["ack"] else None,
        }  # fmt: skip
        out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _range(seq: int) -> list[int]:
    return [seq * PARTS, (seq + 1) * PARTS]


def verify(connection: Connection) -> VerifyReport:
    """Look at everything: pages, chain, cases against outbox, bytes against hashes, numbers against blocks."""
    db = database(connection)
    found = [f"SQLite: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    try:
        found += chain.problems(connection)
        found += _items(db)
        found += _numbers(db)
    except dbapi.Error as error:
        found.append(f"reading stopped: {error}")
    head = connection.execute("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return VerifyReport(
        schema=schema.version(connection),
        cases=db["cases"].count,
        ratings=db["ratings"].count,
        items=db["outbox"].count,
        attachments=db["materials"].count_where("id % 256 > 0"),
        audit_rows=db["audit"].count,
        head="" if head is None else head[0],
        problems=tuple(found),
    )


def _items(db: Database) -> Iterator[str]:
    written: dict[str, dict[str, Any]] = {}
    acknowledged: dict[str, str] = {}
    for row in db["audit"].rows_where("event IN ('case.committed', 'rating.committed', 'item.acknowledged')"):
        details = json.loads(row["details"])
        if row["event"] == "item.acknowledged":
            acknowledged[row["item"]] = details["hash"]
            continue
        key = row["item"] if row["event"] == "case.committed" else details["rating"]
        if key in written:
            yield f"the audit chain records item {key} twice"
        written[key] = details
    owners = {row["case_id"]: row["seq"] for row in db["cases"].rows}
    owners |= {row["rating_id"]: row["seq"] for row in db["ratings"].rows}
    expected = 1
    for row in db.query("SELECT * FROM outbox ORDER BY seq"):
        name = f"{row['kind']} {row['id']}"
        if row["seq"] != expected:
            yield f"the outbox has a hole or a double between {expected - 1} and {row['seq']}"
        expected = row["seq"] + 1
        if owners.pop(row["id"], None) != row["seq"]:
            yield f"outbox item {row['seq']} has no {name} of its own"
        record = written.pop(row["id"], None)
        if record is None:
            yield f"{name} is not in the audit chain"
        elif record["hash"] != row["hash"]:
            yield f"{name}: the outbox hash is not the one in the audit chain"
        if row["state"] == "acknowledged" and acknowledged.get(row["id"]) != row["hash"]:
            yield f"{name} counts as acknowledged, but the audit chain has no acknowledgement of these bytes"
        yield from _bytes(db, name, row, record)
    yield from (f"{item} has no outbox item" for item in owners)
    yield from (f"the audit chain records {item}, which is gone" for item in written)


def _bytes(db: Database, name: str, row: Mapping[str, Any], record: Mapping[str, Any] | None) -> Iterator[str]:
    parts = list(db["materials"].rows_where("id >= ? AND id < ?", _range(row["seq"]), order_by="id"))
    if not parts or parts[0]["id"] % PARTS:
        yield f"{name}: the sealed bytes are missing"
        return
    for part in parts:
        if hashlib.sha256(part["data"]).hexdigest() != part["sha256"]:
            yield f"{name}: part {part['id'] % PARTS} does not fit its hash"
    if parts[0]["sha256"] != row["hash"]:
        yield f"{name}: the sealed bytes are not those of the outbox"
    hashes = [part["sha256"] for part in parts[1:]]
    if record is not None and "materials" in record and materials_digest(hashes) != record["materials"]:
        yield f"{name}: its {len(hashes)} attachments are not the {record['attachments']} of the audit chain"


def _numbers(db: Database) -> Iterator[str]:
    spent: dict[str, set[int]] = {}
    case_numbers: set[str] = set()
    for row in db["cases"].rows:
        if row["case_no"] in case_numbers:
            yield f"case number {row['case_no']} was given twice"
        case_numbers.add(row["case_no"])
        for word in row["numbers"].split():
            kind, _, serial = word.partition("=")
            if int(serial) in spent.setdefault(kind, set()):
                yield f"number {serial} of kind {kind} was spent twice"
            spent[kind].add(int(serial))
    for block in db["blocks"].rows:
        used = set(range(block["first"], block["next"]))
        mine = spent.get(block["kind"], set())
        if used - mine:
            yield f"{len(used - mine)} numbers of kind {block['kind']} are spent, but no case has them"
        mine -= used
    for kind, rest in spent.items():
        if rest:
            yield f"{len(rest)} numbers of kind {kind} do not come from a reserved block"
