"""Whose case is it: the number on the receipt, and the last characters of the document it was made with.

Whoever asks wrongly learns nothing: unknown numbers, wrong characters and cases that cannot be checked get one answer,
for which the same work is done, so that its time does not tell them apart either. Tries are counted by address, and by
number for whoever spreads them over many addresses.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from kiosk.backend.core import Backend
from kiosk.backend.lives import NUMBER
from kiosk.backend.rates import Rates
from kiosk.backend.web import tokens
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Turn
from kiosk.domain.codes import case_no_valid

COOKIE = "__Host-kiosk-case"
LIFE = timedelta(minutes=30)
CHECK = 6  # characters, from the end: of a resident ID card the last of the birthday, the sequence, the check
LOOK, ACT = "look", "act"  # a receipt was shown; the holder's document is known as well
_ADDRESS = (10 / 60, 10)  # tries a second of one address, and at once
_CASE = (5 / 900, 5)  # of one number: five, then one in three minutes
_USE = b"kiosk-phone-case-v1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One case that a browser may see until ``until`` (unix seconds). ``scope``: LOOK or ACT."""

    case_id: str
    scope: str
    until: int


def normal(number: str) -> str:
    """A case number as it was typed: blanks of the paper's grouping taken out."""
    return re.sub(r"[\s-]", "", number)[:64]


def find(turn: Turn, number: str, check: str) -> str:
    """The id of the case that has this number and was made with a document that ends so; "" for everything else.

    Raises WebError ``too-many`` by address alone: that a number was tried too often looks like a wrong answer.
    """
    site, backend = turn.site, turn.site.backend
    take(site.throttle("case-by-address", *_ADDRESS), turn.address)
    by_case = site.throttle("case-by-number", *_CASE)
    number, check = normal(number), check.strip().upper()
    counted = by_case.allows(number)
    if counted:
        by_case.take(number)
    found = _compared(backend, number, check)
    if not counted or not found:
        return ""
    _forgive(by_case, number)
    return found


def _forgive(rates: Rates, number: str) -> None:
    """A right answer costs its owner nothing."""
    rates.give(number)


def _compared(backend: Backend, number: str, check: str) -> str:
    """Opens one case, whatever was asked: the one that is meant, or any."""
    ids = backend.lives.numbered(number) if case_no_valid(number) else []
    right, some = "", backend.lives.some()  # looked for either way: it takes a sixth of the whole
    for case_id in ids or [some]:
        ending = ending_of(backend, case_id)
        same = hmac.compare_digest(ending.encode(), check.encode())
        if ids and same and len(check) == CHECK:
            right = case_id
    return right


def ending_of(backend: Backend, case_id: str) -> str:
    """What its holder is asked for; what nobody can type where the case has none, or cannot be opened."""
    case = backend.lives.envelope_of(case_id) if case_id else None
    number = "" if case is None else next((each.value for each in case.fields if each.key == NUMBER), "")
    return number.strip().upper()[-CHECK:] or "\0"


# -- what the browser keeps -------------------------------------------------------------------------------


def admit(turn: Turn, case_id: str, scope: str) -> None:
    """From here on this browser may see the case, for half an hour."""
    value = cookie_of(turn.site.backend, Ticket(case_id, scope, int((turn.now + LIFE).timestamp())))
    turn.set_cookie(COOKIE, value, same_site="strict", seconds=int(LIFE.total_seconds()))


def cookie_of(backend: Backend, own: Ticket) -> str:
    return tokens.signed(_key(backend), own.case_id, own.scope, str(own.until))


def leave(turn: Turn) -> None:
    turn.drop_cookie(COOKIE)


def ticket(turn: Turn) -> Ticket | None:
    """What this browser may see; None where it has nothing, or its time is over."""
    parts = tokens.parts_of(_key(turn.site.backend), turn.request.cookies.get(COOKIE, ""))
    found = Ticket(parts[0], parts[1], int(parts[2])) if parts else None
    return None if found is None or found.until < turn.now.timestamp() else found


def acting(turn: Turn) -> Ticket:
    """For what only the holder may do. Raises WebError ``expired``."""
    found = ticket(turn)
    if found is None or found.scope != ACT:
        raise WebError("expired")
    return found


def _key(backend: Backend) -> bytes:
    return tokens.key_from(backend.keys.epochs[0].sealing_private, _USE)
