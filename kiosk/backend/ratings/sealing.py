"""What is said about a rating, sealed to the backend's own key: by whoever rated, and by staff."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from kiosk.backend.keys import BackendKeys
from kiosk.backend.store.items import NewItem
from kiosk.backend.store.rating_rows import AddedRow, RatingRow, TaskEventRow
from kiosk.domain.rating_task import By, TaskDeed, TaskEvent
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, seal, unseal
from kiosk.wire import RatingPayload


class Word(msgspec.Struct, omit_defaults=True):
    """What was added to a rating: reasons by code, and words. The shape of what lies in the store."""

    options: list[str] = []
    said: str = ""


class _Said(msgspec.Struct, omit_defaults=True):
    who: str = ""
    words: str = ""


_rating = msgspec.json.Decoder(RatingPayload).decode
_word = msgspec.json.Decoder(Word).decode
_said = msgspec.json.Decoder(_Said).decode


class Sealing:
    """Reading raises JournalError where the key that it was sealed to is not here, or the bytes are others."""

    def __init__(self, keys: BackendKeys) -> None:
        self._keys = keys

    def rating(self, row: RatingRow) -> RatingPayload:
        plain = self._opened(row.sealed, row.sealing_key_id, item_info(row.terminal_id, row.item_id))
        try:
            return _rating(plain)
        except msgspec.MsgspecError as error:
            raise JournalError("not-sealed-for-this", "a rating that cannot be read") from error

    def as_item(self, said: RatingPayload, terminal_id: str, item_id: str) -> NewItem:
        """A rating as an item of this terminal."""
        epoch = self._keys.current
        sealed = seal(msgspec.json.encode(said), epoch.sealing_public, item_info(terminal_id, item_id))
        digest = hashlib.sha256(sealed).hexdigest()
        return NewItem(item_id, "rating", digest, sealed, epoch.sealing_id, (), said)

    def word(self, row: AddedRow) -> Word:
        return _word(self._opened(row.said, row.sealing_key_id, _added(row.case_id)))

    def of_word(self, case_id: str, word: Word) -> tuple[bytes, str]:
        """Sealed, and the key's id."""
        epoch = self._keys.current
        return seal(msgspec.json.encode(word), epoch.sealing_public, _added(case_id)), epoch.sealing_id

    def event(self, case_id: str, number: int, row: TaskEventRow) -> TaskEvent:
        """Without name and words where they cannot be opened: what was done, and when, stands in clear."""
        try:
            said = _said(self._opened(row.said, row.sealing_key_id, _event(case_id, number, row.seq)))
        except JournalError:
            said = _Said()
        return TaskEvent(
            TaskDeed(row.deed), datetime.fromisoformat(row.at), By(row.by), said.who, row.choice, said.words
        )

    def of_event(self, case_id: str, number: int, seq: int, event: TaskEvent) -> dict[str, object]:
        """As a row."""
        epoch = self._keys.current
        plain = msgspec.json.encode(_Said(event.who, event.words))
        return {
            "case_id": case_id, "number": number, "seq": seq, "at": event.at.isoformat(timespec="microseconds"),
            "deed": event.deed.value, "by": event.by.value, "choice": event.choice,
            "said": seal(plain, epoch.sealing_public, _event(case_id, number, seq)), "sealing_key_id": epoch.sealing_id,
        }  # fmt: skip

    def _opened(self, sealed: bytes, key_id: str, info: bytes) -> bytes:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == key_id), None)
        if epoch is None:
            raise JournalError("not-sealed-for-this", "the key of this is not in the backend's key file")
        return unseal(sealed, epoch.sealing_private, info)


def _added(case_id: str) -> bytes:
    return b"kiosk followup 1\0" + case_id.encode()


def _event(case_id: str, number: int, seq: int) -> bytes:
    return b"kiosk rating task 1\0" + case_id.encode() + b"\0%d\0%d" % (number, seq)
