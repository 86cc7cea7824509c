"""What runs out by the calendar or by use: packs, the calendar of working days, paper and ink."""

from __future__ import annotations

from datetime import date, timedelta

from kiosk.domain.workdays import WARN_DAYS
from kiosk.health.night_checks.line import believed
from kiosk.health.night_checks.sources import Sources
from kiosk.health.proofs import Proof
from kiosk.health.services import SOON

TOMORROW = 2  # days: what ends within these is told at night, so that somebody can bring it


def packs(sources: Sources) -> list[Proof]:
    """A proof for every pack that has an end, and for one that is over; one for all where none has."""
    if not believed(sources):
        return []
    today = sources.now().date()
    proofs = []
    for name, pack in sorted(sources.packs().items()):
        days, test = pack.effective, name.replace("_", "-")
        if not days.until:
            proofs.append(sources.good("packs", test, "packs-hold", name))
        elif not days.holds(today) and days.until < today.isoformat():
            proofs.append(sources.bad("packs", test, "packs-over", name, days.until))
        elif not days.holds(today + SOON) and days.until < (today + SOON).isoformat():
            left = (date.fromisoformat(days.until) - today) / timedelta(days=1)
            proofs.append(sources.bad("packs", test, "packs-end", name, days.until, f"{left:.0f}"))
        else:
            proofs.append(sources.good("packs", test, "packs-hold", name))
    return proofs


def calendar(sources: Sources) -> list[Proof]:
    """How far the working days are known: behind its end dates are told as counts."""
    if not believed(sources):
        return []
    known = sources.calendar()
    left = known.days_left(sources.now().date())
    if left > WARN_DAYS:
        return [sources.good("packs", "calendar", "calendar-holds", f"{known.until}")]
    return [sources.bad("packs", "calendar", "calendar-ends", f"{known.until}", str(max(0, left)))]


def supplies(sources: Sources) -> list[Proof]:
    """Whatever does not last over tomorrow."""
    proofs = []
    for name, days in sorted(sources.forecast().items()):
        subject = name.partition(".")[0]
        if days <= TOMORROW:
            proofs.append(sources.bad(subject, "lasts", "paper-ends", name, str(days)))
        else:
            proofs.append(sources.good(subject, "lasts", "paper-lasts", name, str(days)))
    return proofs
