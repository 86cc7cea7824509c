"""One-time codes of staff (RFC 6238 TOTP): six digits, 30 s, one step of drift either way, each used once.

A member of staff who has compared person and document types the code from their phone. Works offline.
Wrong codes lock the pad: after 5, for 15 s, doubling with each further one. The counter survives a restart
and does not trust the wall clock: a lock is counted on the monotonic clock and starts anew after a restart, and a code
used while the clock was ahead does not keep staff out until that time has come.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

STEP = 30
DIGITS = 6
FREE_ATTEMPTS = 5
FIRST_LOCK = 15.0
LONGEST_LOCK = 3600.0
SHORTEST_SECRET = 16  # bytes (RFC 4226, R6: at least 128 bits)
CURE = "Make one: head -c 20 /dev/urandom | base32; or leave access.staff_secret_file out: no staff codes."


class Memory(Protocol):
    """Where the counters live (the journal's meta table)."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


def totp(secret: bytes, unix_time: float, step: int = STEP) -> str:
    """The code that holds at a time (RFC 6238, HMAC-SHA1, six digits)."""
    return hotp(secret, int(unix_time) // step)


def hotp(secret: bytes, counter: int) -> str:
    """RFC 4226."""
    digest = hmac.new(secret, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def parse_secret(text: str) -> bytes:
    """Base32, as authenticator apps take it; spaces and case do not matter.

    Raises ValueError, which never quotes it: no base32, or so short that its codes could be guessed.
    """
    cleaned = "".join(text.split()).upper().rstrip("=")
    try:
        secret = base64.b32decode(cleaned + "=" * (-len(cleaned) % 8))
    except ValueError:
        raise ValueError("it is not base32") from None
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"it has {len(secret)} bytes, at least {SHORTEST_SECRET} are needed")
    return secret


def read_secret(file: Path) -> bytes:
    """The secret in a file. Raises OSError, or ValueError that says what is wrong with it."""
    return parse_secret(file.read_bytes().decode("ascii", "replace"))


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """``clock_was_ahead``: the code before this one was used at a time that has not come yet."""

    ok: bool
    attempts_left: int
    locked_for: float
    clock_was_ahead: bool = False


class StaffCodes:
    """Checks codes for one terminal, one after another whoever asks."""

    def __init__(
        self, secret: bytes, memory: Memory, *, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._secret, self._memory, self._wall, self._monotonic = secret, memory, wall, monotonic
        self._turn = threading.Lock()
        failures = self._failures()
        self._locked_until = self._monotonic() + self._lock_for(failures) if failures >= FREE_ATTEMPTS else 0.0

    def check(self, code: str) -> CodeCheck:
        """Compare in constant time; a code is good for one use."""
        with self._turn:
            return self._check(code)

    def _check(self, code: str) -> CodeCheck:
        remaining = self._locked_until - self._monotonic()
        if remaining > 0:
            return CodeCheck(False, 0, remaining)
        now = int(self._wall()) // STEP
        used = int(self._memory.meta("staff.last_counter") or 0)
        clock_was_ahead = used > now + 2
        if clock_was_ahead:
            self._memory.set_meta("staff.ahead_counter", str(used))  # that code has had its use, for good
            self._memory.set_meta("staff.last_counter", "0")
            used = 0
        spent = int(self._memory.meta("staff.ahead_counter") or 0)
        for counter in (now - 1, now, now + 1):
            if counter > used and counter != spent and hmac.compare_digest(hotp(self._secret, counter), code):
                self._memory.set_meta("staff.last_counter", str(counter))
                self._memory.set_meta("staff.failures", "0")
                return CodeCheck(True, FREE_ATTEMPTS, 0.0, clock_was_ahead)
        failures = self._failures() + 1
        self._memory.set_meta("staff.failures", str(failures))
        if failures < FREE_ATTEMPTS:
            return CodeCheck(False, FREE_ATTEMPTS - failures, 0.0, clock_was_ahead)
        lock = self._lock_for(failures)
        self._locked_until = self._monotonic() + lock
        return CodeCheck(False, 0, lock, clock_was_ahead)

    def _failures(self) -> int:
        return int(self._memory.meta("staff.failures") or 0)

    @staticmethod
    def _lock_for(failures: int) -> float:
        return float(min(LONGEST_LOCK, FIRST_LOCK * 2.0 ** min(failures - FREE_ATTEMPTS, 16)))
