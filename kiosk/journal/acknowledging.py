"""The backend's acknowledgements: each settles its item for good, and its proof is kept; what does not fit is an alarm.

One alone is one statement, which is its own transaction: an insert into a view of the writing connection, whose trigger
settles the item and adds the row to the chain. Several are one transaction of two statements each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kiosk.journal.chain import around
from kiosk.journal.connection import dbapi, translated
from kiosk.journal.errors import EventRefused
from kiosk.journal.records import AckRecord, Alarm

if TYPE_CHECKING:
    from kiosk.journal.sending import Sending
    from kiosk.journal.store import Store

_json = msgspec.json.Encoder(order="sorted").encode
_ACKNOWLEDGE = """UPDATE sending SET state = 'acknowledged', cause = '', settled_at = ?, ack = ?
    WHERE id = ? AND hash = ? AND state <> 'acknowledged'"""
# The two statements of one acknowledgement as one, which is its own transaction: a third less for SQLite. For this
# connection alone. Where the first changes nothing the second does not either.
_AT_ONCE = """
    CREATE TEMP VIEW IF NOT EXISTS settling (seq, at, item, details, hash, sent, ack) AS
        SELECT 0, '', '', '', '', '', '';
    CREATE TEMP TRIGGER IF NOT EXISTS settle INSTEAD OF INSERT ON settling BEGIN
        UPDATE sending SET state = 'acknowledged', cause = '', settled_at = NEW.at, ack = NEW.ack
            WHERE id = NEW.item AND hash = NEW.sent AND state <> 'acknowledged';
        INSERT INTO audit SELECT NEW.seq, NEW.at, 'item.acknowledged', NEW.item, NEW.details, '', NEW.hash, NULL
            WHERE changes() = 1;
    END;"""
_SETTLE = "INSERT INTO settling VALUES (?, ?, ?, ?, ?, ?, ?)"


def _proof(ack: AckRecord) -> str:
    """What is kept of an acknowledgement."""
    proof = {"received_at": ack.received_at, "key_id": ack.key_id, "signature": ack.signature}
    if ack.path:
        proof["path"] = ack.path
    return _json(proof).decode()


def _said(ack: AckRecord) -> str:
    """The details of item.acknowledged. Its hash is in form where an item has it: nothing else is ever written."""
    before, behind = around("item.acknowledged", key=ack.key_id)
    return f"{before}{ack.hash}{behind}"


class Acknowledgements:
    """In the writer's turn, like the store it stands on."""

    def __init__(self, store: Store, sending: Sending) -> None:
        self._store, self._sending = store, sending
        self._execute = store.connection.cursor().execute  # a cursor for each costs a microsecond more
        self._at_once = False  # whether this connection has the view for one acknowledgement

    def take_one(self, ack: AckRecord) -> bool:
        """One acknowledgement in a transaction of its own, by one statement. Raises as ``Store.write`` does.

        False, and nothing is written, if it fits no item, or one that was acknowledged before, or is out of form: what
        that means ``take`` says.
        """
        store = self._store
        try:
            said = _said(ack)
            if not self._at_once:
                store.connection.executescript(_AT_ONCE)
                self._at_once = True
        except EventRefused:
            return False
        except dbapi.Error as error:
            raise translated(error) from error

        def row() -> tuple[object, ...]:
            linked = store.chain.link(store.now(), "item.acknowledged", ack.id, said, "", None)
            seq, at, _, item, details, _, digest, _ = linked
            return seq, at, item, details, digest, ack.hash, _proof(ack)

        if not store.write_at_once(_SETTLE, row):
            return False
        self._sending.settled()
        return True

    def take(self, acks: Sequence[AckRecord]) -> tuple[Alarm, ...]:
        """Inside the open transaction. Those that do not fit come back as alarms."""
        alarms = []
        for ack in acks:
            if self._settle(ack):
                continue
            sql = "SELECT hash, state FROM sending WHERE id = ?"
            row = self._store.connection.execute(sql, (ack.id,)).fetchone()
            if row is None:
                self._store.audit("item.alarm", reason="unknown-id")
                alarms.append(Alarm(ack.id, "unknown-id"))
            elif row[0] != ack.hash:
                self._store.audit("item.alarm", ack.id, reason="hash-mismatch")
                if row[1] != "acknowledged":
                    self._sending.settle(ack.id, "quarantined", "hash-mismatch")
                alarms.append(Alarm(ack.id, "hash-mismatch"))
        return tuple(alarms)

    def _settle(self, ack: AckRecord) -> bool:
        """Settle an item that this fits and that was not acknowledged before: one statement where all is well."""
        now = self._store.now()
        if not self._execute(_ACKNOWLEDGE, (now, _proof(ack), ack.id, ack.hash)).rowcount:
            return False
        self._store.chain.append_text(now, "item.acknowledged", ack.id, _said(ack))
        self._sending.settled()
        return True
