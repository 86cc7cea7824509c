"""Signed ends of the chain. The terminal's key, which does not open the file, says: up to this row the log is this.

They stand beside the chain and not in it: a row for each would give the chain a new end, to be signed again, without
end. None is part of a commit's transaction; sync asks for one when it has something to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from kiosk import wire
from kiosk.journal.chain import GENESIS
from kiosk.journal.records import AuditHead
from kiosk.journal.store import Store

if TYPE_CHECKING:
    from sqlite3 import Connection

KEY_EVENT = "terminal.key"
RECEIPT = "sync.receipt"
"""Under this key of meta stands the newest receipt of the backend (kiosk/wire.py: HeadReceipt, as JSON)."""
OLD_KEYS = "sync.old_keys"
"""Under this key of meta stand the signing keys (base64) that the backend has had before."""
_KEY = "audit.key"  # meta: epoch and public key of the last row of KEY_EVENT, so that nobody searches the chain for it
_NEWEST = "SELECT signed FROM checkpoints ORDER BY seq DESC, key_epoch DESC LIMIT 1"
_THIN = """DELETE FROM checkpoints WHERE day < ? AND (seq, key_epoch) NOT IN
    (SELECT max(seq), key_epoch FROM checkpoints GROUP BY day, key_epoch)"""


class Signer(Protocol):
    """The terminal's signing key: which of its keys it is (``epoch``, from 1), its public half as its suite has it."""

    @property
    def terminal_id(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> str:
        """The key's signature over ``message``, by its suite, base64."""


class Checkpoints:
    """Makes checkpoints and keeps them. In the writer's turn, like the store it stands on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._log = ""

    def log(self) -> str:
        """Which log this is: the hash of its first row."""
        self._log = self._log or self.hash_at(1)
        return self._log

    def hash_at(self, seq: int) -> str:
        """What stands at the end of row ``seq``; empty if there is no such row."""
        if seq == 0:
            return GENESIS
        row = self._store.connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
        return "" if row is None else str(row[0])

    def present(self, signer: Signer) -> wire.Checkpoint | None:
        """The kept checkpoint, if it is this signer's and of the chain as it ends now."""
        try:
            found = next(kept(self._store.connection, _NEWEST), None)
        except msgspec.MsgspecError:
            return None  # `log verify` tells; signed anew here
        if found is None:
            return None
        mine = (found.terminal_id, found.key_epoch) == (signer.terminal_id, signer.epoch)
        return found if mine and AuditHead(found.seq, found.head) == self._store.chain.head else None

    def sign(self, signer: Signer, known: wire.HeadReceipt | None) -> wire.Checkpoint:
        """Sign the end of the chain, inside the open transaction. ``known``: the newest the backend has confirmed."""
        self._name(signer)
        base = AuditHead(0, GENESIS)
        if known is not None and known.log == self.log():
            base = AuditHead(known.seq, self.hash_at(known.seq))
        return self._keep(signer, base)

    def signing_key(self) -> tuple[int, bytes] | None:
        """Epoch and public half of the key that the chain names last; None before the first checkpoint."""
        row = self._store.connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
        if row is None:
            return None
        epoch, _, key = row[0].partition(" ")
        return int(epoch), bytes.fromhex(key)

    def change_key(self, old: Signer, new: Signer) -> None:
        """Name ``new`` in the chain and let ``old`` confirm that row, inside the open transaction. Again: nothing.

        Whoever has the file but not ``old`` cannot do this: a key that nobody confirmed is found by ``log verify``.
        """
        if self.signing_key() != (new.epoch, new.public):
            self._name(old)
            self._name(new)
            self._keep(old, AuditHead(0, GENESIS))

    def _name(self, signer: Signer) -> None:
        if self.signing_key() != (signer.epoch, signer.public):
            self._store.audit(KEY_EVENT, epoch=signer.epoch, key=signer.public.hex())
            self._store.set_meta(_KEY, f"{signer.epoch} {signer.public.hex()}")

    def _keep(self, signer: Signer, base: AuditHead) -> wire.Checkpoint:
        store, head = self._store, self._store.chain.head
        at = store.now()
        made = wire.Checkpoint(
            signer.terminal_id, self.log(), head.seq, head.hash, base.seq, base.hash, signer.epoch, at
        )
        made = replace(made, signature=signer.sign(made.canonical()))
        newest = store.connection.execute("SELECT max(day) FROM checkpoints").fetchone()[0]
        store.connection.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
            (made.seq, made.key_epoch, at[:10], msgspec.json.encode(made).decode()),
        )
        if newest is not None and newest < at[:10]:
            store.connection.execute(_THIN, (newest,))
        return made


def kept(
    connection: Connection, sql: str = "SELECT signed FROM checkpoints ORDER BY seq, key_epoch"
) -> Iterator[wire.Checkpoint]:
    """The kept checkpoints, oldest first. Raises msgspec.MsgspecError for one that is none."""
    for (text,) in connection.execute(sql):
        yield msgspec.json.decode(text, type=wire.Checkpoint)
