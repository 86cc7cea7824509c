"""Answers for a later visit: sealed to the card where the citizen agreed, found again when the same card is read.

As drafts (drafts.py): the key is made of the card and of this terminal's pepper when it is needed, and is kept nowhere.
"""

from __future__ import annotations

import json

from devices.contracts.identity import IdentityDocument
from kiosk.counter.drafts import content
from kiosk.counter.shelf import Shelf
from kiosk.domain.known import Known
from kiosk.journal.answers import KeptAnswers
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import ANSWERS, PersonKey
from kiosk.services.known import reusable
from kiosk.visit.effects import KeepAnswers
from kiosk.visit.events import AnswersKept


class AnswersDesk:
    """Every call takes about 50 ms where the person's key has to be made anew: on a worker thread."""

    def __init__(self, journal: Journal, shelf: Shelf) -> None:
        self._journal, self._shelf = journal, shelf

    def find(self, document: IdentityDocument, person: PersonKey) -> Known | None:
        """What the card's holder wanted remembered. What cannot be read is erased: nobody else ever can.

        What the dictionary no longer marks as reusable is not offered.
        """
        if document.photo is None:
            return None
        key = person.with_card(content(document), ANSWERS)
        kept = self._journal.answers_for(key.claim)
        if kept is None:
            return None
        try:
            raw = json.loads(key.open(kept.sealed))
            answers = {str(name): str(value) for name, value in raw.items() if reusable(str(name))}
        except (JournalError, ValueError, TypeError, AttributeError):
            self._journal.forget_answers(key.claim, "unreadable")
            return None
        return Known(answers, kept.expires_at)

    def keep(self, asked: KeepAnswers) -> AnswersKept:
        """Raises JournalError only where nobody knows what is on the disk."""
        until = asked.known.until
        if until is None:
            raise ValueError("answers are kept for a time that was agreed to")
        plain = json.dumps(dict(asked.known.answers), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            key = self._key(asked.document)
            self._journal.keep_answers(KeptAnswers(key.claim, key.seal(plain), until))
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return AnswersKept(None)
        return AnswersKept(until)

    def forget(self, document: IdentityDocument) -> None:
        self._journal.forget_answers(self._key(document).claim, "asked")

    def _key(self, document: IdentityDocument) -> PersonKey:
        return self._shelf.person(document.number).with_card(content(document), ANSWERS)
