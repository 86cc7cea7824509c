"""Check digits of the numbers on the cards.

18 digits: GB 11643-1999 (ISO 7064 MOD 11-2), the same for residents, for the residence permits 81, 82 and 83, and
for the 2023 foreigner numbers 9xx. 15 characters: the 2017 foreigner number, weights 7 3 1 (as ICAO 9303), A=10 … Z=35.
"""

from __future__ import annotations

import re

_WEIGHTS_18 = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS_18 = "10X98765432"
_WEIGHTS_15 = (7, 3, 1)
_SHAPE_18 = re.compile(r"[1-9][0-9]{16}[0-9X]")
_SHAPE_15 = re.compile(r"[A-Z]{3}[0-9]{12}")


def check_18(first_17: str) -> str:
    """The check character of an 18-digit number."""
    return _CHECKS_18[sum(int(d) * w for d, w in zip(first_17, _WEIGHTS_18, strict=True)) % 11]


def check_15(first_14: str) -> str:
    """The check digit of a 2017 foreigner number."""
    values = (int(character, 36) for character in first_14)
    return str(sum(value * _WEIGHTS_15[i % 3] for i, value in enumerate(values)) % 10)


def valid_number(number: str) -> bool:
    """Whether shape and check digit of a card's own number are right."""
    if _SHAPE_18.fullmatch(number):
        return check_18(number[:17]) == number[17]
    if _SHAPE_15.fullmatch(number):
        return check_15(number[:14]) == number[14]
    return False


def former_number(country: str, number: str, link: str) -> str:
    """The 2017 number that a 2023 card replaces; empty where the card has no link to one."""
    if not re.fullmatch(r"[0-9]{3}", link) or not re.fullmatch(r"[A-Z]{3}", country):
        return ""
    first_14 = f"{country}{number[1:3]}{link[:2]}{number[8:14]}{link[2]}"
    return first_14 + check_15(first_14)


def link_to(former: str) -> str:
    """The three characters that a 2023 card keeps of its former number; the inverse of ``former_number``."""
    return former[5:7] + former[13] if former else ""
