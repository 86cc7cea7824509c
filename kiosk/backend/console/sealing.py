"""What names a person among the console's own rows, sealed to the backend's own key and bound to its row."""

from __future__ import annotations

import hmac

from kiosk.backend.keys import BackendKeys
from kiosk.backend.settings import BackendError
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import seal, unseal


class Sealing:
    """Thread-safe."""

    def __init__(self, keys: BackendKeys) -> None:
        self._keys = keys

    def hide(self, plain: bytes, what: str, row: str) -> tuple[bytes, str]:
        """Sealed, and the id of the key."""
        epoch = self._keys.current
        return seal(plain, epoch.sealing_public, _info(what, row)), epoch.sealing_id

    def show(self, sealed: bytes, key_id: str, what: str, row: str) -> bytes:
        """Raises BackendError ``keys-missing``."""
        epoch = next((each for each in self._keys.epochs if each.sealing_id == key_id), None)
        if epoch is None:
            raise BackendError("keys-missing", "bring back the key file under whose keys the accounts were made")
        try:
            return unseal(sealed, epoch.sealing_private, _info(what, row))
        except JournalError as error:
            raise BackendError("row-damaged", "a row was changed by hand: bring the database back") from error

    def hashed(self, text: str, what: str) -> str:
        """A keyed hash by which a name is found that nobody can read; the same for good: epochs stay."""
        return self.hashed_exactly(text.strip().casefold(), what)

    def hashed_exactly(self, text: str, what: str) -> str:
        """Where capitals tell two people from each other, as a subject's do (OpenID Connect Core section 2)."""
        secret = hmac.digest(self._keys.epochs[0].sealing_private, b"kiosk-console-v1", "sha256")
        return hmac.digest(secret, f"{what}\0{text}".encode(), "sha256").hex()


def _info(what: str, row: str) -> bytes:
    return b"kiosk console 1\0" + what.encode() + b"\0" + row.encode()
