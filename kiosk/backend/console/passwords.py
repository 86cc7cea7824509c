"""Passwords: argon2id (RFC 9106, its second recommended choice: 64 MiB, 3 passes), few at a time.

A check costs 64 MiB and some tens of milliseconds on purpose, for whoever guesses as for us: two at a time, whoever
comes beside them waits, and not for ever.
"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.backend.web.problems import WebError

SHORTEST, LONGEST = 10, 128  # characters; beside a second factor (NIST SP 800-63B: 8 at the least)
AT_ONCE = 2
PATIENCE = 10.0  # seconds


class Passwords:
    """Thread-safe."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = ""  # what a name that nobody has is compared with: made with the first check of all

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def fits(self, stored: str, password: str) -> bool:
        """``stored``: "" for a name that nobody has, which takes as long. Raises WebError ``busy``."""
        if not self._turns.acquire(timeout=PATIENCE):
            raise WebError("busy")
        try:
            self._nobodys = self._nobodys or self._hasher.hash("nobody has this one")
            found = self._hasher.verify(stored or self._nobodys, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._turns.release()
        return found and stored != ""

    def is_old(self, stored: str) -> bool:
        """Made with other costs than those of today: to be made anew when it is next known."""
        return self._hasher.check_needs_rehash(stored)


def why_weak(password: str, login: str) -> str:
    """Why it is not taken: short, long, plain or name; "" where it is."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if len(set(password)) < 5:
        return "plain"
    return "name" if len(login) > 2 and login.casefold() in password.casefold() else ""
