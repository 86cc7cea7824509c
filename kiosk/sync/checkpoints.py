"""The end of the audit chain, signed and sent with every pass, so that nobody can shorten or rewrite the log unseen.

The backend answers with a signed receipt of the newest head it knows, which is kept: `kiosk log verify` holds the log
against it. Trouble here is told and never keeps a case back.

Failpoints: ``sync.checkpoint.signed`` (kept here, not sent), ``sync.checkpoint.answered`` (the backend keeps it, its
receipt is not kept here).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kiosk import wire
from kiosk.health.failpoints import hit
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.sync.state import SyncState

FAILPOINTS = ("sync.checkpoint.signed", "sync.checkpoint.answered")
TARGET = "/v1/checkpoints"
_REASON = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, repr=False)
class KeyInUse:
    """The terminal's key as the journal's signer. ``epoch`` counts its keys from 1."""

    terminal_id: str
    epoch: int
    key: TerminalKey

    @property
    def public(self) -> bytes:
        return self.key.public

    def sign(self, message: bytes) -> str:
        return wire.sign(self.key.private, message)


class Log(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def log(self) -> str: ...

    def checkpoint(
        self, signer: KeyInUse, known: wire.HeadReceipt | None, *, anew: bool = False
    ) -> wire.Checkpoint: ...

    def signing_key(self) -> tuple[int, bytes] | None: ...

    def change_key(self, old: KeyInUse, new: KeyInUse) -> None: ...

    def audit(self, event: str, /, **details: str | int) -> None: ...


class Checkpoints:
    """``send`` is called once a pass, by the sync's thread; ``key`` gives the key that signs requests now."""

    def __init__(self, log: Log, state: SyncState, exchange: Exchange, key: Callable[[], TerminalKey]) -> None:
        self._log, self._state, self._exchange, self._key = log, state, exchange, key

    def send(self, enrolment: wire.Enrolment) -> str:
        """Send the end of the chain; the backend's reason if it does not take it, else empty. Raises SyncFailure."""
        signer = self._signer(enrolment)
        sent = self._log.checkpoint(signer, self._state.receipt)
        hit("sync.checkpoint.signed")
        reply = self._ask(enrolment, sent)
        if reply.status == "behind":  # an answer was lost, or an older image of this disk was put back
            sent = self._log.checkpoint(signer, reply.receipt, anew=True)
            reply = self._ask(enrolment, sent)
        trouble = ""
        if reply.status not in ("accepted", "duplicate"):
            trouble = reply.reason if _REASON.fullmatch(reply.reason) else "no-reason"
        elif reply.receipt is not None and reply.receipt.seq > sent.seq:  # it was ours once: this is an older image
            trouble = "log-went-back"
        if trouble != self._state.log_trouble:  # said once: a row for each pass would give the log a new end each time
            if trouble:
                self._log.audit("log.refused", reason=trouble)
            else:
                self._log.audit("log.taken")
            self._state.log_trouble = trouble
        return trouble

    def keep(self, enrolment: wire.Enrolment) -> None:
        """Sign the end of the chain, as it would be sent: there is no line."""
        self._log.checkpoint(self._signer(enrolment), self._state.receipt)

    def change_key(self, enrolment: wire.Enrolment, new: TerminalKey) -> None:
        """From here on ``new`` signs, as the next epoch, and the key before confirms it.

        For whoever rotates: once the backend has taken the new key, and before the old one is given up. Again with the
        same key changes nothing; after a crash between the two see ``key_by_the_log``.
        """
        old, named = self._signer(enrolment), self._log.signing_key()
        if new.public not in (old.public, b"" if named is None else named[1]):
            self._log.change_key(old, KeyInUse(enrolment.terminal_id, old.epoch + 1, new))

    def _signer(self, enrolment: wire.Enrolment) -> KeyInUse:
        """The key in use, of the epoch that the chain gives it; one that the chain does not name begins the next."""
        key, named = self._key(), self._log.signing_key()
        epoch = 1 if named is None else named[0] + (named[1] != key.public)
        return KeyInUse(enrolment.terminal_id, epoch, key)

    def _ask(self, enrolment: wire.Enrolment, checkpoint: wire.Checkpoint) -> wire.CheckpointReply:
        body = msgspec.json.encode(checkpoint)
        reply = self._exchange.call(enrolment, "POST", TARGET, body, wire.CheckpointReply)
        hit("sync.checkpoint.answered")
        receipt = reply.receipt
        if receipt is None:
            if reply.status != "refused":
                raise SyncFailure(Failure.SERVER, "bad-receipt")
            return reply
        if not genuine(enrolment, receipt):
            raise SyncFailure(Failure.SERVER, "bad-receipt")
        same = (receipt.log, receipt.seq, receipt.head) == (checkpoint.log, checkpoint.seq, checkpoint.head)
        if reply.status == "accepted" and not same:
            raise SyncFailure(Failure.SERVER, "bad-receipt")
        before = self._state.receipt
        if before is None or before.log != receipt.log or before.seq <= receipt.seq:
            self._state.receipt = receipt
        return reply


def key_by_the_log(log: Log, key: TerminalKey) -> TerminalKey:
    """The terminal's key: the one that was to follow, if the log names it already (a crash came before its file)."""
    named, following = log.signing_key(), key.pending()
    if named is None or following is None or following.public != named[1]:
        return key
    following.complete_change()
    return following


def genuine(enrolment: wire.Enrolment, receipt: wire.HeadReceipt) -> bool:
    """Whether this is our backend's signed word about this terminal's log."""
    if (receipt.terminal_id, receipt.key_id) != (enrolment.terminal_id, enrolment.signing_key_id):
        return False
    try:
        wire.verify(wire.unb64(enrolment.signing_key), receipt.canonical(), receipt.signature)
    except (wire.BadSignature, ValueError):
        return False
    return True
