"""The terminals' audit logs as the backend knows them: heads taken in, receipts signed, tampering alarmed.

A terminal's log is in the hands of whoever has the terminal. What was told here is not, so that this is the place
where a log that was shortened, rewritten or replaced is found (kiosk/journal/README.md: what a thief can sign).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.keys import BackendKeys, Epoch
from kiosk.backend.metrics import Metrics
from kiosk.backend.problems import Refusal
from kiosk.backend.store import checkpoints as store
from kiosk.backend.store import terminals
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.items import raise_alarm
from kiosk.backend.store.terminals import Terminal

LARGEST = 2**53 - 1  # rows and epochs: what every JSON reader takes for a whole number
LARGEST_EPOCH = 2**31 - 1


class Logs:
    """Thread-safe: every call is its own transaction."""

    def __init__(self, rows: Store, keys: BackendKeys, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._store, self._keys, self._metrics, self._now = rows, keys, metrics, now

    def take(self, terminal: Terminal, sent: wire.Checkpoint) -> wire.CheckpointReply:
        """The newest head of this terminal's log, if it goes on from the one before. Idempotent. Raises Refusal."""
        if sent.terminal_id != terminal.terminal_id or not _in_form(sent):
            raise Refusal("bad-fields")
        key = wire.unb64(terminal.public_key)
        try:
            wire.verify(key, sent.canonical(), sent.signature)
            signed = True
        except wire.BadSignature:
            signed = False
        now = self._now()

        def work(connection: Connection) -> store.Judged:
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            if signed:
                judged = store.take(connection, sent, wire.key_id(key), terminal.signing_id, now)
            else:
                judged = store.refuse(connection, terminal.terminal_id, "log-signature")
            if judged.alarm:
                row = f"row {sent.seq}"
                raise_alarm(connection, terminal.terminal_id, judged.reason, row, sent.head, now)
            return judged

        judged = self._store.write(work)
        self._metrics.count("kiosk_checkpoints_total", status=judged.status)
        if judged.alarm:
            log.event("log.alarm", terminal=terminal.terminal_id, code=judged.reason, seq=sent.seq)
        newest = judged.newest
        receipt = None if newest is None else self._receipt(terminal, newest)
        return wire.CheckpointReply(judged.status, judged.reason, receipt)

    def receipts(self, terminal_id: str) -> list[wire.HeadReceipt]:
        """Every head that is kept of this terminal's log, oldest first: what `kiosk log verify --checkpoints` takes.

        Signed with the backend's key that the terminal went by when it told the newest.
        """
        kept, known = self._store.read(lambda connection: store.heads(connection, terminal_id))
        signer = self._keys.signer(known)
        return [_receipt(terminal_id, head, signer) for head in kept]

    def allow_another(self, terminal_id: str) -> bool:
        """The operator knows why this terminal begins another log (its journal was set aside, its disk replaced)."""
        closed = self._store.write(lambda connection: store.close_log(connection, terminal_id, self._now()))
        log.event("log.closed", terminal=terminal_id, found=int(closed))
        return closed

    def _receipt(self, terminal: Terminal, head: store.Head) -> wire.HeadReceipt:
        return _receipt(terminal.terminal_id, head, self._keys.signer(terminal.signing_id, terminal.suite))


def _receipt(terminal_id: str, head: store.Head, signer: Epoch) -> wire.HeadReceipt:
    made = wire.HeadReceipt(
        terminal_id, head.log, head.seq, head.head, head.key_epoch, head.terminal_key, head.received_at,
        signer.signing_id,
    )  # fmt: skip
    return replace(made, signature=wire.sign(signer.signing_private, made.canonical()))


def _in_form(sent: wire.Checkpoint) -> bool:
    hashes = (sent.log, sent.head, sent.base_head or sent.head)
    try:
        at = datetime.fromisoformat(sent.at)
    except ValueError:
        return False
    return (
        all(wire.HASH.fullmatch(value) for value in hashes)
        and 1 <= sent.seq <= LARGEST
        and 0 <= sent.base_seq <= LARGEST
        and 1 <= sent.key_epoch <= LARGEST_EPOCH
        and at.tzinfo is not None
        and len(sent.at) <= 40
        and len(sent.signature) <= 88
    )
