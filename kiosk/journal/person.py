"""What is kept for a citizen's next visit is sealed to the person: opened only when the same document is read again.

The key is stretched from the document's number by scrypt with this terminal's pepper. Numbers are few: in a known
district 36 500 days of birth in a century times 1000 sequence numbers, 3.65e7 (the check digit follows from them). At
50 ms each, one who has stolen journal, key and pepper tries them all in 21 days on one core, in 5 hours where the year
of birth is known, and faster on more cores. So this protects against reading the file, not against that thief: hence
only minimal papers are kept, and only for a short time. The pepper stands in the journal: where journal.key is the
TPM's or a credential's (kiosk/keystore), who has the disk alone has neither.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from kiosk import suites
from kiosk.journal.errors import JournalError

DRAFT, ANSWERS = b"kiosk draft 1", b"kiosk answers 1"  # what a key is made for
_N, _R, _P = 1 << 14, 8, 1  # RFC 7914 interactive parameters: 16 MB, about 50 ms


@dataclass(frozen=True, slots=True, repr=False)
class PersonKey:
    """``claim`` (16 bytes) finds a person's papers without naming the person; ``key`` (32 bytes) opens them."""

    claim: bytes
    key: bytes
    suite: str = suites.DEFAULT

    def __repr__(self) -> str:
        return "PersonKey(...)"

    @classmethod
    def derive(cls, pepper: bytes, id_number: str, suite: str = suites.DEFAULT) -> PersonKey:
        """From the document's number. About 50 ms: when the card is read, never at commit."""
        if len(pepper) < 16:
            raise ValueError("the pepper needs at least 16 bytes")
        number = id_number.strip().upper().encode()
        derived = hashlib.scrypt(number, salt=pepper, n=_N, r=_R, p=_P, maxmem=64 << 20, dklen=48)
        return cls(derived[:16], derived[16:], suite)

    def with_card(self, card: bytes, purpose: bytes = DRAFT) -> PersonKey:
        """The key to what only the card itself may open: ``card`` is all that its chip says, the photograph with it.

        The photograph's 1024 bytes are in no list; so whoever holds disk, pepper and numbers can neither open what is
        sealed with this key nor tell whether there is something of a given person. Who has had the card read has them.
        ``purpose``: DRAFT or ANSWERS, each with a key and a claim of its own.
        """
        mixed = hmac.digest(self.key, purpose + b"\0" + hashlib.sha512(card).digest(), "sha512")
        return PersonKey(mixed[:16], mixed[16:48], self.suite)

    def seal(self, plaintext: bytes) -> bytes:
        """By the cipher of the terminal's suite (AES-256-GCM, SM4-GCM), bound to the claim. Nonce, ciphertext, tag."""
        return suites.by_name(self.suite).encrypt(plaintext, self.key, self.claim)

    def open(self, sealed: bytes) -> bytes:
        """Raises JournalError ``not-this-person`` if it was sealed to someone else, or changed."""
        try:
            return suites.by_name(self.suite).decrypt(sealed, self.key, self.claim)
        except suites.NotOpened:
            raise JournalError("not-this-person", "this paper was sealed to another person, or changed") from None
