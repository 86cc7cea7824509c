"""What must be so after any number of deaths: what was promised, what the terminal holds and what the backend holds."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import msgspec

from kiosk import wire
from kiosk.backend import Backend, Settings
from kiosk.backend.log_desk import heads
from kiosk.counter.results import outcome_of
from kiosk.journal import commands, reading
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.sync.identity import public_key_in
from tests.crash.ends_world import Ledger

Rows = list[tuple[Any, ...]]


def check(folder: Path, ledger: Ledger) -> dict[str, int]:
    """Raises AssertionError where it is not so. What there was, in numbers."""
    settings = Settings(str(folder / "backend.db"), str(folder / "blobs"))
    backend = Backend(settings)
    try:
        house = _House(backend)
        journal = folder / "journal"
        with reading.reading(journal, load_or_create_key(journal)) as connection:
            report = reading.verify(connection)
            items: Rows = connection.execute("SELECT id, kind, hash, state, ack, parts FROM outbox").fetchall()
            numbers: Rows = connection.execute("SELECT case_no FROM cases").fetchall()
            blocks: Rows = connection.execute("SELECT kind, first, last FROM blocks").fetchall()
        assert report.problems == ()
        _promises(ledger, [row[0] for row in items])
        _both_ends(items, numbers, blocks, house)
        _acknowledgements(items, house)
        materials = _materials(items, house, folder / "blobs")
        assert house.rows("SELECT code, item_id FROM alarms") == []
        ((terminal_id, public_key),) = house.rows("SELECT terminal_id, public_key FROM terminals")
        own_key = public_key_in(folder)
        assert own_key is not None
        assert public_key == wire.b64(own_key), "both go by the same key of the terminal"
        cases = house.rows("SELECT case_id FROM cases")
        counted = {"cases": len(cases), "items": len(items), "materials": materials, "blocks": len(blocks)}
        counted["keys"] = max(1, len(house.rows("SELECT epoch FROM terminal_keys")))
    finally:
        backend.close()
    _log_against_receipts(folder, settings, terminal_id, own_key)
    with Journal.open(journal, load_or_create_key(journal)) as opened:
        assert {outcome_of(opened, row[0]) for row in cases} <= {"confirmed"}, "each result has come back"
    return counted


class _House:
    """The backend's store, asked directly."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def rows(self, sql: str) -> Rows:
        return self.backend._store.read(lambda connection: [tuple(row) for row in connection.exec_driver_sql(sql)])


def _promises(ledger: Ledger, held: list[str]) -> None:
    there = set(held)
    assert len(there) == len(held), "an item is there twice"
    assert ledger.done <= there, "what was promised is there"
    assert there <= ledger.begun - ledger.gone, "nothing else is"


def _both_ends(items: Rows, numbers: Rows, blocks: Rows, house: _House) -> None:
    assert {row[3] for row in items} <= {"acknowledged"}, "nothing waits, nothing was set aside"
    ours = sorted((row[0], row[1], row[2]) for row in items)
    assert ours == sorted(house.rows("SELECT id, kind, hash FROM items")), "both ends hold the same, each once"
    theirs = house.rows("SELECT case_id, case_no, state FROM cases")
    assert sorted(row[0] for row in theirs) == sorted(row[0] for row in items if row[1] == "case")
    assert len({row[1] for row in theirs}) == len(theirs), "a number was given twice"
    assert sorted(row[1] for row in theirs) == sorted(row[0] for row in numbers)
    assert {row[2] for row in theirs} <= {"confirmed"}
    # "progress" is how a case stands, which is told whenever it changes.
    told = house.rows("SELECT case_id FROM results WHERE text NOT LIKE 'progress%'")
    assert sorted(row[0] for row in told) == sorted(row[0] for row in theirs), "registered once, told once"
    assert sorted(blocks) == sorted(house.rows("SELECT kind, first, last FROM blocks")), "no block is lost or doubled"


def _acknowledgements(items: Rows, house: _House) -> None:
    """Each is signed by a key of the backend's, for this id and hash."""
    ((terminal_id,),) = house.rows("SELECT terminal_id FROM terminals")
    by_id = {epoch.signing_id: epoch.signing_public for epoch in house.backend.keys.epochs}
    for item_id, _, digest, _, proof, _ in items:
        ack = json.loads(proof)
        proof_of = (ack["received_at"], ack["key_id"], ack["signature"], ack.get("path", ""))
        wire.verify_ack(by_id[ack["key_id"]], wire.Ack(item_id, digest, terminal_id, *proof_of))


def _materials(items: Rows, house: _House, blobs: Path) -> int:
    """All that items name are here, and whatever lies in the folder under a hash has that hash."""
    named = {(row[0], part[1]) for row in items for part in json.loads(row[5])[1:]}
    assert named == set(house.rows("SELECT item_id, hash FROM item_materials"))
    for digest in {digest for _, digest in named}:
        assert hashlib.sha256(house.backend._blobs.get(digest)).hexdigest() == digest
    for file in blobs.rglob("*"):
        if file.is_file() and not file.name.startswith("."):  # a draft of one that was killed
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
    return len(named)


def _log_against_receipts(folder: Path, settings: Settings, terminal_id: str, own_key: bytes) -> None:
    """`kiosk log verify`, with the backend's receipts brought by another way."""
    receipts = folder / "receipts.jsonl"
    receipts.write_text("\n".join(heads(settings, terminal_id)) + "\n")
    said = io.StringIO()
    status = commands.verify_log(folder, receipts=receipts, own_key=own_key, as_json=True, out=said)
    assert status == 0, said.getvalue()
    newest = msgspec.json.decode(receipts.read_bytes().splitlines()[-1], type=wire.HeadReceipt)
    assert newest.seq > 0
