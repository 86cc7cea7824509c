"""What departments say and what is put right by hand, sealed to the backend's own key as it lies in the store."""

from __future__ import annotations

import msgspec

from kiosk.backend.keys import BackendKeys
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import seal, unseal


class Note(msgspec.Struct, omit_defaults=True):
    """About a letter: why it was not taken, and values put in place of its own (``TABLE.COLUMN``), by whom."""

    why: list[str] = []
    repairs: dict[str, str] = {}
    by: str = ""


class Sealing:
    """``guid`` binds what is sealed to the letter or result that it belongs to."""

    def __init__(self, keys: BackendKeys) -> None:
        self._keys = keys

    def note(self, guid: str, note: Note) -> tuple[bytes, str]:
        return self._seal(msgspec.json.encode(note), b"note", guid)

    def read_note(self, guid: str, sealed: bytes, key_id: str) -> Note:
        """One whose key is not here any more says nothing."""
        if not sealed:
            return Note()
        try:
            return msgspec.json.decode(self._open(sealed, key_id, b"note", guid), type=Note)
        except (JournalError, msgspec.MsgspecError):
            return Note()

    def said(self, guid: str, values: dict[str, str]) -> tuple[bytes, str]:
        return self._seal(msgspec.json.encode(values), b"result", guid)

    def read_said(self, guid: str, sealed: bytes, key_id: str) -> dict[str, str]:
        """Raises JournalError where its key is not here any more."""
        return msgspec.json.decode(self._open(sealed, key_id, b"result", guid), type=dict[str, str])

    def _seal(self, plain: bytes, kind: bytes, guid: str) -> tuple[bytes, str]:
        epoch = self._keys.current
        return seal(plain, epoch.sealing_public, _info(kind, guid)), epoch.sealing_id

    def _open(self, sealed: bytes, key_id: str, kind: bytes, guid: str) -> bytes:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == key_id), None)
        if epoch is None:
            raise JournalError("not-sealed-for-this", "the key of this note is not in the backend's key file")
        return unseal(sealed, epoch.sealing_private, _info(kind, guid))


def _info(kind: bytes, guid: str) -> bytes:
    return b"kiosk connector 1\0" + kind + b"\0" + guid.encode()
