"""An audit log as visits make it, its backend's receipts, and what a thief can do to it."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from kiosk import wire
from kiosk.domain.case import new_case_id
from kiosk.journal import auditing, chain, commands
from kiosk.journal.auditing import LogReport
from kiosk.journal.chain import GENESIS, Row
from kiosk.journal.checkpoints import RECEIPT
from kiosk.journal.connection import FILE, connect
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.reading import reading
from kiosk.journal.records import Block, CaseRecord, Numbers, SealedMaterial
from kiosk.sync import TerminalKey
from kiosk.sync.checkpoints import KeyInUse

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENTS = 1000
SIGNED_AT = (100, 400, 700, 990)
FORGET = (f"DELETE FROM meta WHERE key = '{RECEIPT}'",)


@dataclass
class Backend:
    """What the other end does for a log: it has a key, and confirms heads."""

    private: bytes
    terminal_id: str = "330102-ABCDEF"

    @property
    def enrolment(self) -> str:
        public = wire.public_of(self.private)
        made = wire.Enrolment(self.terminal_id, "330102", wire.b64(bytes(32)), "k" * 16, wire.b64(public),
                              wire.key_id(public), NOON.isoformat())  # fmt: skip
        return msgspec.json.encode(made).decode()

    def confirm(self, sent: wire.Checkpoint, terminal_key: bytes) -> wire.HeadReceipt:
        made = wire.HeadReceipt(
            sent.terminal_id, sent.log, sent.seq, sent.head, sent.key_epoch, wire.key_id(terminal_key),
            NOON.isoformat(), wire.key_id(wire.public_of(self.private)),
        )  # fmt: skip
        return replace(made, signature=wire.sign(self.private, made.canonical()))


@dataclass
class Log:
    """A terminal's journal folder, its keys, and what its backend has confirmed."""

    folder: Path
    file_key: bytes
    signer: KeyInUse
    backend: Backend
    receipts: list[wire.HeadReceipt]

    def verify(self, outside: Sequence[wire.HeadReceipt] = (), own_key: bytes | None = None) -> LogReport:
        with reading(self.folder, self.file_key) as connection:
            return auditing.verify(connection, outside, own_key)

    def edit(self, *statements: str, work: Callable[[Any], None] = lambda _: None) -> None:
        """What a thief who holds the file's key can do."""
        connection = connect(self.folder / FILE, self.file_key)
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        work(connection)
        connection.execute("COMMIT")
        connection.close()

    def copy(self, to: Path) -> Log:
        shutil.copytree(self.folder, to)
        return replace(self, folder=to)


def case(numbers: Numbers) -> CaseRecord:
    material = b"a sealed signature"
    return CaseRecord(
        new_case_id(), f"T-{numbers.take('case')}", "pension-check", "1", "approved", "final", "face", NOON, False,
        secrets.token_bytes(60), (SealedMaterial(hashlib.sha256(material).hexdigest(), "signature", material),),
    )  # fmt: skip


def make(folder: Path, events: int, signed_at: Sequence[int]) -> Log:
    """A log as visits make it: most rows are small, one in twelve commits a case."""
    file_key = load_or_create_key(folder)
    backend = Backend(wire.new_signing_pair()[0])
    signer = KeyInUse(backend.terminal_id, 1, TerminalKey(wire.new_signing_pair()[0]))
    log = Log(folder, file_key, signer, backend, [])
    with Journal.open(folder, file_key, clock=lambda: NOON, durable=False) as journal:
        journal.set_meta("sync.enrolment", backend.enrolment)
        journal.add_block(Block("case", 1, 1000))
        last: wire.HeadReceipt | None = None
        while (end := journal.head().seq) < events - 1:  # closing writes the last
            if end in signed_at:
                last = backend.confirm(journal.checkpoint(signer, last), signer.public)
                journal.set_meta(RECEIPT, msgspec.json.encode(last).decode())
                log.receipts.append(last)
                signed_at = signed_at[1:]
                if journal.head().seq != end:  # the first checkpoint names the key
                    continue
            match end % 12:
                case 0:
                    journal.commit(case)
                case 1 | 7:
                    journal.audit("visit.started")
                case 2 | 8:
                    journal.audit("face.checked", outcome="match")
                case 3:
                    journal.note_print(new_case_id(), "receipt", "printed", 0)
                case 4 | 9:
                    journal.audit("visit.ended", reason="finished", state="rating", saved=1, seconds=312)
                case 5 | 10:
                    journal.audit("visit.wiped", files=0)
                case _:
                    journal.audit("device.failed", device="receipt_printer", code="paper-out")
    return log


def rows_of(log: Log) -> list[Row]:
    with reading(log.folder, log.file_key) as connection:
        return list(chain.rows(connection))


def verify(log: Log, *receipts: wire.HeadReceipt) -> tuple[int, dict[str, Any]]:
    """`kiosk log verify --json`: exit status and answer."""
    out = io.StringIO()
    file = None
    if receipts:
        file = log.folder.with_name("receipts.jsonl")
        file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in receipts))
    status = commands.verify_log(log.folder, receipts=file, as_json=True, out=out)
    return status, json.loads(out.getvalue())


def remake(connection: Any, begin: int, after: int | None = None) -> None:
    """Make the chain anew from row ``begin`` on, so that it fits itself again; ``after``: the row before it."""
    after = begin - 1 if after is None else after
    (previous,) = connection.execute("SELECT hash FROM audit WHERE seq = ?", (after,)).fetchone() or (GENESIS,)
    sql = "SELECT seq, at, event, item, details, about FROM audit WHERE seq >= ? ORDER BY seq"
    for row in connection.execute(sql, (begin,)).fetchall():
        previous = chain.row_hash(previous, *row)
        connection.execute("UPDATE audit SET hash = ? WHERE seq = ?", (previous, row[0]))
