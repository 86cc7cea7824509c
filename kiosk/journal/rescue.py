"""A journal that is damaged when it is opened: what stands in it goes into a new one, and the terminal goes on.

The new one is another log (its own first row) and says so: the backend asks the operator before it takes its end. Items
keep id, hash, bytes and moment; what waited waits on. No number is used again: every block is given up, because nobody
can tell which numbers the lost end has spent. Papers, meta and acknowledgements come along where they can be read.

Failpoints: ``rescue.begin`` (looked, nothing written), ``rescue.filled`` (the new file is written, not durable), and
those of aside.py.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kiosk.durable import sync_path
from kiosk.health.failpoints import hit
from kiosk.journal import aside, mark, schema
from kiosk.journal.connection import FILE, connect, dbapi, translated
from kiosk.journal.deeds import KINDS
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.packs import FOLDER, Packs, pack_of
from kiosk.journal.pages import Pages
from kiosk.journal.records import stamp
from kiosk.journal.retention import KEPT_FOR
from kiosk.journal.salvage import Item, Salvage, look, sealed_of
from kiosk.journal.store import Store

if TYPE_CHECKING:
    from sqlite3 import Connection

FAILPOINTS = ("rescue.begin", "rescue.filled", *aside.FAILPOINTS)
META = "journal.rescued"
"""Under this key of meta stands what came of it (Report, as JSON)."""
_log = logging.getLogger("kiosk.journal")
_PART = f"{FILE}-rescue"


class Report(msgspec.Struct, frozen=True):
    """What was saved. ``lost``: ids of items that are not whole and that the backend has not acknowledged."""

    at: str
    file: str
    reason: str
    log: str
    items: int
    unsent: int
    rows: int
    missing_rows: int
    lost: list[str]


def rescue(
    folder: Path, key: bytes, clock: Callable[[], datetime], cause: JournalDamaged, salt: bytes, *, durable: bool
) -> Report:
    """Set the journal in ``folder`` aside and put what stands in it into a new one. Nobody has it open.

    Raises ``cause``, with nothing moved, if no page is readable with this key: it may be another one. Raises
    JournalError or OSError where the disk does not take a new file; then too nothing is moved.
    """
    pages = Pages(folder / FILE, aside.log_of(folder), key, (salt,))
    if not pages.good:
        raise cause
    marked = mark.read(folder)
    packs = Packs(folder / FOLDER)
    found = look(pages, marked.seq, packs)
    if found.log and not found.log.startswith(marked.log):  # the mark is another log's
        found = look(pages, 0, packs)
    hit("rescue.begin")
    name = aside.free_name(folder, clock())
    report = Report(
        clock().isoformat(), name, _reason(pages, found), found.log, len(found.items),
        sum(item.state == "queued" for item in found.items), found.rows, found.missing_rows, sorted(found.lost),
    )  # fmt: skip
    part = folder / _PART
    try:
        _build(part, key, clock, lambda store: _fill(store, pages, found, report), durable=durable)
        aside.put_in_place(folder, part, name)
    finally:
        for file in folder.glob(f"{_PART}*"):
            file.unlink()
    _log.error(
        "the journal was damaged (%s) and set aside as %s: %d items saved, %d of them unsent; %d lost",
        cause, name, report.items, report.unsent, len(report.lost),
    )  # fmt: skip
    return report


def _build(
    part: Path, key: bytes, clock: Callable[[], datetime], fill: Callable[[Store], None], *, durable: bool
) -> None:
    """A whole journal in one file: no log beside it."""
    for file in part.parent.glob(f"{_PART}*"):  # of a rescue that was killed
        file.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = connect(part, key, durable=durable)
    try:
        schema.migrate(connection, part.parent, clock().isoformat())
        store = Store(connection, clock)
        store.write(lambda: fill(store))
        hit("rescue.filled")
        _fold(connection)
    except dbapi.Error as error:
        raise translated(error) from error
    finally:
        connection.close()
    if durable:
        sync_path(part)


def _fold(connection: Connection) -> None:
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise JournalError("journal-busy", "somebody reads the journal while it must be rescued", retryable=True)


def _fill(store: Store, pages: Pages, found: Salvage, report: Report) -> None:
    store.audit("journal.created", schema=schema.LATEST, log=str(uuid.uuid4()))
    store.audit(
        "journal.rescued", reason=report.reason, file=report.file, items=report.items, unsent=report.unsent,
        lost=len(report.lost), rows=report.rows, missing=report.missing_rows,
        **({"log": found.log, "head": found.head} if found.log else {}),
    )  # fmt: skip
    for kind, first, last, *rest in sorted(found.blocks.values()):
        spent = (kind, first, last, last + 1, *rest)
        store.connection.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)", spent)
        store.audit("block.given_up", kind=kind, first=first, last=last)
    for item in found.items:
        _put(store, pages, item, found)
    for item_id in report.lost:
        store.audit("item.lost", item_id)
    store.connection.executemany("INSERT OR IGNORE INTO kept_papers VALUES (NULL, ?, ?, ?, ?, ?)", found.kept.values())
    execute = store.connection.executemany
    execute("INSERT INTO drafts VALUES (NULL, ?, ?, ?, ?)", found.drafts.values())
    execute("INSERT INTO answers VALUES (NULL, ?, ?, ?)", found.answers.values())
    execute("INSERT INTO results VALUES (?, ?, ?)", found.results.values())
    execute("INSERT INTO prints VALUES (?, ?, ?, ?, ?)", found.prints.values())
    execute("INSERT INTO deeds VALUES (?, ?, ?, ?, ?, ?)", found.deeds.values())
    execute("INSERT INTO words VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found.words.values())
    execute(
        "INSERT INTO proofs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", [row for _, row in sorted(found.proofs.items())]
    )
    execute("INSERT INTO used VALUES (?, ?, ?, ?)", found.used.values())
    for key, value in (found.meta | {META: msgspec.json.encode(report).decode()}).items():
        store.set_meta(key, value)


def _put(store: Store, pages: Pages, item: Item, found: Salvage) -> None:
    row = item.row
    sealed, papers = sealed_of(pages, item)
    seq = store.chain.append(row.at, row.event, row.item, row.details, row.about, sealed)
    ack = item.ack
    if item.state == "acknowledged":
        store.audit("item.acknowledged", item.id, hash=item.hash, **({"key": item.ack_key} if item.ack_key else {}))
    elif item.state != "queued":
        store.audit(f"item.{item.state}", item.id, reason=item.cause)
    settled_at = item.settled_at or ("" if item.state == "queued" else store.now())
    store.connection.execute(
        "INSERT INTO sending VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?)",
        (seq, item.id, item.kind, item.hash, item.state, item.attempts, item.cause, settled_at, ack),
    )
    if sealed is not None and (pack := pack_of(json.loads(row.about)["parts"], len(sealed))):
        store.connection.execute("INSERT INTO packs VALUES (?, ?)", (seq, pack))
    if item.erased:
        store.audit("item.erased", item.id, hash=item.hash)
        store.connection.execute("INSERT INTO erased VALUES (?, ?)", (seq, store.now()))
    if item.kind in KINDS:
        until = stamp(datetime.fromisoformat(row.at) + KEPT_FOR)
        found.deeds.setdefault(item.id, (item.id, row.item, item.kind, row.at, "", until))
    if item.kind == "rating":
        store.connection.execute("INSERT OR IGNORE INTO ratings VALUES (?, ?)", (row.item, item.id))
    for claim, paper, data, until in papers:
        found.kept.setdefault((item.id, paper), (claim, item.id, paper, data, until))


def _reason(pages: Pages, found: Salvage) -> str:
    """What is wrong, in a word: pages that do not hold, rows that are gone, or rows that were changed."""
    return "pages" if pages.damaged else "rows" if found.missing_rows else "changed"
