"""Drafts: what a citizen entered and did not commit, sealed to the card, found again when the same card is read.

The key is made of the card and of this terminal's pepper (kiosk/journal/person.py) when it is needed, and is kept
nowhere: a draft is sealed while its visit ends, opened when the card is read again, and the plain text stays in the
visit, which is wiped. A card whose chip carries no photograph keeps no draft: its other items can be guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta

from devices.contracts.identity import CardPhoto, IdentityDocument
from kiosk.counter.shelf import Shelf
from kiosk.domain.unfinished import Unfinished
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import PersonKey
from kiosk.visit.effects import KeepDraft
from kiosk.visit.events import DraftKept


class DraftDesk:
    """Every call takes about 50 ms where the person's key has to be made anew: on a worker thread."""

    def __init__(self, journal: Journal, shelf: Shelf, clock: Callable[[], datetime]) -> None:
        self._journal, self._shelf, self._clock = journal, shelf, clock

    def find(self, document: IdentityDocument, person: PersonKey) -> Unfinished | None:
        """What the card's holder began here. One that cannot be read is erased: nobody else ever can."""
        if document.photo is None:
            return None
        key = person.with_card(content(document))
        kept = self._journal.draft_for(key.claim)
        if kept is None:
            return None
        try:
            return _unpacked(key.open(kept.sealed), kept.expires_at)
        except (JournalError, ValueError, TypeError, LookupError, AttributeError):
            self._journal.forget_draft(key.claim, "unreadable")
            return None

    def keep(self, asked: KeepDraft) -> DraftKept:
        """Raises JournalError only where nobody knows what is on the disk."""
        now = self._clock()
        until = now + timedelta(days=asked.days)
        try:
            key = self._key(asked.document)
            self._journal.keep_draft(KeptDraft(key.claim, key.seal(_packed(asked.draft, now)), until))
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return DraftKept(None)
        return DraftKept(until)

    def forget(self, document: IdentityDocument) -> None:
        self._journal.forget_draft(self._key(document).claim, "asked")

    def claim(self, document: IdentityDocument) -> bytes:
        """What the commit of the same matter erases."""
        return self._key(document).claim

    def _key(self, document: IdentityDocument) -> PersonKey:
        return self._shelf.person(document.number).with_card(content(document))


def content(document: IdentityDocument) -> bytes:
    """All that the card's chip says, in one form. A later reading of the same card gives the same bytes."""
    parts: list[str] = []
    for field in fields(document):
        value = getattr(document, field.name)
        if field.name == "newest_address":  # written to the card after its issue
            continue
        if isinstance(value, CardPhoto):
            value = f"{value.encoding}:{value.data.hex()}"
        parts.append(f"{field.name}={value}")
    return "\0".join(parts).encode()


def _packed(draft: Unfinished, saved_at: datetime) -> bytes:
    told = {"service": draft.service_id, "answers": dict(draft.answers), "at": saved_at.isoformat()}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _unpacked(plain: bytes, until: datetime) -> Unfinished:
    """Raises what parsing raises."""
    raw = json.loads(plain)
    answers = {str(key): str(value) for key, value in raw["answers"].items()}
    return Unfinished(str(raw["service"]), answers, datetime.fromisoformat(raw["at"]), until)
