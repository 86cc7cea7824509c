"""One-time codes of staff (RFC 6238 TOTP): six digits, 30 s, one step of drift either way, each used once.

A member of staff who has compared person and document, or who helps somebody, types the code from their phone. Works
offline. The file holds one secret that the staff of the place share, or one for each of them, under a number of theirs:
then the number is typed before the code, and whose code it was is known.
Wrong codes lock (lockout.py): after 5, for 15 s, doubling with each further one, up to an hour. The counter survives a
restart and does not trust the wall clock; a code used while the clock was ahead does not keep staff out until that time
has come.

Anybody can type here, with no card: where secrets are personal, counter and lock are those of the number that was
typed, so that who types wrong codes on purpose locks the numbers he knows and nobody else. A number that nobody has is
counted and locked in the same way, or the tries left would tell which numbers there are; these counters are kept under
a short hash of the number, for numbers could be made up without end. With one shared secret there is one counter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.access.lockout import Lockout, Memory, Rule

STEP = 30
DIGITS = 6
FREE_ATTEMPTS = 5
FIRST_LOCK = 15.0
LONGEST_LOCK = 3600.0
SHORTEST_SECRET = 16  # bytes (RFC 4226, R6: at least 128 bits)
SHARED = "staff"  # who typed a code of the secret that all share
NUMBER = re.compile(r"[0-9]{2,6}", re.ASCII)  # of a member of staff
NOBODYS = 4  # hex digits of the hash of a number that nobody has: 65 536 counters at most
CURE = "Make one: head -c 20 /dev/urandom | base32; or leave access.staff_secret_file out: no staff codes."


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


def parse_staff(text: str) -> dict[str, bytes]:
    """Secrets by the number of their member of staff, a line each: ``0107: JBSW Y3DP ...``; or one secret that all
    share, under SHARED. Lines with # are remarks. Raises ValueError, which never quotes a secret.
    """
    lines = [line for line in map(str.strip, text.splitlines()) if not line.startswith("#")]
    if not any(":" in line for line in lines):
        return {SHARED: parse_secret("".join(lines))}
    found: dict[str, bytes] = {}
    for line in filter(None, lines):
        number, _, secret = line.partition(":")
        if not NUMBER.fullmatch(number.strip()):
            raise ValueError("a line does not begin with a number of 2 to 6 digits and a colon")
        if number.strip() in found:
            raise ValueError(f"{number.strip()} stands there twice")
        found[number.strip()] = parse_secret(secret)
    return found


def read_staff(file: Path) -> dict[str, bytes]:
    """The secrets in a file. Raises OSError, or ValueError that says what is wrong with it."""
    return parse_staff(file.read_bytes().decode("ascii", "replace"))


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """``clock_was_ahead``: the code before this one was used at a time that has not come yet. ``who``: whose code it
    was, their number or SHARED; "" for a code that was not taken.
    """

    ok: bool
    attempts_left: int
    locked_for: float
    clock_was_ahead: bool = False
    who: str = ""


class StaffCodes:
    """Checks codes for one terminal, one after another whoever asks. ``staff``: secrets by number (``parse_staff``)."""

    def __init__(
        self, staff: Mapping[str, bytes], memory: Memory, *, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._staff, self._memory, self._wall = dict(staff), memory, wall
        self._turn = threading.Lock()
        self._lockout = Lockout(memory, Rule(FREE_ATTEMPTS, FIRST_LOCK, LONGEST_LOCK), monotonic)
        self._hash_key = hashlib.sha256(b"".join(self._staff[number] for number in sorted(self._staff))).digest()

    def check(self, code: str) -> CodeCheck:
        """Compare in constant time; a code is good for one use."""
        with self._turn:
            return self._check(code)

    def _check(self, typed: str) -> CodeCheck:
        number, code = (SHARED, typed) if SHARED in self._staff else (typed[:-DIGITS], typed[-DIGITS:])
        counter = self._counter(number)
        if (refused := self._lockout.count(counter)) is not None:
            return CodeCheck(False, 0, refused.wait)
        fits, clock_was_ahead = self._fits(number, code) if number in self._staff else (False, False)
        if fits:
            self._lockout.right(counter)
            return CodeCheck(True, FREE_ATTEMPTS, 0.0, clock_was_ahead, number)
        standing = self._lockout.look(counter)
        return CodeCheck(False, standing.left, standing.wait, clock_was_ahead)

    def _counter(self, number: str) -> str:
        """The key under which wrong codes of this number are counted."""
        if number == SHARED:
            return "staff.failures"
        if number in self._staff:
            return f"staff.failures.{number}"
        place = hmac.new(self._hash_key, number.encode(), hashlib.sha256).hexdigest()[:NOBODYS]
        return f"staff.failures.nobody.{place}"

    def _fits(self, number: str, code: str) -> tuple[bool, bool]:
        """Whether it is a code of this member of staff that has not been used; and whether the clock was ahead."""
        tail = "" if number == SHARED else f".{number}"
        last, ahead = f"staff.last_counter{tail}", f"staff.ahead_counter{tail}"
        now = int(self._wall()) // STEP
        used = int(self._memory.meta(last) or 0)
        clock_was_ahead = used > now + 2
        if clock_was_ahead:
            self._memory.set_meta(ahead, str(used))  # that code has had its use, for good
            self._memory.set_meta(last, "0")
            used = 0
        spent = int(self._memory.meta(ahead) or 0)
        for counter in (now - 1, now, now + 1):
            expected = hotp(self._staff[number], counter)
            if counter > used and counter != spent and hmac.compare_digest(expected.encode(), code.encode()):
                self._memory.set_meta(last, str(counter))
                return True, clock_was_ahead
        return False, clock_was_ahead
