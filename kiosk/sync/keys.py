"""Keys change: the backend's are learnt from a reply that the known key has signed, the terminal's own is replaced.

Both may break off anywhere. What was learnt counts once it is kept; the terminal's new key lies beside the old one
until the backend has taken it, and whichever of the two the backend goes by is found out by asking.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from kiosk import wire
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Failure, SyncFailure

LARGEST = 1000  # epochs that are believed; one a year is usual


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
    if len(sealing) != 32 or len(signing) != 32:
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
