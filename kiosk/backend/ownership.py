"""Whose number it is: a case bears numbers of its own terminal's blocks, in its own area, with right check digits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from kiosk.domain import codes
from kiosk.wire import CasePayload

FIRST = {kind: serials.start or 1 for kind, serials in codes.SERIALS.items()}
LARGEST = {kind: serials.stop - 1 for kind, serials in codes.SERIALS.items()}  # serials that a number can bear


def serials_in(case: CasePayload, area_code: str) -> tuple[tuple[str, str, int], ...]:
    """Kind, number and serial of the case's numbers; those that are none of this area are left out."""
    found = (("case", case.case_no, case_serial(case.case_no, area_code)),
             ("uscc", case.uscc, codes.credit_serial(area_code[:6], case.uscc) if case.uscc else None))  # fmt: skip
    return tuple(
        (codes.block_kind(kind, test=case.test), number, serial) for kind, number, serial in found if serial is not None
    )


def of_the_other_range(serials: Iterable[tuple[str, str, int]]) -> bool:
    """Whether a real number is borne by a test, or a test's by a real case. ``serials``: as ``serials_in`` gives."""
    return any(serial not in codes.SERIALS[kind] for kind, _, serial in serials)


def case_serial(number: str, area_code: str) -> int | None:
    """The serial in a case number of this area; None if it is none. ``area_code`` has 6 to 12 digits."""
    if number[:6] != area_code[:6] or not codes.case_no_valid(number):
        return None
    return int(number[12:20]) if _is_day(number[6:12]) else None


@lru_cache(maxsize=1024)  # a batch has few days, and strptime takes 0.1 ms
def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%y%m%d")
    except ValueError:
        return False
    return True
