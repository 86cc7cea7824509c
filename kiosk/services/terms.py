"""The clocks of a case of a pack: the days that the pack promises, on the law's basis (kiosk.domain.clock_terms)."""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.clock_terms import Terms, terms
from kiosk.domain.life_table import Track
from kiosk.services.model import PaperKind, ServicePack


def terms_of(pack: ServicePack) -> Terms:
    """A pack without clocks of its own is decided on the spot; where it goes to a person, the licence's days hold.

    Of a pack that was fitted to a case's answers the days are its situation's (``decides.situations``), else the
    general ones. An extension is the licence's, but never longer than what it extends; a licence has to be delivered
    only where the pack has one.
    *Unverified* by a lawyer for matters that are no licences.
    """
    licence = terms("licence")
    deliver = licence.deliver if any(paper.kind is PaperKind.CERTIFICATE for paper in pack.papers) else 0
    clocks = pack.clocks
    whole = pack.decides.days  # what the receipt tells, from the day of receipt
    if clocks is None:
        return replace(licence, deliver=deliver, whole=whole)
    own = replace(licence, basis="pack", title=pack.name, source=clocks.basis, answer=clocks.accept, deliver=deliver)
    if Track(clocks.track) is Track.COMPLAINT:
        return replace(own, decide=0, extend=0, approval="", deliver=0, reply=whole or clocks.accept + clocks.decide)
    return replace(own, decide=clocks.decide, whole=whole, extend=min(licence.extend, clocks.decide))
