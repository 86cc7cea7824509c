"""What is kept for a citizen's next visit is sealed to the person: opened only when the same document is read again.

The key is stretched from the document's number by scrypt with this terminal's pepper. Numbers are few: in a known
district 36 500 days of birth in a century times 1000 sequence numbers, 3.65e7 (the check digit follows from them). At
50 ms each, one who has stolen journal, key and pepper tries them all in 21 days on one core, in 5 hours where the year
of birth is known, and faster on more cores. So this protects against reading the file, not against that thief: hence
only minimal papers are kept, and only for a short time. A pepper that cannot be copied (TPM) is a later piece.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from kiosk.journal.errors import JournalError

_N, _R, _P = 1 << 14, 8, 1  # RFC 7914 interactive parameters: 16 MB, about 50 ms
_NONCE = 12


@dataclass(frozen=True, slots=True, repr=False)
class PersonKey:
    """``claim`` (16 bytes) finds a person's papers without naming the person; ``key`` (32 bytes) opens them."""

    claim: bytes
    key: bytes

    def __repr__(self) -> str:
        return "PersonKey(...)"

    @classmethod
    def derive(cls, pepper: bytes, id_number: str) -> PersonKey:
        """From the document's number. About 50 ms: when the card is read, never at commit."""
        if len(pepper) < 16:
            raise ValueError("the pepper needs at least 16 bytes")
        number = id_number.strip().upper().encode()
        derived = hashlib.scrypt(number, salt=pepper, n=_N, r=_R, p=_P, maxmem=64 << 20, dklen=48)
        return cls(derived[:16], derived[16:])

    def seal(self, plaintext: bytes) -> bytes:
        """AES-256-GCM, bound to the claim. Nonce, ciphertext, tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, plaintext, self.claim)

    def open(self, sealed: bytes) -> bytes:
        """Raises JournalError ``not-this-person`` if it was sealed to someone else, or changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], self.claim)
        except (InvalidTag, ValueError):
            raise JournalError("not-this-person", "this paper was sealed to another person, or changed") from None
