"""The secret of the entry codes (kiosk/access) brought to the backend, sealed: with the first pass of every life, and
after each change of the backend's key. Told again it changes nothing; a backend that was put back from an older backup
has it again with the terminal's next start.
"""

from __future__ import annotations

import msgspec

from kiosk import suites, wire
from kiosk.access.secret import EntrySecret
from kiosk.sync.exchange import Exchange
from kiosk.sync.notices import AuditLog
from kiosk.sync.policy import Failure, SyncFailure

TARGET = "/v1/entry-secret"


class EntryTelling:
    """Used by one thread."""

    def __init__(self, secret: EntrySecret, exchange: Exchange, log: AuditLog) -> None:
        self._secret, self._exchange, self._log = secret, exchange, log
        self._under = ""  # the backend's sealing key under which it was told in this life, or refused

    def tell(self, enrolment: wire.Enrolment) -> None:
        """Nothing where it was told already. Raises SyncFailure; what is refused for good is not asked for again."""
        if self._under == enrolment.sealing_key_id:
            return
        key, info = wire.unb64(enrolment.sealing_key), wire.entry_secret_info(enrolment.terminal_id)
        sealed = suites.of_key(key).seal(self._secret.value(), key, info)
        body = msgspec.json.encode(wire.EntrySecretTold(wire.b64(sealed)))
        try:
            kept = self._exchange.call(enrolment, "POST", TARGET, body, wire.EntrySecretKept)
        except SyncFailure as failure:
            if failure.kind is Failure.ITEM or failure.cause == "not-found":  # the last: an older backend's
                self._under = enrolment.sealing_key_id
            raise
        if (kept.terminal_id, kept.key_id) != (enrolment.terminal_id, enrolment.sealing_key_id):
            raise SyncFailure(Failure.SERVER, "bad-keys")
        if self._secret.note_told(kept.key_id):
            self._log.audit("entry.secret_told", key=kept.key_id)
        self._under = enrolment.sealing_key_id
