"""Electronic licences (电子证照) in a visit: which may be asked for now, and why one is not. Pure; the handlers of the
page are in licensing.py.

A licence spares typing and papers (无证明): it is asked for once in a visit, where something that it tells is asked or
something for which it stands is handed in; about the card's holder, who is certain, applies for themselves and agrees.
Without it everything is asked as before, and the page says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kiosk.services import situations
from kiosk.services.model import Applicant, LicenceSource
from kiosk.visit.states import State
from kiosk.visit.table import Result, go
from kiosk.visit.visit import Visit

ASKING, USED, DECLINED, NONE = "asking", "used", "declined", "none"
"""How it stands with a licence (Visit.lending); any other word says why there is no answer."""


def source_of(visit: Visit, register: str) -> LicenceSource | None:
    return next((source for source in visit.whole.licences if source.register == register), None)


def on_page(visit: Visit) -> LicenceSource:
    """The licence that is asked for; only on its page."""
    source = source_of(visit, visit.lender)
    if source is None:
        raise AssertionError("no licence is asked for")
    return source


def behind(visit: Visit, key: str) -> LicenceSource | None:
    """The licence that tells the answer to this question, or stands for this material; none for somebody else."""
    if situations.role_of(visit.whole, visit.envelope.as_dict()) is not Applicant.SELF:
        return None
    pack = visit.pack
    return next((each for each in pack.licences if key in each.fields or key in {m.key for m in pack.lent(each)}), None)


def why_not(visit: Visit, source: LicenceSource) -> str:
    """Why it is not asked for, as a message key; "" where it may be. ``declined`` needs no word."""
    known = visit.lending.get(source.register, "")
    if known not in ("", USED):
        return known
    if source.register in visit.lent:
        return ""
    return "unsure" if not visit.certain else "" if visit.machine.online else "line"


def due(visit: Visit, key: str) -> LicenceSource | None:
    """The licence that is asked for before this question or this material is."""
    source = behind(visit, key)
    return source if source is not None and not why_not(visit, source) else None


def note(visit: Visit, key: str) -> str:
    """What the page of a question says of the licence that would have told the answer: a message key, or ""."""
    source = behind(visit, key)
    word = "" if source is None else why_not(visit, source)
    return "" if word in (ASKING, DECLINED) else word


def page(visit: Visit, source: LicenceSource, question: int) -> Result:
    """Its page; ``question``: the place in the form at which it goes on. What was found before is shown again."""
    return go(standing(visit, source, ""), State.LICENCE, lender=source.register, question=question)


def stage(visit: Visit) -> str:
    """``consent``, ``asking``, ``found`` or ``failed``."""
    known = visit.lending.get(visit.lender, "")
    if known == ASKING:
        return "asking"
    return "failed" if known else "found" if visit.lender in visit.lent else "consent"


def standing(visit: Visit, source: LicenceSource, word: str) -> Visit:
    """The visit with this word of how it stands with the licence."""
    others: Mapping[str, str] = {name: each for name, each in visit.lending.items() if name != source.register}
    return replace(visit, lending={**others, source.register: word} if word else others)
