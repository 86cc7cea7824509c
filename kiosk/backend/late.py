"""What comes out late: cases that do not hold as they were told, packs that were withdrawn, papers that count no more.

By the table of kiosk/domain/late.py, the same for whoever finds it: the store while it takes a case in (a number used
twice, a matter done elsewhere, a pack withdrawn), or a person of the office (decided otherwise, revoked, put right).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.keys import BackendKeys, Epoch
from kiosk.backend.seal_keys import SealKeys
from kiosk.backend.settings import BackendError
from kiosk.backend.store import certificates, findings, terminals
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.items import NewItem, raise_alarm_once
from kiosk.domain.late import CONFLICT, result_text
from kiosk.papers.listing import LIFE, PaperKey, PaperList, RevokedPaper, ServiceName, signed
from kiosk.services.loader import load_builtin
from kiosk.suites import DEFAULT
from kiosk.wire import CasePayload, FollowUpPayload, SupplementPayload, WithdrawalPayload

Follow = Callable[[Connection, str, str, str, str], None]
BY_HAND = ("otherwise", "revoked", "elsewhere", "withdrawn")  # causes that a person may put down
CONFIRMED = "confirmed"
OFFICE = "office"  # in place of a terminal's name, for what was printed nowhere
BEGINNING = "1970-01-01T00:00:00+00:00"  # of a key of the time before there were epochs
CORRECTED = "corrected"  # why a certificate counts no more: the next version of it
NUMBER = "applicant.number"  # the field of an envelope that says who it is


class Late:
    """Thread-safe: every call is its own transaction."""

    def __init__(self, rows: Store, keys: BackendKeys, seals: SealKeys, now: Callable[[], datetime]) -> None:
        self._store, self._keys, self._seals, self._now = rows, keys, seals, now
        self.follow: Follow | None = None  # told what was settled, in the same transaction: case, word, outcome, rung

    def named(self, item: NewItem) -> NewItem:
        """The item with its person as a keyed hash: of a deed, and of a matter that a person gets once."""
        payload = item.payload
        if isinstance(payload, (WithdrawalPayload, SupplementPayload, FollowUpPayload)):
            return replace(item, person=self.person(payload.number, test=payload.test))
        if not isinstance(payload, CasePayload) or not payload.once:
            return item
        number = next((field.value for field in payload.fields if field.key == NUMBER), "")
        return replace(item, person=self.person(number, test=payload.test)) if number else item

    def person(self, number: str, *, test: bool) -> str:
        """HMAC-SHA256 under a key that lies beside the database and never in it; the same for good: epochs stay.

        A case that only tries the terminal out is of another person: it takes no citizen's matter away.
        """
        use = b"kiosk-person-test-v1" if test else b"kiosk-person-v1"
        secret = hmac.digest(self._keys.epochs[0].sealing_private, use, "sha256")
        return hmac.digest(secret, number.strip().upper().encode(), "sha256").hex()

    def settle(self, case_id: str, word: str, before: Callable[[Connection], None] = lambda connection: None) -> str:
        """What a person of the office has found of a case: a cause of BY_HAND, or ``confirmed`` (it holds after all).

        ``before``: of the same transaction, when nobody else can settle it; raises where it is not to be settled. The
        terminal that took it is told with its next pass. Returns the case's state. Raises BackendError.
        """
        if word not in (*BY_HAND, CONFIRMED):
            raise BackendError("bad-cause", f"say one of {', '.join((*BY_HAND, CONFIRMED))}")
        cause = "" if word == CONFIRMED else word
        outcome, text = (CONFLICT, result_text(cause)) if cause else (CONFIRMED, "result.confirmed")
        now = self._now()

        def work(connection: Connection) -> findings.Settled | None:
            terminal_id = findings.terminal_of(connection, case_id)
            if not terminal_id:
                return None
            terminals.hold(connection, terminal_id)  # its results get their sequence in the order of commits
            before(connection)
            settled = findings.settle(connection, case_id, cause, outcome, text, now.isoformat())
            if self.follow is not None:
                self.follow(connection, case_id, word, settled.outcome, settled.rung)
            if settled.meaning is not None and settled.meaning.alarm:
                raise_alarm_once(connection, terminal_id, f"late-{cause}", case_id, "", now)
            return settled

        settled = self._store.write(work)
        if settled is None:
            raise BackendError("no-such-case", "no case of this id is here: check --case and --db")
        log.event("case.settled", terminal=settled.terminal_id, cause=word)
        return CONFIRMED if settled.meaning is None else settled.meaning.state

    def withdraw_pack(self, service_id: str, version: str, since: str = "") -> datetime:
        """Cases decided by this version of a pack from ``since`` on (now, if empty) are to be looked at anew.

        Those that are here already stay as they are: settle them one by one. Raises BackendError.
        """
        try:
            moment = datetime.fromisoformat(since) if since else self._now()
        except ValueError:
            moment = datetime.min
        if moment.tzinfo is None or not (wire.ID.fullmatch(service_id) and wire.ID.fullmatch(version)):
            raise BackendError("bad-pack", "say a pack's id, its version, and a time in ISO 8601 with its offset")
        self._store.write(
            lambda connection: findings.withdraw_pack(connection, service_id, version, moment.isoformat())
        )
        log.event("pack.withdrawn", service=service_id, version=version)
        return moment

    # -- the list for whoever checks papers ------------------------------------------------------------

    def published(self, *, phone: str = "", life: timedelta = LIFE) -> tuple[str, PaperList]:
        """The list of keys and revoked papers as of now, signed (kiosk/papers/listing.py), and what stands in it."""
        now = self._now()
        who, gone, replaced, later = self._store.read(
            lambda c: (
                findings.signers(c),
                findings.revoked(c),
                certificates.replaced(c),
                certificates.later_serials(c),
            )
        )
        epochs = self._keys.of(DEFAULT) or self._keys.of(self._keys.current.suite)
        revoked = [
            RevokedPaper(serial, row.at, row.cause, row.effect)
            for row in gone
            for serial in (row.serial, *later.get(row.serial, ()))
        ]
        revoked += [RevokedPaper(serial, at, CORRECTED, "replaced", "certificate") for serial, at in replaced]
        made = PaperList(
            issued_at=now.isoformat(timespec="seconds"),
            next_at=(now + life).isoformat(timespec="seconds"),
            epochs=[epoch.public for epoch in epochs],
            keys=[key for row in who.terminals for key in _keys_of(row, who)] + _office(self._keys.epochs),
            revoked=revoked,
            services=[ServiceName(pack.pack_id, pack.name.zh, pack.name.en) for pack in load_builtin().values()],
            phone=phone,
            seals=self._seals.public(),
        )
        log.event("papers.listed", keys=len(made.keys), revoked=len(made.revoked))
        return signed(made, epochs[-1].signing_private), made


def _office(epochs: Sequence[Epoch]) -> list[PaperKey]:
    """The backend's own keys, under which electronic certificates bear their marks. An older one stays good."""
    return [
        PaperKey(epoch.signing_id, OFFICE, wire.b64(epoch.signing_public), epoch.public.since or BEGINNING)
        for epoch in epochs
    ]


def _keys_of(row: Any, who: findings.Signers) -> list[PaperKey]:
    """A terminal's keys with the time of each, oldest first. ``row``: of ``who.terminals``.

    Of one that was replaced the time lasts until the terminal was heard with a later one.
    """
    had = [(each.public_key, each.since) for each in who.keys if each.terminal_id == row.terminal_id]
    epochs = had or [(row.public_key, row.enrolled_at)]
    names = [wire.key_id(wire.unb64(key)) for key, _ in epochs]
    made, until = [], ""
    for number, (key, since) in reversed(list(enumerate(epochs))):
        replaced = epochs[number + 1][1] if number + 1 < len(epochs) else ""
        made.append(PaperKey(names[number], row.terminal_id, key, since, until, row.revoked_at or "", replaced))
        until = who.heard.get((row.terminal_id, names[number]), until)
    return made[::-1]
