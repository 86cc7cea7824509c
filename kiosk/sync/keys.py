"""Keys change: the backend's are learnt from a reply that the known key has signed, the terminal's own is replaced.

Both may break off anywhere. What was learnt counts once it is kept; the terminal's new key lies beside the old one
until the backend has taken it, and whichever of the two the backend goes by is found out by asking.

Failpoints: ``sync.key.taken`` (the backend goes by the new key, the log does not name it), ``sync.key.named`` (it does,
the file is still the old one's), ``sync.key.changed``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from kiosk import suites, wire
from kiosk.health.failpoints import hit
from kiosk.sync.checkpoints import Checkpoints
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.notices import AuditLog, Notices
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.state import SyncState

FAILPOINTS = ("sync.key.taken", "sync.key.named", "sync.key.changed")
LARGEST = 1000  # epochs that are believed; one a year is usual


class Keys:
    """``own`` is the terminal's key. Used by one thread. That nobody is reached is raised, the rest is reported."""

    def __init__(
        self, own: TerminalKey, exchange: Exchange, state: SyncState, audit_log: AuditLog, notices: Notices
    ) -> None:
        self.own = own
        self._exchange, self._state, self._audit_log, self._notices = exchange, state, audit_log, notices

    def complete_change(self, enrolment: wire.Enrolment, checkpoints: Checkpoints | None, report: CycleReport) -> None:
        """Before anything else: where an earlier answer was lost, the old key is worth nothing any more."""
        new = self.own.pending()
        if new is None:
            return
        if self._state.key_begun != (name := wire.key_id(new.public)):  # said once, however often it is tried
            self._audit_log.audit("terminal.key_begun", key=name)
            self._state.key_begun = name
        try:
            change(self._exchange, enrolment, self.own, new)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            # Not to be had: another try makes another. No other word is enough to throw a key away: the backend may go
            # by it already, and what it says of a malformed request it signs for whoever sends one.
            if failure.cause == "key-taken":
                self.own.drop_change()
            report.cause, report.advice = failure.cause, failure.advice
            return
        hit("sync.key.taken")
        if checkpoints is not None:
            checkpoints.change_key(enrolment, new)  # while the old one still signs for it
        hit("sync.key.named")
        new.complete_change()
        hit("sync.key.changed")
        self.own = new

    def begin_by_age(self, now: datetime, life: timedelta) -> None:
        """Begin a change where the key has been in use for ``life``. ``now``: by a clock that the backend confirmed.

        A key counts from the first such moment at which it was seen: what a file's date says is not believed.
        Raises SyncFailure.
        """
        name = wire.key_id(self.own.public)
        if self._state.key_since is None or self._state.key_since[0] != name:
            self._state.key_since = (name, now)
        elif now - self._state.key_since[1] >= life and self.own.folder is not None:
            self.own.begin_change()

    def learn(self, enrolment: wire.Enrolment, report: CycleReport) -> wire.Enrolment:
        """The enrolment to go on with. What is sealed from here on is sealed to the newest key."""
        if not self._exchange.newer_keys:
            return enrolment
        try:
            learnt = learn(self._exchange, enrolment)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            report.cause, report.advice = failure.cause, failure.advice
            self._notices.alarm_if(failure.cause)
            return enrolment
        self._exchange.newer_keys = False
        if learnt != enrolment:
            self._state.enrolment = learnt
            self._audit_log.audit("terminal.enrolled", terminal=learnt.terminal_id, key=learnt.sealing_key_id)
        return learnt


def learn(exchange: Exchange, enrolment: wire.Enrolment) -> wire.Enrolment:
    """The enrolment with the backend's newest keys. Raises SyncFailure ``bad-keys`` if they do not follow from ours."""
    reply = exchange.call(enrolment, "GET", "/v1/keys", b"", wire.KeysReply)
    later = [epoch for epoch in reply.epochs if epoch.signing_key == enrolment.signing_key]
    start = reply.epochs.index(later[0]) + 1 if len(later) == 1 else 0
    if not start or len(reply.epochs) > LARGEST:
        raise SyncFailure(Failure.SERVER, "bad-keys")
    for epoch in reply.epochs[start:]:
        enrolment = _next(enrolment, epoch)
    return enrolment


def _next(enrolment: wire.Enrolment, epoch: wire.KeyEpoch) -> wire.Enrolment:
    """The enrolment under ``epoch``, which the signing key known so far must stand for."""
    try:
        wire.verify(wire.unb64(enrolment.signing_key), epoch.canonical(), epoch.endorsement)
        sealing, signing = wire.unb64(epoch.sealing_key), wire.unb64(epoch.signing_key)
    except (wire.BadSignature, ValueError):
        raise SyncFailure(Failure.SERVER, "bad-keys") from None
    if {suites.suite_name(sealing), suites.suite_name(signing)} != {enrolment.suite}:  # nobody is led into another one
        raise SyncFailure(Failure.SERVER, "bad-keys")
    return replace(
        enrolment,
        sealing_key=epoch.sealing_key,
        sealing_key_id=wire.key_id(sealing),
        signing_key=epoch.signing_key,
        signing_key_id=wire.key_id(signing),
    )


def change(exchange: Exchange, enrolment: wire.Enrolment, old: TerminalKey, new: TerminalKey) -> None:
    """Until this returns the backend may go by either key; afterwards by ``new``, and so does ``exchange``.

    Raises SyncFailure, and then ``exchange`` goes by ``old`` as before.
    """
    names = wire.b64(old.public), wire.b64(new.public)
    message = wire.key_change_bytes(enrolment.terminal_id, *names)
    body = msgspec.json.encode(
        wire.KeyChange(names[1], wire.sign(old.private, message), wire.sign(new.private, message))
    )
    try:
        _ask(exchange, enrolment, body, names[1])
    except SyncFailure as failure:
        if (failure.kind, failure.cause) != (Failure.SERVER, "bad-signature"):  # the backend's own word, signed
            raise
        exchange.use(new)  # the answer to an earlier try was lost: the old key is worth nothing any more
        try:
            _ask(exchange, enrolment, body, names[1])
        except SyncFailure:
            exchange.use(old)
            raise
    exchange.use(new)


def _ask(exchange: Exchange, enrolment: wire.Enrolment, body: bytes, public_key: str) -> None:
    changed = exchange.call(enrolment, "POST", "/v1/terminal-key", body, wire.KeyChanged)
    if (changed.terminal_id, changed.public_key) != (enrolment.terminal_id, public_key):
        raise SyncFailure(Failure.SERVER, "bad-keys")
