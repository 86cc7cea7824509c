"""Whose number it is: a case bears numbers of its own terminal's blocks, in its own area, with right check digits."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from kiosk.domain import codes

LARGEST = {"case": 99_999_999, "uscc": codes.SUBJECT_SERIALS - 1}  # serials that a number can bear


def case_serial(number: str, area_code: str) -> int | None:
    """The serial in a case number of this area; None if it is none. ``area_code`` has 6 to 12 digits."""
    if not codes.case_no_valid(number) or number[:6] != area_code[:6]:
        return None
    return int(number[12:20]) if _is_day(number[6:12]) else None


@lru_cache(maxsize=1024)  # a batch has few days, and strptime takes 0.1 ms
def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%y%m%d")
    except ValueError:
        return False
    return True


def credit_serial(code: str, area_code: str) -> int | None:
    """The serial in a credit code of an individual business of this area; None if it is none."""
    if not codes.credit_code_valid(code):
        return None
    serial = 0
    for place in code[10:16]:
        serial = serial * 31 + codes.CREDIT_ALPHABET.index(place)
    try:
        return serial if codes.credit_code(area_code[:6], serial) == code else None
    except ValueError:
        return None  # no code can bear this area
