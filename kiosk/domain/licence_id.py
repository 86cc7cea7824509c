"""电子证照标识: the number by which a certificate is one and no other (GB/T 36904-2018).

    1.2.156.3005.2 . type . issuer . serial . version . check

``type`` is the 证照类型代码 (21 places: the credit code of who defined the kind, and three more), ``issuer`` who issues
it (a credit code of 18 places; some put an area code), ``serial`` the issuer's own number, ``version`` three
digits, one more with each correction. The check place is ISO 7064 MOD 37,36 over the parts behind the root, without
dots.

The serial here is the case number: no second sequence of numbers is needed, also where there is no line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

ROOT = "1.2.156.3005.2"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TYPE_PLACES, LONGEST, LAST_VERSION = 21, 32, 999
_PART = re.compile(rf"[0-9A-Z]{{1,{LONGEST}}}")


class BadLicenceId(ValueError):
    """This is no 电子证照标识, or one that was mistyped."""


@dataclass(frozen=True, slots=True)
class LicenceId:
    """One version of one certificate. Raises BadLicenceId for parts that cannot stand in it."""

    type_code: str
    issuer: str
    serial: str
    version: int = 1

    def __post_init__(self) -> None:
        if not all(_PART.fullmatch(part) for part in (self.type_code, self.issuer, self.serial)):
            raise BadLicenceId("type, issuer and serial have 1 to 32 digits and capital letters each")
        if not 1 <= self.version <= LAST_VERSION:
            raise BadLicenceId(f"a version lies in 1..{LAST_VERSION}")

    def __str__(self) -> str:
        parts = (self.type_code, self.issuer, self.serial, f"{self.version:03d}")
        return ".".join((ROOT, *parts, check_place("".join(parts))))

    def corrected(self) -> LicenceId:
        """The next version: what it replaces counts no more."""
        return replace(self, version=self.version + 1)


def parse(text: str) -> LicenceId:
    """Raises BadLicenceId, also where the check place does not fit."""
    root, rest = text[: len(ROOT)], text[len(ROOT) :].split(".")
    if root != ROOT or len(rest) != 6 or rest[0] or not re.fullmatch(r"[0-9]{3}", rest[4], re.ASCII):
        raise BadLicenceId(f"it has the form {ROOT}.type.issuer.serial.version.check")
    found = LicenceId(rest[1], rest[2], rest[3], int(rest[4]))
    if str(found) != text:
        raise BadLicenceId("the check place does not fit: a digit was mistyped")
    return found


def check_place(text: str) -> str:
    """ISO 7064 MOD 37,36 (hybrid system; GB/T 17710-2008, clause 9) of digits and capital letters."""
    check = len(ALPHABET)
    for place in text:
        check = ((check + ALPHABET.index(place)) % 36 or 36) * 2 % 37
    return ALPHABET[(37 - check) % 36]
