"""At whose desk a case begins, and from which on it may be decided: what its pack says. Pure."""

from __future__ import annotations

from kiosk.services.model import Decider, ServicePack

DESKS = ("community", "street", "department")  # from the nearest one on


def desks_of(pack: ServicePack | None) -> tuple[str, str]:
    """The first desk, and the lowest that decides. What a rule decides, and referred to a person, is the community's;
    a matter whose pack is not known here is the department's.
    """
    if pack is None:
        return DESKS[-1], DESKS[-1]
    decides = DESKS[0] if pack.decides.by is Decider.RULE else pack.decides.by.value
    first = pack.review.first
    return (decides if first is None else first.value), decides


def above(desk: str) -> tuple[str, ...]:
    """The desks to which it can be handed up."""
    return DESKS[DESKS.index(desk) + 1 :]
