"""Passwords: argon2id (RFC 9106, its second recommended choice: 64 MiB, 3 passes), few at a time.

Each costs 64 MiB and some tens of milliseconds on purpose, for whoever guesses as for us: two at a time, four more may
wait, and not for long; everybody beyond is told at once to come again. So a flood of sign-ins holds six of the server's
sixteen threads and no more: terminals and other pages are answered as before.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.backend.web.problems import WebError

SHORTEST, LONGEST = 10, 128  # characters; beside a second factor (NIST SP 800-63B: 8 at the least)
AT_ONCE, WAITING = 2, 4
PATIENCE = 5.0  # seconds
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for each other


class Passwords:
    """Thread-safe."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._nobodys = ""  # what a name that nobody has is compared with: made with the first check of all

    def hash(self, password: str) -> str:
        """Raises WebError ``busy``."""
        with self._turn():
            return self._hasher.hash(password)

    def fits(self, stored: str, password: str) -> bool:
        """``stored``: "" for a name that nobody has, which takes as long. Raises WebError ``busy``."""
        with self._turn():
            self._nobodys = self._nobodys or self._hasher.hash("nobody has this one")
            try:
                found = self._hasher.verify(stored or self._nobodys, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return found and stored != ""

    def is_old(self, stored: str) -> bool:
        """Made with other costs than those of today: to be made anew when it is next known."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise WebError("busy")
        try:
            if not self._turns.acquire(timeout=PATIENCE):
                raise WebError("busy")
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


def first_password() -> str:
    """One that an operator reads out or hands over, and that is replaced at the first sign-in: 79 bits of chance."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def why_weak(password: str, login: str) -> str:
    """Why it is not taken: short, long, plain or name; "" where it is."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if len(set(password)) < 5:
        return "plain"
    return "name" if len(login) > 2 and login.casefold() in password.casefold() else ""
