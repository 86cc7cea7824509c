"""The one-time code for the entry of maintenance: an answer to what the page shows, good for that page alone. Pure.

    page     terminal 330102-AB2C3D, hour 2026-11-27 14, number 483 920
    code     role 1 digit · number of the member of staff 2 to 6 · HMAC 8 · check digits 2       2 0417 31847092 55

The HMAC (SHA-256, under the secret of this terminal) covers terminal, hour, number, role and member of staff. The hour
is part of what is shown and is compared with no clock: the terminal ends a number after an hour of its own monotonic
clock, so that a wall clock that is wrong, or was moved, keeps nobody out and lets nobody in.

The check digits (ISO 7064, MOD 97-10) need no secret. They find what was misheard or mistyped, and a code that was made
for another page, before anything is compared; such a try is not counted, and it helps nobody: whoever guesses can
reckon them as well, and with them or without, each HMAC that is compared is counted.

A code that opens what is closed for good begins with 9 and has an HMAC of 16 digits.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from dataclasses import dataclass

from kiosk.access.roles import Role
from kiosk.access.staff_code import NUMBER

DIGITS = 6  # of the number that is shown
MAC, UNLOCK_MAC, CHECK = 8, 16, 2
LONGEST = 1 + 6 + UNLOCK_MAC + CHECK
ROLES: dict[str, Role] = {"1": Role.KEEPER, "2": Role.TECHNICIAN, "3": Role.ADMINISTRATOR}
UNLOCK = "9"
_DIGIT_OF = {role: digit for digit, role in ROLES.items()}
_ROUNDS = 10
_HALF = 10 ** (DIGITS // 2)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the terminal's id, "2026-11-27 14", six digits."""

    terminal: str
    hour: str
    digits: str


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """A code whose check digits fit the page. ``role`` None: it is to open what is closed."""

    role: Role | None
    who: str
    mac: str


def code_for(secret: bytes, shown: Shown, role: Role | None, who: str) -> str:
    """The code with which ``who`` (2 to 6 digits) is let in; ``role`` None: the one that opens what is closed.

    Raises ValueError for a number of staff that is none.
    """
    if not NUMBER.fullmatch(who):
        raise ValueError("the number of a member of staff has 2 to 6 digits")
    body = (UNLOCK if role is None else _DIGIT_OF[role]) + who + _mac(secret, shown, role, who)
    return body + _check(shown, body)


def read(text: str, shown: Shown) -> Typed | None:
    """What was typed (only digits count); None where it is mistyped, or no code for this page."""
    code = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    if not code or len(code) > LONGEST:
        return None
    role, size = (None, UNLOCK_MAC) if code[0] == UNLOCK else (ROLES.get(code[0]), MAC)
    body, who = code[:-CHECK], code[1 : -size - CHECK]
    if (role is None and code[0] != UNLOCK) or not NUMBER.fullmatch(who) or code[-CHECK:] != _check(shown, body):
        return None
    return Typed(role, who, body[-size:])


def right(secret: bytes, shown: Shown, typed: Typed) -> bool:
    """In constant time."""
    return hmac.compare_digest(_mac(secret, shown, typed.role, typed.who).encode(), typed.mac.encode())


def nth_number(key: bytes, count: int) -> str:
    """The six digits that are shown the ``count``-th time: none comes again before all million have been.

    A Feistel network over two halves of three digits, as FF1 (NIST SP 800-38G) builds it: without the key nobody tells
    the next one, and an answer to one that was shown before is an answer to nothing.
    """
    left, right_ = divmod(count % (_HALF * _HALF), _HALF)
    for step in range(_ROUNDS):
        mixed = hmac.digest(key, bytes((step,)) + right_.to_bytes(2, "big"), "sha256")
        left, right_ = right_, (left + int.from_bytes(mixed[:8], "big")) % _HALF
    return f"{left * _HALF + right_:0{DIGITS}d}"


def _mac(secret: bytes, shown: Shown, role: Role | None, who: str) -> str:
    size, name = (UNLOCK_MAC, "unlock") if role is None else (MAC, role.value)
    parts = ("kiosk-entry-1", shown.terminal, shown.hour, shown.digits, name, who)
    message = "".join(f"{len(part.encode())}:{part}," for part in parts)
    number = int.from_bytes(hmac.new(secret, message.encode(), hashlib.sha256).digest()[:16], "big")
    return f"{number % 10**size:0{size}d}"


def _check(shown: Shown, body: str) -> str:
    """Two digits over the page and what stands before them."""
    page = zlib.crc32("\0".join((shown.terminal, shown.hour, shown.digits)).encode())
    return f"{98 - int(f'{page}{body}00') % 97:02d}"
